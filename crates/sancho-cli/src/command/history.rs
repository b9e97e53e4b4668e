//! `sancho history`: what was performed, and what failed, by day.

use clap::Args;
use sancho::{Client, Timestamp};
use sancho_core::inspect::DayStats;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;
use crate::text::number;
use crate::when;

/// Days that can be asked for: as long as counters are kept.
const DAYS_MAX: i64 = 5 * 365;

#[derive(Debug, Args)]
pub(crate) struct History {
    /// How many days, today included
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
    days: u32,
}

#[derive(Debug, Serialize)]
struct Days {
    /// Today first.
    days: Vec<Day>,
}

#[derive(Debug, Serialize)]
struct Day {
    /// In UTC.
    date: String,
    processed: u64,
    failed: u64,
}

impl From<&DayStats> for Day {
    fn from(day: &DayStats) -> Self {
        Day { date: date(day.unix_day), processed: day.processed, failed: day.failed }
    }
}

pub(super) async fn run(client: &Client, history: History, output: &mut Output) -> Result<(), Exit> {
    let days = client.inspect().history(history.days, client.clock().now()).await?;
    let days = Days { days: days.iter().map(Day::from).collect() };
    output.either(&days, || {
        let mut table = Table::new(&["day (UTC)", "processed", "failed"], &[1, 2]);
        for Day { date, processed, failed } in &days.days {
            table.row([date.into(), number(*processed).into(), number(*failed).into()]);
        }
        table.to_string()
    })
}

/// A day, by whole days since the epoch, as ISO 8601 has it.
fn date(unix_day: i64) -> String {
    let midnight = Timestamp::from_unix_millis(unix_day.saturating_mul(86_400_000));
    when::exact(midnight).chars().take_while(|c| *c != 'T').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_by_the_calendar() {
        assert_eq!((date(0).as_str(), date(20_778).as_str()), ("1970-01-01", "2026-11-21"));
    }
}
