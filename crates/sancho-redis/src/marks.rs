//! Deploy marks: the vertical lines in Sidekiq's metrics.

use redis::{Value, cmd};
use sancho_core::{StoreResult, Timestamp};

use crate::reply;
use crate::store::RedisStore;
use crate::wire::day;

/// Seconds for which others that deploy the same thing leave no mark.
const ONE_DEPLOY: u32 = 60;

/// Seconds for which a day's marks are kept: 90 days.
const KEPT_FOR: u32 = 90 * 24 * 60 * 60;

impl RedisStore {
    /// Marks a deploy, at the minute of `now` in UTC, where Sidekiq's pages of metrics show it; `label` is what is
    /// shown, such as a commit's short hash and subject. Answers whether the mark was left.
    ///
    /// Many processes of one deploy may call it: within a minute one label is marked once, and a minute that has a
    /// mark keeps it. A mark may be missing if this call fails halfway: call it again after a minute.
    ///
    /// # Errors
    /// When Redis does not do it.
    pub async fn mark_deploy(&self, label: &str, now: Timestamp) -> StoreResult<bool> {
        let op = "mark_deploy";
        let (date, (hour, minute)) = (day::date(now.unix_day()), day::hour_and_minute(now));
        let minute = format!("{date}T{hour:02}:{minute:02}:00Z");
        let key = format!("{}-marks", date.replace('-', ""));
        let connection = &self.inner.connection;
        let mut lock = cmd("SET");
        lock.arg(format!("deploylock-{label}")).arg(&minute).arg("NX").arg("EX").arg(ONE_DEPLOY);
        if connection.ask(op, &lock).await? == Value::Nil {
            return Ok(false);
        }
        let left = connection.ask(op, cmd("HSETNX").arg(&key).arg(&minute).arg(label)).await?;
        connection.ask(op, cmd("EXPIRE").arg(&key).arg(KEPT_FOR)).await?;
        Ok(reply::int(left) == 1)
    }
}
