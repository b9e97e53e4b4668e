//! One job as pages show it: read once, made harmless, and short enough for a line.

use sancho_core::{JobRow, Payload, Progress, State};

use crate::frame::Frame;
use crate::text::{segment, shortened, visible};
use crate::when::When;

/// Characters of arguments, and of an error's message, that one line of a list shows.
const LINE_CHARS_MAX: usize = 160;

/// Characters of a name that one line of a list shows.
const NAME_CHARS_MAX: usize = 120;

/// One job. Every text in it came from a stranger: templates escape it. Its id and its process are whole, since forms
/// hand them back.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) jid: String,
    /// Its page, from the root of the pages.
    pub(crate) address: String,
    pub(crate) state: State,
    /// What people call it; nothing where the payload cannot be read.
    pub(crate) class: Option<String>,
    /// Its arguments, or the payload itself where that cannot be read.
    pub(crate) args: String,
    pub(crate) queue: String,
    /// What its state says this is: due, died, started …
    pub(crate) at: Option<When>,
    pub(crate) error: Option<Error>,
    /// How often it has failed.
    pub(crate) failures: Option<u64>,
    pub(crate) tags: Vec<String>,
    pub(crate) key: Option<String>,
    pub(crate) held: Option<String>,
    pub(crate) process: Option<String>,
    pub(crate) progress: Option<Progress>,
    pub(crate) step: Option<String>,
}

/// The last error of a job.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub(crate) class: String,
    pub(crate) message: String,
}

impl Figure {
    /// The job of a row, in few characters.
    pub(crate) fn of(f: &Frame, row: &JobRow) -> Figure {
        let envelope = row.payload.envelope().ok();
        let name = |text: &str| visible(&shortened(text, NAME_CHARS_MAX)).into_owned();
        let error = envelope.as_ref().and_then(|envelope| {
            let class = envelope.error_class().map(|class| name(&class));
            let message = envelope.error_message().map(|message| line(&message));
            (class.is_some() || message.is_some())
                .then(|| Error { class: class.unwrap_or_default(), message: message.unwrap_or_default() })
        });
        let args = match &envelope {
            Some(envelope) => line(inside(envelope.args())),
            None => line(&beginning(&row.payload)),
        };
        Figure {
            jid: row.jid.as_str().to_owned(),
            address: format!("jobs/{}", segment(row.jid.as_str())),
            state: row.state,
            class: envelope.as_ref().map(|envelope| name(&envelope.display_class())),
            args,
            queue: row.queue.as_str().to_owned(),
            at: row.at.map(|at| f.at(at)),
            error,
            failures: envelope.as_ref().and_then(|envelope| envelope.retry_count()).map(|count| u64::from(count) + 1),
            tags: envelope.as_ref().map(|it| it.tags().iter().map(|tag| name(tag)).collect()).unwrap_or_default(),
            key: row.key.as_ref().map(|key| name(key.as_str())),
            held: row.held.as_deref().map(|reason| match paused_class(reason) {
                Some(class) => f.with("job.class_is_paused", name(class)),
                None => name(reason),
            }),
            process: row.incarnation.as_ref().map(|incarnation| incarnation.as_str().to_owned()),
            progress: row.kept.progress(),
            step: row.kept.step().map(|step| name(&step)),
        }
    }
}

/// The class that a job is held for, where that is why: the reason is a sentence of [`sancho_core::lifecycle`].
fn paused_class(reason: &str) -> Option<&str> {
    reason.strip_prefix("class ")?.strip_suffix(" is paused")
}

/// The key of what a job's time means in its state.
pub(crate) fn time_word(state: State) -> &'static str {
    match state {
        State::Busy => "job.started",
        State::Scheduled => "job.due",
        State::Retries => "job.next_try",
        State::Dead => "job.died",
        State::Held => "job.held_since",
        _ => "job.enqueued",
    }
}

fn line(text: &str) -> String {
    visible(&shortened(text, LINE_CHARS_MAX)).into_owned()
}

/// Arguments without the brackets around them.
fn inside(args: &str) -> &str {
    args.strip_prefix('[').and_then(|args| args.strip_suffix(']')).unwrap_or(args)
}

/// The first bytes of a payload as text, without a look at the others.
fn beginning(payload: &Payload) -> String {
    let bytes = payload.as_bytes();
    String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_CHARS_MAX * 4)]).into_owned()
}
