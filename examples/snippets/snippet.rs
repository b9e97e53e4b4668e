//! A snippet, as the database keeps it.

use jiff::Timestamp;

use crate::language::Language;

/// A snippet that is about to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewSnippet {
    /// What the code is written in.
    pub(crate) language: Language,
    /// The code, its lines ended by `\n`.
    pub(crate) code: String,
    /// When it is to be published, if that is planned.
    pub(crate) publish_at: Option<Timestamp>,
}

/// A saved snippet.
#[derive(Clone, Debug)]
pub(crate) struct Snippet {
    /// The number in its address.
    pub(crate) id: i64,
    /// What the code is written in.
    pub(crate) language: Language,
    /// The code as it was posted.
    pub(crate) code: String,
    /// The highlighted code, once the job has saved it. It is the service's own, escaped HTML.
    pub(crate) html: Option<String>,
    /// When it is to be published, if that is planned.
    pub(crate) publish_at: Option<Timestamp>,
    /// Whether it has been published.
    pub(crate) published: bool,
}

impl Snippet {
    /// Whether the highlighted code is there.
    pub(crate) fn highlighted(&self) -> bool {
        self.html.is_some()
    }

    /// The time of a publication that is still to come.
    pub(crate) fn planned_at(&self) -> Option<Timestamp> {
        self.publish_at.filter(|_| !self.published)
    }
}
