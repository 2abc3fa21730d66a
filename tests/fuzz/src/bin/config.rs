//! Configs, layouts among them: whatever is written is a config or a refusal that can be shown.
#![no_main]
use std::path::Path;

use feedmill::config::{self, Given, Surroundings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Globs are looked for on the disk: none may lead to what a search there would take long for.
    let around = Surroundings { current: "/nonexistent".into(), ..Surroundings::default() };
    let file = Path::new("/nonexistent/feedmill.toml");
    match config::parse(file, text.to_owned(), &Given::default(), &around) {
        Ok(config) => {
            let page = "One\n\n14 June 2020\n\nText.\n\nTwo\n\n12 June 2020\n\nText.\n";
            for source in &config.sources {
                let _ = source.page("page.txt", page.as_bytes()).map(|page| page.parse().drafts.len());
            }
        }
        Err(refusal) => assert!(!refusal.render(false).is_empty()),
    }
});
