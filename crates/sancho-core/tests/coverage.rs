//! docs/coverage.md: what is promised of the server, the command and the pages, and where each promise is explained, shown and
//! tested. What the page names is there, and what touches a store is tested on each of them.

mod repository;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use repository::{Row, is_name, read, root, rows, spans};

const PAGE: &str = "docs/coverage.md";

/// What the server, the command and the pages are made of; each has its table.
const CAPABILITIES: [&str; 13] = [
    "Queues",
    "Job options",
    "Configuration",
    "Signals",
    "Running jobs",
    "Any language",
    "Supervision",
    "Logs",
    "Probes and traces",
    "The command",
    "Tests for users",
    "The web pages",
    "Exit codes",
];

/// What the last column says of a behavior that touches a store, and of one that does not.
const ALL_THREE: &str = "model, SQLite, Redis";
const NONE: &str = "none";

/// Where tests are run on the model, unless they say otherwise.
const MODEL: [&str; 3] = ["crates/sancho-core/src/model", "crates/sancho-testkit/tests", "crates/sancho-web/tests"];

const STORES: [&str; 3] = ["model", "sqlite", "redis"];

/// The rows of the page: promise, guide, example, tests, stores.
fn promises(page: &str) -> Vec<Row<'_>> {
    let rows = rows(page, "stores");
    assert!(rows.len() >= 60, "{PAGE} has {} promises", rows.len());
    rows
}

#[test]
fn each_capability_has_promises_and_no_cell_is_empty() {
    let page = read(PAGE);
    let promises = promises(&page);
    for capability in CAPABILITIES {
        assert!(promises.iter().any(|row| row.heading == capability), "{PAGE} has no table under {capability:?}");
    }
    for row in promises {
        assert!(CAPABILITIES.contains(&row.heading), "{PAGE} has a table under {:?}", row.heading);
        assert_eq!(row.cells.len(), 5, "{row:?}");
        let empty = row.cells.iter().any(|cell| !cell.contains(|c: char| c.is_alphanumeric()));
        assert!(!empty, "{PAGE} has an empty cell: {}", row.cells.join(" | "));
    }
}

#[test]
fn each_guide_and_each_example_is_there() {
    let page = read(PAGE);
    let mut wrong = Vec::new();
    for row in promises(&page) {
        let promise = row.cells[0];
        let links: Vec<&str> = row.cells[1].split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        let examples: Vec<&str> = spans(row.cells[2]).collect();
        if links.is_empty() || examples.is_empty() {
            wrong.push(format!("no guide or no example: {promise}"));
        }
        wrong.extend(
            links.iter().filter(|link| !is_there(link)).map(|link| format!("no page or heading {link}: {promise}")),
        );
        let gone = examples.iter().filter(|example| !root().join(example).is_file());
        wrong.extend(gone.map(|example| format!("no file {example}: {promise}")));
    }
    assert!(wrong.is_empty(), "{PAGE}:\n{}", wrong.join("\n"));
}

#[test]
fn each_test_is_there_and_what_touches_a_store_is_tested_on_all_three() {
    let page = read(PAGE);
    let (tests, shared) = (repository::tests(), shared());
    let mut wrong = Vec::new();
    for row in promises(&page) {
        let promise = row.cells[0];
        let (mut tested_on, mut named) = (BTreeSet::new(), 0);
        for name in spans(row.cells[3]) {
            match tests.get(name).filter(|_| is_name(name)) {
                Some(files) => tested_on.extend(files.iter().flat_map(|file| stores_of(name, file, &shared))),
                None => wrong.push(format!("no test or fact {name}: {promise}")),
            }
            named += 1;
        }
        match row.last() {
            _ if named == 0 => wrong.push(format!("no test: {promise}")),
            ALL_THREE if tested_on != BTreeSet::from(STORES) => {
                wrong.push(format!("tested on {tested_on:?} alone: {promise}"));
            }
            ALL_THREE | NONE => {}
            other => wrong.push(format!("neither {ALL_THREE:?} nor {NONE:?} but {other:?}: {promise}")),
        }
    }
    assert!(wrong.is_empty(), "{PAGE}:\n{}", wrong.join("\n"));
}

/// Whether a link from the page leads to a page, and to a heading of it where it names one.
fn is_there(link: &str) -> bool {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let Ok(page) = std::fs::read_to_string(root().join("docs").join(path)) else { return false };
    anchor.is_none_or(|anchor| headings(&page).any(|heading| slug(heading) == anchor))
}

fn headings(page: &str) -> impl Iterator<Item = &str> {
    let prose = page.split("```").step_by(2).flat_map(str::lines);
    prose.filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim())
}

/// How a heading is called in a link to it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// The stores that a test of this name in this file is run on: by where it stands, or by what its name says.
fn stores_of(name: &str, file: &Path, shared: &[(PathBuf, &'static str)]) -> Vec<&'static str> {
    let is_in = |folder: &str| file.starts_with(folder);
    if file.to_string_lossy().contains("/conformance/") {
        let is_listed = read("crates/sancho-testkit/src/conformance/list.rs").contains(&format!(" {name}\n"));
        return if is_listed { STORES.to_vec() } else { Vec::new() };
    }
    let of_each = shared.iter().filter(|(shared, _)| shared == file).map(|(_, store)| *store);
    let says = |store: &str| name.ends_with(&format!("_on_{store}")) || name.ends_with(&format!("_on_the_{store}"));
    let own = [
        ("model", MODEL.into_iter().any(is_in) || says("model")),
        ("sqlite", is_in("crates/sancho-sqlite") || is_in("tests/browser") || says("sqlite")),
        ("redis", is_in("crates/sancho-redis") || is_in("tests/browser") || is_in("tests/interop") || says("redis")),
    ];
    of_each.chain(own.into_iter().filter(|(_, is_so)| *is_so).map(|(store, _)| store)).collect()
}

/// The files of tests that a program of tests includes once for each store: in its modules `on_model`, `on_sqlite` and
/// `on_redis`.
fn shared() -> Vec<(PathBuf, &'static str)> {
    let mut shared = Vec::new();
    for package in ["crates/sancho", "crates/sancho-cli", "crates/sancho-testkit"] {
        let folder = Path::new(package).join("tests");
        for entry in std::fs::read_dir(root().join(&folder)).expect("it can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_file() {
                let text = std::fs::read_to_string(&path).expect("a source can be read");
                shared.extend(included(&text).into_iter().map(|(file, store)| (folder.join(file), store)));
            }
        }
    }
    assert!(shared.len() >= 2, "tests that run on several stores were found: {shared:?}");
    shared
}

/// What a program of tests includes for each store.
fn included(program: &str) -> Vec<(PathBuf, &'static str)> {
    let (mut included, mut folder, mut store) = (Vec::new(), "", None);
    for line in program.lines() {
        if let Some(path) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            folder = path;
        }
        let opened = line.strip_prefix("mod on_").and_then(|rest| rest.strip_suffix(" {"));
        store = match (opened, line) {
            (Some(name), _) => STORES.into_iter().find(|store| *store == name),
            (None, "}") => None,
            (None, _) => store,
        };
        let module = line.trim().strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'));
        if let (Some(module), Some(store)) = (module, store) {
            included.push((Path::new(folder).join(format!("{module}.rs")), store));
        }
    }
    included
}
