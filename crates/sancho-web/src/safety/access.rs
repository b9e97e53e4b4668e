//! Who is let in.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use axum::response::Response;
use sancho_core::{BoxFuture, Invalid};

use super::credentials::{self, Credentials, Presented};
use super::forwarded;
use super::person::{Person, Role};
use super::refusal::Refusal;
use super::throttle::Throttle;

/// Who is let in: this machine alone, unless told otherwise.
#[derive(Clone, Debug, Default)]
pub struct Access(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    ThisMachine,
    Credentials(Arc<Known>),
    Doorkeeper(Arc<dyn Doorkeeper>),
}

/// Whose credentials are known, and who tries others.
#[derive(Debug)]
struct Known {
    all: Vec<Credentials>,
    throttle: Throttle,
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

    /// Those who present one of these. An address that presents wrong ones again and again has to wait, at first half a
    /// minute and then longer, and is answered with 429 meanwhile; so are all addresses that have not come in lately,
    /// when too many wrong ones come from all together.
    ///
    /// Addresses are those of connections, which the server tells by
    /// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info), or what a proxy of
    /// [`Web::trust_proxy`](crate::Web::trust_proxy) says.
    ///
    /// # Errors
    /// No credentials at all: nobody could come in.
    pub fn credentials(credentials: impl IntoIterator<Item = Credentials>) -> Result<Self, Invalid> {
        let all: Vec<Credentials> = credentials.into_iter().collect();
        if all.is_empty() {
            return Err(Invalid::new("there are no credentials, so that nobody could come in: give at least one"));
        }
        Ok(Access(Kind::Credentials(Arc::new(Known { all, throttle: Throttle::default() }))))
    }

    /// Those whom the application lets in.
    pub fn doorkeeper(doorkeeper: impl Doorkeeper) -> Self {
        Access(Kind::Doorkeeper(Arc::new(doorkeeper)))
    }

    /// Whether it asks who comes.
    pub(super) fn asks(&self) -> bool {
        !matches!(self.0, Kind::ThisMachine)
    }

    /// Who makes a request from an address, as far as it is known, at this uptime.
    pub(super) async fn admit(&self, request: &Parts, address: Option<IpAddr>, now: Duration) -> Admission {
        match &self.0 {
            Kind::ThisMachine => match forwarded::from_elsewhere(request) {
                None => Admission::Granted(Person::new("this machine", Role::Operator)),
                Some(why) => Admission::refused(Refusal::not_this_machine(why)),
            },
            Kind::Credentials(known) => known.admit(request, address, now),
            Kind::Doorkeeper(doorkeeper) => doorkeeper.admit(request).await,
        }
    }
}

impl Known {
    fn admit(&self, request: &Parts, address: Option<IpAddr>, now: Duration) -> Admission {
        let unknown = || Admission::refused(Refusal::unknown(credentials::challenges(&self.all)));
        match self.throttle.look(address, now, || credentials::look(&self.all, &request.headers)) {
            Ok(Presented::Known(person)) => Admission::Granted(person.clone()),
            Ok(Presented::Unknown) => {
                // What was presented is not told: it may be a password in the wrong place.
                let address = address.map(tracing::field::display);
                tracing::warn!(target: "sancho::audit", address, "credentials refused");
                unknown()
            }
            Ok(Presented::Nothing) => unknown(),
            // Not told of: the tries that led here were, and whoever goes on must not fill the log.
            Err(wait) => match credentials::presents(&request.headers) {
                true => Admission::refused(Refusal::too_many_tries(wait)),
                false => unknown(),
            },
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
