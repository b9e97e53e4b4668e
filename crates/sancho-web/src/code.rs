//! The codes of what goes wrong: one table for the pages, for the JSON API and for `sancho explain`.

use axum::http::StatusCode;
use sancho_core::ErrorKind;
use sancho_core::lifecycle::Refusal;

/// What went wrong, by a name that people look up with `sancho explain` and that programs go by.
///
/// ```
/// use sancho_web::Code;
///
/// assert_eq!((Code::NotFound.name(), Code::NotFound.status().as_u16()), ("not-found", 404));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// The store did not answer.
    Unavailable,
    /// The store's answer was lost.
    OutcomeUnknown,
    /// The store has no room.
    Full,
    /// The request breaks a rule.
    Invalid,
    /// What the request names is not there.
    NotFound,
    /// The store holds something that it never writes.
    Corrupt,
    /// The store cannot do it.
    Unsupported,
    /// A defect.
    Internal,
    /// The job has started.
    Started,
    /// The action has no meaning where the job is.
    Senseless,
    /// Another job holds the key.
    KeyTaken,
    /// The name of the request was that of another one.
    KeyReused,
    /// The address takes another method.
    Method,
    /// Nobody is known who asks.
    Unauthorized,
    /// Whoever asks is not let in.
    Forbidden,
    /// Whoever asks may only look.
    Viewer,
    /// The request does not come from this machine.
    NotThisMachine,
    /// A page of another site made the request.
    CrossSite,
    /// Wrong credentials came too often.
    TooManyTries,
}

/// What the table says of a code: its name, its status, and its title.
type Row = (&'static str, StatusCode, &'static str);

impl Code {
    /// Every code.
    pub const ALL: [Code; 19] = [
        Code::Unavailable,
        Code::OutcomeUnknown,
        Code::Full,
        Code::Invalid,
        Code::NotFound,
        Code::Corrupt,
        Code::Unsupported,
        Code::Internal,
        Code::Started,
        Code::Senseless,
        Code::KeyTaken,
        Code::KeyReused,
        Code::Method,
        Code::Unauthorized,
        Code::Forbidden,
        Code::Viewer,
        Code::NotThisMachine,
        Code::CrossSite,
        Code::TooManyTries,
    ];

    const fn row(self) -> Row {
        use StatusCode as S;
        match self {
            Code::Unavailable => {
                (ErrorKind::Unavailable.code(), S::SERVICE_UNAVAILABLE, "the store did not answer; nothing happened")
            }
            Code::OutcomeUnknown => {
                (ErrorKind::OutcomeUnknown.code(), S::GATEWAY_TIMEOUT, "the answer was lost; it may have happened")
            }
            Code::Full => {
                (ErrorKind::Full.code(), S::INSUFFICIENT_STORAGE, "the store has no room left; nothing happened")
            }
            Code::Invalid => {
                (ErrorKind::Invalid.code(), S::BAD_REQUEST, "the call is wrong; repeating it is of no use")
            }
            Code::NotFound => (ErrorKind::NotFound.code(), S::NOT_FOUND, "what the call names is not there"),
            Code::Corrupt => {
                (ErrorKind::Corrupt.code(), S::INTERNAL_SERVER_ERROR, "the store holds something that it never writes")
            }
            Code::Unsupported => {
                (ErrorKind::Unsupported.code(), S::NOT_IMPLEMENTED, "this store, or this version of it, cannot do it")
            }
            Code::Internal => (ErrorKind::Internal.code(), S::INTERNAL_SERVER_ERROR, "a defect in Sancho itself"),
            Code::Started => ("started", S::CONFLICT, "the job has started"),
            Code::Senseless => ("senseless", S::CONFLICT, "the action has no meaning where the job is"),
            Code::KeyTaken => ("key-taken", S::CONFLICT, "another job holds the key"),
            Code::KeyReused => ("key-reused", S::CONFLICT, "the Idempotency-Key was that of another request"),
            Code::Method => ("method", S::METHOD_NOT_ALLOWED, "the address takes another method"),
            Code::Unauthorized => ("unauthorized", S::UNAUTHORIZED, "the pages are for those who sign in"),
            Code::Forbidden => ("forbidden", S::FORBIDDEN, "whoever asks is not let in"),
            Code::Viewer => ("viewer", S::FORBIDDEN, "a viewer looks, and only operators act"),
            Code::NotThisMachine => ("not-this-machine", S::FORBIDDEN, "the pages are for this machine alone"),
            Code::CrossSite => ("cross-site", S::FORBIDDEN, "another site made the request"),
            Code::TooManyTries => ("too-many-tries", S::TOO_MANY_REQUESTS, "wrong credentials came too often"),
        }
    }

    /// Its name, as answers have it and `sancho explain` takes it.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The status of an answer with it. A request whose body or query cannot be read at all is `invalid` with a status
    /// of its own.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }

    /// What it means, in a few words.
    pub const fn title(self) -> &'static str {
        self.row().2
    }
}

impl From<ErrorKind> for Code {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unavailable => Code::Unavailable,
            ErrorKind::OutcomeUnknown => Code::OutcomeUnknown,
            ErrorKind::Full => Code::Full,
            ErrorKind::Invalid => Code::Invalid,
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::Corrupt => Code::Corrupt,
            ErrorKind::Unsupported => Code::Unsupported,
            _ => Code::Internal,
        }
    }
}

impl From<&Refusal> for Code {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Started => Code::Started,
            Refusal::KeyTaken { .. } => Code::KeyTaken,
            _ => Code::Senseless,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_and_a_title_of_its_own_and_a_status_that_says_no() {
        let distinct = |texts: Vec<&str>| texts.into_iter().collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(Code::ALL.iter().map(|code| code.name()).collect()), Code::ALL.len());
        assert_eq!(distinct(Code::ALL.iter().map(|code| code.title()).collect()), Code::ALL.len());
        assert_eq!(Code::ALL.into_iter().collect::<BTreeSet<_>>().len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.status().as_u16() >= 400));
    }

    #[test]
    fn every_kind_of_store_error_keeps_its_name() {
        for kind in ErrorKind::ALL {
            assert_eq!(Code::from(kind).name(), kind.code());
        }
    }
}
