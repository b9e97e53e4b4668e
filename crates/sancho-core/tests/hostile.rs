//! Every bound on what comes from outside: at the bound it passes, one beyond it is refused with the rule and the fix,
//! or cut to what is kept.

use std::time::{Duration, SystemTime};

use sancho_core::job::WireTime;
use sancho_core::lifecycle::{Attempt, Failure, Policy, decide};
use sancho_core::{Backtrace, Draft, Jid, Key, Outcome, Payload, QueueName, Retry, Timestamp, limits};

const NOW: Timestamp = Timestamp::from_unix_millis(1_795_000_000_000);

fn draft() -> Draft {
    Draft::new(Jid::new("j1").expect("a jid"), "A", "[]")
}

/// Whether a draft is taken, or what is wrong with it.
fn taken(draft: Draft) -> Result<usize, String> {
    let job = draft.into_job(NOW, WireTime::Seconds).map_err(|error| error.to_string())?;
    assert!(job.payload.envelope().is_ok(), "what is taken can be read");
    Ok(job.payload.as_bytes().len())
}

#[track_caller]
fn bound(what: &str, make: impl Fn(usize) -> Draft, most: usize, said: [&str; 2]) {
    assert!(taken(make(most)).is_ok(), "{what}: {most} are allowed: {:?}", taken(make(most)));
    let error = taken(make(most + 1)).expect_err("one more is refused");
    assert!(said.iter().all(|said| error.contains(said)), "{what}: {error}");
}

#[test]
fn every_part_of_a_push_has_a_bound() {
    let with = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft();
        change(&mut draft);
        draft
    };
    let class = |bytes| with(&|draft| draft.class = "x".repeat(bytes));
    bound("class", class, limits::CLASS_BYTES_MAX, ["class name has 513 bytes", "at most 512"]);
    let tags = |count| with(&|draft| draft.tags = vec!["eu".to_owned(); count]);
    bound("tags", tags, limits::TAGS_MAX, ["33 tags", "at most 32"]);
    // The payload itself is the first level.
    let depth = |levels| with(&|draft| draft.args = format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    bound("depth", depth, limits::PAYLOAD_DEPTH_MAX - 1, ["nest too deep", "at most 100 levels"]);
    let extra = |levels| {
        with(&|draft| {
            let nested = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
            draft.extra = vec![("cattr".to_owned(), nested)];
        })
    };
    bound("depth of another member", extra, limits::PAYLOAD_DEPTH_MAX - 1, ["nest too deep", "at most 100 levels"]);
    let size = |bytes| with(&|draft| draft.args = format!("[\"{}\"]", "x".repeat(bytes)));
    let rest = taken(size(0)).expect("a small job");
    let said = ["over the limit of 4194304", "pass its id"];
    bound("payload", size, limits::PAYLOAD_BYTES_MAX - rest, said);
    let args = |count| with(&|draft| draft.args = format!("[{}]", vec!["1"; count].join(",")));
    assert!(taken(args(100_000)).is_ok(), "as many arguments as a payload has room for");
}

#[test]
fn every_name_has_a_bound() {
    let refused = |name: Result<String, sancho_core::Invalid>| name.expect_err("it is refused").to_string();
    let queue = |text: &str| QueueName::new(text).map(|name| name.to_string());
    let key = |text: &str| Key::new(text).map(|name| name.to_string());
    let jid = |text: &str| Jid::new(text).map(|name| name.to_string());
    for (name, most) in [
        (&queue as &dyn Fn(&str) -> Result<String, sancho_core::Invalid>, limits::QUEUE_NAME_BYTES_MAX),
        (&key, limits::KEY_BYTES_MAX),
        (&jid, limits::JID_BYTES_MAX),
    ] {
        assert!(name(&"x".repeat(most)).is_ok());
        assert!(refused(name(&"x".repeat(most + 1))).contains(&(most + 1).to_string()));
        assert!(!refused(name("")).is_empty());
    }
    for text in ["a\nb", "\0", "a\u{7f}", "\u{85}"] {
        assert!(refused(queue(text)).contains("control character"), "{text:?}");
        assert!(refused(jid(text)).contains("control character"), "{text:?}");
    }
}

#[test]
fn nesting_of_any_depth_needs_no_stack() {
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let ran = small.spawn(|| {
        for levels in [1_000, 300_000] {
            for text in ["[".repeat(levels), format!("{}{}", "[".repeat(levels), "]".repeat(levels))] {
                let payload = Payload::from_bytes(format!("{{\"class\":\"A\",\"args\":{text}}}").into_bytes());
                assert!(payload.envelope().expect_err("too deep").reason().contains("deeper than 100"));
                drop(payload.members().map(|members| members.to_payload()));
                let mut draft = draft();
                draft.args = text.clone();
                assert!(taken(draft).is_err());
            }
        }
    });
    ran.expect("a thread").join().expect("128 KiB of stack are enough");
}

#[test]
fn what_is_kept_of_an_error_has_a_bound() {
    let payload = Payload::from_bytes(br#"{"class":"A","args":[],"retry":true,"backtrace":true}"#.as_slice());
    let failure = Failure {
        class: "é".repeat(1 << 20),
        message: "é".repeat(1 << 20),
        backtrace: vec!["é".repeat(1 << 16); 300],
        ..Failure::default()
    };
    let (queue, policy) = (QueueName::default(), Policy { backtrace: Backtrace::All, ..Policy::default() });
    let attempt = Attempt { payload: &payload, queue: &queue, policy: &policy };
    let kept = decide(attempt, Outcome::Failed(failure), NOW, 0.0).transition.payload.expect("it is rewritten");
    let job = kept.envelope().expect("readable");
    assert_eq!(job.error_class().expect("a class").chars().count(), limits::ERROR_CLASS_CHARS_MAX);
    assert_eq!(job.error_message().expect("a message").chars().count(), limits::ERROR_MESSAGE_CHARS_MAX);
    let lines = job.error_backtrace();
    assert_eq!(lines.len(), limits::BACKTRACE_LINES_MAX, "our own reader reads it back");
    assert!(lines.iter().all(|line| line.chars().count() == limits::BACKTRACE_LINE_CHARS_MAX));
    assert!(kept.as_bytes().len() < 64 * 1024, "{}", kept.as_bytes().len());
}

#[test]
fn numbers_out_of_range_overflow_nothing() {
    for time in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX].map(Timestamp::from_unix_micros) {
        assert_eq!(Timestamp::from(SystemTime::from(time)), time);
        assert!(time + Duration::MAX >= time && time.before(Duration::MAX) <= time);
    }
    for number in ["1e400", "-1e400", "1e308", "-0", "18446744073709551616", "9999999999999999999999", "\"1\"", "null"]
    {
        let text = format!(
            r#"{{"class":"A","retry":{number},"retry_count":{number},"retry_for":{number},"failed_at":{number},
                "expires_at":{number},"orphaned_at":[{number}],"backtrace":{number}}}"#
        );
        let payload = Payload::from_bytes(text.into_bytes());
        let (queue, policy) = (QueueName::default(), Policy { retry: Retry::Default, ..Policy::default() });
        let attempt = Attempt { payload: &payload, queue: &queue, policy: &policy };
        for outcome in [Outcome::Failed(Failure::default()), Outcome::Orphaned, Outcome::Snooze(Duration::MAX)] {
            let decided = decide(attempt, outcome, NOW, 0.5).transition;
            assert!(decided.payload.is_none_or(|payload| payload.envelope().is_ok()), "{number}");
        }
    }
}
