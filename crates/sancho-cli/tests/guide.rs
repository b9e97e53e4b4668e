//! The guide of the command, run word for word: docs/guides/command.md.

mod console;

use std::path::Path;
use std::process::Command;

use console::{SANCHO, agree, examples, type_all};

fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/command.md");
    std::fs::read_to_string(path).expect("the guide is there")
}

#[test]
fn every_example_prints_what_the_guide_says() {
    let guide = guide();
    let count = examples(&guide).len();
    assert!(count >= 40, "{count}");
    let directory = tempfile::tempdir().expect("a directory for the test");
    type_all(&guide, directory.path(), &[]);
}

#[test]
fn every_command_has_an_example() {
    let guide = guide();
    let help = Command::new(SANCHO).arg("--help").output().expect("the command starts");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands
        .filter_map(|line| {
            line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty() && *word != "help")
        })
        .collect();
    assert!(commands.len() >= 25, "{commands:?}");
    let typed: Vec<String> = examples(&guide).into_iter().map(|example| example.typed).collect();
    for command in commands {
        let is_typed = |typed: &String| typed.split(' ').any(|word| word == command);
        assert!(typed.iter().any(is_typed), "{command} has no example in docs/guides/command.md");
    }
    for code in 0..=5 {
        let line = help.lines().find_map(|line| line.trim().strip_prefix(&format!("{code}  "))).expect("a code");
        assert!(guide.contains(&format!("| {code} | {line} |")), "the exit code {code}: {line}");
    }
}

#[test]
fn what_differs_from_the_guide_is_seen() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(agree(&lines("a\n…\nz 1 … 3"), &["a", "b", "c", "z  1 2  3"]));
    assert!(agree(&lines("a\n…"), &["a"]));
    assert!(!agree(&lines("a\n…\nz"), &["a", "b"]));
    assert!(!agree(&lines("a … c"), &["a b d"]));
    assert!(!agree(&lines("a"), &["a", "b"]));
    assert!(!agree(&lines("a\nb"), &["a"]));
}
