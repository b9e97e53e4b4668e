//! Pages whose examples are typed and compared: blocks of `console`, where a line behind `$ ` is typed in a shell.

use std::path::Path;
use std::process::{Command, Stdio};

/// The command, as it was built for the tests.
pub(crate) const SANCHO: &str = env!("CARGO_BIN_EXE_sancho");

/// Far longer than any example takes: it turns a hang into a failure.
const PATIENCE_SECONDS: &str = "120";

/// An example: a line that a person types, and what it prints.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) line: usize,
    pub(crate) typed: String,
    pub(crate) printed: Vec<String>,
}

/// Every example, in order.
pub(crate) fn examples(guide: &str) -> Vec<Example> {
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
pub(crate) fn agree(want: &[String], have: &[&str]) -> bool {
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

/// Types every example of a page in a directory, in order, and compares what it prints.
#[track_caller]
pub(crate) fn type_all(page: &str, directory: &Path, environment: &[(&str, &str)]) {
    let folder = Path::new(SANCHO).parent().expect("it stands in a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    for Example { line, typed, printed } in examples(page) {
        let have = in_shell(directory, &[environment, &[("PATH", &path)]].concat(), &typed);
        let lines: Vec<&str> = have.trim_end().lines().collect();
        assert!(
            agree(&printed, &lines),
            "line {line}: $ {typed}\nthe page has\n{}\nand it printed\n{}",
            printed.join("\n"),
            have
        );
    }
}

/// What a line prints in a shell, errors too.
fn in_shell(directory: &Path, environment: &[(&str, &str)], typed: &str) -> String {
    let mut command = Command::new("timeout");
    command.args([PATIENCE_SECONDS, "sh", "-c"]).arg(format!("exec 2>&1; {typed}")).current_dir(directory);
    command.envs(environment.iter().copied()).env_remove("SANCHO_URL").stdin(Stdio::null());
    String::from_utf8(command.output().expect("timeout is part of every system").stdout).expect("UTF-8")
}
