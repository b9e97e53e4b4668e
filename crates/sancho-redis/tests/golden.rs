//! Payloads as Sidekiq 7 and 8 write them: read rightly, and carried through every move without a loss.
//!
//! `golden/v7` and `golden/v8` have jobs of each generation, `golden/odd` has what can be read though nobody should
//! write it. Beside them, `readings.txt` says what is to be read. The last test says what both generations read of
//! what is written here.

mod common;
mod foreign_program;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use common::Redis;
use foreign_program::{Foreign, stage};
use sancho_core::job::{Backtrace, Envelope, Retry};
use sancho_core::lifecycle::{Attempt, Decision, Failure, Outcome, Policy, decide};
use sancho_core::{
    Action, Claim, Draft, Payload, Place, Selection, Set, SettleAnswer, Settlement, Timestamp, WireTime,
};
use sancho_testkit::{Stage, at, jid_of, job};

/// Members that a move may change, add, or take away: all others stay as they are.
const CHANGED: &[&str] = &[
    "at",
    "enqueued_at",
    "error_backtrace",
    "error_class",
    "error_message",
    "failed_at",
    "queue",
    "retried_at",
    "retry_count",
];

/// Times that Sidekiq knows in a payload.
const TIMES: [&str; 4] = ["created_at", "enqueued_at", "failed_at", "retried_at"];

#[test]
fn every_golden_payload_is_read_as_it_is_meant() {
    for generation in ["v7", "v8", "odd"] {
        let mut meant = readings(generation);
        for (name, payload) in payloads(generation) {
            let want =
                meant.remove(&name).unwrap_or_else(|| panic!("{generation}/readings.txt says nothing of {name}"));
            let envelope = payload.envelope().unwrap_or_else(|error| panic!("{generation}/{name}: {error}"));
            assert_eq!(reading(&envelope), want, "{generation}/{name}");
        }
        assert!(meant.is_empty(), "{generation}/readings.txt speaks of what is not there: {:?}", meant.keys());
    }
}

#[tokio::test]
async fn a_job_that_fails_and_then_succeeds_keeps_every_other_member() {
    let redis = Redis::default();
    for (name, payload) in every_payload() {
        let (stage, foreign) = stage(&redis).await;
        let life = Life { name: &name, payload: &payload, stage: &stage, foreign: &foreign };
        let mut claim = life.begin().await;
        for round in 0..2 {
            life.fails(&claim, 10 + round * 100_000, 25).await;
            assert_eq!(life.kept("ZRANGE retry 0 -1").await, 1, "{name}: it waits for its next try");
            assert_eq!(stage.promote(100_000 + round * 100_000).await.moved, 1, "{name}: it is promoted");
            claim = life.claim(100_000 + round * 100_000).await;
        }
        assert_eq!(stage.done(&claim, 300_000).await, SettleAnswer::Settled, "{name}");
        let stats = stage.stats(300_000).await;
        assert_eq!((stats.busy, stats.enqueued, stats.retries, stats.dead), (0, 0, 0, 0), "{name}: it is gone");
    }
}

#[tokio::test]
async fn a_job_that_dies_and_is_run_again_keeps_every_other_member() {
    let redis = Redis::default();
    for (name, payload) in every_payload() {
        let (stage, foreign) = stage(&redis).await;
        let life = Life { name: &name, payload: &payload, stage: &stage, foreign: &foreign };
        let claim = life.begin().await;
        life.fails(&claim, 10, 0).await;
        assert_eq!(life.kept("ZRANGE dead 0 -1").await, 1, "{name}: it is dead");
        let all = Selection::All { set: Set::Dead, filter: sancho_core::Filter::all(), after: None };
        assert_eq!(stage.apply(Action::RunNow, all, 10, 20).await.done, 1, "{name}");
        let claim = life.claim(21).await;
        assert_eq!(stage.settle(&claim, sancho_testkit::stage::front("default"), 22).await, SettleAnswer::Settled);
        assert_eq!(life.kept("LRANGE queue:default 0 -1").await, 1, "{name}: it is back, unchanged");
    }
}

#[tokio::test]
async fn what_is_no_job_is_buried_byte_for_byte() {
    let deep = format!(r#"{{"class":"A","args":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let hostile: [&[u8]; 15] = [
        b"nonsense",
        b"   ",
        b"[1]",
        b"7",
        b"\"text\"",
        b"null",
        b"{}",
        br#"{"class":null,"args":[]}"#,
        br#"{"class":"","args":[]}"#,
        br#"{"class":"A","args":[NaN]}"#,
        br#"{"class":"A","args":[]} trailing"#,
        b"{\"class\":\"A\",\"args\":[\"\xff\"]}",
        b"{\"class\":\"A\",\"args\":[\"a\nb\"]}",
        b"line one\nline two\r\n\0",
        deep.as_bytes(),
    ];
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.hello("p", 0).await;
    for bytes in hostile {
        let _: i64 = foreign.call("LPUSH queue:default", &[bytes]).await;
    }
    let claims = stage.claim("p", 100, &["default"], 1).await;
    let claimed: Vec<&[u8]> = claims.iter().map(|claim| claim.payload.as_bytes()).collect();
    assert_eq!(claimed, hostile, "they are handed out as they are, in order");
    for claim in &claims {
        let decision = decision(claim, Outcome::Unreadable, at(2), 25);
        assert_eq!(decision.transition.place, Place::Dead);
        stage.settle_all(vec![settlement(claim, decision)], 2).await;
    }
    let mut dead: Vec<Vec<u8>> = foreign.call("ZRANGE dead 0 -1", &[]).await;
    let mut want: Vec<Vec<u8>> = hostile.iter().map(|bytes| bytes.to_vec()).collect();
    dead.sort();
    want.sort();
    assert_eq!(dead, want);
}

#[tokio::test]
async fn what_7_and_8_read_of_our_times_is_right() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    // Whole seconds are what a careless writer would write without a fraction.
    let mut later = Draft::new(jid_of("B"), "B", "[]");
    later.at = Some(at(50));
    let jobs = [job("A").build_at(at(0)), later.into_job(at(0), WireTime::Seconds).expect("valid")];
    stage.store.push(&jobs, at(0)).await.expect("push");
    let claim = stage.claim_one("p", 1).await;
    let decision = decision(&claim, Outcome::Failed(failure()), at(3), 25);
    stage.settle_all(vec![settlement(&claim, decision)], 3).await;
    let mut seen = Vec::new();
    for command in ["ZRANGE schedule 0 -1", "ZRANGE retry 0 -1"] {
        seen.extend(foreign.call::<Vec<Vec<u8>>>(command, &[]).await);
    }
    assert_eq!(stage.promote(1_000).await.moved, 2);
    seen.extend(foreign.call::<Vec<Vec<u8>>>("LRANGE queue:default 0 -1", &[]).await);
    let mut times = 0;
    for bytes in seen {
        let payload = Payload::from_bytes(bytes);
        let members = payload.members().expect("readable");
        for (name, text) in TIMES.iter().filter_map(|name| Some((name, members.get(name)?))) {
            let want = match (*name, text) {
                ("created_at", _) => at(0),
                ("failed_at", _) => at(3),
                (_, text) if ruby_7(text) < seconds(at(500)) => at(0),
                _ => at(1_000),
            };
            assert_eq!((ruby_7(text), ruby_8(text)), (seconds(want), seconds(want)), "{name}: {text}");
            times += 1;
        }
    }
    assert_eq!(times, 1 + 3 + 2 + 3, "scheduled, retry, and both promoted");
}

/// A time as Sidekiq up to 7 reads it: every number is seconds.
fn ruby_7(text: &str) -> f64 {
    text.parse().expect("a number")
}

/// A time as Sidekiq 8 reads it: a float is seconds, an integer is milliseconds.
fn ruby_8(text: &str) -> f64 {
    if text.contains(['.', 'e', 'E']) { ruby_7(text) } else { ruby_7(text) / 1e3 }
}

fn seconds(time: Timestamp) -> f64 {
    time.as_unix_micros() as f64 / 1e6
}

/// One golden job on its way.
struct Life<'a> {
    name: &'a str,
    payload: &'a Payload,
    stage: &'a Stage,
    foreign: &'a Foreign,
}

impl Life<'_> {
    /// Puts the job where Sidekiq would have it, and claims it.
    async fn begin(&self) -> Claim {
        let bytes = self.payload.as_bytes();
        let due = seconds(at(-1)).to_string();
        let file = self.name.rsplit('/').next().expect("a name has a last part");
        let queue = format!("queue:{}", self.queue());
        match file {
            "retry-first" | "retry-later" | "retry-for" => {
                let _: i64 = self.foreign.call("ZADD retry", &[due.as_bytes(), bytes]).await;
                assert_eq!(self.stage.promote(0).await.moved, 1, "{}: it is promoted", self.name);
            }
            "scheduled" => {
                let _: i64 = self.foreign.call("ZADD schedule", &[due.as_bytes(), bytes]).await;
                assert_eq!(self.stage.promote(0).await.moved, 1, "{}: it is promoted", self.name);
            }
            "dead" => {
                let _: i64 = self.foreign.call("ZADD dead", &[due.as_bytes(), bytes]).await;
                let all = Selection::All { set: Set::Dead, filter: sancho_core::Filter::all(), after: None };
                assert_eq!(self.stage.apply(Action::RunNow, all, 10, 0).await.done, 1, "{}: it runs", self.name);
            }
            _ => {
                let _: i64 = self.foreign.call("LPUSH", &[queue.as_bytes(), bytes]).await;
            }
        }
        self.claim(1).await
    }

    fn queue(&self) -> String {
        let envelope = self.payload.envelope().expect("readable");
        envelope.queue().map_or_else(|| "default".to_owned(), |name| name.as_str().to_owned())
    }

    async fn claim(&self, now: i64) -> Claim {
        self.stage.hello("p", now).await;
        let queues = [self.queue(), "low".to_owned(), "default".to_owned()];
        let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
        let mut claims = self.stage.claim("p", 9, &queues, now).await;
        assert_eq!(claims.len(), 1, "{}: one job is claimed", self.name);
        let claim = claims.remove(0);
        self.is_untouched(&claim.payload);
        claim
    }

    /// Fails the job; a server of this many retries says what follows.
    async fn fails(&self, claim: &Claim, now: i64, retries: u32) {
        let mut decision = decision(claim, Outcome::Failed(failure()), at(now), retries);
        // What the job itself says of its tries is another test's matter.
        let payload = decision.transition.payload.get_or_insert_with(|| claim.payload.clone());
        self.is_untouched(payload);
        decision.transition.place = match retries {
            0 => Place::Dead,
            _ => Place::Retries { at: at(now + 15) },
        };
        let answers = self.stage.settle_all(vec![settlement(claim, decision)], now).await;
        assert_eq!(answers, [SettleAnswer::Settled], "{}", self.name);
    }

    /// How many jobs stand there; each has to be this one.
    async fn kept(&self, command: &str) -> usize {
        let members: Vec<Vec<u8>> = self.foreign.call(command, &[]).await;
        let count = members.len();
        for bytes in members {
            self.is_untouched(&Payload::from_bytes(bytes));
        }
        count
    }

    /// Every member that no move changes has its text, and stands where it stood.
    fn is_untouched(&self, now: &Payload) {
        let (before, now) = (self.payload.members().expect("readable"), now.members().expect("still readable"));
        let others =
            |(name, text): (&str, &str)| (!CHANGED.contains(&name)).then(|| (name.to_owned(), text.to_owned()));
        let kept = |members: &sancho_core::Members| members.iter().filter_map(others).collect::<Vec<_>>();
        assert_eq!(kept(&now), kept(&before), "{}: members and their order", self.name);
        let order = |members: &sancho_core::Members, of: &sancho_core::Members| {
            let names = members.iter().map(|(name, _)| name.to_owned());
            names.filter(|name| of.get(name).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(order(&now, &before), order(&before, &now), "{}: changed members stay in place", self.name);
    }
}

fn failure() -> Failure {
    Failure {
        class: "Boom".to_owned(),
        message: "again".to_owned(),
        backtrace: vec!["a.rs:1".to_owned()],
        ..Failure::default()
    }
}

fn decision(claim: &Claim, outcome: Outcome, now: Timestamp, retries: u32) -> Decision {
    let policy = Policy { retries, retry: Retry::Default, ..Policy::default() };
    decide(Attempt { payload: &claim.payload, queue: &claim.queue, policy: &policy }, outcome, now, 0.5)
}

fn settlement(claim: &Claim, decision: Decision) -> Settlement {
    Settlement { receipt: claim.receipt.clone(), transition: decision.transition, then: Vec::new() }
}

/// What is read of a payload, one fact a line; what is absent has no line.
fn reading(envelope: &Envelope<'_>) -> Vec<String> {
    let mut facts = vec![format!("class {}", envelope.class())];
    let mut fact = |name: &str, value: Option<String>| facts.extend(value.map(|value| format!("{name} {value}")));
    let inner = envelope.inner_class();
    fact("wraps", (inner != envelope.class()).then(|| inner.into_owned()));
    let shown = envelope.display_class();
    fact("shown", (shown != envelope.class()).then(|| shown.into_owned()));
    fact("jid", envelope.jid().map(|jid| jid.into_owned()));
    fact("queue", envelope.queue().map(|queue| queue.as_str().to_owned()));
    fact("args", Some(envelope.args().to_owned()));
    fact(
        "retry",
        envelope.retry().map(|retry| match retry {
            Retry::Limit(limit) => limit.to_string(),
            Retry::Never => "never".to_owned(),
            _ => "default".to_owned(),
        }),
    );
    fact("retry_for", envelope.retry_for().map(|span| span.as_secs_f64().to_string()));
    fact("retry_queue", envelope.retry_queue().map(|queue| queue.as_str().to_owned()));
    fact(
        "backtrace",
        envelope.backtrace().map(|backtrace| match backtrace {
            Backtrace::Lines(lines) => lines.to_string(),
            Backtrace::All => "all".to_owned(),
            _ => "none".to_owned(),
        }),
    );
    fact("dead", envelope.dead().map(|dead| dead.to_string()));
    let tags = envelope.tags();
    fact("tags", (!tags.is_empty()).then(|| tags.join(" ")));
    fact("retry_count", envelope.retry_count().map(|count| count.to_string()));
    let times = [envelope.created_at(), envelope.enqueued_at(), envelope.failed_at(), envelope.retried_at()];
    for (name, time) in TIMES.iter().zip(times) {
        fact(name, time.map(|time| time.as_unix_micros().to_string()));
    }
    fact("error_class", envelope.error_class().map(|class| class.into_owned()));
    fact("error_message", envelope.error_message().map(|message| format!("{message:?}")));
    for line in envelope.error_backtrace() {
        fact("line", Some(line));
    }
    facts
}

/// The payloads of a generation, by name.
fn payloads(generation: &str) -> BTreeMap<String, Payload> {
    let files = fs::read_dir(folder().join(generation)).expect("the folder of the golden payloads");
    let paths = files.map(|file| file.expect("a file").path());
    let payloads: BTreeMap<String, Payload> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let mut bytes = fs::read(&path).expect("a golden payload can be read");
            assert_eq!(bytes.pop(), Some(b'\n'), "{}: a payload, and the end of its line", path.display());
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name in UTF-8");
            (name.to_owned(), Payload::from_bytes(bytes))
        })
        .collect();
    assert!(payloads.len() > 10, "{generation} has its payloads");
    payloads
}

/// All of them, named with their generation.
fn every_payload() -> Vec<(String, Payload)> {
    let mut all = Vec::new();
    for generation in ["v7", "v8", "odd"] {
        all.extend(payloads(generation).into_iter().map(|(name, payload)| (format!("{generation}/{name}"), payload)));
    }
    all
}

/// What is to be read of each payload of a generation.
fn readings(generation: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(folder().join(generation).join("readings.txt")).expect("the readings");
    let mut readings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut last = None;
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).filter(|name| !name.contains(' ')) {
            Some(name) => last = Some(readings.entry(name.to_owned()).or_default()),
            None => last.as_deref_mut().expect("a reading has a name").push(line.to_owned()),
        }
    }
    assert!(!readings.is_empty(), "{generation} has its readings");
    readings
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}
