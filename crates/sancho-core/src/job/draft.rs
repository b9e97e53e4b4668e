//! A job that is about to be pushed: what the client builds and client middleware may change.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;

use super::writing::Writing;
use super::{Backtrace, Payload, Retry, Wire, WireTime};
use crate::error::Invalid;
use crate::store::NewJob;
use crate::{Jid, Key, OnConflict, Place, QueueName, Redact, Timestamp, canonical, lifecycle, limits, redact};

/// A job that is about to be pushed.
///
/// [`Draft::into_job`] checks it and writes its payload.
///
/// ```
/// use sancho_core::{Draft, Jid, Timestamp, WireTime};
///
/// let draft = Draft::new(Jid::new("5931c557999193ffeb592663").unwrap(), "WelcomeEmail", "[7]");
/// let job = draft.into_job(Timestamp::from_unix_millis(1_795_214_970_500), WireTime::Seconds).unwrap();
/// assert_eq!(
///     std::str::from_utf8(job.payload.as_bytes()).unwrap(),
///     r#"{"retry":true,"queue":"default","args":[7],"class":"WelcomeEmail","jid":"5931c557999193ffeb592663","created_at":1795214970.5,"enqueued_at":1795214970.5}"#
/// );
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Draft {
    /// The job's id.
    pub jid: Jid,
    /// The name of the job's class.
    pub class: String,
    /// The arguments, as the text of a JSON array.
    pub args: String,
    /// The queue.
    pub queue: QueueName,
    /// When to enqueue it; `None`, and any time that is not in the future, means at once.
    pub at: Option<Timestamp>,
    /// Whether, and how often, a failure is retried.
    pub retry: Retry,
    /// How long after its first failure the job is retried, instead of how often.
    pub retry_for: Option<Duration>,
    /// The queue that retries go to, when it is another one.
    pub retry_queue: Option<QueueName>,
    /// How much of a backtrace a failure keeps; `None` leaves it to whoever performs the job.
    pub backtrace: Option<Backtrace>,
    /// Whether the job, when exhausted, goes to the dead set; `None` leaves it to whoever performs the job.
    pub dead: Option<Bury>,
    /// How long after it is due the job is worth starting; [`Draft::expires_at`] goes before it.
    pub expires_in: Option<Duration>,
    /// When the job is no longer worth starting.
    pub expires_at: Option<Timestamp>,
    /// The caller's own name for the job.
    pub key: Option<Key>,
    /// What happens when the key is taken.
    pub on_conflict: OnConflict,
    /// The running job that pushes this one, if one does: it may push its own key for after itself.
    pub pushed_by: Option<Jid>,
    /// Tags, for people and filters.
    pub tags: Vec<String>,
    /// What is not shown of the job, to anybody; a further member `redact` goes over it.
    pub redact: Redact,
    /// Further members, each a name and a JSON text; they survive retries as they are.
    pub extra: Vec<(String, String)>,
}

/// Whether an exhausted job is kept in the dead set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bury {
    /// It is kept.
    #[default]
    Yes,
    /// It is gone; death handlers are told all the same.
    No,
}

impl From<bool> for Bury {
    /// As the member `dead` has it.
    fn from(dead: bool) -> Self {
        if dead { Bury::Yes } else { Bury::No }
    }
}

impl From<bool> for Backtrace {
    fn from(all: bool) -> Self {
        if all { Backtrace::All } else { Backtrace::None }
    }
}

impl From<u32> for Backtrace {
    fn from(lines: u32) -> Self {
        Backtrace::Lines(lines)
    }
}

impl Draft {
    /// A job of a class with arguments, and defaults for everything else.
    pub fn new(jid: Jid, class: impl Into<String>, args: impl Into<String>) -> Self {
        Draft {
            jid,
            class: class.into(),
            args: args.into(),
            queue: QueueName::default(),
            at: None,
            retry: Retry::Default,
            retry_for: None,
            retry_queue: None,
            backtrace: None,
            dead: None,
            expires_in: None,
            expires_at: None,
            key: None,
            on_conflict: OnConflict::Keep,
            pushed_by: None,
            tags: Vec::new(),
            redact: Redact::NOTHING,
            extra: Vec::new(),
        }
    }

    /// Brings its arguments and further members to [canonical form](crate::canonical), for those who read `wire`.
    ///
    /// On Redis, Ruby's tools find a job again by these bytes alone: who pushes calls this before
    /// [`Draft::into_job`], after all that may change the draft.
    ///
    /// # Errors
    /// [`Invalid`] for what has a string that is no Unicode text, or a number that is not finite; the draft is of no use
    /// then. What is no JSON at all may be left for [`Draft::into_job`] to refuse.
    pub fn canonicalize(&mut self, wire: Wire) -> Result<(), Invalid> {
        // What is no array is told better by those who read it.
        if !(self.args.starts_with('[') && canonical::is_plain(&self.args)) {
            self.args = canonical::text(&self.args, wire)
                .map_err(|what| Invalid::new(format!("the arguments of {} are not JSON: {what}", self.class)))?;
        }
        for (name, text) in &mut self.extra {
            *text = canonical::text(text, wire).map_err(|what| not_json(name, &what))?;
        }
        Ok(())
    }

    /// Checks the draft by Sidekiq's rules for a push and by Sancho's bounds, and writes its payload.
    ///
    /// # Errors
    /// [`Invalid`], naming the rule and the fix: a class that is empty or too long, arguments that are not a
    /// JSON array, nesting over [`limits::PAYLOAD_DEPTH_MAX`], a payload over [`limits::PAYLOAD_BYTES_MAX`],
    /// too many tags, an extra member that is not JSON or has the name of one that Sancho writes.
    pub fn into_job(self, now: Timestamp, wire: WireTime) -> Result<NewJob, Invalid> {
        self.check()?;
        let place = lifecycle::place(&self.queue, self.at, now);
        let payload = self.write(&place, now, wire)?;
        if payload.as_bytes().len() > limits::PAYLOAD_BYTES_MAX {
            return Err(Invalid::new(format!(
                "the payload of {} has {} bytes, over the limit of {}: store the data elsewhere and pass its id",
                self.class,
                payload.as_bytes().len(),
                limits::PAYLOAD_BYTES_MAX
            )));
        }
        if super::depth_exceeds(payload.as_bytes(), limits::PAYLOAD_DEPTH_MAX) {
            return Err(Invalid::new(format!(
                "the arguments of {} nest too deep: a payload has at most {} levels",
                self.class,
                limits::PAYLOAD_DEPTH_MAX
            )));
        }
        Ok(NewJob {
            jid: self.jid,
            place,
            key: self.key,
            on_conflict: self.on_conflict,
            pushed_by: self.pushed_by,
            payload,
        })
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.class.is_empty() {
            return Err(Invalid::new("the class name is empty: name the job's class"));
        }
        if self.class.len() > limits::CLASS_BYTES_MAX {
            return Err(Invalid::new(format!(
                "the class name has {} bytes: at most {} are allowed",
                self.class.len(),
                limits::CLASS_BYTES_MAX
            )));
        }
        if self.tags.len() > limits::TAGS_MAX {
            return Err(Invalid::new(format!(
                "{} has {} tags: at most {} are allowed",
                self.class,
                self.tags.len(),
                limits::TAGS_MAX
            )));
        }
        if self.retry_for.is_some_and(|span| span > RETRY_FOR_MAX) {
            return Err(Invalid::new(format!(
                "{} is to be retried for longer than {} s: give a span, not a time",
                self.class,
                RETRY_FOR_MAX.as_secs()
            )));
        }
        if !self.args.trim_start().starts_with('[') {
            return Err(Invalid::new(format!(
                "the arguments of {} must be a JSON array, such as [7, \"blue\"]: put brackets around them",
                self.class
            )));
        }
        Ok(())
    }

    fn write(&self, place: &Place, now: Timestamp, wire: WireTime) -> Result<Payload, Invalid> {
        let args = compact(&self.args)
            .map_err(|error| Invalid::new(format!("the arguments of {} are not JSON: {error}", self.class)))?;
        let mut payload = Writing::new();
        match self.retry {
            Retry::Default => payload.flag("retry", true),
            Retry::Limit(limit) => payload.number("retry", limit),
            Retry::Never => payload.flag("retry", false),
        }
        payload.string("queue", self.queue.as_str());
        if let Some(span) = self.retry_for {
            payload.number("retry_for", span.as_secs().max(1));
        }
        if let Some(queue) = &self.retry_queue {
            payload.string("retry_queue", queue.as_str());
        }
        match self.backtrace {
            None => {}
            Some(Backtrace::None) => payload.flag("backtrace", false),
            Some(Backtrace::Lines(lines)) => payload.number("backtrace", lines),
            Some(Backtrace::All) => payload.flag("backtrace", true),
        }
        if let Some(dead) = self.dead {
            payload.flag("dead", dead == Bury::Yes);
        }
        if !self.tags.is_empty() {
            payload.strings("tags", &self.tags);
        }
        if let Some(key) = &self.key {
            payload.string("key", key.as_str());
        }
        let declared = self.redact.to_member();
        if let Some(declared) = &declared {
            match self.further(redact::MEMBER) {
                None => payload.json(redact::MEMBER, declared),
                Some(text) => payload.json(redact::MEMBER, &compact(text).map_err(|e| not_json(redact::MEMBER, &e))?),
            }
        }
        let lives_until = |span| self.at.map_or(now, |at| at.max(now)) + span;
        if let Some(at) = self.expires_at.or(self.expires_in.map(lives_until)) {
            payload.time("expires_at", at, wire);
        }
        for (index, (name, _)) in self.extra.iter().enumerate() {
            if OWN.contains(&name.as_str()) {
                return Err(Invalid::new(format!("the member {name:?} has a setting of its own: use that one")));
            }
            let is_written = self.extra[..index].iter().any(|(earlier, _)| earlier == name)
                || (name == redact::MEMBER && declared.is_some());
            if let Some(text) = self.further(name).filter(|_| !is_written) {
                payload.further(name, &compact(text).map_err(|e| not_json(name, &e))?);
            }
        }
        payload.json("args", &args);
        payload.string("class", &self.class);
        payload.string("jid", self.jid.as_str());
        payload.time("created_at", now, wire);
        if matches!(place, Place::Queue { .. }) {
            payload.time("enqueued_at", now, wire);
        }
        Ok(payload.finish())
    }

    /// The further member of this name: of two the later one.
    fn further(&self, name: &str) -> Option<&str> {
        self.extra.iter().rev().find(|(have, _)| have == name).map(|(_, text)| text.as_str())
    }
}

/// The longest span for retries: Sidekiq refuses a longer one, which it takes for a time.
const RETRY_FOR_MAX: Duration = Duration::from_secs(1_000_000_000);

/// Members that a draft writes itself, or that only a server writes.
const OWN: &[&str] = &[
    "retry",
    "queue",
    "retry_for",
    "retry_queue",
    "backtrace",
    "dead",
    "tags",
    "key",
    "expires_at",
    "args",
    "class",
    "jid",
    "at",
    "created_at",
    "enqueued_at",
    "retry_count",
    "failed_at",
    "retried_at",
    "error_class",
    "error_message",
    "error_backtrace",
    "orphaned_at",
];

fn not_json(name: &str, error: &dyn std::fmt::Display) -> Invalid {
    Invalid::new(format!("the member {name:?} is not JSON: {error}"))
}

/// A JSON text without the space between its tokens; strings and numbers stay as they are.
fn compact(text: &str) -> Result<Cow<'_, str>, String> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
    // Not `any`: a look at each byte, whatever the others are, takes many bytes at a time.
    if !raw.get().bytes().fold(false, |found, byte| found | is_space(byte)) {
        return Ok(Cow::Borrowed(raw.get()));
    }
    let mut out = String::with_capacity(raw.get().len());
    let (mut inside, mut escaped) = (false, false);
    for c in raw.get().chars() {
        if inside || !u8::try_from(c).is_ok_and(is_space) {
            out.push(c);
        }
        inside = if inside { escaped || c != '"' } else { c == '"' };
        escaped = inside && !escaped && c == '\\';
    }
    Ok(Cow::Owned(out))
}

/// What JSON allows between tokens.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(args: &str) -> Draft {
        Draft::new(Jid::new("j1").expect("a jid"), "Resize", args)
    }

    fn text(draft: Draft) -> Result<String, String> {
        let now = Timestamp::from_unix_millis(1_795_214_970_500);
        let job = draft.into_job(now, WireTime::Seconds).map_err(|error| error.to_string())?;
        Ok(job.payload.to_text_lossy().into_owned())
    }

    #[test]
    fn args_are_written_without_space_but_strings_keep_theirs() {
        let text = text(draft("  [ 1 , \"a \\\" b\" , { \"k\" : [ ] } ] ")).expect("valid");
        assert!(text.contains(r#""args":[1,"a \" b",{"k":[]}],"#), "{text}");
    }

    #[test]
    fn a_scheduled_job_has_no_enqueued_at() {
        let mut later = draft("[]");
        later.at = Some(Timestamp::from_unix_millis(1_795_214_980_000));
        let text = text(later).expect("valid");
        assert!(!text.contains("enqueued_at") && !text.contains("\"at\""), "{text}");
    }

    #[test]
    fn bad_drafts_are_refused_with_the_fix() {
        let deep = format!("[{}{}]", "[".repeat(100), "]".repeat(100));
        for (args, said) in [
            ("7", "put brackets around them"),
            ("{\"a\":1}", "put brackets around them"),
            ("[1", "are not JSON"),
            ("[NaN]", "are not JSON"),
            ("[1] [2]", "are not JSON"),
            (deep.as_str(), "nest too deep"),
        ] {
            let error = text(draft(args)).expect_err(args);
            assert!(error.contains(said), "{args}: {error}");
        }
        let huge = format!("[\"{}\"]", "x".repeat(limits::PAYLOAD_BYTES_MAX));
        assert!(text(draft(&huge)).expect_err("huge").contains("over the limit"));
        let mut own = draft("[]");
        own.extra = vec![("jid".into(), "1".into())];
        assert!(text(own).expect_err("own").contains("a setting of its own"));
        let mut long = draft("[]");
        long.retry_for = Some(Duration::from_secs(1_000_000_001));
        assert!(text(long).expect_err("long").contains("give a span, not a time"));
    }

    #[test]
    fn what_is_said_is_written_and_what_is_not_is_left_out() {
        let mut said = draft("[]");
        said.retry_for = Some(Duration::from_secs(3 * 86_400));
        said.retry_queue = Some(QueueName::new("slow").expect("a name"));
        (said.backtrace, said.dead) = (Some(Backtrace::None), Some(Bury::Yes));
        said.redact = Redact::arguments(&[0]);
        said.expires_in = Some(Duration::from_secs(60));
        assert_eq!(
            text(said).expect("valid"),
            r#"{"retry":true,"queue":"default","retry_for":259200,"retry_queue":"slow","backtrace":false,"dead":true,"redact":[0],"expires_at":1795215030.5,"args":[],"class":"Resize","jid":"j1","created_at":1795214970.5,"enqueued_at":1795214970.5}"#
        );
        for member in ["retry_for", "retry_queue", "backtrace", "dead", "tags", "key", "redact", "expires_at"] {
            assert!(!text(draft("[]")).expect("valid").contains(member), "{member}");
        }
    }

    #[test]
    fn a_lifetime_counts_from_when_the_job_is_due() {
        let mut later = draft("[]");
        later.at = Some(Timestamp::from_unix_millis(1_795_214_980_000));
        later.expires_in = Some(Duration::from_secs(60));
        assert!(text(later.clone()).expect("valid").contains(r#""expires_at":1795215040.0,"#));
        later.at = Some(Timestamp::EPOCH);
        assert!(text(later).expect("valid").contains(r#""expires_at":1795215030.5,"#), "a past time means now");
    }
}
