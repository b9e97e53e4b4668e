//! Who is let in.

use std::fmt;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::response::Response;
use sancho_core::{BoxFuture, Invalid};

use super::credentials::{self, Credentials, Presented};
use super::forwarded;
use super::person::{Person, Role};
use super::refusal::Refusal;

/// Who is let in: this machine alone, unless told otherwise.
#[derive(Clone, Debug, Default)]
pub struct Access(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    ThisMachine,
    Credentials(Arc<[Credentials]>),
    Doorkeeper(Arc<dyn Doorkeeper>),
}

impl Access {
    /// Whoever uses this machine, as an operator. A request counts as this machine's when it asks for it by a name
    /// that only this machine has (`localhost`, `127.0.0.1`, `[::1]`), so that no page elsewhere can have its own name
    /// lead here; and when no proxy says that it comes from elsewhere.
    ///
    /// A proxy on this machine that changes the `Host` and tells nothing of it cannot be known: give credentials
    /// before you put one in front.
    pub fn this_machine() -> Self {
        Access::default()
    }

    /// Those who present one of these.
    ///
    /// # Errors
    /// No credentials at all: nobody could come in.
    pub fn credentials(credentials: impl IntoIterator<Item = Credentials>) -> Result<Self, Invalid> {
        let all: Arc<[Credentials]> = credentials.into_iter().collect();
        if all.is_empty() {
            return Err(Invalid::new("there are no credentials, so that nobody could come in: give at least one"));
        }
        Ok(Access(Kind::Credentials(all)))
    }

    /// Those whom the application lets in.
    pub fn doorkeeper(doorkeeper: impl Doorkeeper) -> Self {
        Access(Kind::Doorkeeper(Arc::new(doorkeeper)))
    }

    /// Whether it asks who comes.
    pub(super) fn asks(&self) -> bool {
        !matches!(self.0, Kind::ThisMachine)
    }

    pub(super) async fn admit(&self, request: &Parts) -> Admission {
        match &self.0 {
            Kind::ThisMachine => match forwarded::from_elsewhere(request) {
                None => Admission::Granted(Person::new("this machine", Role::Operator)),
                Some(why) => Admission::refused(Refusal::not_this_machine(why)),
            },
            Kind::Credentials(all) => match credentials::look(all, &request.headers) {
                Presented::Known(person) => Admission::Granted(person.clone()),
                Presented::Unknown => {
                    // What was presented is not told: it may be a password in the wrong place.
                    tracing::warn!(target: "sancho::audit", "credentials refused");
                    Admission::refused(Refusal::unknown(credentials::challenges(all)))
                }
                Presented::Nothing => Admission::refused(Refusal::unknown(credentials::challenges(all))),
            },
            Kind::Doorkeeper(doorkeeper) => doorkeeper.admit(request).await,
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::ThisMachine => "this machine",
            Kind::Credentials(_) => "credentials",
            Kind::Doorkeeper(_) => "a doorkeeper",
        })
    }
}

/// What the application says of who makes a request.
///
/// It sees the request's head, with the extensions that the application's own layers left there, such as a user whom
/// a session named. A closure that answers at once is one too:
///
/// ```
/// use sancho_web::{Access, Admission, Person, Refusal, Role};
///
/// #[derive(Clone)]
/// struct User { name: String, is_staff: bool }
///
/// let access = Access::doorkeeper(|request: &sancho_web::axum::http::request::Parts| {
///     match request.extensions.get::<User>() {
///         Some(user) if user.is_staff => Admission::Granted(Person::new(user.name.as_str(), Role::Operator)),
///         Some(user) => Admission::Granted(Person::new(user.name.as_str(), Role::Viewer)),
///         None => Admission::refused(Refusal::forbidden("sign in first")),
///     }
/// });
/// # let _ = access;
/// ```
pub trait Doorkeeper: Send + Sync + 'static {
    /// Who it is, or what they get instead of the page.
    fn admit<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Admission>;
}

impl<F> Doorkeeper for F
where
    F: Fn(&Parts) -> Admission + Send + Sync + 'static,
{
    fn admit<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Admission> {
        let admission = self(request);
        Box::pin(std::future::ready(admission))
    }
}

/// Whether somebody is let in.
#[derive(Debug)]
pub enum Admission {
    /// This person is.
    Granted(Person),
    /// Nobody is: this is the answer, such as a redirect to where one signs in.
    Refused(Box<Response>),
}

impl Admission {
    /// Nobody is let in, for this reason or with this answer.
    pub fn refused(answer: impl axum::response::IntoResponse) -> Self {
        Admission::Refused(Box::new(answer.into_response()))
    }
}
