//! What a program is configured for, class by class: over what the class itself says, under what a push says.

mod read;

use std::time::Duration;

use sancho_core::{Backtrace, Bury, QueueName, Retry};
use serde::Deserialize;

use crate::{LogLevel, Runs};

/// What holds for one class in this program, whatever its attribute says; what is `None` stays as it is.
///
/// A client uses what belongs to a push (`queue`, `retry`, `retry_for`, `retry_queue`, `dead`, `backtrace`, `tags`,
/// `expires_in`) where the push itself says nothing. A server uses what belongs to a run (`timeout`, `runs`,
/// `log_level`), and what a payload of another program leaves open.
///
/// `retry` and `retry_for` are two answers to one question: of a place that gives one of them, the other one of the
/// places below it does not hold.
///
/// It is read from configuration by serde: spans are whole seconds or texts such as `"90s"` and `"3d"`, `retry` and
/// `backtrace` are numbers, `true` or `false`, and members that are not known are errors.
///
/// ```
/// use sancho::{ClassSettings, Retry};
///
/// let mut settings = ClassSettings::default();
/// settings.retry = Some(Retry::Limit(3));
/// # let read: ClassSettings =
/// serde_json::from_str(r#"{"queue":"low","retry":3,"timeout":"30s","dead":false,"log_level":"debug"}"#)
/// # .unwrap();
/// # assert_eq!(read.retry, settings.retry);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClassSettings {
    /// The queue that jobs go to.
    #[serde(deserialize_with = "read::queue")]
    pub queue: Option<QueueName>,
    /// Whether, and how often, a failure is retried.
    #[serde(deserialize_with = "read::retry")]
    pub retry: Option<Retry>,
    /// How long after its first failure a job is retried, instead of how often.
    #[serde(deserialize_with = "read::span")]
    pub retry_for: Option<Duration>,
    /// The queue that retries go to.
    #[serde(deserialize_with = "read::queue")]
    pub retry_queue: Option<QueueName>,
    /// Whether a job whose tries are over is kept in the dead set.
    #[serde(deserialize_with = "read::dead")]
    pub dead: Option<Bury>,
    /// How much of a backtrace a failure keeps.
    #[serde(deserialize_with = "read::backtrace")]
    pub backtrace: Option<Backtrace>,
    /// Tags, instead of the class's own.
    pub tags: Option<Vec<String>>,
    /// How long one run may take.
    #[serde(deserialize_with = "read::span")]
    pub timeout: Option<Duration>,
    /// How long after it was due a job is still worth starting.
    #[serde(deserialize_with = "read::span")]
    pub expires_in: Option<Duration>,
    /// Where the job runs: `"async"` or `"blocking"`.
    pub runs: Option<Runs>,
    /// At which level the log tells of the job.
    pub log_level: Option<LogLevel>,
}

impl ClassSettings {
    /// These settings, with what `later` says over them.
    #[must_use]
    pub fn overlaid(self, later: ClassSettings) -> Self {
        let retry_for = if later.retry.is_some() { later.retry_for } else { later.retry_for.or(self.retry_for) };
        ClassSettings {
            queue: later.queue.or(self.queue),
            retry: if later.retry_for.is_some() { later.retry } else { later.retry.or(self.retry) },
            retry_for,
            retry_queue: later.retry_queue.or(self.retry_queue),
            dead: later.dead.or(self.dead),
            backtrace: later.backtrace.or(self.backtrace),
            tags: later.tags.or(self.tags),
            timeout: later.timeout.or(self.timeout),
            expires_in: later.expires_in.or(self.expires_in),
            runs: later.runs.or(self.runs),
            log_level: later.log_level.or(self.log_level),
        }
    }
}
