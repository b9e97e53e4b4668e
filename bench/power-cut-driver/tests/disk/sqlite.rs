//! SQLite alone on the disk: the check loses what a careless setting gives away, and nothing else.

use power::{Fuse, Survival};
use rusqlite::Connection;

use crate::harness::{Disk, Program, wait_until};

/// How often the power is cut in each test.
const CUTS: u64 = 24;

/// What a cut has left of the rows whose commits were acknowledged.
#[derive(Debug, Default)]
struct Left {
    acknowledged: u64,
    lost: u64,
    broken: u64,
    strays: usize,
}

/// Commits rows with a setting, and cuts after so many changes.
fn cut(synchronous: &str, seed: u64, fuse: u64) -> Left {
    let disk = Disk::new();
    let supply = disk.power_on();
    supply.set_fuse(Fuse::After(fuse)).expect("a fuse");
    let program: Program = disk.program(Some(&supply), &["rows", "rows.db", synchronous, "100000"]);
    wait_until("the fuse has burned down", || supply.is_off().expect("the cycle is there").then_some(()));
    let acknowledged = program.kill().last().map_or(0, |number| number.parse().expect("a number"));
    let restored = supply.restore(seed, Survival::Any).expect("the disk is restored");
    let mut left = Left { acknowledged, strays: restored.strays.len(), ..Left::default() };
    match rows(&disk) {
        Ok(rows) => left.lost = acknowledged.saturating_sub(rows),
        Err(_) => left.broken = 1,
    }
    left
}

fn rows(disk: &Disk) -> rusqlite::Result<u64> {
    if !disk.file("rows.db").exists() {
        return Ok(0);
    }
    let connection = Connection::open(disk.file("rows.db"))?;
    let said: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(rusqlite::Error::InvalidQuery);
    }
    let tables: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'rows'", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(0);
    }
    let rows: u32 = connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0))?;
    Ok(rows.into())
}

fn cuts(synchronous: &str) -> Left {
    let mut all = Left::default();
    for seed in 0..CUTS {
        let left = cut(synchronous, seed, 5 + seed * seed * 3);
        all.acknowledged += left.acknowledged;
        all.lost += left.lost;
        all.broken += left.broken;
        all.strays += left.strays;
    }
    eprintln!("synchronous {synchronous}: {all:?}");
    all
}

#[test]
fn with_full_no_acknowledged_commit_is_lost() {
    let left = cuts("FULL");
    assert!(left.acknowledged > 100, "{left:?}");
    assert_eq!((left.lost, left.broken, left.strays), (0, 0, 0), "{left:?}");
}

#[test]
fn with_normal_commits_are_lost_and_the_file_stays_whole() {
    let left = cuts("NORMAL");
    assert!(left.lost > 0, "{left:?}");
    assert_eq!((left.broken, left.strays), (0, 0), "{left:?}");
}

#[test]
fn with_off_files_break() {
    let left = cuts("OFF");
    assert!(left.lost > 0 && left.broken > 0, "{left:?}");
    assert_eq!(left.strays, 0, "{left:?}");
}
