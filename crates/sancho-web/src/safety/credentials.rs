//! Names with passwords, and bearer tokens.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sancho_core::Invalid;
use subtle::Choice;

use super::person::{Person, Role};
use super::secret::Secret;

/// Some clients leave the padding away.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What somebody presents to be let in, and who they are then.
///
/// Both kinds travel with each request: outside of this machine they belong inside TLS.
#[derive(Clone, Debug)]
pub struct Credentials {
    person: Person,
    kind: Kind,
    /// `name:password`, or the token.
    secret: Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Basic,
    Bearer,
}

impl Credentials {
    /// A name and a password, which browsers ask for (RFC 7617).
    ///
    /// # Errors
    /// A name that is empty or has a colon or a control character, a password of fewer than
    /// [`SECRET_BYTES_MIN`](super::SECRET_BYTES_MIN) bytes, and what is too long to compare.
    ///
    /// ```
    /// use sancho_web::{Credentials, Role};
    ///
    /// assert!(Credentials::basic("ann", "correct horse battery", Role::Operator).is_ok());
    /// assert!(Credentials::basic("ann", "admin", Role::Operator).is_err());
    /// ```
    pub fn basic(name: &str, password: &str, role: Role) -> Result<Self, Invalid> {
        if name.is_empty() || name.contains(':') || name.chars().any(char::is_control) {
            return Err(Invalid::new(format!("the name {name:?} cannot be presented: take one without colons")));
        }
        Secret::new("password", password)?;
        let secret = Secret::new("name and password", &format!("{name}:{password}"))?;
        Ok(Credentials { person: Person::new(name, role), kind: Kind::Basic, secret })
    }

    /// A token that programs send (RFC 6750); the name is what audit lines call who has it.
    ///
    /// # Errors
    /// A token that a header cannot carry, or of fewer than [`SECRET_BYTES_MIN`](super::SECRET_BYTES_MIN) bytes.
    pub fn bearer(name: &str, token: &str, role: Role) -> Result<Self, Invalid> {
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::new("the token cannot stand in a header: take ASCII letters, digits and signs"));
        }
        let secret = Secret::new("token", token)?;
        Ok(Credentials { person: Person::new(name, role), kind: Kind::Bearer, secret })
    }

    /// Credentials from one line: `operator basic NAME PASSWORD` or `viewer bearer NAME TOKEN`, as a file has them.
    ///
    /// # Errors
    /// A line of another form; the message does not repeat it, since it has a secret.
    pub fn from_line(line: &str) -> Result<Self, Invalid> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [role, kind, name, secret] = words[..] else {
            return Err(Invalid::new(format!(
                "a line of credentials has four words, and this one {}: write `operator basic NAME PASSWORD` or `viewer bearer NAME TOKEN`",
                words.len()
            )));
        };
        let Some(role) = Role::named(role) else {
            return Err(Invalid::new("the first word of a line of credentials is a role: viewer or operator"));
        };
        match kind {
            "basic" => Credentials::basic(name, secret, role),
            "bearer" => Credentials::bearer(name, secret, role),
            _ => Err(Invalid::new("the second word of a line of credentials is its kind: basic or bearer")),
        }
    }
}

/// What came of looking at what was presented.
pub(super) enum Presented<'a> {
    /// They are this person's.
    Known(&'a Person),
    /// They are nobody's.
    Unknown,
    /// None, or of a kind that nobody has.
    Nothing,
}

/// Whose credentials a request has. All are compared, so that the time does not tell which came close.
pub(super) fn look<'a>(all: &'a [Credentials], headers: &HeaderMap) -> Presented<'a> {
    let Some((kind, secret)) = presented(headers) else { return Presented::Nothing };
    let mut found = None;
    for credentials in all {
        let is: Choice = Choice::from(u8::from(credentials.kind == kind)) & credentials.secret.is(&secret);
        if is.into() {
            found = Some(&credentials.person);
        }
    }
    found.map_or(Presented::Unknown, Presented::Known)
}

/// Whether a request presents anything that could be somebody's.
pub(super) fn presents(headers: &HeaderMap) -> bool {
    presented(headers).is_some()
}

fn presented(headers: &HeaderMap) -> Option<(Kind, Secret)> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    // Two of them: a proxy and we could each believe another.
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        // What cannot be decoded is wrong, not absent.
        Some((Kind::Basic, Secret::padded(&BASE64.decode(rest).unwrap_or_default())))
    } else if scheme.eq_ignore_ascii_case("bearer") {
        Some((Kind::Bearer, Secret::padded(rest.as_bytes())))
    } else {
        None
    }
}

/// What those are asked for who present nothing that is known: one challenge a kind.
pub(super) fn challenges(all: &[Credentials]) -> impl Iterator<Item = HeaderValue> {
    let kinds = [(Kind::Basic, "Basic realm=\"Sancho\", charset=\"UTF-8\""), (Kind::Bearer, "Bearer realm=\"Sancho\"")];
    kinds
        .into_iter()
        .filter(|(kind, _)| all.iter().any(|credentials| credentials.kind == *kind))
        .map(|(_, challenge)| HeaderValue::from_static(challenge))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Credentials> {
        vec![
            Credentials::basic("ann", "correct horse", Role::Operator).expect("credentials"),
            Credentials::basic("bùi", "đúng là con ngựa", Role::Viewer).expect("credentials"),
            Credentials::from_line("viewer bearer grafana 0123456789abcdef").expect("credentials"),
        ]
    }

    fn who(authorization: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(authorization).expect("a value"));
        match look(&all(), &headers) {
            Presented::Known(person) => Some(person.name.clone()),
            Presented::Unknown => Some("?".to_owned()),
            Presented::Nothing => None,
        }
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64.encode(pair))
    }

    #[test]
    fn each_is_known_by_their_own_secret() {
        assert_eq!(who(&basic("ann:correct horse")).as_deref(), Some("ann"));
        assert_eq!(who(&basic("bùi:đúng là con ngựa")).as_deref(), Some("bùi"));
        assert_eq!(who("bearer 0123456789abcdef").as_deref(), Some("grafana"));
        assert_eq!(who(basic("ann:correct horse").trim_end_matches('=')).as_deref(), Some("ann"));
    }

    #[test]
    fn nothing_else_is_known() {
        let wrong = [
            basic("ann:correct horsf"),
            basic("bùi:correct horse"),
            basic("ann"),
            basic(""),
            "Basic !!!".to_owned(),
            // The secret of one kind, presented as the other.
            "Bearer ann:correct-horse".to_owned(),
            basic("0123456789abcdef"),
        ];
        for authorization in wrong {
            assert_eq!(who(&authorization).as_deref(), Some("?"), "{authorization}");
        }
        assert_eq!(who("Digest x"), None);
        assert_eq!(who("Basic"), None);
    }

    #[test]
    fn two_headers_are_none() {
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(&basic("ann:correct horse")).expect("a value"));
        }
        assert!(matches!(look(&all(), &headers), Presented::Nothing));
    }

    #[test]
    fn lines_that_are_none_are_refused_without_their_secret() {
        for line in [
            "",
            "operator basic ann",
            "admin basic ann s3cr3t-s3cr3t",
            "viewer digest ann s3cr3t-s3cr3t",
            "viewer bearer ann s3cr3t-ö-s3cr3t",
        ] {
            let refusal = Credentials::from_line(line).expect_err(line).to_string();
            assert!(!refusal.contains("s3cr3t"), "{refusal}");
        }
        assert!(Credentials::basic("a:b", "correct horse", Role::Viewer).is_err());
        assert!(!format!("{:?}", all()).contains("horse"));
    }
}
