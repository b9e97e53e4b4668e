//! The guide of the command, run word for word: docs/guides/command.md.

use std::path::Path;
use std::process::{Command, Stdio};

/// The command, as it was built for the tests.
const SANCHO: &str = env!("CARGO_BIN_EXE_sancho");

/// An example: a line that a person types, and what it prints.
#[derive(Debug)]
struct Example {
    line: usize,
    typed: String,
    printed: Vec<String>,
}

fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/command.md");
    std::fs::read_to_string(path).expect("the guide is there")
}

/// Every example, in order.
fn examples(guide: &str) -> Vec<Example> {
    let (mut examples, mut is_console) = (Vec::<Example>::new(), false);
    for (number, text) in guide.lines().enumerate() {
        match (is_console, text.strip_prefix("$ "), examples.last_mut()) {
            (false, _, _) => is_console = text == "```console",
            (true, _, _) if text == "```" => is_console = false,
            (true, Some(typed), _) => {
                examples.push(Example { line: number + 1, typed: typed.to_owned(), printed: Vec::new() });
            }
            (true, None, Some(example)) => example.printed.push(text.to_owned()),
            (true, None, None) => panic!("line {}: a block begins with a command", number + 1),
        }
    }
    examples
}

/// Whether lines are as was expected, where a line `…` stands for any number of lines, none too.
fn agree(want: &[String], have: &[&str]) -> bool {
    match (want.split_first(), have.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line == "…" => (0..=have.len()).any(|skipped| agree(rest, &have[skipped..])),
        (Some((want, rest)), Some((have, others))) => alike(want, have) && agree(rest, others),
        _ => false,
    }
}

/// Whether a line is as was expected: `…` stands for any text, and how many spaces part two columns is left open.
fn alike(want: &str, have: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (want, have) = (words(want), words(have));
    let mut parts = want.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = have.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn every_example_prints_what_the_guide_says() {
    let guide = guide();
    let examples = examples(&guide);
    assert!(examples.len() >= 40, "{}", examples.len());
    let directory = tempfile::tempdir().expect("a directory for the test");
    let folder = Path::new(SANCHO).parent().expect("it stands in a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    for Example { line, typed, printed } in examples {
        let have = in_shell(directory.path(), &path, &typed);
        let lines: Vec<&str> = have.trim_end().lines().collect();
        assert!(
            agree(&printed, &lines),
            "line {line}: $ {typed}\nthe guide has\n{}\nand it printed\n{}",
            printed.join("\n"),
            have
        );
    }
}

/// What a line prints in a shell, errors too.
fn in_shell(directory: &Path, path: &str, typed: &str) -> String {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("exec 2>&1; {typed}")).current_dir(directory);
    command.env("PATH", path).env_remove("SANCHO_URL").stdin(Stdio::null());
    String::from_utf8(command.output().expect("sh starts").stdout).expect("UTF-8")
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
