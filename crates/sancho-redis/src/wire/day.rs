//! Days as the counters' keys spell them.

use sancho_core::Timestamp;

/// The date of a day, counted from the epoch, in UTC: `2027-01-15`.
pub(crate) fn date(unix_day: i64) -> String {
    // Years begin in March here, so that the leap day comes last.
    let shifted = unix_day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The hour and the minute of a time, in UTC.
pub(crate) fn hour_and_minute(time: Timestamp) -> (i64, i64) {
    let minutes = time.as_unix_micros().div_euclid(60_000_000).rem_euclid(24 * 60);
    (minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_are_dates() {
        for (day, date) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_833, "2027-01-15"), (19_722, "2023-12-31")] {
            assert_eq!(super::date(day), date);
        }
    }
}
