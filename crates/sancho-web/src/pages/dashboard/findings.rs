//! What a store says of its health, in the language of the page.

use sancho_core::checkup::{Finding, Kind, Level, Value};

use crate::frame::Frame;
use crate::text::{names, shortened};

/// Names that one sentence repeats, and characters of a text in it: both may come from strangers.
const NAMES_MAX: usize = 5;
const CHARS_MAX: usize = 300;

/// The key of the sentence for each kind of finding that something should be done about.
const SENTENCES: [(&str, &str); 17] = [
    ("clocks-apart", "finding.clocks_apart"),
    ("redis-append-failed", "finding.redis_append_failed"),
    ("redis-cluster", "finding.redis_cluster"),
    ("redis-ended-leases", "finding.redis_ended_leases"),
    ("redis-evicts", "finding.redis_evicts"),
    ("redis-memory", "finding.redis_memory"),
    ("redis-no-append", "finding.redis_no_append"),
    ("redis-replica", "finding.redis_replica"),
    ("redis-snapshot-failed", "finding.redis_snapshot_failed"),
    ("redis-strange-queues", "finding.redis_strange_queues"),
    ("redis-too-old", "finding.redis_too_old"),
    ("redis-wrong-type", "finding.redis_wrong_type"),
    ("sqlite-damaged", "finding.sqlite_damaged"),
    ("sqlite-journal", "finding.sqlite_journal"),
    ("sqlite-log", "finding.sqlite_log"),
    ("sqlite-room", "finding.sqlite_room"),
    ("sqlite-synchronous", "finding.sqlite_synchronous"),
];

/// A finding as the page tells it.
pub(super) struct Told {
    pub(super) is_bad: bool,
    pub(super) what: String,
    /// Whether it is told in the store's own words, which are English on every page.
    pub(super) is_english: bool,
}

impl Told {
    pub(super) fn of(f: &Frame, finding: &Finding) -> Told {
        let ours = finding.kind.as_ref().and_then(|kind| sentence(f, kind));
        let is_english = ours.is_none();
        let theirs = || match &finding.fix {
            Some(fix) => format!("{}: {fix}", finding.what),
            None => finding.what.clone(),
        };
        Told { is_bad: finding.level == Level::Problem, what: ours.unwrap_or_else(theirs), is_english }
    }
}

/// The sentence for a kind, with its values; `None` for one of a later version, or of a store that is not ours.
fn sentence(f: &Frame, kind: &Kind) -> Option<String> {
    let (_, key) = SENTENCES.iter().find(|(name, _)| *name == kind.name)?;
    let values: Option<Vec<String>> = kind.values.iter().map(|value| said(f, value)).collect();
    Some(f.with_all(key, &values?))
}

fn said(f: &Frame, value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => shortened(text, CHARS_MAX).into_owned(),
        Value::Names(all) => names(all.iter().map(|name| shortened(name, CHARS_MAX)), NAMES_MAX),
        Value::Number(number) => f.number(*number),
        Value::Bytes(bytes) => f.bytes(*bytes),
        Value::Span(span) => f.span(*span),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::sync::Arc;

    use axum::extract::FromRequestParts;
    use axum::http::Request;
    use sancho_core::model::ModelStore;
    use sancho_core::{Clock, Timestamp};

    use super::*;
    use crate::i18n::words;
    use crate::site::Site;
    use crate::{Language, Web};

    #[derive(Debug)]
    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH
        }

        fn uptime(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }

    /// A page in a language.
    async fn frame(language: &str) -> Frame {
        let store = Arc::new(ModelStore::new());
        let site = Site::new(Web::new(store.clone(), store, Arc::new(Still)));
        let (mut parts, ()) = Request::get(format!("/?lang={language}")).body(()).expect("a request").into_parts();
        let Ok(frame) = Frame::from_request_parts(&mut parts, &site).await;
        frame
    }

    #[tokio::test]
    async fn what_nobody_here_has_words_for_is_told_as_the_store_tells_it_and_marked_as_english() {
        let f = frame("vi").await;
        let memory = || Finding::warning("it is nearly full", "make room");
        let known = [Value::Bytes(9_000_000), Value::Bytes(10_000_000), Value::Number(90)];
        let told = Told::of(&f, &memory().named("redis-memory", known));
        assert!(told.what.contains("9,0 MB trên 10 MB (90 %)") && !told.is_english && !told.is_bad, "{}", told.what);
        for finding in [memory(), memory().named("of-tomorrow", [])] {
            let told = Told::of(&f, &finding);
            assert_eq!((told.what.as_str(), told.is_english), ("it is nearly full: make room", true));
        }
        let many: Vec<String> = (0..7).map(|number| format!("q{number}")).collect();
        let queues = memory().named("redis-strange-queues", [Value::Number(7), Value::Names(many)]);
        assert!(Told::of(&f, &queues).what.contains("q4 …"));
    }

    /// The code by which stores look at themselves, without its tests.
    fn checkups() -> Vec<String> {
        let files = ["redis/src/checkup/ours.rs", "redis/src/checkup/server.rs", "sqlite/src/checkup.rs"];
        let read = |file: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../sancho-{file}"));
            let code = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            code.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
        };
        files.map(read).into()
    }

    #[test]
    fn whatever_a_store_finds_that_something_should_be_done_about_has_a_sentence() {
        let mut named = BTreeSet::new();
        for code in checkups() {
            let names: Vec<&str> = code.split(".named(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let found = code.matches("Finding::warning(").count() + code.matches("Finding::problem(").count();
            assert_eq!(names.len(), found, "each has a name: {names:?}");
            named.extend(names.into_iter().map(str::to_owned));
        }
        let known: BTreeSet<String> = SENTENCES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(named, known);
    }

    #[test]
    fn sentences_leave_out_no_place_between_two() {
        for (language, (_, key)) in Language::ALL.into_iter().flat_map(|it| SENTENCES.map(|sentence| (it, sentence))) {
            let sentence = words(language).get(key);
            let last = (1..=9).rev().find(|place| sentence.contains(&format!("{{{place}}}"))).unwrap_or(0);
            let all = (1..=last).all(|place| sentence.contains(&format!("{{{place}}}")));
            assert!(all && !sentence.contains("{}"), "{language:?}: {key}");
        }
    }
}
