//! Who makes a request, and what they may do.

use axum::http::Method;

use super::inert::excerpt;

/// Characters of a name: it stands in one line of a log.
const NAME_CHARS_MAX: usize = 200;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Looks at everything that is shown.
    Viewer,
    /// Acts too.
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

/// Who makes a request. Handlers find it among the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    name: String,
    role: Role,
}

impl Person {
    /// Somebody with a name, which audit lines have, and a role. A long name is shortened, and what cannot be seen in
    /// it is written out.
    pub fn new(name: &str, role: Role) -> Self {
        Person { name: excerpt(name, NAME_CHARS_MAX).into_owned(), role }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether this person may act: pages show buttons to those who may.
    pub fn may_act(&self) -> bool {
        self.role == Role::Operator
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
    fn a_name_cannot_break_its_line() {
        let person = Person::new(&format!("eve\nadmin\u{202e}{}", "x".repeat(1_000)), Role::Viewer);
        assert!(person.name().starts_with("eve⟨U+000A⟩admin⟨U+202E⟩"), "{}", person.name());
        assert!(person.name().chars().count() < 300);
    }

    #[test]
    fn roles_are_found_by_their_names() {
        assert_eq!(Role::named("operator"), Some(Role::Operator));
        assert_eq!(Role::named("Operator"), None);
    }
}
