//! Which of Sidekiq's versions read what is written.

use super::WireTime;

/// Which version of Sidekiq reads what we write, where the versions do not all read the same.
///
/// Two things inside a payload depend on it: how times are written ([`Wire::time`]), and how floats stand among a
/// job's arguments, since Ruby finds a job again by the bytes that its own json would write. What is read is told
/// apart by its form, whatever this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wire {
    /// Nobody said: payloads that 6, 7 and 8 all read rightly, with floats as json 2.6 writes them.
    #[default]
    Any,
    /// Version 7: payloads as for [`Wire::Any`].
    Seven,
    /// Version 8 alone: payloads as 8 itself writes them, with floats as json 2.16 and newer write them. 7 takes
    /// their times for seconds, some fifty thousand years ahead.
    Eight,
}

impl Wire {
    /// How times are written into payloads.
    ///
    /// ```
    /// use sancho_core::{Wire, WireTime};
    /// assert_eq!(Wire::Any.time(), WireTime::Seconds);
    /// assert_eq!(Wire::Seven.time(), WireTime::Seconds);
    /// assert_eq!(Wire::Eight.time(), WireTime::Millis);
    /// ```
    pub fn time(self) -> WireTime {
        match self {
            Wire::Any | Wire::Seven => WireTime::Seconds,
            Wire::Eight => WireTime::Millis,
        }
    }
}
