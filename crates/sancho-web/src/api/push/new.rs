//! A job, as a request describes it.

use std::time::Duration;

use sancho_core::{Backtrace, Draft, Key, OnConflict, Pusher, QueueName, Retry};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::api::bounds;
use crate::api::extract::time;
use crate::api::problem::Problem;
use crate::api::whole::Whole;

/// A job to be pushed. What it does not say is as the pusher is configured for the class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    class: String,
    args: Option<Box<RawValue>>,
    queue: Option<String>,
    at: Option<f64>,
    /// Seconds from now, instead of `at`.
    #[serde(rename = "in")]
    after: Option<f64>,
    retry: Option<Times>,
    retry_for: Option<f64>,
    retry_queue: Option<String>,
    backtrace: Option<Times>,
    dead: Option<bool>,
    expires_in: Option<f64>,
    key: Option<String>,
    on_conflict: Option<Conflict>,
    tags: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Times {
    Whether(bool),
    Number(Whole),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Conflict {
    Keep,
    Replace,
    Refuse,
}

impl New {
    pub(super) fn draft(self, pusher: &dyn Pusher) -> Result<Draft, Problem> {
        let args = self.args.as_ref().map_or("[]", |args| args.get());
        let mut draft = pusher.draft(&self.class, args);
        if let Some(queue) = self.queue {
            draft.queue = QueueName::new(queue)?;
        }
        draft.at = match (self.at, self.after) {
            (Some(_), Some(_)) => return Err(Problem::invalid("give at or in, not both")),
            (Some(at), None) => Some(time("at", at)?),
            (None, Some(after)) => Some(pusher.clock().now() + span("in", after)?),
            (None, None) => None,
        };
        if let Some(retry) = self.retry {
            draft.retry = match retry {
                Times::Whether(true) => Retry::Default,
                Times::Whether(false) => Retry::Never,
                Times::Number(limit) => Retry::Limit(limit.to("retry")?),
            };
        }
        if let Some(secs) = self.retry_for {
            draft.retry_for = Some(span("retry_for", secs)?);
        }
        if let Some(queue) = self.retry_queue {
            draft.retry_queue = Some(QueueName::new(queue)?);
        }
        if let Some(backtrace) = self.backtrace {
            draft.backtrace = Some(match backtrace {
                Times::Whether(all) => Backtrace::from(all),
                Times::Number(lines) => Backtrace::from(lines.to::<u32>("backtrace")?),
            });
        }
        if let Some(dead) = self.dead {
            draft.dead = Some(dead.into());
        }
        if let Some(secs) = self.expires_in {
            draft.expires_in = Some(span("expires_in", secs)?);
        }
        if let Some(key) = self.key {
            draft.key = Some(Key::new(key)?);
        }
        if let Some(conflict) = self.on_conflict {
            draft.on_conflict = match conflict {
                Conflict::Keep => OnConflict::Keep,
                Conflict::Replace => OnConflict::Replace,
                Conflict::Refuse => OnConflict::Refuse,
            };
        }
        if let Some(tags) = self.tags {
            draft.tags = tags;
        }
        Ok(draft)
    }
}

fn span(what: &str, secs: f64) -> Result<Duration, Problem> {
    let span = Duration::try_from_secs_f64(secs).ok().filter(|_| secs <= bounds::SPAN_SECS_MAX);
    let most = bounds::SPAN_SECS_MAX;
    span.ok_or_else(|| Problem::invalid(format!("{what} is no span: give seconds from zero to {most}")))
}
