//! Who may look and who may act, what a page may show, and what every answer carries.
//!
//! A request passes the gate that [`guard`] puts before the pages, in this order:
//!
//! 1. What a page of another site asks for is refused, by Fetch Metadata and `Origin`. There are no sessions and no
//!    cookies, so there is nothing to steal and nothing to forge.
//! 2. [`Access`] says who it is: a [`Person`] with a [`Role`]. Unless told otherwise, only this machine is let in.
//! 3. A viewer looks; whatever may change something is for operators.
//! 4. What changed something leaves a line of the audit, whether its handler thinks of it or not.
//!
//! Every answer, refusals too, has the headers that forbid inline code, framing and caching. Of a payload, pages show
//! what [`Redaction`] leaves of it.

mod access;
mod audit;
mod bind;
mod credentials;
mod forwarded;
mod gate;
mod headers;
mod inert;
mod origin;
mod patience;
mod person;
mod proxies;
mod redaction;
mod refusal;
mod secret;
mod seen;
mod shielded;
mod throttle;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use sancho_core::Invalid;

use crate::Web;
use crate::site::Site;

pub use access::{Access, Admission, Doorkeeper};
pub(crate) use audit::audit;
pub use bind::check_bind;
pub use credentials::Credentials;
pub(crate) use inert::visible;
pub use person::{Person, Role};
pub use redaction::Redaction;
pub use refusal::Refusal;
pub use secret::SECRET_BYTES_MIN;
pub(crate) use seen::Seen;

use origin::TrustedOrigins;
use proxies::TrustedProxies;

/// The settings of all that keeps the pages safe.
#[derive(Clone, Debug, Default)]
pub(crate) struct Safety {
    access: Access,
    trusted: TrustedOrigins,
    proxies: TrustedProxies,
    redaction: Redaction,
}

impl Web {
    /// Lets these in, instead of this machine alone.
    ///
    /// ```
    /// use sancho_web::{Access, Credentials, Role, Web};
    ///
    /// fn opened(web: Web, password: &str) -> Result<Web, sancho_core::Invalid> {
    ///     let ann = Credentials::basic("ann", password, Role::Operator)?;
    ///     Ok(web.access(Access::credentials([ann])?))
    /// }
    /// # let _ = opened;
    /// ```
    pub fn access(mut self, access: Access) -> Self {
        self.safety.access = access;
        self
    }

    /// Pages of this origin may act too: the name under which people see these pages, where a proxy hides it from them.
    ///
    /// # Errors
    /// What is no origin: a scheme and a host, and nothing behind them.
    pub fn trust_origin(mut self, origin: &str) -> Result<Self, Invalid> {
        self.safety.trusted.add(origin)?;
        Ok(self)
    }

    /// Believes what a proxy at this address, or in this network such as `10.0.0.0/8`, says of for whom it asks, in the
    /// header `X-Forwarded-For`: whoever tries wrong credentials through it then waits alone. It lets nobody in.
    ///
    /// # Errors
    /// What is neither an address nor a network.
    pub fn trust_proxy(mut self, network: &str) -> Result<Self, Invalid> {
        self.safety.proxies.add(network)?;
        Ok(self)
    }

    /// Hides parts of jobs from all pages, and from all programs that ask here. What a payload hides of itself is
    /// hidden without it. Filters look at jobs as they are shown: what is hidden is as if it were not there, in lists, in
    /// counts and in actions over all that match.
    pub fn redact(mut self, redaction: Redaction) -> Self {
        self.safety.redaction = redaction;
        self
    }

    /// The same, of whose store nothing is seen that is hidden.
    pub(crate) fn shielded(mut self) -> Self {
        self.inspect = shielded::shielded(self.inspect, self.safety.redaction.clone());
        self
    }
}

/// Lets through whom the site lets in, and refuses requests that another site's page has sent. Handlers find who it is
/// among the extensions of the request, and take it as a [`Person`].
pub(crate) fn guard(router: Router<Site>, site: &Site) -> Router<Site> {
    router.layer(from_fn_with_state(site.clone(), gate::enter))
}

/// Gives every answer the headers of safety.
pub(crate) fn headed(router: Router<Site>) -> Router<Site> {
    router.layer(map_response(|mut response: Response| async move {
        headers::put_on(response.headers_mut());
        response
    }))
}
