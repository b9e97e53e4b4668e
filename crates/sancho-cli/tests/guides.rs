//! Pages whose examples are run word for word, each in a directory that has the workers of examples/exec.
#![cfg(target_os = "linux")]

mod console;
mod marked;

use std::path::{Path, PathBuf};

use console::{agree, examples, type_all};
use marked::Mark;

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Types the examples of a page, of which there are so many at least.
#[track_caller]
fn holds(page: &str, least: usize) {
    let text = std::fs::read_to_string(home().join(page)).expect("the page is there");
    assert!(examples(&text).len() >= least, "{page} has its examples: {}", examples(&text).len());
    let (directory, mark) = (tempfile::tempdir().expect("a directory for the test"), Mark::new());
    for worker in ["worker.sh", "worker.py", "worker.mjs"] {
        let from = home().join("examples/exec").join(worker);
        std::fs::copy(from, directory.path().join(worker)).expect("the worker is there");
    }
    type_all(&text, directory.path(), &[mark.variable()]);
    assert!(mark.processes().is_empty(), "{page} leaves processes: {:?}", mark.processes());
}

#[test]
fn the_examples_of_workers_do_what_their_page_says() {
    for (program, package) in [("python3", "python3"), ("node", "nodejs")] {
        let answered = std::process::Command::new(program).arg("--version").output();
        assert!(
            answered.is_ok_and(|output| output.status.success()),
            "{program} does not run: install it, on Debian with apt-get install {package}"
        );
    }
    holds("examples/exec/README.md", 10);
}

#[test]
fn the_guide_of_other_languages_does_what_it_says() {
    holds("docs/guides/any-language.md", 5);
}

#[test]
fn the_guide_of_signals_does_what_it_says() {
    holds("docs/guides/signals.md", 5);
    let text = std::fs::read_to_string(home().join("docs/guides/signals.md")).expect("the page is there");
    let help = std::process::Command::new(console::SANCHO).args(["help", "work"]).output().expect("the command starts");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    for line in sancho::cli::CODES.lines().skip(1) {
        let (code, meaning) = line.trim().split_once("  ").expect("a code and its meaning");
        assert!(text.contains(&format!("| {code} | {meaning} |")), "the exit code {code} of the guide: {meaning}");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&help).contains(&words(line)), "the exit code {code} of the help: {meaning}");
    }
}

#[test]
fn the_guide_of_the_api_does_what_it_says() {
    for program in ["curl", "jq"] {
        let answered = std::process::Command::new(program).arg("--version").output();
        assert!(
            answered.is_ok_and(|output| output.status.success()),
            "{program} does not run: install it, on Debian with apt-get install {program}"
        );
    }
    holds("docs/guides/web-api.md", 25);
    let text = std::fs::read_to_string(home().join("docs/guides/web-api.md")).expect("the page is there");
    for code in sancho_web::Code::ALL {
        let row = format!("| `{}` | {} | {} |", code.name(), code.status().as_u16(), code.title());
        assert!(text.contains(&row), "the page has the row {row}");
    }
}

#[test]
fn what_a_page_leaves_open_is_all_that_may_differ() {
    assert!(agree(&["a …".to_owned()], &["a b"]) && !agree(&["a".to_owned()], &["a b"]));
}
