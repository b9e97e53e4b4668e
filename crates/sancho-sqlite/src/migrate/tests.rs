//! Steps that no build has, taken by the code that takes real ones.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::{FIRST_VERSION, Form, Newer, STEPS, Step, check, count, form, known, migrate, take_steps};

/// One more than this build has, which older builds may share; it cannot be taken twice.
const ADDS: Step = Step { sql: "CREATE TABLE sancho_new (x); INSERT INTO sancho_new VALUES (7)", version: 1 };

/// One more than this build has, which they may not.
const BREAKS: Step = Step { sql: "ALTER TABLE sancho_ready RENAME TO sancho_waiting_room", version: 2 };

/// Writes far more than a connection keeps in memory, so that part of it stands in the log long before the end.
const LONG: Step = Step {
    sql: "CREATE TABLE sancho_new (x);
          INSERT INTO sancho_new
          WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT randomblob(1000) FROM c LIMIT 400000",
    version: 1,
};

/// Tells a process that a test started which file it migrates.
const FILE: &str = "SANCHO_TEST_MIGRATED_FILE";

fn migrated_file() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Runs a test of this file again, in a process of its own, with a file to migrate.
fn again(test: &str, path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", &format!("migrate::tests::{test}")]).env(FILE, path);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a process")
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if holds() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("it never came to be that {what}");
}

fn and(step: Step) -> Vec<Step> {
    [STEPS, &[step]].concat()
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("a file");
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).expect("a log");
    connection
}

fn current() -> Form {
    Form { version: known(STEPS), steps: count(STEPS) }
}

/// The names of all tables and indexes, and the text that made them.
fn schema(connection: &Connection) -> Vec<(String, Option<String>)> {
    let mut find = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").expect("a query");
    let rows = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("rows")
}

#[test]
fn the_version_of_steps_rises_by_one_or_stays() {
    let versions: Vec<i64> = std::iter::once(FIRST_VERSION).chain(STEPS.iter().map(|step| step.version)).collect();
    assert!(versions.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1), "{versions:?}");
}

#[test]
fn a_new_file_takes_every_step() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut connection = open(&directory.path().join("jobs.db"));
    assert_eq!(form(&connection), Ok(None));
    assert_eq!(migrate(&mut connection), Ok(Ok(())));
    assert_eq!(form(&connection), Ok(Some(current())));
    assert!(schema(&connection).iter().any(|(name, _)| name == "sancho_foreign_jids_id"));
}

#[test]
fn a_step_that_only_adds_leaves_the_file_to_older_builds_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut connection = open(&directory.path().join("jobs.db"));
    assert_eq!(migrate(&mut connection), Ok(Ok(())));
    assert_eq!(take_steps(&mut connection, &and(ADDS)), Ok(Ok(())));
    let newer = (form(&connection), schema(&connection));
    assert_eq!(newer.0, Ok(Some(Form { steps: current().steps + 1, ..current() })));

    assert_eq!(migrate(&mut connection), Ok(Ok(())));
    assert_eq!(check(&connection), Ok(Ok(())));
    assert_eq!((form(&connection), schema(&connection)), newer, "the older build changed something");
}

#[test]
fn a_step_that_breaks_older_builds_keeps_them_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut connection = open(&directory.path().join("jobs.db"));
    assert_eq!(take_steps(&mut connection, &and(BREAKS)), Ok(Ok(())));
    let newer = schema(&connection);
    let refused = Newer { found: 2, known: 1 };
    assert_eq!(migrate(&mut connection), Ok(Err(refused)));
    assert_eq!(check(&connection), Ok(Err(refused)));
    assert_eq!(schema(&connection), newer, "the older build changed something");
}

#[test]
fn of_many_processes_that_migrate_at_once_one_does() {
    if let Some(path) = migrated_file() {
        // One of the processes: it is this test again.
        let mut connection = open(&path);
        std::fs::write(path.with_extension(format!("{}.ready", std::process::id())), "").expect("a file");
        assert_eq!(take_steps(&mut connection, &and(ADDS)), Ok(Ok(())));
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    // They all come to wait for the lock, and then it is let go.
    let mut holding = open(&path);
    let lock = holding.transaction_with_behavior(TransactionBehavior::Immediate).expect("a lock");
    let mut processes: Vec<Child> =
        (0..4).map(|_| again("of_many_processes_that_migrate_at_once_one_does", &path)).collect();
    let ready = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".ready");
    wait_until("they are ready", || {
        let files = std::fs::read_dir(directory.path()).expect("a directory");
        files.filter(|file| ready(&file.as_ref().expect("a file").file_name())).count() == processes.len()
    });
    lock.commit().expect("it is let go");

    for process in &mut processes {
        assert!(process.wait().expect("it ends").success());
    }
    let taken: i64 = holding.query_row("SELECT count(*) FROM sancho_new", [], |row| row.get(0)).expect("a count");
    assert_eq!(taken, 1);
}

#[test]
fn a_step_that_fails_undoes_those_before_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut connection = open(&directory.path().join("jobs.db"));
    assert_eq!(migrate(&mut connection), Ok(Ok(())));
    let before = schema(&connection);
    let fails = [and(ADDS), vec![Step { sql: "INSERT INTO sancho_nowhere VALUES (1)", version: 2 }]].concat();
    take_steps(&mut connection, &fails).expect_err("a table is missing");
    assert_eq!((form(&connection), schema(&connection)), (Ok(Some(current())), before));
    assert_eq!(take_steps(&mut connection, &and(ADDS)), Ok(Ok(())));
}

#[test]
fn a_migration_that_is_killed_has_not_begun() {
    if let Some(path) = migrated_file() {
        // The process that is killed: it is this test again.
        take_steps(&mut open(&path), &and(LONG)).expect("it is killed before").expect("it is killed before");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    assert_eq!(migrate(&mut open(&path)), Ok(Ok(())));
    let before = schema(&open(&path));

    let mut child = again("a_migration_that_is_killed_has_not_begun", &path);
    let log = directory.path().join("jobs.db-wal");
    wait_until("the migration writes", || {
        assert!(child.try_wait().expect("a process").is_none(), "it ended before it could be killed");
        std::fs::metadata(&log).map_or(0, |it| it.len()) > 4 << 20
    });
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");

    let mut connection = open(&path);
    assert_eq!((form(&connection), schema(&connection)), (Ok(Some(current())), before));
    assert_eq!(take_steps(&mut connection, &and(ADDS)), Ok(Ok(())));
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
    assert_eq!(whole, "ok");
}
