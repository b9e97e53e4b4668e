//! The statements are held by facts: triggers, put into the file by another connection, break one at a time, and each
//! is caught.

mod common;
#[path = "mutants/list.rs"]
mod list;

use std::path::Path;
use std::sync::{Arc, Mutex};

use list::{MUTANTS, Mutant};
use rusqlite::Connection;
use sancho_core::{BoxFuture, Inspect, Store};
use sancho_sqlite::{Durability, Options, SqliteStore};
use sancho_testkit::Factory;
use sancho_testkit::mutants::hunt::Roll;
use tempfile::TempDir;

/// Makes stores on a file whose triggers do a mutant's work.
struct Triggered {
    mutant: &'static Mutant,
    directories: Mutex<Vec<TempDir>>,
}

impl Triggered {
    fn new(mutant: &'static Mutant) -> Self {
        Triggered { mutant, directories: Mutex::default() }
    }

    /// Whether a trigger was at work.
    fn lives(&self) -> Result<(), String> {
        let directories = self.directories.lock().expect("nothing panics while it holds the lock");
        let path = directories.last().expect("a store was made").path().join("jobs.db");
        let count = Connection::open(path)
            .and_then(|file| file.query_row("SELECT count(*) FROM mutant_works", [], |row| row.get::<_, i64>(0)));
        match count {
            Ok(0) => Err("its trigger had nothing to do: follow the store's statements".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Factory for Triggered {
    fn name(&self) -> &'static str {
        "sqlite with a trigger"
    }

    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)> {
        Box::pin(async move {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join("jobs.db");
            let store = SqliteStore::open(&path, Options::default().durability(Durability::Normal)).expect("a store");
            put_trigger(&path, self.mutant).unwrap_or_else(|error| panic!("{}: {error}", self.mutant.name));
            self.directories.lock().expect("nothing panics while it holds the lock").push(directory);
            let store = Arc::new(store);
            (Arc::clone(&store) as Arc<dyn Store>, store as Arc<dyn Inspect>)
        })
    }
}

fn put_trigger(path: &Path, mutant: &Mutant) -> rusqlite::Result<()> {
    let Mutant { on, does, .. } = mutant;
    Connection::open(path)?.execute_batch(&format!(
        "CREATE TABLE mutant_works (at INTEGER);
         CREATE TRIGGER mutant {on} BEGIN INSERT INTO mutant_works VALUES (1); {does}; END;"
    ))
}

#[tokio::test]
async fn each_broken_statement_is_caught() {
    let sound = common::SqliteFactory::default();
    let mut roll = Roll::of("sqlite");
    for mutant in MUTANTS {
        let broken = Triggered::new(mutant);
        roll.by_fact(mutant.name, mutant.caught_by, &broken, || broken.lives(), &sound).await;
    }
    roll.close();
}
