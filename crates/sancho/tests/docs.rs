//! Holds the documentation to the repository: snippets, translations, links, and the map of the crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn both_readmes_have_the_same_headings_code_and_links() {
    let (english, vietnamese) = (read("README.md"), read("README.vi.md"));
    assert_eq!(heading_levels(&english), heading_levels(&vietnamese), "the levels of the headings, in order");
    let (ours, theirs) = (fences(&english), fences(&vietnamese));
    assert!(ours.len() >= 5, "the README has its code: {}", ours.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "a code block differs");
    }
    assert_eq!(ours.len(), theirs.len(), "the number of code blocks");
    assert_eq!(links(&english), links(&vietnamese), "the links, in order");
}

#[test]
fn the_quick_start_is_a_program_that_compiles() {
    let program = read("examples/quickstart.rs");
    for page in ["README.md", "README.vi.md"] {
        let page_fences = fences(&read(page));
        let shown: Vec<&Fence> = page_fences.iter().filter(|fence| fence.language == "rust").collect();
        assert_eq!(shown.len(), 1, "{page} has one Rust program");
        assert_eq!(shown[0].code, program, "{page} shows examples/quickstart.rs as it is");
    }
}

#[test]
fn every_rust_snippet_of_the_pages_stands_in_an_example() {
    let examples: Vec<String> = files("examples", "rs").iter().map(|path| unindented(&read(path))).collect();
    let mut found = 0;
    for page in pages().iter().filter(|page| page.starts_with("docs")) {
        for fence in fences(&read(page)).iter().filter(|fence| fence.language == "rust") {
            let code = unindented(&fence.code);
            let compiled = examples.iter().any(|example| example.contains(code.trim()));
            assert!(compiled, "{}: this stands in no file under examples/:\n{}", page.display(), fence.code);
            found += 1;
        }
    }
    assert!(found > 0, "the guides have code");
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    for page in pages() {
        let folder = page.parent().expect("a page is in a folder");
        for link in links(&read(&page)) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(root().join(folder).join(target).exists(), "{} links to {link}", page.display());
        }
    }
}

#[test]
fn every_path_that_the_pages_name_exists() {
    for page in pages() {
        let text = read(&page);
        for path in text.split('`').skip(1).step_by(2) {
            let ours = ["crates/", "docs/", "examples/", ".ci/"].iter().any(|folder| path.starts_with(folder));
            if ours && !path.contains([' ', '*', '…', '\n']) {
                assert!(root().join(path).exists(), "{} names {path}", page.display());
            }
        }
    }
}

#[test]
fn the_map_names_every_crate() {
    let map = read("docs/ARCHITECTURE.md");
    let mut crates = 0;
    for entry in fs::read_dir(root().join("crates")).expect("the folder of the crates") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name in UTF-8");
        assert!(map.contains(&format!("`crates/{name}`")), "docs/ARCHITECTURE.md says nothing of crates/{name}");
        crates += 1;
    }
    assert!(crates >= 6, "the crates were found");
}

#[test]
fn every_decision_is_listed() {
    let list = links(&read("docs/decisions/README.md"));
    for page in files("docs/decisions", "md") {
        let name = page.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8").to_owned();
        assert!(name == "README.md" || list.contains(&name), "docs/decisions/README.md does not list {name}");
    }
}

/// A block of code between fences.
#[derive(Debug, PartialEq, Eq)]
struct Fence {
    language: String,
    code: String,
}

fn fences(text: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut open: Option<Fence> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(language), None) => open = Some(Fence { language: language.to_owned(), code: String::new() }),
            (Some(_), Some(fence)) => fences.push(fence),
            (None, Some(mut fence)) => {
                fence.code.push_str(line);
                fence.code.push('\n');
                open = Some(fence);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    fences
}

/// The text outside fences.
fn prose(text: &str) -> String {
    let outside = text.split("```").step_by(2);
    outside.collect()
}

fn heading_levels(text: &str) -> Vec<usize> {
    let levels = |line: &str| line.bytes().take_while(|byte| *byte == b'#').count();
    prose(text).lines().map(levels).filter(|level| *level > 0).collect()
}

/// The targets of the links `[text](target)`, in order.
fn links(text: &str) -> Vec<String> {
    let text = prose(text);
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// Every page of prose, from the root.
fn pages() -> BTreeSet<PathBuf> {
    let mut pages: BTreeSet<PathBuf> = files("docs", "md").into_iter().collect();
    for page in ["README.md", "README.vi.md", "CHANGELOG.md", "CONTRIBUTING.md"] {
        pages.insert(page.into());
    }
    pages
}

/// The files with this extension in a folder and its folders, as paths from the root.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("the folder exists") {
        let entry = entry.expect("an entry");
        let path = Path::new(folder).join(entry.file_name());
        if entry.path().is_dir() {
            found.extend(files(path.to_str().expect("a path in UTF-8"), extension));
        } else if path.extension().is_some_and(|have| have == extension) {
            found.push(path);
        }
    }
    found
}

/// The code with the space before each line gone: a snippet may stand inside a function.
fn unindented(code: &str) -> String {
    code.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
