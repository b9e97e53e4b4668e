//! Requests that name themselves, so that they may be repeated when their answer was lost.
//!
//! The ids of a named request's jobs are made of the name, and its first job takes the name as its key unless it has
//! one. So the store itself adds nothing twice for [`limits::PUSH_REPEAT`](sancho_core::limits::PUSH_REPEAT), whatever
//! has become of the jobs, and after that the key tells for as long as the first job neither is done nor dead.
//!
//! A fingerprint of the body stays in that job, so that another body under the same name is seen, for as long as the
//! job can be found by its key. Later than that nobody knows what the body was: within the time of the store nothing is
//! added all the same. It is shown to nobody: it would tell what classes hide.

use axum::http::HeaderMap;
use sancho_core::redact::FINGERPRINT;
use sancho_core::{Draft, Jid, Key, Wire, canonical};
use serde_json::value::RawValue;

use crate::api::bounds;
use crate::api::problem::Problem;
use crate::code::Code;
use crate::site::Site;

const HEADER: &str = "idempotency-key";

/// A request that names itself.
#[derive(Debug)]
pub(super) struct Named {
    name: String,
    /// As the member of the payload has it.
    fingerprint: String,
}

/// Whether a request came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// It did, as it is now.
    Repeated,
    /// Nobody knows of it.
    Unknown,
}

impl Named {
    /// What the header says, if it is there, of a request with this body.
    pub(super) fn read(headers: &HeaderMap, body: &RawValue) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(HEADER) else { return Ok(None) };
        let most = bounds::IDEMPOTENCY_KEY_CHARS_MAX;
        let name = value.to_str().ok().filter(|name| {
            (1..=most).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        });
        let name = name.ok_or_else(|| {
            Problem::invalid(format!("Idempotency-Key has 1 to {most} letters, digits and -._~: a UUID is one"))
        })?;
        let body =
            canonical::text(body.get(), Wire::Any).map_err(|what| Problem::invalid(format!("the body: {what}")))?;
        Ok(Some(Named { name: name.to_owned(), fingerprint: format!("\"{:016x}\"", fnv_1a(body.as_bytes())) }))
    }

    /// Gives the jobs of the request their ids, and the first one its key and the fingerprint. Answers with that key.
    pub(super) fn put_on(&self, drafts: &mut [Draft]) -> Result<Key, Problem> {
        for (index, draft) in drafts.iter_mut().enumerate() {
            draft.jid = match index {
                0 => self.first_jid()?,
                index => Jid::new(format!("push:{}:{index}", self.name))?,
            };
        }
        let first = drafts.first_mut().ok_or_else(|| Problem::invalid("the request has no job"))?;
        first.extra.push((FINGERPRINT.to_owned(), self.fingerprint.clone()));
        let key = match first.key.take() {
            Some(key) => key,
            None => Key::new(format!("push:{}", self.name))?,
        };
        first.key = Some(key.clone());
        Ok(key)
    }

    /// Whether the request came before, as its first job tells, where that holds its key still.
    ///
    /// What classes hide is of no matter here: the pusher's own look at the store is asked, and tells nobody.
    ///
    /// # Errors
    /// The name was that of a request with another body.
    pub(super) async fn before(&self, site: &Site, key: &Key) -> Result<Before, Problem> {
        let row = site.pusher.inspect().find_key(key).await?;
        let first = self.first_jid()?;
        let Some(row) = row.filter(|row| row.jid == first) else { return Ok(Before::Unknown) };
        let members = row.payload.members().ok();
        match members.as_ref().and_then(|members| members.get(FINGERPRINT)) {
            Some(fingerprint) if fingerprint != self.fingerprint => Err(Problem::new(
                Code::KeyReused,
                format!("nothing was pushed: another request had this Idempotency-Key, and job {first} came of it"),
            )),
            _ => Ok(Before::Repeated),
        }
    }

    fn first_jid(&self) -> Result<Jid, Problem> {
        Ok(Jid::new(format!("push:{}", self.name))?)
    }
}

/// FNV-1a: it tells a slip from a repeat, and whoever pushes has nobody to deceive but themselves.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(body: &str) -> String {
        let headers = HeaderMap::from_iter([(axum::http::HeaderName::from_static(HEADER), "a-1".parse().unwrap())]);
        let body: Box<RawValue> = serde_json::from_str(body).unwrap();
        Named::read(&headers, &body).unwrap().unwrap().fingerprint
    }

    #[test]
    fn the_same_json_has_the_same_fingerprint_however_it_is_spelled() {
        let body = r#"{"class":"A","args":[1.0,"é"]}"#;
        assert_eq!(fingerprint(body), fingerprint("{ \"class\": \"A\",\n \"args\": [1.00, \"\\u00e9\"] }"));
        assert_ne!(fingerprint(body), fingerprint(r#"{"class":"A","args":[1,"é"]}"#));
        // The published value of the empty text: fingerprints of an older build are compared with.
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
