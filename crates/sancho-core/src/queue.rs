//! Queue names.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::error::Invalid;
use crate::limits;

/// The name of a queue, without any prefix of a store.
///
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueName(Arc<str>);

impl QueueName {
    /// The queue that is used when none is named: `default`.
    pub const DEFAULT: &'static str = "default";

    /// Takes a name.
    ///
    /// # Errors
    /// An empty name, one of more than [`limits::QUEUE_NAME_BYTES_MAX`] bytes, or one with a control character.
    ///
    /// ```
    /// use sancho_core::QueueName;
    /// assert!(QueueName::new("tenant:42").is_ok());
    /// assert_eq!(
    ///     QueueName::new("").unwrap_err().to_string(),
    ///     "the queue name is empty: name a queue, or leave it out to use \"default\""
    /// );
    /// ```
    pub fn new(name: impl AsRef<str>) -> Result<Self, Invalid> {
        let name = name.as_ref();
        if name == Self::DEFAULT {
            return Ok(QueueName::default());
        }
        if name.is_empty() {
            return Err(Invalid::new("the queue name is empty: name a queue, or leave it out to use \"default\""));
        }
        if name.len() > limits::QUEUE_NAME_BYTES_MAX {
            return Err(Invalid::new(format!(
                "the queue name has {} bytes: at most {} are allowed",
                name.len(),
                limits::QUEUE_NAME_BYTES_MAX
            )));
        }
        if name.chars().any(char::is_control) {
            return Err(Invalid::new(format!("the queue name {name:?} has a control character: leave it out")));
        }
        Ok(QueueName(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for QueueName {
    fn default() -> Self {
        // Most jobs go there: they share one name.
        static NAME: LazyLock<QueueName> = LazyLock::new(|| QueueName(QueueName::DEFAULT.into()));
        NAME.clone()
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for QueueName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for QueueName {
    fn borrow(&self) -> &str {
        &self.0
    }
}
