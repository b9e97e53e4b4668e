//! The repository, as tests of its pages read it: the pages, their tables, and the names of tests and facts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between single backticks, outside fences.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

/// Whether a code span is the name of a test or of a fact: three words or more in snake case.
pub(crate) fn is_name(span: &str) -> bool {
    span.matches('_').count() >= 2
        && span.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !span.starts_with('_')
}

/// A row of a table.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// The heading that it stands under.
    pub(crate) heading: &'a str,
    /// What it says, column by column.
    pub(crate) cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    /// The row's last cell.
    pub(crate) fn last(&self) -> &'a str {
        self.cells.last().copied().unwrap_or_default()
    }
}

/// The rows of each table of a page whose last column is called so.
pub(crate) fn rows<'a>(page: &'a str, last_column: &str) -> Vec<Row<'a>> {
    let (mut heading, mut rows, mut columns) = ("", Vec::new(), None);
    for line in page.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim();
        }
        let Some(cells) = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')) else {
            columns = None;
            continue;
        };
        let cells = cells_of(cells);
        match columns {
            None => columns = Some((cells.len(), cells.last() == Some(&last_column))),
            Some(_) if cells.iter().all(|cell| cell.starts_with("---")) => {}
            Some((count, true)) => {
                assert_eq!(cells.len(), count, "a row has as many cells as its table has columns: {line}");
                rows.push(Row { heading, cells });
            }
            Some((_, false)) => {}
        }
    }
    rows
}

/// The cells of a row; a bar behind a backslash is text.
fn cells_of(row: &str) -> Vec<&str> {
    let (mut cells, mut start) = (Vec::new(), 0);
    for (at, _) in row.match_indices('|') {
        if !row[..at].ends_with('\\') {
            cells.push(row[start..at].trim());
            start = at + 1;
        }
    }
    cells.push(row[start..].trim());
    cells
}

/// The names of tests and of facts, and the files that have one of that name, as paths from the root.
pub(crate) fn tests() -> BTreeMap<String, Vec<PathBuf>> {
    let mut names: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in ["crates", "examples", "tests", "bench", "fuzz"].iter().flat_map(|folder| sources(&root().join(folder)))
    {
        let text = std::fs::read_to_string(&file).expect("a source can be read");
        let facts = file.to_string_lossy().contains("/conformance/");
        let place = file.strip_prefix(root()).expect("it stands below the root");
        let mut is_test = false;
        for line in text.lines().map(str::trim_start) {
            is_test |= line.starts_with("#[test") || line.starts_with("#[tokio::test");
            // Tests of the pages that are made for each store by a macro take where that store is.
            is_test |=
                line.starts_with("async fn ") && ["(home: Home)", "(fresh: Fresh)"].iter().any(|it| line.contains(it));
            let Some((before, name)) = line.split_once("fn ") else { continue };
            if (is_test || facts) && !before.contains('/') {
                let name = name.split(['(', '<']).next().unwrap_or_default();
                names.entry(name.to_owned()).or_default().push(place.to_owned());
            }
            is_test = false;
        }
    }
    assert!(names.len() > 500, "the tests were found: {}", names.len());
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
