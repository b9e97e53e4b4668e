//! Deploy marks: the vertical lines in Sidekiq's metrics, a hash a day.

use sancho_core::{DeployMark, ErrorKind, StoreError, StoreResult, Timestamp, limits};

use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::day;

/// Marks that are read of one day: one a minute.
const MARKS_PER_DAY: usize = 24 * 60;

impl RedisStore {
    /// Marks a deploy, and takes the lock that Ruby's processes of the same deploy ask for.
    pub(crate) async fn leave_mark(&self, label: &str, now: Timestamp) -> StoreResult<DeployMark> {
        let mark = DeployMark::new(label, now)
            .map_err(|invalid| StoreError::new("mark_deploy", ErrorKind::Invalid, invalid))?;
        let minute = i64::try_from(limits::MARK_REPEAT.as_micros()).expect("a minute");
        let near = [0, -minute, minute].map(|off| Timestamp::from_unix_micros(mark.at.as_unix_micros() + off));
        let mut args = Args::new();
        args.put(&mark.label).number(limits::MARKS_KEPT_FOR.as_secs()).number(limits::MARK_REPEAT.as_secs());
        args.number(near.len());
        for at in near {
            args.put(key(at.unix_day())).put(day::minute(at));
        }
        let answer = self.inner.connection.run("mark_deploy", &self.inner.scripts.mark, &args).await?;
        let mut answer = reply::list(answer).into_iter();
        let position = usize::try_from(reply::int(reply::next(&mut answer))).unwrap_or(1);
        let at = near.get(position.saturating_sub(1)).copied().unwrap_or(mark.at);
        Ok(DeployMark { at, label: reply::text(reply::next(&mut answer)) })
    }

    /// The marks since a time. What is none, by its time, is left out.
    pub(crate) async fn marks_since(&self, since: Timestamp, now: Timestamp) -> StoreResult<Vec<DeployMark>> {
        let since = since.max(now.before(limits::MARKS_KEPT_FOR));
        let keys: Vec<String> = (since.unix_day()..=now.unix_day()).map(key).collect();
        let mut marks = Vec::new();
        for flat in self.whole_hashes("deploys", MARKS_PER_DAY, &keys).await? {
            let mut flat = flat.into_iter();
            while let (Some(minute), Some(label)) = (flat.next(), flat.next()) {
                let at = day::read_minute(&minute).filter(|at| (since..=now).contains(at));
                marks.extend(at.map(|at| DeployMark { at, label }));
            }
        }
        marks.sort();
        marks.drain(..marks.len().saturating_sub(limits::MARKS_MAX));
        Ok(marks)
    }
}

/// The hash of a day's marks.
fn key(unix_day: i64) -> String {
    format!("{}-marks", day::date(unix_day).replace('-', ""))
}
