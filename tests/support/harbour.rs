//! The announcements of an invented harbour, as its pages print them.

use super::{Told, told};

/// One source that reads them, and no more.
pub(crate) const CONFIG: &str = r#"
[[source]]
name     = "news"
files    = ["news/*.txt"]
site     = "harbour"
language = "en"
layout   = "newsroom"
url      = "https://harbour.example/"
"#;

pub(crate) const MAST: Told = told("The mast of the light ship", "01 March 2021", "The mast is painted red.");
pub(crate) const MAST_2: Told =
    told("The mast of the light ship", "01 March 2021", "The mast is painted white after all.");
pub(crate) const LAKE: Told = told("Water in the lake", "02 March 2021", "The lake rises by a hand.");
pub(crate) const BRIDGE: Told = told("New bridge", "03 March 2021", "The bridge opens in May.");
pub(crate) const FERRY: Told = told("Ferry in a new coat", "05 March 2021", "The ferry was painted over the winter.");
pub(crate) const BOAT: Told = told("Pilot boat christened", "20 March 2021", "A boat of the new kind was christened.");
pub(crate) const MOLE: Told = told("Walks on the mole", "22 March 2021", "The mole is open on Sundays.");
