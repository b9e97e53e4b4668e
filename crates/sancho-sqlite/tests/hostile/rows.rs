//! Rows of wrong types, and numbers at their ends.

use sancho_core::{ErrorKind, Store};
use sancho_sqlite::{SqliteStore, rusqlite};
use sancho_testkit::stage::request;
use sancho_testkit::{Stage, at};

use crate::bench::{Closed, ask_everything, options};

/// What somebody does to a store's tables by hand.
const SABOTAGE: [&str; 48] = [
    "UPDATE sancho_jobs SET payload = CAST(payload AS TEXT)",
    "UPDATE sancho_jobs SET payload = 7",
    "UPDATE sancho_jobs SET payload = 1.5",
    "UPDATE sancho_jobs SET payload = zeroblob(3000000) WHERE id IN (SELECT id FROM sancho_jobs LIMIT 3)",
    "UPDATE sancho_jobs SET payload = ''",
    "UPDATE sancho_jobs SET jid = x'ff'",
    "UPDATE sancho_jobs SET jid = ''",
    "UPDATE sancho_jobs SET jid = 'a' || char(10) || 'b'",
    "UPDATE sancho_jobs SET state = 99",
    "UPDATE sancho_jobs SET state = 'abc'",
    "UPDATE sancho_jobs SET queue = 999",
    "UPDATE sancho_jobs SET queue = 'abc'",
    "UPDATE sancho_jobs SET at = 'abc'",
    "UPDATE sancho_jobs SET at = 9223372036854775807",
    "UPDATE sancho_jobs SET at = -9223372036854775808",
    "UPDATE sancho_jobs SET ord = x'00'",
    "UPDATE OR IGNORE sancho_jobs SET key = x'ff' || id",
    "UPDATE sancho_jobs SET lapsed_key = x'ff'",
    "UPDATE OR IGNORE sancho_ready SET ord = 9223372036854775807",
    "UPDATE OR IGNORE sancho_ready SET ord = -9223372036854775808",
    "UPDATE OR IGNORE sancho_ready SET ord = 'abc'",
    "UPDATE sancho_ready SET id = 12345",
    "UPDATE sancho_ready SET id = 'abc'",
    "UPDATE OR IGNORE sancho_waiting SET at = 'abc'",
    "UPDATE OR IGNORE sancho_waiting SET at = -9223372036854775808",
    "UPDATE OR IGNORE sancho_waiting SET at = 9223372036854775807",
    "UPDATE OR IGNORE sancho_waiting SET state = 77",
    "UPDATE sancho_waiting SET queue = 999",
    "UPDATE sancho_waiting SET queue = 'abc'",
    "UPDATE sancho_waiting SET reason = x'ff'",
    "UPDATE sancho_busy SET owner = 999",
    "UPDATE sancho_busy SET number = 'abc'",
    "UPDATE sancho_busy SET queue = 999, at = 'abc'",
    "UPDATE sancho_processes SET info = 'nonsense'",
    "UPDATE sancho_processes SET info = x'ff'",
    "UPDATE OR IGNORE sancho_processes SET incarnation = x'ff' || id",
    "UPDATE sancho_processes SET numbers_end = 'abc', lease_until = 'abc', quiet = 'abc', running = -1, rss_bytes = -1",
    "UPDATE sancho_orders SET word = 'nonsense', jid = x'ff'",
    "UPDATE sancho_queues SET name = char(10) || id",
    "UPDATE sancho_queues SET name = x'ff' || id",
    "UPDATE sancho_queues SET paused = 'abc', known = 'abc'",
    "UPDATE sancho_totals SET processed = 'abc', failed = -9223372036854775808",
    "UPDATE sancho_totals SET processed = 9223372036854775807",
    "UPDATE sancho_days SET processed = 9223372036854775807, failed = 'abc'",
    "DELETE FROM sancho_jobs",
    "DELETE FROM sancho_queues",
    "DROP TABLE sancho_waiting",
    "DELETE FROM sancho_totals",
];

fn sabotage(closed: &Closed, sql: &str) {
    let connection = rusqlite::Connection::open(closed.path()).expect("a database");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[tokio::test]
async fn rows_of_any_kind_end_no_thread_and_hang_no_call() {
    let full = Closed::full().await;
    assert!(ask_everything(&full.copy().path(), "as it should be").await.is_empty());
    for sql in SABOTAGE {
        let copy = full.copy();
        sabotage(&copy, sql);
        for (call, error) in ask_everything(&copy.path(), sql).await {
            let told = matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Internal);
            assert!(told, "{sql}: {call} is told to be repeated, which is of no use: {:?}: {error}", error.kind);
        }
    }
}

#[tokio::test]
async fn a_payload_of_any_type_is_claimed_as_its_bytes() {
    for (value, bytes) in
        [("'{\"class\":\"A\"}'", &br#"{"class":"A"}"#[..]), ("x'ff'", b"\xff"), ("7", b"7"), ("''", b"")]
    {
        let full = Closed::full().await;
        sabotage(&full, &format!("UPDATE sancho_jobs SET payload = {value}"));
        let store = std::sync::Arc::new(SqliteStore::open(&full.path(), options()).expect("a store"));
        let s = Stage::new(store.clone(), store.clone());
        s.hello("r", 1).await;
        let claims = store.exchange(&[], Some(&request("r", 1, 3, &["low"])), at(1)).await.expect("claims").claims;
        assert_eq!(claims.len(), 3, "{value}");
        assert!(claims.iter().all(|claim| claim.payload.as_bytes() == bytes), "{value}: {claims:?}");
    }
}

#[test]
fn schema_versions_that_are_none_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    for version in ["'abc'", "x'00'", "1.5", "0", "-1", "9223372036854775807"] {
        drop(SqliteStore::open(&path, options()).expect("a store"));
        let connection = rusqlite::Connection::open(&path).expect("a database");
        connection.execute_batch(&format!("UPDATE sancho_schema SET version = {version}")).expect("a row");
        let said = SqliteStore::open(&path, options()).expect_err(version).to_string();
        assert!(said.contains("jobs.db") && !said.contains('\n'), "{version}: {said}");
        connection.execute_batch("UPDATE sancho_schema SET version = 1").expect("a row");
    }
}
