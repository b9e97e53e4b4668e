//! Points in time, as stores and payloads know them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: whole microseconds since the Unix epoch, in UTC.
///
/// Core reads no clock: every rule that depends on the time takes a `Timestamp` as `now`.
///
/// ```
/// use sancho_core::Timestamp;
/// use std::time::Duration;
///
/// let t = Timestamp::from_unix_micros(1_795_214_970_500_000);
/// assert_eq!((t + Duration::from_secs(2)).as_unix_micros(), 1_795_214_972_500_000);
/// assert_eq!((t + Duration::from_secs(2)).since(t), Duration::from_secs(2));
/// assert_eq!(t.since(t + Duration::from_secs(2)), Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Timestamp = Timestamp(0);

    /// The point `micros` microseconds after the epoch.
    pub const fn from_unix_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// The point `millis` milliseconds after the epoch; saturates at the ends of the range.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Timestamp(millis.saturating_mul(1_000))
    }

    /// The point `secs` seconds after the epoch, rounded to the microsecond; `None` unless finite and in range.
    pub fn from_unix_secs_f64(secs: f64) -> Option<Self> {
        let micros = (secs * 1e6).round();
        // Beyond 2^32 seconds a float no longer names each microsecond; that is past the year 2106.
        (micros.is_finite() && micros.abs() < 9.0e18).then_some(Timestamp(micros as i64))
    }

    /// Microseconds since the epoch.
    pub const fn as_unix_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down.
    pub const fn as_unix_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Seconds since the epoch, as scores and Sidekiq's float members hold them.
    pub fn as_unix_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whole days since the epoch, in UTC: the day that counters are kept by.
    pub const fn unix_day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This point less `span`; saturates at the ends of the range.
    pub fn before(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(micros(span)))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Timestamp;

    /// Saturates at the ends of the range.
    fn add(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(micros(span)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Timestamp(micros(after)),
            Err(before) => Timestamp(i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros)),
        }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let span = Duration::from_micros(time.0.unsigned_abs());
        if time.0 >= 0 { UNIX_EPOCH + span } else { UNIX_EPOCH - span }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000))
    }
}
