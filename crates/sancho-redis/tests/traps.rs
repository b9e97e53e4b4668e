//! The traps of Sidekiq's wire, T1 to T45: each is shown here, proved elsewhere, or named as a difference.
//!
//! The table is in docs/sidekiq.md; the first two tests hold it to the tests that it names. What needs a real Sidekiq
//! stands in the workspace's `tests/interop`.

mod common;
mod foreign_program;
#[path = "traps/jobs.rs"]
mod jobs;
#[path = "traps/processes.rs"]
mod processes;
#[path = "traps/sets.rs"]
mod sets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const TRAPS: usize = 45;

#[test]
fn every_trap_names_a_test_that_exists_or_says_why_there_is_none() {
    let tests = functions();
    let rows = table();
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, (1..=TRAPS).map(|number| format!("T{number}")).collect::<Vec<_>>());
    for Row { id, proof } in &rows {
        let named = names(proof);
        for name in &named {
            assert!(tests.contains(*name), "{id} is proved by {name}, and there is no such function");
        }
        let excused = ["difference: ", "not yet built: "]
            .iter()
            .any(|excuse| proof.split_once(excuse).is_some_and(|(_, reason)| reason.split_whitespace().count() >= 3));
        assert!(excused || !named.is_empty(), "{id} names no test and gives no reason: {proof}");
    }
}

#[test]
fn every_trap_that_is_shown_here_stands_in_the_table() {
    let rows = table();
    let mut shown = 0;
    for name in functions() {
        let Some(number) = name.strip_prefix('t').and_then(|rest| rest.get(..2)?.parse::<usize>().ok()) else {
            continue;
        };
        let row = &rows[number - 1];
        assert!(names(&row.proof).contains(name.as_str()), "{} does not name {name}", row.id);
        shown += 1;
    }
    assert!(shown > 20, "the traps were found: {shown}");
}

/// A row of the table: the trap, and what is said of its proof.
struct Row {
    id: String,
    proof: String,
}

/// The rows whose first cell is `T` and a number.
fn table() -> Vec<Row> {
    let page = fs::read_to_string(root().join("docs/sidekiq.md")).expect("the page of the traps");
    let rows = page.lines().filter(|line| line.starts_with("| T"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "a row has a trap, its sentence, what Sancho does, and its proof: {line}");
        Row { id: cells[0].to_owned(), proof: cells[3].to_owned() }
    })
    .collect()
}

/// What stands between backticks and looks like the name of a function.
fn names(proof: &str) -> BTreeSet<&str> {
    let quoted = proof.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')).collect()
}

/// The names of all functions of the workspace.
fn functions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        // A workspace without tests of its own has no such folder.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&path).expect("a source in UTF-8");
                let names = source.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
                found.extend(names.map(str::to_owned));
            }
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
