//! Queue names.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::error::Invalid;
use crate::limits;

/// The name of a queue, without any prefix of a store.
///
/// Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct QueueName(
    /// `None` is the default queue, and nothing else is: most jobs go there, and no count of references is to be fought
    /// for among all threads.
    Option<Arc<str>>,
);

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
        Ok(QueueName(Some(name.into())))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(Self::DEFAULT)
    }
}

/// As the text, for which a map of names may be asked.
impl Hash for QueueName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Ord for QueueName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for QueueName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl AsRef<str> for QueueName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl std::borrow::Borrow<str> for QueueName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    #[test]
    fn names_are_found_and_sorted_as_their_texts() {
        let names = ["default", "a", "z", "default2"].map(|name| QueueName::new(name).expect("a name"));
        assert_eq!(names[0], QueueName::default());
        let (sorted, hashed): (BTreeSet<_>, HashSet<_>) = (names.iter().collect(), names.iter().collect());
        assert_eq!(sorted.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["a", "default", "default2", "z"]);
        for name in ["default", "a", "z", "default2"] {
            assert!(names.iter().cloned().collect::<HashSet<_>>().contains(name), "{name}");
            assert!(names.iter().cloned().collect::<BTreeSet<_>>().contains(name), "{name}");
        }
        assert_eq!(hashed.len(), names.len());
    }
}
