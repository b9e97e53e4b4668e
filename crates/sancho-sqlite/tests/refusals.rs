//! What is refused at opening, in one line that names the fix, and leaves the file as it was.

use std::path::Path;

use sancho_sqlite::rusqlite::Connection;
use sancho_sqlite::{OpenError, Options, SqliteStore, check_version};

fn refusal(path: &Path) -> String {
    let said = SqliteStore::open(path, Options::default()).expect_err("it is refused").to_string();
    assert!(!said.contains('\n'), "one line: {said}");
    said
}

#[test]
fn a_newer_schema_is_refused() {
    let directory = tempfile::tempdir().expect("it works");
    let path = directory.path().join("jobs.db");
    drop(SqliteStore::open(&path, Options::default()).expect("it works"));
    Connection::open(&path).expect("it works").execute("UPDATE sancho_schema SET version = 99", []).expect("it works");
    let said = refusal(&path);
    assert!(said.contains("schema version 99") && said.contains("use a newer sancho"), "{said}");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_kept() {
    let directory = tempfile::tempdir().expect("it works");
    let path = directory.path().join("notes.txt");
    let text = "not a database, but somebody's notes\n".repeat(100);
    std::fs::write(&path, &text).expect("it works");
    let said = refusal(&path);
    assert!(said.contains("is not an SQLite database"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).expect("it works"), text);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().expect("it works");
    let said = refusal(&directory.path().join("no/jobs.db"));
    assert!(said.contains("/no does not exist: create it first"), "{said}");
}

#[test]
fn a_place_that_cannot_be_written_is_refused() {
    // A directory in the file's place fails for every user, whatever may be written.
    let directory = tempfile::tempdir().expect("it works");
    let path = directory.path().join("jobs.db");
    std::fs::create_dir(&path).expect("it works");
    let said = refusal(&path);
    assert!(said.contains("cannot be written") && said.contains("writable"), "{said}");
}

#[test]
fn an_sqlite_that_can_corrupt_the_log_is_refused() {
    for (version, good) in [(3_050_004, false), (3_051_002, false), (3_051_003, true), (3_060_000, true)] {
        assert_eq!(check_version(version).is_ok(), good, "{version}");
    }
    assert!(matches!(check_version(3_051_002), Err(OpenError::OldSqlite { found: 3_051_002 })));
    check_version(sancho_sqlite::rusqlite::version_number()).expect("the bundled one is good");
}
