//! Files that are no stores, or no longer.

use std::fs;
use std::path::Path;

use sancho_core::{Entropy, ErrorKind};
use sancho_sqlite::SqliteStore;
use sancho_testkit::chance::Seeded;

use crate::bench::{Closed, ask_everything, options};

/// Seeds of every run.
const SEEDS: u64 = 40;

fn seeds() -> Vec<u64> {
    let own = std::env::var("SANCHO_HOSTILE_SEED").ok();
    let own = own.map(|seed| seed.parse().expect("SANCHO_HOSTILE_SEED is a whole number"));
    (1..=SEEDS).chain(own).collect()
}

fn noise(chance: &Seeded, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|_| chance.next_u64() as u8).collect()
}

/// Opening is refused in one line that names the file, and nothing in the directory is another than before.
fn refused_and_kept(path: &Path, tale: &str) {
    let directory = path.parent().expect("it is in a directory");
    let before = fs::read(path).ok();
    let said = SqliteStore::open(path, options()).expect_err(tale).to_string();
    assert!(!said.contains('\n') && said.contains("jobs.db"), "{tale}: {said}");
    assert_eq!(fs::read(path).ok(), before, "{tale}: it is as it was");
    let beside: Vec<_> = fs::read_dir(directory).expect("a directory").filter_map(Result::ok).collect();
    let beside: Vec<_> = beside.iter().filter(|entry| entry.path() != path).map(|entry| entry.file_name()).collect();
    assert!(
        beside.iter().all(|name| !name.to_string_lossy().ends_with("-bell")),
        "{tale}: nothing is left: {beside:?}"
    );
}

#[test]
fn what_is_no_database_is_refused_and_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    let chance = Seeded::new(1);
    let header = b"SQLite format 3\0".to_vec();
    for (tale, bytes) in [
        ("a text", b"Dear diary, nothing happened today.\n".repeat(40)),
        ("one byte", b"x".to_vec()),
        ("a picture", [b"\x89PNG\r\n\x1a\n".to_vec(), noise(&chance, 5_000)].concat()),
        ("noise", noise(&chance, 10_000)),
        ("zeros", vec![0; 8_192]),
        ("a header and noise", [header.clone(), noise(&chance, 8_000)].concat()),
        ("half a header", header[..9].to_vec()),
        ("a header alone", header),
    ] {
        fs::write(&path, bytes).expect("a file");
        refused_and_kept(&path, tale);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    fs::create_dir(&path).expect("a directory");
    refused_and_kept(&path, "a directory");
    fs::remove_dir(&path).expect("it is empty");
    std::os::unix::fs::symlink(&path, &path).expect("a link");
    refused_and_kept(&path, "a link to itself");
    fs::remove_file(&path).expect("it is a link");
    std::os::unix::fs::symlink(directory.path().join("nowhere/jobs.db"), &path).expect("a link");
    refused_and_kept(&path, "a link to nowhere");
}

#[tokio::test]
async fn the_file_of_another_program_keeps_what_it_had() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    let theirs = sancho_sqlite::rusqlite::Connection::open(&path).expect("a database");
    theirs
        .execute_batch("CREATE TABLE jobs (id INTEGER, note TEXT); INSERT INTO jobs VALUES (1, 'mine')")
        .expect("rows");
    assert!(ask_everything(&path, "another program's").await.is_empty());
    let note: String = theirs.query_row("SELECT note FROM jobs", [], |row| row.get(0)).expect("it is there");
    assert_eq!(note, "mine");
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_refused_or_says_what_is_wrong() {
    let full = Closed::full().await;
    let whole = fs::read(full.path()).expect("a file");
    let chance = Seeded::new(7);
    let cuts = (0..20).map(|_| chance.below(whole.len())).chain([0, 1, 15, 16, 99, 100, 512, 4_095, 4_096, 8_192]);
    for length in cuts {
        let copy = full.copy();
        fs::write(copy.path(), &whole[..length]).expect("a file");
        ask_everything(&copy.path(), &format!("cut to {length} of {} bytes", whole.len())).await;
    }
}

#[tokio::test]
async fn flipped_bytes_end_no_thread_and_hang_no_call() {
    let full = Closed::full().await;
    let whole = fs::read(full.path()).expect("a file");
    let mut told = 0;
    for seed in seeds() {
        let (copy, chance) = (full.copy(), Seeded::new(seed));
        let mut bytes = whole.clone();
        match chance.below(3) {
            0 => (0..1 + chance.below(64)).for_each(|_| bytes[chance.below(whole.len())] ^= 1 << chance.below(8)),
            1 => {
                // A page of noise, but for the first: without a header there is nothing to try.
                let page = 1 + chance.below(whole.len() / 4_096 - 1);
                bytes[page * 4_096..(page + 1) * 4_096].copy_from_slice(&noise(&chance, 4_096));
            }
            _ => {
                let (from, to) = (1 + chance.below(whole.len() / 4_096 - 1), 1 + chance.below(whole.len() / 4_096 - 1));
                bytes.copy_within(from * 4_096..(from + 1) * 4_096, to * 4_096);
            }
        }
        fs::write(copy.path(), bytes).expect("a file");
        let refused = ask_everything(&copy.path(), &format!("seed {seed}")).await;
        told += usize::from(refused.iter().any(|(_, error)| error.kind == ErrorKind::Corrupt));
    }
    assert!(told > 5, "damage is told as such: {told} of {SEEDS} files");
}

#[tokio::test]
async fn junk_beside_the_file_harms_nothing() {
    let full = Closed::full().await;
    for seed in 1..=5 {
        let chance = Seeded::new(seed);
        let copy = full.copy();
        for beside in ["-wal", "-shm", "-bell", "-journal"] {
            let mut name = copy.path().into_os_string();
            name.push(beside);
            fs::write(name, noise(&chance, 1 + chance.below(100_000))).expect("a file");
        }
        let refused = ask_everything(&copy.path(), &format!("seed {seed}")).await;
        assert!(refused.is_empty(), "seed {seed}: the file itself is whole: {refused:?}");
    }
}
