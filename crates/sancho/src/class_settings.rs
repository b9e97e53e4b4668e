//! What a program is configured for, class by class: over what the class itself says, under what a push says.

mod builder;
mod read;

use std::time::Duration;

#[cfg(feature = "cli")]
pub(crate) use read::span_of;
use sancho_core::lifecycle::Policy;
use sancho_core::{Backtrace, Bury, Draft, QueueName, Retry};
use serde::Deserialize;

use crate::{JobOptions, LogLevel, Runs};

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
/// use std::time::Duration;
/// use sancho::{ClassSettings, LogLevel};
///
/// let said = ClassSettings::new().retry(3).timeout(Duration::from_secs(30)).dead(false).log_level(LogLevel::Debug);
/// let text = r#"{"retry":3,"timeout":"30s","dead":false,"log_level":"debug"}"#;
/// let read: ClassSettings = serde_json::from_str(text).unwrap();
/// assert_eq!(read, said);
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

    /// Writes what belongs to a push over what the class says.
    pub(crate) fn apply(&self, draft: &mut Draft) {
        if let Some(queue) = &self.queue {
            draft.queue.clone_from(queue);
        }
        if let Some((retry, retry_for)) = self.tries() {
            (draft.retry, draft.retry_for) = (retry, retry_for);
        }
        if self.retry_queue.is_some() {
            draft.retry_queue.clone_from(&self.retry_queue);
        }
        draft.dead = self.dead.or(draft.dead);
        draft.backtrace = self.backtrace.or(draft.backtrace);
        if let Some(tags) = &self.tags {
            draft.tags.clone_from(tags);
        }
        draft.expires_in = self.expires_in.or(draft.expires_in);
    }

    /// Writes what belongs to a run over what the class says.
    pub(crate) fn configure(&self, options: &mut JobOptions, policy: &mut Policy) {
        options.timeout = self.timeout.or(options.timeout);
        options.runs = self.runs.unwrap_or(options.runs);
        options.log_level = self.log_level.unwrap_or(options.log_level);
        if let Some((retry, retry_for)) = self.tries() {
            (policy.retry, policy.retry_for) = (retry, retry_for);
        }
        if self.retry_queue.is_some() {
            policy.retry_queue.clone_from(&self.retry_queue);
        }
        policy.dead = self.dead.unwrap_or(policy.dead);
        policy.backtrace = self.backtrace.unwrap_or(policy.backtrace);
    }

    /// How often or how long to retry, if these settings say anything of it.
    fn tries(&self) -> Option<(Retry, Option<Duration>)> {
        match (self.retry, self.retry_for) {
            (None, None) => None,
            (retry, window) => Some((retry.unwrap_or(Retry::Default), window)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_and_a_window_replace_each_other() {
        let count = ClassSettings { retry: Some(Retry::Limit(3)), ..ClassSettings::default() };
        let window = ClassSettings { retry_for: Some(Duration::from_secs(9)), ..ClassSettings::default() };
        let other = ClassSettings { tags: Some(vec!["a".into()]), ..ClassSettings::default() };
        assert_eq!(count.clone().overlaid(window.clone()), window);
        assert_eq!(window.clone().overlaid(count.clone()), count);
        let both = window.clone().overlaid(other.clone());
        assert_eq!((both.retry_for, both.tags), (window.retry_for, other.tags));
    }
}
