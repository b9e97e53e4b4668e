//! Who did what, to how many: one line an action, under the target `sancho::audit`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::inert::excerpt;
use super::person::Person;

/// Characters of what an action was for: a filter may be as long as an address.
const ON_CHARS_MAX: usize = 500;

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed<'a> {
    /// The action: `delete`, `run_now`, `pause`, `push`, …
    pub what: &'a str,
    /// What it was for: a jid, a queue, a set with its filter.
    pub on: &'a str,
    /// How many jobs, queues or processes it was done to.
    pub done: usize,
    /// How many it was refused for.
    pub refused: usize,
}

/// Where handlers tell what was done. They find it among the extensions of each request.
///
/// A request that may change something, and whose handler tells nothing, still leaves a line, with its method, its path
/// and its status; also when whoever made it goes away before it is over.
#[derive(Clone, Debug)]
pub struct Audit {
    person: Person,
    told: Arc<AtomicBool>,
}

impl Audit {
    pub(super) fn new(person: Person) -> Self {
        Audit { person, told: Arc::default() }
    }

    /// Who makes the request.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Tells of what was done, at once: not when the answer is written, which may be never.
    pub fn tell(&self, deed: Deed<'_>) {
        self.told.store(true, Ordering::Relaxed);
        tracing::info!(
            target: "sancho::audit",
            who = self.person.name(),
            role = self.person.role().name(),
            what = %excerpt(deed.what, ON_CHARS_MAX),
            on = %excerpt(deed.on, ON_CHARS_MAX),
            done = deed.done as u64,
            refused = deed.refused as u64,
            "action"
        );
    }
}

/// A request that may change something: when it is over, and nothing was told of it, it is told here.
pub(super) struct Attempt {
    audit: Audit,
    what: String,
    status: Option<u16>,
}

impl Attempt {
    pub(super) fn new(audit: Audit, what: String) -> Self {
        Attempt { audit, what, status: None }
    }

    pub(super) fn answered(mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.audit.told.load(Ordering::Relaxed) {
            return;
        }
        tracing::info!(
            target: "sancho::audit",
            who = self.audit.person.name(),
            role = self.audit.person.role().name(),
            what = %excerpt(&self.what, ON_CHARS_MAX),
            status = self.status,
            "request"
        );
    }
}
