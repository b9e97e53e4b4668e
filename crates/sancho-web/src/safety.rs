//! Who may look and act, and what a page may show: everything that keeps the pages safe on the internet.
//!
//! A request passes the gate that [`Safety::guard`] puts before a router, in this order:
//!
//! 1. A request that another site made is refused, by Fetch Metadata and `Origin`. There are no sessions and no
//!    cookies, so there is nothing to forge.
//! 2. [`Access`] says who it is: a [`Person`] with a [`Role`]. Unless told otherwise, only this machine is let in.
//! 3. A viewer looks; what changes something is for operators.
//! 4. Every action leaves an [audit](Audit) line, whether its handler thinks of it or not.
//!
//! Every answer, refusals too, has the headers that forbid inline code, framing and caching. What a page shows of a
//! payload goes through [`Redaction`], and its text through [`inert`] or [`pretty`](pretty()).

mod access;
mod audit;
mod bind;
mod credentials;
mod forwarded;
mod gate;
mod headers;
mod inert;
mod origin;
mod person;
mod pretty;
mod redaction;
mod refusal;
mod secret;

pub use access::{Access, Admission, Doorkeeper};
pub use audit::{Audit, Deed};
pub use bind::check_bind;
pub use credentials::Credentials;
pub use gate::Safety;
pub use headers::CONTENT_SECURITY_POLICY;
pub use inert::{excerpt, inert};
pub use person::{Person, Role};
pub use pretty::{Pretty, pretty};
pub use redaction::{REDACTED, Redaction};
pub use refusal::Refusal;
pub use secret::SECRET_BYTES_MIN;
