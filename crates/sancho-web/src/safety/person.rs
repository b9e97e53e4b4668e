//! Who makes a request, and what they may do.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Looks at everything that is shown, and changes nothing.
    #[default]
    Viewer,
    /// Looks and acts.
    Operator,
}

impl Role {
    /// The role with this name: `viewer` or `operator`.
    pub fn named(name: &str) -> Option<Role> {
        [Role::Viewer, Role::Operator].into_iter().find(|role| role.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
        }
    }

    /// Whether a request with this method is for this role: looking is for everyone.
    pub fn permits(self, method: &Method) -> bool {
        self == Role::Operator || looks_only(method)
    }
}

/// Whether a method changes nothing, by its definition.
pub(super) fn looks_only(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Who makes a request, as the gate found out. Handlers take it as an argument.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name, for the lines of the audit.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether what they do in this request was told of.
    pub(super) told: Told,
}

impl Person {
    /// Somebody with a name and a role.
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Person { name: name.into(), role, told: Told::default() }
    }

    /// Whether they may change anything: pages show buttons to those who may.
    pub fn may_act(&self) -> bool {
        self.role == Role::Operator
    }

    /// The same person in a request of which nothing was told yet.
    pub(super) fn of_a_request(self) -> Self {
        Person { told: Told::default(), ..self }
    }
}

impl PartialEq for Person {
    fn eq(&self, other: &Person) -> bool {
        (&self.name, self.role) == (&other.name, other.role)
    }
}

impl Eq for Person {}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Infallible;

    /// Where no gate stands in front, as with the page of a refusal, it is nobody, who may do nothing.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let found = parts.extensions.get::<Person>().cloned();
        Ok(found.unwrap_or_else(|| Person::new("nobody", Role::Viewer)))
    }
}

/// Whether a line of the audit tells of a request, known to all who hold its person.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<AtomicBool>);

impl Told {
    pub(super) fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_looks_and_an_operator_acts() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(Role::Viewer.permits(&method), "{method}");
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE, Method::CONNECT] {
            assert!(!Role::Viewer.permits(&method), "{method}");
            assert!(Role::Operator.permits(&method), "{method}");
        }
        let strange = Method::from_bytes(b"BREW").expect("a method");
        assert!(!Role::Viewer.permits(&strange), "what is not known may change something");
    }

    #[test]
    fn what_was_told_of_one_request_is_not_told_of_the_next() {
        let ann = Person::new("ann", Role::Operator);
        ann.clone().told.mark();
        assert!(ann.told.is_marked());
        assert!(!ann.clone().of_a_request().told.is_marked());
    }

    #[test]
    fn roles_are_found_by_their_names() {
        assert_eq!(Role::named("operator"), Some(Role::Operator));
        assert_eq!(Role::named("Operator"), None);
    }
}
