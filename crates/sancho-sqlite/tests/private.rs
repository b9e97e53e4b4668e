//! Who may read the files of a store.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::Mode;
use rustix::process::umask;
use sancho_core::Store;
use sancho_sqlite::{Options, SqliteStore};
use sancho_testkit::{at, job};

/// The modes of what stands in a directory, by name.
fn modes(directory: &Path) -> Vec<(String, u32)> {
    let entries = std::fs::read_dir(directory).expect("it can be listed");
    let mut modes: Vec<_> = entries
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (entry.file_name(), entry.metadata().expect("it is there").permissions().mode() & 0o777))
        .map(|(name, mode)| (name.into_string().expect("UTF-8"), mode))
        .collect();
    modes.sort();
    modes
}

/// Opens and uses a store in a directory of its own, under this umask; the modes of its files while it is open.
fn modes_under(mask: u32, before: impl Fn(&Path)) -> Vec<(String, u32)> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    before(&path);
    umask(Mode::from_raw_mode(mask));
    let store = SqliteStore::open(&path, Options::default()).expect("it opens");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(store.push(&[job("1").build()], at(0))).expect("push");
    modes(directory.path())
}

// One test: the umask is the whole process's.
#[test]
fn new_files_are_for_the_owner_and_the_group_as_the_umask_says_and_an_old_one_stays_as_it_was() {
    let all =
        |mode| ["jobs.db", "jobs.db-bell", "jobs.db-shm", "jobs.db-wal"].map(|name| (name.to_owned(), mode)).to_vec();
    assert_eq!(modes_under(0o022, |_| ()), all(0o640));
    assert_eq!(modes_under(0o007, |_| ()), all(0o660));
    assert_eq!(modes_under(0o077, |_| ()), all(0o600));
    assert_eq!(modes_under(0o000, |_| ()), all(0o660));
    let opened_up = modes_under(0o022, |path| {
        std::fs::write(path, "").expect("a file");
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o644)).expect("a mode");
    });
    assert_eq!(opened_up.iter().find(|(name, _)| name == "jobs.db"), Some(&("jobs.db".to_owned(), 0o644)));
}
