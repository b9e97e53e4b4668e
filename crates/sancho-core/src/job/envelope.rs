//! What Sancho reads of a payload, found in one pass.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{WireTime, depth_exceeds};
use crate::error::Unreadable;
use crate::{Key, QueueName, Timestamp, limits};

/// The members of a payload that Sancho knows, borrowed from its bytes.
///
/// Reading is lenient, as Sidekiq's is: a member of a type that makes no sense counts as absent. Where a
/// member stands twice, the last one counts.
#[derive(Clone, Debug, Default)]
pub struct Envelope<'a> {
    class: Cow<'a, str>,
    jid: Option<&'a RawValue>,
    queue: Option<&'a RawValue>,
    args: Option<&'a RawValue>,
    retry: Option<&'a RawValue>,
    retry_count: Option<&'a RawValue>,
    retry_for: Option<&'a RawValue>,
    retry_queue: Option<&'a RawValue>,
    backtrace: Option<&'a RawValue>,
    dead: Option<&'a RawValue>,
    key: Option<&'a RawValue>,
    tags: Option<&'a RawValue>,
    created_at: Option<&'a RawValue>,
    enqueued_at: Option<&'a RawValue>,
    failed_at: Option<&'a RawValue>,
    retried_at: Option<&'a RawValue>,
    expires_at: Option<&'a RawValue>,
    orphaned_at: Option<&'a RawValue>,
    error_class: Option<&'a RawValue>,
    error_message: Option<&'a RawValue>,
    error_backtrace: Option<&'a RawValue>,
    display_class: Option<&'a RawValue>,
    wrapped: Option<&'a RawValue>,
    traceparent: Option<&'a RawValue>,
    tracestate: Option<&'a RawValue>,
}

/// The `retry` member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// `true`, or anything else that is not `false` or a whole number: as often as the server is configured for.
    Default,
    /// A number: as often as that.
    Limit(u32),
    /// `false`: never, and not buried either.
    Never,
}

/// The `backtrace` member: how much of a backtrace a failure keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backtrace {
    /// None of it.
    #[default]
    None,
    /// The first so many lines.
    Lines(u32),
    /// All of it, up to [`limits::BACKTRACE_LINES_MAX`].
    All,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        if depth_exceeds(bytes, limits::PAYLOAD_DEPTH_MAX) {
            return Err(Unreadable::new(format!("it nests deeper than {} levels", limits::PAYLOAD_DEPTH_MAX)));
        }
        // Checked once for all members: a reader of bytes checks each text by itself.
        let all = std::str::from_utf8(bytes).map_err(|error| Unreadable::new(error.to_string()))?;
        let mut envelope = Envelope::default();
        let mut reader = serde_json::Deserializer::from_str(all);
        let class = Slots(&mut envelope)
            .deserialize(&mut reader)
            .and_then(|class| reader.end().map(|()| class))
            .map_err(|error| Unreadable::new(error.to_string()))?;
        envelope.class = class
            .and_then(text)
            .filter(|class| !class.is_empty())
            .ok_or_else(|| Unreadable::new("it has no \"class\" that is a string"))?;
        Ok(envelope)
    }

    /// The name of the job's class; never empty.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The class inside a wrapper, else the class: what logs and metrics call the job.
    pub fn inner_class(&self) -> Cow<'_, str> {
        self.wrapped.and_then(text).unwrap_or(Cow::Borrowed(&self.class))
    }

    /// The name people know the job by: the one that it gives itself, else its inner class.
    pub fn display_class(&self) -> Cow<'_, str> {
        self.display_class.and_then(text).unwrap_or_else(|| self.inner_class())
    }

    /// The job's id, when it has one.
    pub fn jid(&self) -> Option<Cow<'a, str>> {
        self.jid.and_then(text)
    }

    /// The queue that the payload names; a claim says which queue it came from.
    pub fn queue(&self) -> Option<QueueName> {
        self.queue.and_then(text).and_then(|name| QueueName::new(name).ok())
    }

    /// The text of the arguments, an array as a rule; `[]` when absent.
    pub fn args(&self) -> &'a str {
        self.args.map_or("[]", RawValue::get)
    }

    /// Whether, and how often, a failure is retried; `None` when the payload does not say.
    pub fn retry(&self) -> Option<Retry> {
        match self.retry?.get() {
            "null" => None,
            "true" => Some(Retry::Default),
            "false" => Some(Retry::Never),
            other => Some(match other.parse::<i64>() {
                Ok(limit) => Retry::Limit(u32::try_from(limit.max(0)).unwrap_or(u32::MAX)),
                Err(_) => Retry::Default,
            }),
        }
    }

    /// How often the job was retried: absent before the first failure, zero after it.
    pub fn retry_count(&self) -> Option<u32> {
        self.retry_count.and_then(|raw| raw.get().parse().ok())
    }

    /// How long after its first failure a job is retried, instead of how often.
    pub fn retry_for(&self) -> Option<Duration> {
        let secs: f64 = self.retry_for?.get().parse().ok()?;
        Duration::try_from_secs_f64(secs).ok().filter(|span| !span.is_zero())
    }

    /// The queue that retries go to, when it is another one.
    pub fn retry_queue(&self) -> Option<QueueName> {
        self.retry_queue.and_then(text).and_then(|name| QueueName::new(name).ok())
    }

    /// How much of a backtrace a failure keeps; `None` when the payload does not say.
    pub fn backtrace(&self) -> Option<Backtrace> {
        Some(match self.backtrace?.get() {
            "true" => Backtrace::All,
            other => other.parse().map_or(Backtrace::None, Backtrace::Lines),
        })
    }

    /// Whether an exhausted job goes to the dead set; `None` when the payload does not say.
    pub fn dead(&self) -> Option<bool> {
        self.dead.and_then(|raw| raw.get().parse().ok())
    }

    /// The caller's own name for the job.
    pub fn key(&self) -> Option<Key> {
        self.key.and_then(text).and_then(|key| Key::new(key).ok())
    }

    /// The job's tags; empty when absent or malformed.
    pub fn tags(&self) -> Vec<String> {
        self.tags.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// When the job was first pushed.
    pub fn created_at(&self) -> Option<Timestamp> {
        self.created_at.and_then(WireTime::read)
    }

    /// When the job last came to its queue. A store may know better, and keeps it beside the payload then.
    pub fn enqueued_at(&self) -> Option<Timestamp> {
        self.enqueued_at.and_then(WireTime::read)
    }

    /// When the job first failed.
    pub fn failed_at(&self) -> Option<Timestamp> {
        self.failed_at.and_then(WireTime::read)
    }

    /// When the job last failed, after the first time.
    pub fn retried_at(&self) -> Option<Timestamp> {
        self.retried_at.and_then(WireTime::read)
    }

    /// When the job is no longer worth starting.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.and_then(WireTime::read)
    }

    /// When processes died with this job in their hands, oldest first.
    pub fn orphaned_at(&self) -> Vec<Timestamp> {
        let times: Vec<&RawValue> =
            self.orphaned_at.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        times.into_iter().filter_map(WireTime::read).collect()
    }

    /// The span that pushed the job, in the form of W3C's header of this name; not checked.
    pub fn traceparent(&self) -> Option<Cow<'a, str>> {
        self.traceparent.and_then(text)
    }

    /// What tracing systems add to [`Envelope::traceparent`], in the form of W3C's header of this name; not checked.
    pub fn tracestate(&self) -> Option<Cow<'a, str>> {
        self.tracestate.and_then(text)
    }

    /// The class of the last error.
    pub fn error_class(&self) -> Option<Cow<'a, str>> {
        self.error_class.and_then(text)
    }

    /// The message of the last error.
    pub fn error_message(&self) -> Option<Cow<'a, str>> {
        self.error_message.and_then(text)
    }

    /// The backtrace of the last error, one line an entry; empty when absent or malformed.
    pub fn error_backtrace(&self) -> Vec<String> {
        self.error_backtrace.map(crate::backtrace::read).unwrap_or_default()
    }
}

/// A JSON string, borrowed unless it has escapes.
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(text).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// Reads the members into an envelope where it is: it is too large to be moved about. Answers the class.
struct Slots<'e, 'a>(&'e mut Envelope<'a>);

/// A member's name, borrowed unless it has escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

impl<'de> DeserializeSeed<'de> for Slots<'_, 'de> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Slots<'_, 'de> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Slots(envelope) = self;
        let mut class = None;
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            let slot = match &*name {
                "class" => &mut class,
                "args" => &mut envelope.args,
                "jid" => &mut envelope.jid,
                "queue" => &mut envelope.queue,
                "retry" => &mut envelope.retry,
                "retry_count" => &mut envelope.retry_count,
                "retry_for" => &mut envelope.retry_for,
                "retry_queue" => &mut envelope.retry_queue,
                "backtrace" => &mut envelope.backtrace,
                "dead" => &mut envelope.dead,
                "key" => &mut envelope.key,
                "tags" => &mut envelope.tags,
                "created_at" => &mut envelope.created_at,
                "enqueued_at" => &mut envelope.enqueued_at,
                "failed_at" => &mut envelope.failed_at,
                "retried_at" => &mut envelope.retried_at,
                "expires_at" => &mut envelope.expires_at,
                "orphaned_at" => &mut envelope.orphaned_at,
                "error_class" => &mut envelope.error_class,
                "error_message" => &mut envelope.error_message,
                "error_backtrace" => &mut envelope.error_backtrace,
                "display_class" => &mut envelope.display_class,
                "wrapped" => &mut envelope.wrapped,
                "traceparent" => &mut envelope.traceparent,
                "tracestate" => &mut envelope.tracestate,
                _ => continue,
            };
            *slot = Some(value);
        }
        Ok(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Payload;

    fn payload(text: &str) -> Payload {
        Payload::from_bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn a_payload_of_sidekiq_8_is_read() {
        let text = r#"{"retry":2,"queue":"low","backtrace":3,"args":[1],"class":"BadJob","jid":"1b37c34e6cdd3f873a4f3c73","created_at":1795214970062,"enqueued_at":1795214970062,"error_message":"boom é","error_class":"RuntimeError","failed_at":1795214970063,"retry_count":0}"#;
        let payload = payload(text);
        let envelope = payload.envelope().expect("readable");
        assert_eq!(envelope.class(), "BadJob");
        assert_eq!(envelope.args(), "[1]");
        assert_eq!(envelope.jid().as_deref(), Some("1b37c34e6cdd3f873a4f3c73"));
        assert_eq!(envelope.retry(), Some(Retry::Limit(2)));
        assert_eq!(envelope.retry_count(), Some(0));
        assert_eq!(envelope.backtrace(), Some(Backtrace::Lines(3)));
        assert_eq!(envelope.error_message().as_deref(), Some("boom é"));
        assert_eq!(envelope.failed_at(), Some(Timestamp::from_unix_millis(1_795_214_970_063)));
        assert_eq!(envelope.key(), None);
    }

    #[test]
    fn retry_takes_every_form_that_ruby_takes() {
        for (text, want) in [
            ("true", Some(Retry::Default)),
            ("false", Some(Retry::Never)),
            ("0", Some(Retry::Limit(0))),
            ("7", Some(Retry::Limit(7))),
            ("-1", Some(Retry::Limit(0))),
            ("\"5\"", Some(Retry::Default)),
            ("1.5", Some(Retry::Default)),
            ("null", None),
        ] {
            let payload = payload(&format!(r#"{{"class":"A","retry":{text}}}"#));
            assert_eq!(payload.envelope().expect("readable").retry(), want, "retry: {text}");
        }
        assert_eq!(payload(r#"{"class":"A"}"#).envelope().expect("readable").retry(), None);
    }

    #[test]
    fn escapes_are_undone_and_the_last_of_two_members_counts() {
        let payload = payload(r#"{"class":"A\u002fB","args":[1],"ar\u0067s":[2]}"#);
        let envelope = payload.envelope().expect("readable");
        assert_eq!(envelope.class(), "A/B");
        assert_eq!(envelope.args(), "[2]");
    }

    #[test]
    fn what_is_no_payload_says_why() {
        for (text, why) in [
            ("", "EOF"),
            ("nonsense", "expected"),
            ("[1]", "expected an object"),
            ("{}", "no \"class\""),
            (r#"{"class":7}"#, "no \"class\""),
            (r#"{"class":""}"#, "no \"class\""),
            (r#"{"class":"A"} trailing"#, "trailing"),
        ] {
            let error = payload(text).envelope().expect_err(text);
            assert!(error.reason().contains(why), "{text}: {error}");
        }
        let deep = format!(r#"{{"class":"A","args":{}{}}}"#, "[".repeat(100), "]".repeat(100));
        assert!(payload(&deep).envelope().expect_err("deep").reason().contains("deeper than 100"));
        assert!(Payload::from_bytes(b"{\"class\":\"A\",\"args\":[\"\xff\"]}".to_vec()).envelope().is_err());
    }
}
