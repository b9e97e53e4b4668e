//! A caller's own name for a job.

use std::fmt;
use std::sync::Arc;

use crate::error::Invalid;
use crate::limits;

/// A caller's own name for a job, such as `product:42`.
///
/// A key is taken while its job is scheduled, retrying, enqueued, held or busy, and freed with the job, in
/// the same atomic step. A dead job takes no key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// Takes a key.
    ///
    /// # Errors
    /// An empty key, or one of more than [`limits::KEY_BYTES_MAX`] bytes.
    pub fn new(text: impl AsRef<str>) -> Result<Self, Invalid> {
        let text = text.as_ref();
        if text.is_empty() || text.len() > limits::KEY_BYTES_MAX {
            return Err(Invalid::new(format!(
                "a key has 1 to {} bytes, this one has {}: use a short name such as \"product:42\"",
                limits::KEY_BYTES_MAX,
                text.len()
            )));
        }
        Ok(Key(text.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What a push does when its key is taken. Open to no surprise: a new way has to break every store's build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnConflict {
    /// The job that holds the key stays; the push adds nothing and answers with its jid.
    #[default]
    Keep,
    /// The job that holds the key is removed, in the same step, if it has not started; a job that has
    /// started stays, and the push is refused.
    Replace,
    /// The push is refused, which the client reports as an error.
    Refuse,
}
