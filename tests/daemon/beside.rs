//! Decisions that commands make beside the daemon.

use crate::service::{Daemon, config, items, sheet, shown, shows, title};
use crate::support::Mill;

#[test]
fn a_decision_made_beside_the_daemon_reaches_the_feed() {
    let mill = Mill::new(&config(""));
    mill.write("in/a.txt", sheet("decisions", 1..=4));
    let daemon = Daemon::ready(&mill);
    let id = |n: usize| {
        let all = items(&mill, ".feedmill");
        all.iter().find(|(_, found)| **found == title("decisions", n)).unwrap().0.clone()
    };
    let [first, second, third] = [1, 2, 3].map(id);
    let missing = |n: usize| !shown(&mill.path("public")).contains_key(&title("decisions", n));
    // The first decision makes the file, the next ones are added to it.
    assert_eq!(mill.run(&["retract", &first]).code, 0);
    daemon.until("the first retraction", || missing(1));
    assert_eq!(mill.run(&["retract", &second]).code, 0);
    daemon.until("the second retraction", || missing(2));
    assert_eq!(mill.run(&["retract", &first, "--undo"]).code, 0);
    shows(&daemon, &mill, &title("decisions", 1));
    assert_eq!(mill.run(&["alias", &third, &id(4)]).code, 0);
    daemon.until("the alias", || shown(&mill.path("public")).len() == 2);
    daemon.terminate();
}
