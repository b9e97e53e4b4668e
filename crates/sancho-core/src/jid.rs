//! Job ids: 24 hex digits that begin with the time.

use std::fmt;
use std::sync::Arc;

use crate::Timestamp;
use crate::error::Invalid;
use crate::limits;

/// The id of one job.
///
/// Sancho's own are 24 lower-case hex digits: six bytes of milliseconds since the epoch, two bytes of a
/// sequence within the millisecond, four bytes of chance. They sort by time, so that a store finds a job by
/// its id without a random index. Ids of other programs are kept as they are, whatever their shape. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jid(Arc<str>);

impl Jid {
    /// Takes an id given by a caller or found in a payload.
    ///
    /// # Errors
    /// An empty id, one of more than [`limits::JID_BYTES_MAX`] bytes, or one with a control character: stores keep
    /// ids in lists of lines, and people read them.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, Invalid> {
        let text = text.into();
        if text.is_empty() || text.len() > limits::JID_BYTES_MAX {
            return Err(Invalid::new(format!(
                "a jid has 1 to {} bytes, this one has {}",
                limits::JID_BYTES_MAX,
                text.len()
            )));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) && text.chars().any(char::is_control) {
            return Err(Invalid::new(format!("the jid {text:?} has a control character: leave it out")));
        }
        Ok(Jid(text))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight bytes (time, then sequence) when the id has Sancho's own shape, else `None`.
    ///
    /// Stores may use it as a row number: it grows with time and stays below 2^63.
    ///
    /// ```
    /// use sancho_core::Jid;
    /// let jid = Jid::new("01a1fca0d2a2000500c0ffee").unwrap();
    /// assert_eq!(jid.time_prefix(), Some(0x01a1_fca0_d2a2_0005));
    /// assert_eq!(Jid::new("a-uuid-of-another-program").unwrap().time_prefix(), None);
    /// ```
    pub fn time_prefix(&self) -> Option<i64> {
        let text = self.0.as_bytes();
        let hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        if text.len() != 24 || !text.iter().all(hex) {
            return None;
        }
        i64::from_str_radix(&self.0[..16], 16).ok()
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Jid {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Makes job ids that grow: one per client, so that ids made by it are in the order of its pushes.
#[derive(Debug, Default, Clone)]
pub struct JidSequence {
    last: u64,
}

impl JidSequence {
    /// The next id, for time `now` and four bytes of chance.
    ///
    /// Ids of one sequence strictly grow, even when the clock stands still, steps back, or more than 65,536
    /// are made in a millisecond (the time part then runs ahead).
    pub fn next(&mut self, now: Timestamp, chance: u32) -> Jid {
        let millis = u64::try_from(now.as_unix_millis()).unwrap_or(0) & 0x7fff_ffff_ffff;
        // A fresh millisecond starts at a place drawn by chance, in the lower half so that a bulk push
        // rarely runs over: two clients that push in one millisecond then seldom share a prefix.
        let fresh = (millis << 16) | u64::from(chance & 0x7fff);
        self.last = fresh.max(self.last + 1);
        let mut text = [0; 24];
        let (time, rest) = text.split_at_mut(16);
        write_hex(time, self.last);
        write_hex(rest, u64::from(chance));
        Jid(std::str::from_utf8(&text).expect("digits are text").into())
    }
}

/// Fills `text` with the last digits of a number.
fn write_hex(text: &mut [u8], number: u64) {
    for (place, digit) in text.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * place)) as usize & 0xf];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_sequence_grow_even_when_the_clock_does_not() {
        let mut sequence = JidSequence::default();
        let now = Timestamp::from_unix_millis(1_795_214_970_000);
        let mut last = sequence.next(now, u32::MAX);
        for chance in 0..70_000 {
            let next = sequence.next(now.before(std::time::Duration::from_millis(u64::from(chance % 3))), chance);
            assert!(next > last, "{next} after {last}");
            assert_eq!(next.as_str().len(), 24);
            last = next;
        }
    }

    #[test]
    fn an_id_is_one_short_line() {
        for (id, said) in [("", "1 to 255"), (&*"x".repeat(256), "1 to 255"), ("a\nb", "control"), ("\0", "control")] {
            let error = Jid::new(id).expect_err("refused").to_string();
            assert!(error.contains(said), "{id:?}: {error}");
        }
        assert!(Jid::new("a b/é").is_ok(), "whatever else another program writes");
    }

    #[test]
    fn a_prefix_is_read_only_from_ids_of_our_shape() {
        for foreign in ["", "x", "01A1FCA0D2A2000500C0FFEE", "01a1fca0d2a2000500c0ffe", "01a1fca0d2a2000500c0ffeg"] {
            assert_eq!(Jid(foreign.into()).time_prefix(), None, "{foreign}");
        }
        assert_eq!(Jid("ffffffffffffffff00000000".into()).time_prefix(), None, "over 2^63");
    }
}
