//! Who did what, to how many: one line an action, under the target `sancho::audit`.

use axum::http::StatusCode;

use super::inert::excerpt;
use super::person::Person;

/// Characters of who did it and what it was for, in one line: a filter may be as long as an address.
const CHARS_MAX: usize = 500;

/// Leaves the line of an action: who did what, to what, and to how many. To be called as soon as it is done, and not
/// when the answer is written, which may be never.
pub(crate) fn audit(person: &Person, act: &str, what: &str, many: usize) {
    person.told.mark();
    tracing::info!(
        target: "sancho::audit",
        person = %excerpt(&person.name, CHARS_MAX),
        role = person.role.name(),
        act = %excerpt(act, CHARS_MAX),
        what = %excerpt(what, CHARS_MAX),
        many = many as u64,
        "action"
    );
}

/// A request that may change something. When it is over, and no action was told of, it is told here with its status:
/// also when whoever made it has gone away before.
pub(super) struct Attempt {
    person: Person,
    act: String,
    status: Option<StatusCode>,
}

impl Attempt {
    pub(super) fn new(person: Person, act: String) -> Self {
        Attempt { person, act, status: None }
    }

    pub(super) fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.person.told.is_marked() {
            return;
        }
        tracing::info!(
            target: "sancho::audit",
            person = %excerpt(&self.person.name, CHARS_MAX),
            role = self.person.role.name(),
            act = %excerpt(&self.act, CHARS_MAX),
            status = self.status.map(|status| status.as_u16()),
            "request"
        );
    }
}
