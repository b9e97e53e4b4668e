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

/// The minute of a time, in UTC: `2027-01-15T22:49:00Z`.
pub(crate) fn minute(time: Timestamp) -> String {
    let (hour, minute) = hour_and_minute(time);
    format!("{}T{hour:02}:{minute:02}:00Z", date(time.unix_day()))
}

/// The time of what [`minute`] writes; `None` for any other text.
pub(crate) fn read_minute(text: &str) -> Option<Timestamp> {
    let (year, rest) = text.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let (day, clock) = rest.split_once('T')?;
    let clock = clock.strip_suffix('Z')?;
    let mut clock = clock.splitn(3, ':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next()?);
    let number = |text: &str, most: i64| text.parse::<i64>().ok().filter(|number| (0..=most).contains(number));
    let unix_day = unix_day(number(year, 9_999)?, number(month, 12)?, number(day, 31)?);
    let seconds = (number(hour, 23)? * 60 + number(minute, 59)?) * 60 + number(second, 59)?;
    let time = Timestamp::from_unix_micros((unix_day * 24 * 60 * 60 + seconds) * 1_000_000);
    // A day that is in no calendar comes out as another one.
    (date(time.unix_day()) == format!("{year}-{month}-{day}")).then_some(time)
}

/// The day, counted from the epoch, of a date.
fn unix_day(year: i64, month: i64, day: i64) -> i64 {
    // As in `date`, a year begins in March.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, minute, read_minute};

    #[test]
    fn minutes_are_read_as_they_are_written() {
        for minutes in (-1_000_000..40_000_000).step_by(999_983) {
            let time = Timestamp::from_unix_micros(minutes * 60_000_000);
            assert_eq!(read_minute(&minute(time)), Some(time));
        }
        assert_eq!(read_minute("2027-01-15T22:49:07Z").map(Timestamp::as_unix_millis), Some(1_800_053_347_000));
        for text in ["", "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-1-1T00:00:00Z", "2027-01-15T24:00:00Z"] {
            assert_eq!(read_minute(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_dates() {
        for (day, date) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_833, "2027-01-15"), (19_722, "2023-12-31")] {
            assert_eq!(super::date(day), date);
        }
    }
}
