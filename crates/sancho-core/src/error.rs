//! Errors, named for what the caller does next.

use std::error::Error as StdError;
use std::fmt;

/// A value that breaks a rule: the message names the rule and the fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    message: String,
}

impl Invalid {
    /// A rule that was broken, as a lowercase sentence that names the cause and the fix.
    pub fn new(message: impl Into<String>) -> Self {
        Invalid { message: message.into() }
    }
}

/// Bytes that are not a payload: they are data all the same, and are buried as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload cannot be read: {reason}")]
pub struct Unreadable {
    reason: String,
}

impl Unreadable {
    /// Why the bytes cannot be read.
    pub fn new(reason: impl Into<String>) -> Self {
        Unreadable { reason: reason.into() }
    }

    /// Why the bytes cannot be read, without the preamble.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// A store's move that failed.
#[derive(Debug)]
pub struct StoreError {
    /// The move, as the trait names it: `push`, `exchange`, …
    pub op: &'static str,
    /// What the caller does next.
    pub kind: ErrorKind,
    /// What the store itself said.
    pub source: Box<dyn StdError + Send + Sync>,
}

/// What a failed move means for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing happened; the same call may succeed later.
    Unavailable,
    /// It may have happened: repeat the call with the same jids, receipts and claim numbers.
    OutcomeUnknown,
    /// The store has no room; nothing happened. Settlements may still pass.
    Full,
    /// The call itself is wrong; repeating it is of no use.
    Invalid,
    /// What the call names is not there.
    NotFound,
    /// The store holds something that it never writes.
    Corrupt,
    /// The store cannot do this, or is of a version that cannot.
    Unsupported,
    /// A defect in the store's own code.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [ErrorKind; 8] = [
        ErrorKind::Unavailable,
        ErrorKind::OutcomeUnknown,
        ErrorKind::Full,
        ErrorKind::Invalid,
        ErrorKind::NotFound,
        ErrorKind::Corrupt,
        ErrorKind::Unsupported,
        ErrorKind::Internal,
    ];

    /// Its code, by which people look it up and scripts tell it from others.
    pub const fn code(self) -> &'static str {
        match self {
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::OutcomeUnknown => "outcome-unknown",
            ErrorKind::Full => "full",
            ErrorKind::Invalid => "invalid",
            ErrorKind::NotFound => "not-found",
            ErrorKind::Corrupt => "corrupt",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Internal => "internal",
        }
    }
}

impl StoreError {
    /// An error of the move `op`.
    pub fn new(op: &'static str, kind: ErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        StoreError { op, kind, source: source.into() }
    }

    /// Whether the store could not be reached, or did not answer: the same call may succeed later, with nothing mended.
    pub fn is_outage(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}: {}", self.op.replace('_', " "), self.source)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // The message already has the source's own words; what stands behind the source remains to be told.
        self.source.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = ErrorKind::ALL.map(ErrorKind::code).into();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        for kind in ErrorKind::ALL {
            // A new kind does not build here until it is in the list above.
            match kind {
                ErrorKind::Unavailable
                | ErrorKind::OutcomeUnknown
                | ErrorKind::Full
                | ErrorKind::Invalid
                | ErrorKind::NotFound
                | ErrorKind::Corrupt
                | ErrorKind::Unsupported
                | ErrorKind::Internal => {}
            }
        }
    }
}
