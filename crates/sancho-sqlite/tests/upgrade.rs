//! Files of older and of newer builds. `bench/fixtures` had the older builds write theirs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sancho_core::{ErrorKind, Inspect, Place, Store, StoreError};
use sancho_sqlite::rusqlite::{Connection, TransactionBehavior};
use sancho_sqlite::{Options, SqliteStore};
use sancho_testkit::stage::settlement;
use sancho_testkit::{Stage, at, job, story};
use tempfile::TempDir;

/// What older builds wrote, and how many steps their files have: the last with the first schema, the first whose stored
/// forms are promised, and the last of each schema since.
const FIXTURES: [(&str, &str, i64); 4] = [
    ("daad408", include_str!("fixtures/daad408.sql"), 0),
    ("63eda20", include_str!("fixtures/63eda20.sql"), 0),
    ("0691711", include_str!("fixtures/0691711.sql"), 1),
    ("4a4ad86", include_str!("fixtures/4a4ad86.sql"), 2),
];

/// A build later than this one, whose steps only add.
const LATER: &str = "
    ALTER TABLE sancho_schema ADD COLUMN later TEXT;
    ALTER TABLE sancho_jobs ADD COLUMN later TEXT DEFAULT 'none';
    ALTER TABLE sancho_processes ADD COLUMN later INTEGER NOT NULL DEFAULT 7;
    ALTER TABLE sancho_waiting ADD COLUMN later TEXT;
    CREATE TABLE sancho_later (id INTEGER PRIMARY KEY, what TEXT);
    CREATE INDEX sancho_later_at ON sancho_waiting (at, state);
    INSERT INTO sancho_later SELECT id, 'kept' FROM sancho_jobs;
    UPDATE sancho_jobs SET later = 'of ' || jid;";

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    (directory, path)
}

fn write(path: &Path, sql: &str) -> Connection {
    let connection = Connection::open(path).expect("a file");
    connection.execute_batch(sql).expect("the fixture is SQL");
    connection
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn stage(store: &SqliteStore) -> Stage {
    Stage::new(Arc::new(store.clone()), Arc::new(store.clone()))
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[tokio::test]
async fn a_file_of_every_older_schema_goes_on() {
    for (revision, sql, steps) in FIXTURES {
        let (_directory, path) = directory();
        let looking = write(&path, sql);
        // The first builds had no column for steps.
        let columns = number(&looking, "SELECT count(*) FROM pragma_table_info('sancho_schema')");
        assert_eq!(columns, 1 + i64::from(steps > 0), "{revision}");
        let store = open(&path);
        assert_eq!(number(&looking, "SELECT version FROM sancho_schema"), 1, "{revision}");
        assert_eq!(number(&looking, "SELECT steps FROM sancho_schema"), 3, "{revision}");
        story::go_on(&stage(&store)).await;
        drop(store);
        let whole: String = looking.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
        assert_eq!(whole, "ok", "{revision}");
    }
}

#[tokio::test]
async fn many_may_open_an_older_file_at_once() {
    let (_directory, path) = directory();
    drop(write(&path, FIXTURES[0].1));
    let together = std::sync::Barrier::new(4);
    let stores: Vec<SqliteStore> = std::thread::scope(|scope| {
        let opening = (0..4).map(|_| {
            scope.spawn(|| {
                together.wait();
                open(&path)
            })
        });
        let opening: Vec<_> = opening.collect();
        opening.into_iter().map(|it| it.join().expect("it opens")).collect()
    });
    story::go_on(&stage(&stores[0])).await;
}

#[tokio::test]
async fn what_a_newer_build_added_is_left_as_it_is() {
    let (_directory, path) = directory();
    drop(write(&path, FIXTURES[1].1));
    drop(open(&path));
    let looking = write(&path, LATER);
    looking.execute("UPDATE sancho_schema SET steps = 99, later = 'mine'", []).expect("a newer build's word");

    let store = open(&path);
    story::go_on(&stage(&store)).await;
    assert_eq!(number(&looking, "SELECT steps FROM sancho_schema WHERE later = 'mine'"), 99);
    // `Torn` was claimed and buried meanwhile; it alone is left, and a job that came since.
    assert_eq!(number(&looking, "SELECT count(*) FROM sancho_jobs WHERE later = 'of ' || jid"), 1);
    assert_eq!(number(&looking, "SELECT count(*) FROM sancho_later WHERE what = 'kept'"), 14);
}

#[tokio::test]
async fn a_column_of_a_newer_build_stays_with_its_job_wherever_that_goes() {
    let (_directory, path) = directory();
    drop(open(&path));
    let looking = write(&path, LATER);
    let store = open(&path);
    let stage = stage(&store);
    stage.push([job("A").key("a").at(at(5))], 0).await;
    looking.execute("UPDATE sancho_jobs SET later = 'mine'", []).expect("a newer build's word");
    stage.promote(5).await;
    let claim = stage.claim_one("p", 6).await;
    let mut failed = settlement(&claim, Place::Retries { at: at(9) });
    failed.transition.payload = Some(job("A").key("a").args("[\"a longer payload than before\"]").build().payload);
    stage.settle_all(vec![failed], 7).await;
    stage.promote(9).await;
    let claim = stage.claim_one("p", 10).await;
    stage.settle(&claim, Place::Dead, 11).await;
    assert_eq!(number(&looking, "SELECT count(*) FROM sancho_jobs WHERE later = 'mine'"), 1);
}

fn is_refused<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    let error = answer.expect_err("the file is a newer build's");
    let said = error.to_string();
    assert_eq!(error.kind, ErrorKind::Unsupported, "{said}");
    assert!(said.contains("schema version 2") && said.contains("knows only 1"), "{said}");
    assert!(said.contains("start its newer build"), "{said}");
}

#[tokio::test]
async fn a_build_that_has_the_file_open_stops_when_a_newer_one_migrates_it() {
    let (_directory, path) = directory();
    let store = open(&path);
    let stage = stage(&store);
    stage.push([job("A"), job("B")], 0).await;
    let claim = stage.claim_one("p", 1).await;
    let mut newer = Connection::open(&path).expect("a connection");
    newer.execute("UPDATE sancho_schema SET version = 2", []).expect("a newer build's word");
    let changes = |it: &Connection| number(it, "SELECT sum(id) + count(*) FROM sancho_jobs");
    let before = changes(&newer);

    is_refused(store.push(&[job("C").build()], at(2)).await);
    is_refused(store.exchange(&[sancho_testkit::stage::performed(&claim)], None, at(2)).await);
    is_refused(store.promote(10, at(2)).await);
    is_refused(store.beat(&sancho_testkit::stage::beat("p", sancho_core::Greeting::StillHere), at(2)).await);
    is_refused(store.stats(at(2)).await);
    let transaction = newer.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
    is_refused(SqliteStore::push_in(&transaction, &[job("D").build()], at(2)));
    drop(transaction);
    assert_eq!(changes(&newer), before);

    // It stops for the version and for nothing else.
    newer.execute("UPDATE sancho_schema SET version = 1", []).expect("back again");
    stage.done(&claim, 3).await;
    assert_eq!(stage.stats(3).await.processed, 1);
}
