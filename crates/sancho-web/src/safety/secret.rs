//! A secret, and comparing with it.

use std::fmt;

use sancho_core::Invalid;
use subtle::{Choice, ConstantTimeEq};

/// Bytes of a password or a token: fewer are guessed from afar.
pub const SECRET_BYTES_MIN: usize = 12;

/// Bytes of a password or a token: both are compared over this length, so that the time tells nothing of theirs.
const SECRET_BYTES_MAX: usize = 256;

/// What only its owner knows. It is never printed.
#[derive(Clone)]
pub(super) struct Secret {
    padded: Box<[u8; SECRET_BYTES_MAX]>,
    length: u64,
}

impl Secret {
    /// A password or a token, called `what` in errors.
    pub(super) fn new(what: &str, secret: &str) -> Result<Self, Invalid> {
        let length = secret.len();
        if length < SECRET_BYTES_MIN {
            return Err(Invalid::new(format!(
                "the {what} has {length} bytes, and fewer than {SECRET_BYTES_MIN} are guessed: make one with `openssl rand -base64 24`"
            )));
        }
        if length > SECRET_BYTES_MAX {
            return Err(Invalid::new(format!(
                "the {what} has {length} bytes: at most {SECRET_BYTES_MAX} are compared"
            )));
        }
        Ok(Secret::padded(secret.as_bytes()))
    }

    /// Whether somebody else's bytes are these: in the same time, whatever they are.
    pub(super) fn is(&self, presented: &Secret) -> Choice {
        self.padded.ct_eq(&*presented.padded) & self.length.ct_eq(&presented.length)
    }

    /// What somebody presents, of any length: what is too long differs by its length.
    pub(super) fn padded(bytes: &[u8]) -> Self {
        let mut padded = Box::new([0; SECRET_BYTES_MAX]);
        let kept = bytes.len().min(SECRET_BYTES_MAX);
        padded[..kept].copy_from_slice(&bytes[..kept]);
        Secret { padded, length: bytes.len() as u64 }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(secret: &str, presented: &[u8]) -> bool {
        Secret::new("password", secret).expect("a secret").is(&Secret::padded(presented)).into()
    }

    #[test]
    fn only_the_same_bytes_are_the_secret() {
        assert!(is("correct horse", b"correct horse"));
        for other in [b"".as_slice(), b"correct horsf", b"correct hors", b"correct horse\0", b"Correct horse"] {
            assert!(!is("correct horse", other), "{other:?}");
        }
        let longest = "x".repeat(SECRET_BYTES_MAX);
        assert!(is(&longest, longest.as_bytes()));
        assert!(!is(&longest, format!("{longest}x").as_bytes()), "what is cut off counts");
    }

    #[test]
    fn a_secret_has_bounds_and_is_not_printed() {
        let short = Secret::new("password", "short").expect_err("it is guessed").to_string();
        assert!(short.contains("openssl rand") && !short.contains("short\""), "{short}");
        assert!(Secret::new("token", &"x".repeat(SECRET_BYTES_MAX + 1)).is_err());
        assert_eq!(format!("{:?}", Secret::padded(b"hidden")), "(secret)");
    }
}
