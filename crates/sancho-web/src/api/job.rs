//! A job, as the API shows it.

use sancho_core::{JobRow, State, Timestamp, limits};
use serde::Serialize;
use serde_json::value::RawValue;

use super::bounds::{self, cut};
use super::deed::Verb;

/// One job in a list.
#[derive(Debug, Serialize)]
pub(super) struct Job {
    jid: String,
    state: &'static str,
    queue: String,
    /// The name that people know it by; none where the payload cannot be read.
    class: Option<String>,
    /// As they are; none where they are too many to list, or cannot be read.
    args: Option<Box<RawValue>>,
    args_bytes: usize,
    /// By the state: when it is due, died, started, came to its queue, or was held.
    at: Option<f64>,
    key: Option<String>,
    tags: Vec<String>,
    held: Option<String>,
    process: Option<String>,
    progress: Option<Progress>,
    step: Option<String>,
    created_at: Option<f64>,
    enqueued_at: Option<f64>,
    expires_at: Option<f64>,
    failures: u64,
    failed_at: Option<f64>,
    retried_at: Option<f64>,
    error_class: Option<String>,
    error_message: Option<String>,
    /// Why the payload cannot be read; none where it can.
    unreadable: Option<String>,
    payload_bytes: usize,
}

/// How far a job is.
#[derive(Debug, Serialize)]
struct Progress {
    done: u64,
    /// Zero where nobody knows.
    total: u64,
}

/// One job, whole.
#[derive(Debug, Serialize)]
pub(super) struct WholeJob {
    #[serde(flatten)]
    job: Job,
    error_backtrace: Vec<String>,
    /// What its run has kept: progress, step and whatever else.
    kept: Option<Box<RawValue>>,
    /// The text of what the store keeps; what is not UTF-8 is replaced.
    payload: String,
    /// The actions that its state allows, and the process that runs it.
    actions: Vec<&'static str>,
}

impl Job {
    /// The job as a list shows it.
    pub(super) fn listed(row: &JobRow) -> Self {
        Job::shown(row, bounds::ARGS_BYTES_LISTED, bounds::CHARS_LISTED)
    }

    fn shown(row: &JobRow, args_bytes: usize, chars: usize) -> Self {
        let envelope = row.payload.envelope();
        let unreadable = envelope.as_ref().err().map(|error| error.reason().to_owned());
        let envelope = envelope.unwrap_or_default();
        let readable = unreadable.is_none();
        let args = Some(envelope.args()).filter(|args| readable && args.len() <= args_bytes);
        let mut tags = envelope.tags();
        tags.truncate(limits::TAGS_MAX);
        Job {
            jid: row.jid.to_string(),
            state: row.state.as_str(),
            queue: row.queue.to_string(),
            class: readable.then(|| cut(&envelope.display_class(), limits::CLASS_BYTES_MAX)),
            args: args.and_then(|args| RawValue::from_string(args.to_owned()).ok()),
            args_bytes: if readable { envelope.args().len() } else { 0 },
            at: row.at.map(Timestamp::as_unix_secs_f64),
            key: row.key.as_ref().map(ToString::to_string),
            tags: tags.iter().map(|tag| cut(tag, chars)).collect(),
            held: row.held.as_ref().map(|reason| cut(reason, chars)),
            process: row.incarnation.as_ref().map(ToString::to_string),
            progress: row.kept.progress().map(|it| Progress { done: it.done, total: it.total }),
            step: row.kept.step(),
            created_at: envelope.created_at().map(Timestamp::as_unix_secs_f64),
            enqueued_at: envelope.enqueued_at().map(Timestamp::as_unix_secs_f64),
            expires_at: envelope.expires_at().map(Timestamp::as_unix_secs_f64),
            failures: envelope.retry_count().map_or(0, |count| u64::from(count) + 1),
            failed_at: envelope.failed_at().map(Timestamp::as_unix_secs_f64),
            retried_at: envelope.retried_at().map(Timestamp::as_unix_secs_f64),
            error_class: envelope.error_class().map(|class| cut(&class, limits::ERROR_CLASS_CHARS_MAX)),
            error_message: envelope.error_message().map(|message| cut(&message, chars)),
            unreadable,
            payload_bytes: row.payload.as_bytes().len(),
        }
    }
}

impl WholeJob {
    /// The job with all that is known of it; `is_foreign` where another program's process runs it.
    pub(super) fn of(row: &JobRow, is_foreign: bool) -> Self {
        let mut backtrace = row.payload.envelope().map(|envelope| envelope.error_backtrace()).unwrap_or_default();
        backtrace.truncate(limits::BACKTRACE_LINES_MAX);
        let kept = (!row.kept.is_empty()).then(|| String::from_utf8(row.kept.to_bytes().into_vec()));
        WholeJob {
            job: Job::shown(row, limits::PAYLOAD_BYTES_MAX, limits::ERROR_MESSAGE_CHARS_MAX),
            error_backtrace: backtrace.iter().map(|line| cut(line, limits::BACKTRACE_LINE_CHARS_MAX)).collect(),
            kept: kept.and_then(Result::ok).and_then(|text| RawValue::from_string(text).ok()),
            payload: row.payload.to_text_lossy().into_owned(),
            actions: if is_foreign { Vec::new() } else { allowed(row.state) },
        }
    }
}

fn allowed(state: State) -> Vec<&'static str> {
    Verb::all().filter(|verb| verb.is_allowed(state)).map(Verb::name).collect()
}

#[cfg(test)]
mod tests {
    use sancho_core::{Checkpointed, Jid, Payload, QueueName};

    use super::*;

    fn row(payload: Vec<u8>) -> JobRow {
        JobRow {
            jid: Jid::new("j1").expect("a jid"),
            state: State::Dead,
            queue: QueueName::default(),
            at: None,
            key: None,
            held: None,
            incarnation: None,
            kept: Checkpointed::default(),
            payload: Payload::from_bytes(payload),
        }
    }

    #[test]
    fn numbers_among_arguments_keep_their_digits() {
        let whole = WholeJob::of(&row(br#"{"class":"A","args":[12345678901234567890123]}"#.to_vec()), false);
        let text = serde_json::to_string(&whole).expect("JSON");
        assert!(text.contains(r#""args":[12345678901234567890123]"#), "{text}");
        assert!(text.contains(r#""actions":["run","delete"]"#), "{text}");
    }

    #[test]
    fn a_list_leaves_out_what_is_long() {
        let long = "é".repeat(bounds::ARGS_BYTES_LISTED);
        let payload = format!(r#"{{"class":"A","args":["{long}"],"error_message":"{long}"}}"#);
        let listed = Job::listed(&row(payload.clone().into_bytes()));
        assert!(listed.args.is_none() && listed.args_bytes > bounds::ARGS_BYTES_LISTED);
        assert_eq!(listed.error_message.map(|message| message.chars().count()), Some(bounds::CHARS_LISTED));
        assert!(WholeJob::of(&row(payload.into_bytes()), false).job.args.is_some());
    }

    #[test]
    fn bytes_that_cannot_be_read_are_shown_as_text_with_the_reason() {
        let whole = WholeJob::of(&row(b"\xffnope".to_vec()), false);
        assert_eq!(whole.payload, "\u{fffd}nope");
        assert!(whole.job.unreadable.is_some() && whole.job.class.is_none() && whole.job.args.is_none());
    }
}
