//! What the pages on reliability and security name as a proof is there: tests, facts and commands.
//!
//! In these pages a code span of three words or more in snake case is the name of a test or of a fact; one that begins
//! with `cargo`, `bench/` or `./test` is a command. A row of a table that has a column *held by* names one of them, or
//! says "not tested" and why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGES: [&str; 2] = ["docs/reliability.md", "docs/SECURITY.md"];

#[test]
fn every_test_that_a_page_names_exists() {
    let tests = tests();
    assert!(tests.len() > 500, "the tests were found: {}", tests.len());
    for page in PAGES {
        let text = read(page);
        let named: Vec<&str> = spans(&text).filter(|span| is_name(span)).collect();
        assert!(named.len() > 20, "{page} names tests: {named:?}");
        for name in named {
            assert!(tests.contains(name), "{page} names {name}, and there is no such test or fact");
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
    let mut rows = 0;
    for page in PAGES {
        let text = read(page);
        let mut inside = false;
        for line in text.lines().map(str::trim) {
            let Some(cells) = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')) else {
                inside = false;
                continue;
            };
            let last = cells.rsplit(" | ").next().unwrap_or_default().trim();
            let proved =
                spans(last).any(|span| is_name(span) || span.starts_with("bench/") || span.starts_with("cargo "));
            if last == "held by" {
                inside = true;
            } else if inside && !last.starts_with("---") && !last.ends_with("---") {
                assert!(proved || last.contains("not tested"), "{page} names no proof in: {line}");
                rows += 1;
            }
        }
    }
    assert!(rows > 30, "rows were found: {rows}");
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

/// The names of tests and of facts.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in ["crates", "tests", "bench", "fuzz"].iter().flat_map(|folder| sources(&root().join(folder))) {
        let text = std::fs::read_to_string(&file).expect("a source can be read");
        let facts = file.to_string_lossy().contains("/conformance/");
        let mut is_test = false;
        for line in text.lines().map(str::trim_start) {
            is_test |= line.starts_with("#[test") || line.starts_with("#[tokio::test");
            let Some((before, name)) = line.split_once("fn ") else { continue };
            if (is_test || facts) && !before.contains('/') {
                names.extend(name.split(['(', '<']).next().map(str::to_owned));
            }
            is_test = false;
        }
    }
    names
}

/// The files of Rust in a folder and its folders, but for what was built there.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let one = |path: PathBuf| match path.is_dir() {
        true if path.ends_with("target") => Vec::new(),
        true => sources(&path),
        false => vec![path],
    };
    paths.flat_map(one).filter(|path| path.extension() == Some("rs".as_ref())).collect()
}

fn is_name(span: &str) -> bool {
    span.matches('_').count() >= 2
        && span.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !span.starts_with('_')
}

/// What stands between single backticks, outside fences.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

/// The lines between fences, without the words behind a `#`.
fn fenced(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split("```").skip(1).step_by(2).flat_map(str::lines);
    lines.map(|line| line.split(" #").next().unwrap_or_default())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
