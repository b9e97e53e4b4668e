//! The tables of docs/guides/from-sidekiq.md: what they say is shown by a test or by a command, row by row.
//!
//! The last column names tests, or commands that the guide of the command has as examples, which a test runs; or it
//! says "not yet", and then the row says what to do today.

mod repository;

use repository::{is_name, read, rows, spans};

const PAGE: &str = "docs/guides/from-sidekiq.md";

/// The last column of each table.
const SHOWN_BY: &str = "shown by";

/// The kinds of things that a program, a file or a person may name; each has a table.
const KINDS: [&str; 10] = [
    "Flags",
    "Keys of `sidekiq.yml`",
    "Environment",
    "Signals",
    "Options of a job",
    "Pushing",
    "The API",
    "Configuring in Ruby, middleware and events",
    "Testing",
    "Pro and Enterprise",
];

#[test]
fn each_kind_of_thing_has_a_table() {
    let page = read(PAGE);
    let rows = rows(&page, SHOWN_BY);
    for kind in KINDS {
        let of_kind = rows.iter().filter(|row| row.heading == kind).count();
        assert!(of_kind >= 4, "{PAGE} has {of_kind} rows under the heading {kind:?}");
    }
    assert!(rows.len() >= 150, "{PAGE} has {} rows", rows.len());
}

#[test]
fn each_row_names_what_shows_it_or_says_that_it_is_not_yet() {
    let page = read(PAGE);
    let (tests, examples) = (repository::tests(), examples());
    let is_there = |span: &str| match span.starts_with("sancho ") {
        true => examples.iter().any(|example| begins(example, span)),
        false => is_name(span) && tests.contains_key(span),
    };
    let mut wrong = Vec::new();
    for row in rows(&page, SHOWN_BY) {
        let (line, last) = (row.cells.join(" | "), row.last());
        for span in spans(last).filter(|span| !is_there(span)) {
            wrong.push(format!("`{span}` is no test, nor an example of the command's guide: {line}"));
        }
        let is_yet_to_come = last == "not yet";
        if is_yet_to_come == (spans(last).count() > 0) {
            wrong.push(format!("it names what shows it, or else says \"not yet\": {line}"));
        }
        if is_yet_to_come != row.cells[1].starts_with("not yet: ") {
            wrong.push(format!("it says in both columns that it is not yet, or in none: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{PAGE}:\n{}", wrong.join("\n"));
}

/// The commands that stand as examples in the guide of the command: `crates/sancho-cli/tests/guide.rs` runs them.
fn examples() -> Vec<String> {
    let guide = read("docs/guides/command.md");
    let examples: Vec<String> = guide.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect();
    assert!(examples.len() > 30, "examples were found: {examples:?}");
    examples
}

/// Whether an example begins with these words.
fn begins(example: &str, command: &str) -> bool {
    let mut example = example.split_whitespace();
    command.split_whitespace().all(|word| example.next() == Some(word))
}
