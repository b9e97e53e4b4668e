//! What the pages on reliability and security name as a proof is there: tests, facts and commands.
//!
//! In these pages a code span of three words or more in snake case is the name of a test or of a fact; one that begins
//! with `cargo`, `bench/` or `./test` is a command. A row of a table that has a column *held by* names one of them, or
//! says "not tested" and why.

mod repository;

use std::path::{Path, PathBuf};

use repository::{is_name, read, root, rows, spans};

const PAGES: [&str; 2] = ["docs/reliability.md", "docs/SECURITY.md"];

#[test]
fn every_test_that_a_page_names_exists() {
    let tests = repository::tests();
    for page in PAGES {
        let text = read(page);
        let named: Vec<&str> = spans(&text).filter(|span| is_name(span)).collect();
        assert!(named.len() > 20, "{page} names tests: {named:?}");
        for name in named {
            assert!(tests.contains_key(name), "{page} names {name}, and there is no such test or fact");
        }
    }
}

#[test]
fn every_command_that_a_page_names_can_be_run() {
    let mut commands = 0;
    for page in PAGES {
        let text = read(page);
        for command in spans(&text).chain(fenced(&text)) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let wrong = match words[..] {
                ["cargo", "test" | "run", ..] => cargo(&words),
                [script, ..] if script == "./test" || script.starts_with("bench/") && words.len() > 1 => {
                    script_with(&words)
                }
                _ => continue,
            };
            assert_eq!(wrong, None, "{page} names `{command}`");
            commands += 1;
        }
    }
    assert!(commands >= 5, "commands were found: {commands}");
}

#[test]
fn every_row_names_its_proof_or_says_that_there_is_none() {
    let mut found = 0;
    for page in PAGES {
        let text = read(page);
        for row in rows(&text, "held by") {
            let last = row.last();
            let proved =
                spans(last).any(|span| is_name(span) || span.starts_with("bench/") || span.starts_with("cargo "));
            assert!(
                proved || last.contains("not tested"),
                "{page} names no proof under {:?} in: {}",
                row.heading,
                row.cells.join(" | ")
            );
            found += 1;
        }
    }
    assert!(found > 30, "rows were found: {found}");
}

/// What is wrong with a command of Cargo's; `None` when nothing is.
fn cargo(words: &[&str]) -> Option<String> {
    let after = |option: &str| words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1)).copied();
    let folders = match after("-p") {
        Some(name) => packages().into_iter().filter(|folder| is_named(folder, name)).collect(),
        None => packages(),
    };
    if folders.is_empty() {
        return Some("there is no such package".to_owned());
    }
    let target = match (after("--test"), after("--bin")) {
        (Some(test), _) => format!("tests/{test}.rs"),
        (None, Some(program)) => format!("src/bin/{program}.rs"),
        (None, None) => return None,
    };
    let there = folders.iter().any(|folder| folder.join(&target).is_file());
    (!there).then(|| format!("there is no {target}"))
}

/// The folders of the packages of the workspace.
fn packages() -> Vec<PathBuf> {
    let groups = ["crates", "tests"].map(|group| std::fs::read_dir(root().join(group)).expect("it can be listed"));
    groups.into_iter().flatten().map(|entry| entry.expect("an entry can be read").path()).collect()
}

fn is_named(folder: &Path, name: &str) -> bool {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
    manifest.is_ok_and(|manifest| manifest.contains(&format!("name = \"{name}\"")))
}

/// What is wrong with a call of a script of ours; `None` when nothing is: it says each option at its head.
fn script_with(words: &[&str]) -> Option<String> {
    let Ok(text) = std::fs::read_to_string(root().join(words[0])) else {
        return Some(format!("there is no {}", words[0]));
    };
    let head: String = text.lines().take_while(|line| line.starts_with('#')).collect();
    let unknown = words[1..].iter().find(|word| word.starts_with("--") && !head.contains(**word));
    unknown.map(|option| format!("{} says nothing of {option}", words[0]))
}

/// The lines between fences, without the words behind a `#`.
fn fenced(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split("```").skip(1).step_by(2).flat_map(str::lines);
    lines.map(|line| line.split(" #").next().unwrap_or_default())
}
