//! A huge file, and a small one that comes while it is being read.

use std::fmt::Write as _;
use std::fs;

use crate::service::{Daemon, config, sheet, shown, shows, title};
use crate::support::{Mill, files_below};

/// A page above the size from which a file is huge, with more items than are rendered at once, in months enough.
fn huge() -> String {
    let mut page = String::from("News room\n");
    for n in 0..2_400_usize {
        let (year, month) = (1990 + n / 100, ["January", "February", "March", "April"][n / 25 % 4]);
        if n % 25 == 0 {
            write!(page, "\n{month} {year}\n").unwrap();
        }
        let (day, title, text) = (1 + n % 25, title("huge", n), "Lamps were lit, and boats came in. ".repeat(50));
        write!(page, "\n  {}. {title}\n\n    {day:02} {month} {year}\n\n    {text}\n", n + 1).unwrap();
    }
    page
}

#[test]
fn a_small_file_does_not_wait_for_the_history_that_a_huge_one_brings() {
    let mill = Mill::new(&config("").replace("limit = 0", "limit = 400"));
    mill.write("in/first.txt", sheet("first", 1..=1));
    let daemon = Daemon::ready(&mill);
    let page = huge();
    assert!(page.len() > 4 << 20, "{}", page.len());
    mill.write("in/huge.txt", page);
    // The pass over the huge one has begun by the time that this one is told, or it takes them together.
    let months = || {
        files_below(&mill.path("public/everything"))
            .iter()
            .filter(|path| path.extension() == Some("atom".as_ref()))
            .count()
    };
    let before = months();
    let mut small = 0;
    while months() == before {
        small += 1;
        mill.write(&format!("in/small{small}.txt"), sheet(&format!("small{small}"), 1..=1));
        shows(&daemon, &mill, &title(&format!("small{small}"), 1));
    }
    let at_first = months();
    assert!(at_first < 97, "the last of {small} small files was shown once all was rendered");
    daemon.until("the whole history", || months() == 97);
    let total = || daemon.reports().last().map_or(0, |report| report["items"]["total"].as_u64().unwrap());
    daemon.until("all items", || total() == 2_401 + small);
    assert!(shown(&mill.path("public")).contains_key(&title("small1", 1)));
    assert!(fs::exists(mill.path("public/everything/1990/01.atom")).unwrap());
    daemon.terminate();
}
