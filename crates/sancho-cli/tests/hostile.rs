//! Whatever comes on standard input, in a file or on the command line: one clear line that names the line, whole
//! batches before it, and nothing of what is behind.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod harness;

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::Stdio;

use harness::{Answer, Bench};
use sancho_core::{Entropy, limits};
use sancho_testkit::chance::Seeded;

/// A job's line.
const GOOD: &[u8] = b"{\"class\":\"Resize\",\"args\":[7]}\n";

/// Bytes of an answer that a person can still read.
const ANSWER_BYTES_MAX: usize = 1_500;

/// Pushes what comes on standard input.
fn push(bench: &Bench, input: &[u8]) -> Answer {
    let mut command = bench.command();
    command.args(["push", "--file", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // The command may refuse before it has read everything; then nobody is left to read the rest.
        scope.spawn(move || drop(stdin.write_all(input)));
        Answer::from(child.wait_with_output().unwrap())
    })
}

/// Lines that are no job, and what is said of them.
fn bad_lines() -> Vec<(Vec<u8>, &'static str)> {
    let with = |members: &str| format!("{{\"class\":\"A\",\"args\":[],{members}}}").into_bytes();
    let args = |args: &str| format!("{{\"class\":\"A\",\"args\":{args}}}").into_bytes();
    vec![
        (b"\0".to_vec(), "JSON object"),
        (b"\xff\xfe".to_vec(), "invalid UTF-8"),
        (b"{\"class\":\"A\",\"args\":[\"\xc3\x28\"]}".to_vec(), "invalid UTF-8"),
        (b"{\"class\":\"A\",\"args\":[\"\0\"]}".to_vec(), "control character"),
        (b"{\"class\":\"A\",\"args\":[]} {\"class\":\"B\",\"args\":[]}".to_vec(), "trailing"),
        (b"{\"class\":\"A\",\"class\":\"B\",\"args\":[]}".to_vec(), "duplicate field `class`"),
        (b"{\"class\":7,\"args\":[]}".to_vec(), "expected a string"),
        (b"{\"class\":\"\",\"args\":[]}".to_vec(), "class name is empty"),
        (b"{\"class\":\"\\ud800\",\"args\":[]}".to_vec(), "hex escape"),
        (format!("{{\"class\":\"{}\",\"args\":[]}}", "x".repeat(513)).into_bytes(), "at most 512"),
        (args("7"), "must be a JSON array"),
        (args("[\"\\ud800\"]"), "hex escape"),
        (args("[1e999999999]"), "out of range"),
        (args("[NaN]"), "expected value"),
        (args("[01]"), "invalid number"),
        (args(&format!("{}{}", "[".repeat(100), "]".repeat(100))), "nest too deep"),
        (args(&format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000))), "nest too deep"),
        (args(&"[".repeat(1_000_000)), "expected value"),
        (args(&format!("[{}1{}]", "{\"a\":".repeat(300_000), "}".repeat(300_000))), "nest too deep"),
        (args(&format!("[\"{}\"]", "x".repeat(limits::PAYLOAD_BYTES_MAX))), "over the limit"),
        (vec![b' '; 2 * limits::PAYLOAD_BYTES_MAX + 1], "the line has over"),
        (with("\"queue\":\"a\\nb\""), "control character"),
        (with(&format!("\"queue\":\"{}\"", "q".repeat(256))), "256 bytes"),
        (with(&format!("\"key\":\"{}\"", "k".repeat(513))), "a key has 1 to 512"),
        (with("\"at\":1e300"), "after the year 9999"),
        (with("\"at\":-1"), "negative"),
        (with("\"retry\":4294967296"), "number of retries"),
        (with("\"retry\":1.5"), "number of retries"),
        (with(&format!("\"tags\":[{}]", vec!["\"eu\""; 33].join(","))), "33 tags"),
        (with("\"tags\":{}"), "expected a sequence"),
        (with(&format!("\"{}\":1", "\\n".repeat(100_000))), "unknown field"),
    ]
}

#[test]
fn every_line_that_is_no_job_is_named_and_nothing_is_pushed() {
    for (line, said) in bad_lines() {
        let bench = Bench::new();
        let answer = push(&bench, &[GOOD, b"\n", &line, b"\n", GOOD].concat());
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]).into_owned();
        assert!(answer.err.len() < ANSWER_BYTES_MAX, "{shown}: {} bytes", answer.err.len());
        answer.refused(1, &["line 3: ", said, "nothing was pushed"]);
        assert!(!answer.err.trim_end().chars().any(char::is_control), "{shown}: {:?}", answer.err);
    }
}

#[test]
fn an_error_in_the_middle_of_many_lines_leaves_whole_batches_before_it() {
    let bench = Bench::new();
    let input = [GOOD.repeat(50_500), b"nonsense\n".to_vec(), GOOD.repeat(49_499)].concat();
    push(&bench, &input).refused(1, &["line 50501: ", "50000 jobs pushed before it"]);
    assert_eq!(bench.total("enqueued"), 50_000, "what was told, and nothing else");
}

#[test]
fn a_last_line_that_was_cut_off_is_refused() {
    let bench = Bench::new();
    push(&bench, &[GOOD, b"{\"class\":\"Resize\",\"args\":["].concat()).refused(1, &["line 2: ", "EOF"]);
    assert_eq!(push(&bench, GOOD.trim_ascii_end()).code, Some(0));
    assert_eq!(bench.total("enqueued"), 1);
}

#[test]
fn noise_is_refused_in_one_line_or_pushed_as_told() {
    for seed in 1..=25 {
        let (bench, chance) = (Bench::new(), Seeded::new(seed));
        let mut input = GOOD.repeat(chance.below(4));
        for _ in 0..chance.below(6) {
            match chance.below(4) {
                0 => input.extend((0..chance.below(300)).map(|_| chance.next_u64() as u8)),
                1 => input.extend(chance.pick(&bad_lines()[..12]).0),
                2 => input.push(b'\n'),
                _ => input.extend(GOOD),
            }
            // A line may run into the next, or have a byte changed.
            if chance.once_in(2) && !input.is_empty() {
                let at = chance.below(input.len());
                input[at] ^= 1 << chance.below(8);
            }
        }
        let answer = push(&bench, &input);
        assert!(!answer.err.contains("panicked") && answer.err.len() < ANSWER_BYTES_MAX, "seed {seed}: {answer:?}");
        match answer.code {
            Some(0) => {}
            Some(1) => answer.refused(1, &["line ", "nothing was pushed"]),
            code => panic!("seed {seed}: {code:?}: {answer:?}"),
        }
    }
}

#[test]
fn what_a_job_is_called_moves_no_cursor_of_a_terminal() {
    let bench = Bench::new();
    let line = b"{\"class\":\"A\\u001b[2J\\u0007\",\"args\":[\"\\u001b]0;title\\u0007\\r\"],\"tags\":[\"\\u001b[1m\"],\"key\":\"k\\u001b\"}\n";
    assert_eq!(push(&bench, line).code, Some(0));
    let jid = bench.json(&["ls", "default"])["jobs"][0]["jid"].as_str().unwrap().to_owned();
    for args in [&["ls", "default"][..], &["--json", "ls", "default"], &["show", &jid], &["queues"]] {
        let shown = bench.ok(args);
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\r']), "{args:?}: {shown:?}");
        assert!(args[0] == "queues" || shown.contains("[2J"), "{args:?}: {shown:?}");
    }
}

#[test]
fn a_file_of_noise_is_refused_as_standard_input_is() {
    let bench = Bench::new();
    std::fs::write(bench.path("jobs.ndjson"), [GOOD, b"\xff\n"].concat()).unwrap();
    bench.run(&["push", "--file", "jobs.ndjson"]).refused(1, &["line 2: invalid UTF-8", "nothing was pushed"]);
}

#[test]
fn arguments_that_are_no_text_are_refused() {
    let junk = OsString::from_vec(b"\xff\xfe".to_vec());
    for before in [&["push"][..], &["push", "A"], &["push", "A", "[]", "--queue"], &["show"], &["--store"], &["ls"]] {
        let bench = Bench::new();
        let mut command = bench.command();
        let answer: Answer = command.args(before).arg(&junk).output().unwrap().into();
        assert!(answer.code.is_some_and(|code| code != 0 && code != 101), "{before:?}: {answer:?}");
        assert!(!answer.err.contains("panicked"), "{before:?}: {answer:?}");
    }
}
