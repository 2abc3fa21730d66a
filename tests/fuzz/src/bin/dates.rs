//! Dates: one line of bytes between two that a page needs to be a list.
#![no_main]
use feedmill::mill::scrape::Form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let line: Vec<u8> = bytes.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).take(200).collect();
    let mut page = b"One\n\n14 June 2020\n\nText.\n\nTwo\n\n".to_vec();
    page.extend(&line);
    page.extend(b"\n\nMore.\n\nThree\n\n12 June 2020\n\nText.\n");
    feedmill_fuzz::read(&page, Some(Form::Text));
});
