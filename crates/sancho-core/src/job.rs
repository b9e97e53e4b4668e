//! The payload: one JSON object that says what to run.
//!
//! A payload is the text that a store keeps, in Sidekiq's own format: `class`, `args`, `jid`, `queue`,
//! `retry` and so on. It is read by looking ([`Payload::envelope`]) and changed by editing
//! ([`Payload::members`]); members that Sancho does not know stay as they are, in their order.

mod depth;
mod draft;
mod envelope;
mod members;
mod wire;
mod wire_time;
mod writing;

use std::fmt;
use std::sync::Arc;

pub use draft::{Bury, Draft};
pub use envelope::{Backtrace, Envelope, Retry};
pub use members::Members;
pub use wire::Wire;
pub use wire_time::WireTime;

pub(crate) use depth::depth_exceeds;

use crate::error::Unreadable;

/// The bytes of one job, exactly as a store holds them; they need not be readable. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Payload(Arc<[u8]>);

impl Payload {
    /// Takes bytes as they are.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Payload(bytes.into())
    }

    /// The bytes as they are.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, given away.
    pub fn into_bytes(self) -> Arc<[u8]> {
        self.0
    }

    /// The text, with what is not UTF-8 replaced: for people to look at, never to store.
    pub fn to_text_lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Looks at the members that Sancho knows, in one pass, borrowing from the bytes.
    ///
    /// # Errors
    /// [`Unreadable`] when the bytes are not a JSON object, have no string `class`, or nest deeper than
    /// [`limits::PAYLOAD_DEPTH_MAX`](crate::limits::PAYLOAD_DEPTH_MAX). Such a payload is buried, never dropped.
    pub fn envelope(&self) -> Result<Envelope<'_>, Unreadable> {
        Envelope::read(&self.0)
    }

    /// Takes the payload apart for editing: every member, in order, its text untouched.
    ///
    /// # Errors
    /// [`Unreadable`] when the bytes are not a JSON object.
    pub fn members(&self) -> Result<Members, Unreadable> {
        Members::read(&self.0)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text_lossy())
    }
}
