//! The store as a kill left it.

use std::fs;
use std::path::Path;

/// Looks the store of a state folder through in a `copy`: feedmill itself shall be the first to recover it.
pub(crate) fn assert_sound(state: &Path, copy: &Path) {
    if !state.join("feedmill.db").exists() {
        return;
    }
    fs::create_dir_all(copy).unwrap();
    for name in ["feedmill.db", "feedmill.db-wal"] {
        let _ = fs::remove_file(copy.join(name));
        let _ = fs::copy(state.join(name), copy.join(name));
    }
    let db = rusqlite::Connection::open(copy.join("feedmill.db")).unwrap();
    // A first filling that was cut short is no store yet, and is begun anew.
    if db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        return;
    }
    let found: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
}
