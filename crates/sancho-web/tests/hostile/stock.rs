//! A store in which everything that a stranger can name is hostile.

use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::inspect::Pausable;
use sancho_core::process::Quiet;
use sancho_core::{
    Beat, CapsuleInfo, Checkpoint, Checkpointed, Claim, ClaimRequest, End, Execution, Greeting, Incarnation, Inspect,
    Jid, Key, NewJob, OnConflict, Payload, Place, ProcessInfo, QueueCount, QueueName, Source, Store, Timestamp,
};
use serde_json::json;

use crate::support::NOW;

/// What strangers write. Each has the marker where it would become a part of the page's code.
pub(crate) const TEXTS: [&str; 22] = [
    "<x0sancho>",
    "</x0sancho>",
    "<script>x0sancho()</script>",
    "</script><script src=x0sancho></script>",
    "\"><img src=x0sancho onerror=x0sancho()>",
    "'><img src=x0sancho onerror=x0sancho()>",
    "\" onmouseover=x0sancho() x=\"",
    "' onmouseover=x0sancho() x='",
    "` onmouseover=x0sancho() x=`",
    "<svg/onload=x0sancho()>",
    "<!-- x0sancho",
    "--><x0sancho>",
    "</title></textarea></pre></code><x0sancho>",
    "]]><x0sancho>",
    "<a href=\"javascript:x0sancho()\">",
    "javascript:x0sancho()",
    "{{ x0sancho }}{% x0sancho %}${x0sancho}",
    "&lt;x0sancho&gt;&#60;x0sancho&#62;",
    "x0sancho\u{202e}\u{2066}gnp.exe\u{200b}\u{feff}",
    "x0sancho\u{e0041}\u{ad}\u{2028}",
    "//x0sancho.example/../..",
    "ＪＳ＜x0sancho＞ ʺ＞ \u{ff1c}script\u{ff1e}",
];

/// Whether a text is harmless between tags as it stands: those are hostile in attributes and addresses alone.
pub(crate) fn is_harmless_as_text(text: &str) -> bool {
    !text.contains('<') && !text.chars().any(|c| matches!(c, '\u{202e}' | '\u{2028}'))
}

/// Jobs, queues, processes, metrics and marks, all hostile.
pub(crate) async fn fill(store: &(impl Store + Inspect)) {
    for (number, text) in TEXTS.into_iter().enumerate() {
        for (place, offset) in places(text).into_iter().zip(0..) {
            push(store, number * 10 + offset, text, payload(text), place).await;
        }
    }
    for (number, bytes) in unreadable().into_iter().enumerate() {
        for (place, offset) in places("unreadable").into_iter().zip(0..) {
            push(store, 1_000 + number * 10 + offset, "unreadable", bytes.clone(), place).await;
        }
    }
    process(store).await;
    for text in TEXTS {
        let earlier = NOW.before(Duration::from_secs(60 * text.len() as u64));
        store.mark_deploy(text, earlier).await.expect("a mark");
        store.pause(&Pausable::Class(text.to_owned()), NOW).await.expect("a pause");
        store.pause(&Pausable::Queue(queue(text)), NOW).await.expect("a pause");
    }
}

/// Jobs that are too much of something. Two places are enough for what takes long to show.
pub(crate) async fn fill_much(store: &impl Store) {
    for (number, bytes) in too_much().into_iter().enumerate() {
        for (place, offset) in places("unreadable").into_iter().step_by(3).zip(0..) {
            push(store, 2_000 + number * 10 + offset, "unreadable", bytes.clone(), place).await;
        }
    }
}

fn places(text: &str) -> [Place; 5] {
    let at = NOW + Duration::from_secs(3_600);
    [
        Place::Queue { queue: queue(text), end: End::Back },
        Place::Scheduled { at },
        Place::Retries { at },
        Place::Dead,
        Place::Held { reason: text.to_owned() },
    ]
}

async fn push(store: &impl Store, number: usize, text: &str, payload: Vec<u8>, place: Place) {
    let job = NewJob {
        jid: Jid::new(format!("{number}{text}").replace(char::is_control, "")).expect("a jid"),
        key: matches!(place, Place::Queue { .. }).then(|| Key::new(format!("{number}{text}")).expect("a key")),
        place,
        on_conflict: OnConflict::default(),
        pushed_by: None,
        payload: Payload::from_bytes(payload),
    };
    store.push(&[job], NOW).await.expect("a store takes any payload");
}

/// A payload of which every member is hostile.
pub(crate) fn payload(text: &str) -> Vec<u8> {
    let payload = json!({
        "class": text,
        "wrapped": text,
        "display_class": text,
        "args": [text, {text: [text]}, null, 1.5],
        "jid": text,
        "queue": text,
        "key": text,
        "tags": [text, text],
        "error_class": text,
        "error_message": text,
        "error_backtrace": [text, text],
        "retry_count": 3,
        "retry": text,
        "retry_queue": text,
        "failed_at": text,
        "created_at": 1e300,
        "enqueued_at": -1,
        "traceparent": text,
        "locale": text,
        text: text,
    });
    payload.to_string().into_bytes()
}

/// Payloads that nobody can read, or that each reader reads in another way.
pub(crate) fn unreadable() -> Vec<Vec<u8>> {
    vec![
        b"<x0sancho>".to_vec(),
        b"\xff\xfe<x0sancho>\x00\x1b[31m\xc3\x28\xf0\x9f".to_vec(),
        b"{\"class\":\"Cut\",\"args\":[\"<x0sancho>".to_vec(),
        b"{\"class\":\"A\",\"args\":[\"\\ud800<x0sancho>\"]}".to_vec(),
        b"{\"class\":\"A\",\"class\":\"<x0sancho>\",\"args\":{\"<x0sancho>\":1}}".to_vec(),
        b"{\"class\":\"A\",\"args\":[\"\\u0000\\u001b[31m\"],\"args\":[1e400,-0,123456789012345678901234567890123],\"retry_count\":1e99}".to_vec(),
        b"{\"class\":\"A\\u0000<x0sancho>\",\"args\":[],\"created_at\":1e308,\"failed_at\":-1e308,\"enqueued_at\":99999999999999999999,\"error_message\":7}".to_vec(),
        b"\xef\xbb\xbf{\"class\":\"<x0sancho>\",\"args\":[]}".to_vec(),
        "{\"class\":\"\u{420}\u{430}\u{443}m\u{435}nt\",\"args\":[\"\u{43e}\u{200d}\"],\"tags\":[\"<x0sancho>\u{202e}\",7,null,[]]}".as_bytes().to_vec(),
        Vec::new(),
    ]
}

/// Payloads that are too much of something.
fn too_much() -> Vec<Vec<u8>> {
    let deep = format!("{{\"class\":\"Deep\",\"args\":[{}\"<x0sancho>\"{}]}}", "[".repeat(500), "]".repeat(500));
    let long = json!({ "class": "Long", "args": ["<x0sancho>".repeat(105_000)] });
    let wide = json!({ "class": "Wide", "args": vec!["<x0sancho>"; 5_000] });
    let errors = json!({ "class": "E", "args": [], "error_class": "<x0sancho>".repeat(5_000),
        "error_message": "<x0sancho>".repeat(5_000), "error_backtrace": vec!["<x0sancho>".repeat(100); 1_000] });
    let tags = json!({ "class": "<x0sancho>".repeat(5_000), "args": [], "tags": vec!["<x0sancho>".repeat(50); 500] });
    vec![
        deep.into_bytes(),
        long.to_string().into_bytes(),
        wide.to_string().into_bytes(),
        errors.to_string().into_bytes(),
        tags.to_string().into_bytes(),
    ]
}

/// A process that says hostile things of itself, and runs a job of each text.
async fn process(store: &impl Store) {
    let text = TEXTS.concat();
    let incarnation = Incarnation::new(&text);
    let process = ProcessInfo {
        incarnation: incarnation.clone(),
        hostname: text.clone(),
        pid: u32::MAX,
        started_at: Timestamp::EPOCH,
        slots: usize::MAX,
        queues: TEXTS.map(queue).to_vec(),
        capsules: vec![CapsuleInfo {
            name: text.clone(),
            slots: 1,
            order: text.clone(),
            queues: TEXTS.map(str::to_owned).to_vec(),
        }],
        tag: text.clone(),
        labels: TEXTS.map(str::to_owned).to_vec(),
        version: text,
    };
    let performed = |text: &str| {
        let mut execution = Execution::of(text);
        execution.add_run(Duration::from_millis(40));
        execution.add_failure();
        execution
    };
    let count = |queue| QueueCount { queue, count: 2, failures: 1 };
    let beat = |greeting, executions| Beat {
        process: process.clone(),
        greeting,
        quiet: Quiet::No,
        lease: Duration::from_secs(1_000_000),
        running: Vec::new(),
        rss_bytes: u64::MAX,
        round_trip: Duration::MAX,
        by_queue: TEXTS.iter().filter_map(|text| QueueName::new(text).ok()).map(count).collect(),
        executions,
    };
    store.beat(&beat(Greeting::Hello, Vec::new()), NOW).await.expect("a beat");
    store.beat(&beat(Greeting::StillHere, TEXTS.map(performed).to_vec()), NOW).await.expect("a beat");
    for (number, text) in TEXTS.into_iter().enumerate() {
        push(store, 5_000 + number, text, payload(text), Place::Queue { queue: queue("busy"), end: End::Back }).await;
    }
    let claim = ClaimRequest {
        incarnation,
        first_number: 1,
        repeated: Repeated::No,
        sources: vec![Source { queue: queue("busy"), quota: 100 }],
        fill: Fill::InOrder,
        limit: 100,
    };
    let claimed = store.exchange(&[], Some(&claim), NOW).await.expect("a claim");
    assert_eq!(claimed.claims.len(), TEXTS.len(), "jobs run");
    let said = |(claim, text): (&Claim, &str)| {
        let mut kept = Checkpointed::new();
        kept.set_step(text);
        kept.set_raw(text, &json!({ text: text }).to_string()).expect("it is JSON");
        Checkpoint { receipt: claim.receipt.clone(), bytes: kept.to_bytes() }
    };
    let kept: Vec<Checkpoint> = claimed.claims.iter().zip(TEXTS).map(said).collect();
    store.checkpoint(&kept, NOW).await.expect("it is kept");
}

fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("a name")
}
