//! What stands behind the question mark of an address.

use sancho_core::Invalid;

use super::decoded;

/// Parameters that nobody has taken yet.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        let parameters = text.split('&').filter(|parameter| !parameter.is_empty()).map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            Ok((name.to_owned(), decoded(value)?))
        });
        parameters.collect::<Result<_, _>>().map(Query)
    }

    /// Takes a parameter out; of one that is given twice, the last.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let mut value = None;
        self.0.retain_mut(|(have, given)| {
            let other = have != name;
            if !other {
                value = Some(std::mem::take(given));
            }
            other
        });
        value
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() {
            return Ok(());
        }
        // The parameter is not named: it may be the end of a password with a question mark in it.
        Err(Invalid::new(
            "it has a parameter that is not known there: all take wire; rediss:// takes ca, cert and key; redis+unix:// \
             takes db, user and pass; redis+sentinel:// takes sentinel_user and sentinel_pass; a ? in a password is written %3F",
        ))
    }
}
