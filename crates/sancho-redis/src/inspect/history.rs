//! Counters by day.

use redis::cmd;
use sancho_core::inspect::DayStats;
use sancho_core::{StoreResult, Timestamp};

use crate::reply;
use crate::store::RedisStore;
use crate::wire::day;

/// Days that one command reads.
const DAYS_PER_READ: u32 = 500;

impl RedisStore {
    pub(super) async fn days(&self, days: u32, now: Timestamp) -> StoreResult<Vec<DayStats>> {
        let mut history = Vec::new();
        let mut read = 0;
        while read < days {
            let upto = days.min(read + DAYS_PER_READ);
            let unix_days: Vec<i64> = (read..upto).map(|back| now.unix_day() - i64::from(back)).collect();
            let mut get = cmd("MGET");
            for unix_day in &unix_days {
                let date = day::date(*unix_day);
                get.arg(format!("stat:processed:{date}")).arg(format!("stat:failed:{date}"));
            }
            let counters = reply::list(self.inner.connection.ask("history", &get).await?);
            let mut counters = counters.into_iter().map(|count| u64::try_from(reply::int(count)).unwrap_or(0));
            for unix_day in unix_days {
                let (processed, failed) = (counters.next().unwrap_or(0), counters.next().unwrap_or(0));
                history.push(DayStats { unix_day, processed, failed });
            }
            read = upto;
        }
        Ok(history)
    }
}
