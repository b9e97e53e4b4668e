//! What a failure means: for the caller, and for the socket.

use std::io;
use std::time::Duration;

use redis::RedisError;
use sancho_core::{ErrorKind, StoreError};

use super::Opener;

/// What to do about a login that is refused.
const LOGIN: &str = "put the right ones into the address, such as redis://USER:PASSWORD@HOST";

/// Why something failed, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) text: String,
    pub(super) next: Next,
}

/// What becomes of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is as good as before.
    Stay,
    /// It is dropped: whoever is at its end is not, or no more, who is wanted.
    Reopen,
    /// It is as good as before, and lacks a script.
    Load,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Failure { kind, text: text.into(), next: Next::Stay }
    }

    /// What an error of a call means, that was or may have been sent.
    pub(super) fn of_call(error: RedisError, opener: &Opener) -> Self {
        match code(&error) {
            Some(code) => Self::of_reply(code, said(&error), opener),
            // The socket failed, or what came was no reply: nobody knows what Redis has done.
            None => Failure {
                kind: ErrorKind::OutcomeUnknown,
                text: format!("the connection to {} was lost: {error}", opener.address()),
                next: Next::Reopen,
            },
        }
    }

    /// What an error of opening means: nothing was asked for yet.
    pub(super) fn of_open(error: RedisError, opener: &Opener) -> Self {
        match code(&error) {
            Some(code) => Self::of_reply(code, said(&error), opener).of_nothing_done(),
            None if error.kind() == redis::ErrorKind::RESP3NotSupported => Failure::new(
                ErrorKind::Unsupported,
                format!("{} does not speak RESP3: Sancho needs Redis 7.0 or newer", opener.address()),
            ),
            #[cfg(feature = "tls")]
            None if super::tls::is_refusal(&error) => Failure::new(
                ErrorKind::Invalid,
                format!("{} does not trust us: {error}; name our certificate by ?cert=FILE&key=FILE", opener.address()),
            ),
            None => Failure::new(ErrorKind::Unavailable, no_answer(opener.address(), &error)),
        }
    }

    /// What an error of the socket means before anything was sent.
    pub(super) fn of_socket(error: &io::Error, whom: impl std::fmt::Display) -> Self {
        Failure::new(ErrorKind::Unavailable, no_answer(whom, error))
    }

    pub(super) fn timed_out(after: Duration, opener: &Opener) -> Self {
        let text = format!("{} did not answer within {} s", opener.address(), after.as_secs());
        Failure { kind: ErrorKind::OutcomeUnknown, text, next: Next::Reopen }
    }

    /// The same, known to have happened before anything was done.
    pub(super) fn of_nothing_done(self) -> Self {
        let kind = if self.kind == ErrorKind::OutcomeUnknown { ErrorKind::Unavailable } else { self.kind };
        Failure { kind, ..self }
    }

    pub(crate) fn into_error(self, op: &'static str) -> StoreError {
        StoreError::new(op, self.kind, self.text)
    }

    fn of_reply(code: &str, said: String, opener: &Opener) -> Self {
        let (address, user) = (opener.address(), opener.address().user());
        let (kind, text, next) = match code {
            // Said before the command is performed. Whoever says it is not the master that is wanted, or not yet.
            "READONLY" | "MASTERDOWN" | "NOREPLICAS" | "LOADING" | "UNBLOCKED" => {
                (ErrorKind::Unavailable, said, Next::Reopen)
            }
            "MISCONF" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" => (ErrorKind::Unavailable, said, Next::Stay),
            "NOSCRIPT" => (ErrorKind::Unavailable, said, Next::Load),
            "OOM" => (ErrorKind::Full, said, Next::Stay),
            "WRONGTYPE" => (ErrorKind::Corrupt, said, Next::Stay),
            "NOAUTH" => {
                let text = format!("{address} wants a password, and was given none that still counts: {said}; {LOGIN}");
                (ErrorKind::Invalid, text, Next::Reopen)
            }
            "WRONGPASS" => {
                let text = format!("{address} does not know the user {user:?} with this password: {said}; {LOGIN}");
                (ErrorKind::Invalid, text, Next::Reopen)
            }
            "NOPERM" => {
                let text = format!(
                    "{address} does not let the user {user:?} do this: {said}; \
                     give it the commands and keys that docs/SECURITY.md lists, or all by ACL SETUSER {user} ~* +@all"
                );
                (ErrorKind::Invalid, text, Next::Stay)
            }
            "MOVED" | "ASK" | "CROSSSLOT" => (
                ErrorKind::Unsupported,
                format!("{address} is a Redis Cluster, which cannot hold Sidekiq's keys: {said}"),
                Next::Stay,
            ),
            "ERR" if said.contains("max number of clients") => (ErrorKind::Unavailable, said, Next::Reopen),
            // Redis lets nobody kill a script that has written.
            "ERR" if said.contains("Script killed by user") => (ErrorKind::Unavailable, said, Next::Stay),
            "ERR" if said.contains("unknown command") => (ErrorKind::Unsupported, said, Next::Stay),
            _ => (ErrorKind::Internal, said, Next::Stay),
        };
        Failure { kind, text, next }
    }
}

fn no_answer(whom: impl std::fmt::Display, error: impl std::fmt::Display) -> String {
    format!("{whom} does not answer: {error}; see that Redis runs there, and that the address is right")
}

/// The word in front of a reply that says no; `None` where Redis said nothing.
fn code(error: &RedisError) -> Option<&str> {
    let code = error.code()?;
    let detail = error.detail().unwrap_or_default();
    // A script's own errors, and those that it passes on, may stand behind an ERR.
    if code != "ERR" {
        return Some(code);
    }
    if detail.starts_with("The user executing the script can't") {
        return Some("NOPERM");
    }
    let inner = ["WRONGTYPE", "OOM", "READONLY", "NOPERM", "MISCONF"];
    let passed_on = detail.split([' ', ':']).find_map(|word| inner.into_iter().find(|inner| word == *inner));
    Some(passed_on.unwrap_or(code))
}

/// Redis' own words.
fn said(error: &RedisError) -> String {
    let (code, detail) = (error.code().unwrap_or_default(), error.detail().unwrap_or_default());
    format!("{code} {detail}").trim().to_owned()
}
