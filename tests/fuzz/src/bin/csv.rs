//! Comma-separated values.
#![no_main]
use feedmill::mill::scrape::Form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| feedmill_fuzz::read(bytes, Some(Form::Csv)));
