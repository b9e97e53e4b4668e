//! What can be paused: its name and its words, and which queues there are once pauses count.

use std::fmt;
use std::time::Duration;

use super::{Paused, QueueRow};
use crate::{Invalid, QueueName, limits};

/// What can be paused.
///
/// It is written as `queue NAME` or `class NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Pausable {
    /// A queue.
    Queue(QueueName),
    /// Every job of a class; its jobs are held as they are claimed.
    Class(String),
}

impl Pausable {
    /// The queue of this name.
    ///
    /// # Errors
    /// A name that no queue can have.
    pub fn queue(name: impl AsRef<str>) -> Result<Self, Invalid> {
        QueueName::new(name).map(Pausable::Queue)
    }

    /// The class of this name.
    ///
    /// # Errors
    /// A name that is empty, or has more than [`limits::CLASS_BYTES_MAX`] bytes.
    ///
    /// ```
    /// use sancho_core::Pausable;
    ///
    /// let class = Pausable::class("Mailer").unwrap();
    /// assert_eq!((class.to_string().as_str(), class.name()), ("class Mailer", "Mailer"));
    /// assert!(Pausable::class("").is_err());
    /// ```
    pub fn class(name: impl Into<String>) -> Result<Self, Invalid> {
        let name = name.into();
        if name.is_empty() || name.len() > limits::CLASS_BYTES_MAX {
            let (most, bytes) = (limits::CLASS_BYTES_MAX, name.len());
            return Err(Invalid::new(format!("a class has 1 to {most} bytes, this one has {bytes}")));
        }
        Ok(Pausable::Class(name))
    }

    /// The name of the queue or of the class, which may come from a payload.
    pub fn name(&self) -> &str {
        match self {
            Pausable::Queue(queue) => queue.as_str(),
            Pausable::Class(class) => class,
        }
    }

    /// The queue, where it is one.
    pub fn as_queue(&self) -> Option<&QueueName> {
        if let Pausable::Queue(queue) = self { Some(queue) } else { None }
    }

    /// The class, where it is one.
    pub fn as_class(&self) -> Option<&str> {
        if let Pausable::Class(class) = self { Some(class) } else { None }
    }
}

impl fmt::Display for Pausable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Pausable::Queue(_) => "queue",
            Pausable::Class(_) => "class",
        };
        write!(f, "{kind} {}", self.name())
    }
}

/// Every queue that there is, by its jobs or by its pause, sorted by name: what [`Inspect::queues`](super::Inspect::queues)
/// answers, and beside it the queues of [`Inspect::paused`](super::Inspect::paused) to which nothing was pushed yet.
pub fn with_paused(mut rows: Vec<QueueRow>, paused: &[Pausable]) -> Vec<QueueRow> {
    let had = rows.len();
    for name in paused.iter().filter_map(Pausable::as_queue) {
        if rows[..had].binary_search_by(|row| row.name.cmp(name)).is_err() {
            rows.push(QueueRow { name: name.clone(), size: 0, latency: Duration::ZERO, paused: Paused::Yes });
        }
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_that_are_paused_before_their_first_job_stand_among_the_others() {
        let row = |name: &str, size| QueueRow {
            name: QueueName::new(name).expect("a name"),
            size,
            latency: Duration::ZERO,
            paused: Paused::Yes,
        };
        let paused = ["a", "b", "d"].map(|name| Pausable::queue(name).expect("a name"));
        let paused: Vec<Pausable> = paused.into_iter().chain([Pausable::class("C").expect("a class")]).collect();
        let rows = with_paused(vec![row("b", 7), row("c", 1)], &paused);
        assert_eq!(rows, [row("a", 0), row("b", 7), row("c", 1), row("d", 0)]);
    }

    #[test]
    fn names_have_bounds() {
        let longest = "a".repeat(limits::CLASS_BYTES_MAX);
        assert!(Pausable::class(longest.as_str()).is_ok() && Pausable::class(format!("{longest}a")).is_err());
        assert!(Pausable::queue("").is_err());
        assert_eq!(Pausable::queue("low").expect("a name").to_string(), "queue low");
    }
}
