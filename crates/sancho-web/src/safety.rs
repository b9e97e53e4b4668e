//! Who may look and who may act: persons, roles, and what every answer carries.

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::site::Site;

/// What a person may do here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks at everything, and changes nothing.
    #[default]
    Viewer,
    /// Looks and acts.
    Operator,
}

/// Who asks, as the guard found out. It stands in the extensions of the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name, for the audit lines.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl Person {
    /// Whether they may change anything.
    pub fn may_act(&self) -> bool {
        self.role == Role::Operator
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // Until there is a guard, whoever reaches the pages is an operator.
        let found = parts.extensions.get::<Person>().cloned();
        Ok(found.unwrap_or(Person { name: "local".to_owned(), role: Role::Operator }))
    }
}

/// Lets through whom the site lets in, and refuses requests that another site's page has sent.
pub(crate) fn guard(router: Router<Site>, _site: &Site) -> Router<Site> {
    router
}

/// Gives every answer the headers of safety.
pub(crate) fn headed(router: Router<Site>, _site: &Site) -> Router<Site> {
    router
}

/// Leaves the audit line of an action: who did what, to what, and to how many.
pub(crate) fn audit(person: &Person, act: &str, what: &str, many: usize) {
    tracing::info!(target: "sancho::audit", person = person.name, act, what, many);
}
