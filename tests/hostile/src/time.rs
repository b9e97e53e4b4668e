//! Any number as a time: arithmetic saturates, and times that people live in survive being written.

use std::time::{Duration, SystemTime};

use sancho_core::job::WireTime;
use sancho_core::retry::sidekiq_delay;
use sancho_core::{Jid, JidSequence, Timestamp};
use sancho_redis::readers;
use serde_json::value::RawValue;

use crate::when;

/// Microseconds up to which a float of seconds names each one: the year 2106.
const EXACT_MICROS: i64 = (1 << 32) * 1_000_000;

/// Milliseconds that are as many microseconds as there may be.
const EXACT_MILLIS: i64 = i64::MAX / 1_000;

/// Milliseconds below which a whole number is taken for seconds.
const MILLIS_LEAST: i64 = 100_000_000_000;

pub(crate) fn check(bytes: &[u8]) {
    let number = |from: usize| {
        let mut eight = [0; 8];
        let part = bytes.get(from..).unwrap_or_default();
        let length = part.len().min(8);
        eight[..length].copy_from_slice(&part[..length]);
        i64::from_le_bytes(eight)
    };
    let (first, second) = (number(0), number(8));
    check_time(Timestamp::from_unix_micros(first), Timestamp::from_unix_micros(second));
    check_time(Timestamp::from_unix_millis(first), Timestamp::EPOCH);
    check_float(f64::from_bits(first as u64));
    if let Ok(text) = std::str::from_utf8(bytes) {
        readers::score(text);
        if let Ok(raw) = serde_json::from_str::<&RawValue>(text) {
            WireTime::read(raw);
        }
    }
    sidekiq_delay(first as u32, f64::from_bits(second as u64));
}

fn check_time(time: Timestamp, other: Timestamp) {
    let span = time.since(other);
    assert!(span.is_zero() || time > other);
    for far in [time + span, time + Duration::MAX, time.before(span), time.before(Duration::MAX)] {
        _ = (far.as_unix_millis(), far.as_unix_secs_f64(), far.unix_day(), format!("{far:?}"));
        _ = (readers::date(far.unix_day()), readers::score_of(far), when::told(far, time), when::exact(far));
    }
    assert_eq!(Timestamp::from(SystemTime::from(time)), time, "the system's clock says the same");
    let mut jids = JidSequence::default();
    let made: [Jid; 2] = [jids.next(time, 7), jids.next(other, 7)];
    assert!(made[0] < made[1] && made.iter().all(|jid| jid.as_str().len() == 24), "{made:?}");
    for wire in [WireTime::Seconds, WireTime::Millis] {
        let text = wire.write(time);
        let raw: &RawValue = serde_json::from_str(&text).expect("a time is a number");
        let (micros, read) = (time.as_unix_micros(), WireTime::read(raw).map(Timestamp::as_unix_micros));
        if (0..EXACT_MICROS).contains(&micros) && wire == WireTime::Seconds {
            assert_eq!(read, Some(micros), "{text}");
        } else if (MILLIS_LEAST..EXACT_MILLIS).contains(&time.as_unix_millis()) && wire == WireTime::Millis {
            assert_eq!(read, Some(time.as_unix_millis().saturating_mul(1_000)), "{text}");
        }
    }
    let score = readers::score(&readers::score_of(time));
    if (0..EXACT_MICROS).contains(&time.as_unix_micros()) {
        assert_eq!(score, Some(time));
    }
}

fn check_float(seconds: f64) {
    let time = Timestamp::from_unix_secs_f64(seconds);
    assert_eq!(time.is_some(), (seconds * 1e6).abs() < 9.0e18 && !seconds.is_nan(), "{seconds}");
    _ = when::epoch_seconds(seconds);
    _ = readers::in_set('S', b"{}", seconds);
}
