//! The web pages of Sancho: what people look at, and with which they steer jobs.
//!
//! One [`axum::Router`] that nests in any application, by one line. A client of the crate `sancho` is all that it takes:
//!
//! ```
//! use sancho_core::Pusher;
//! use sancho_web::axum::Router;
//!
//! // Of `Pusher`, `sancho::Client` is the one that applications have.
//! fn with_pages(app: Router, client: impl Pusher) -> Router {
//!     app.nest_service("/jobs", sancho_web::router(sancho_web::Web::of(client)))
//! }
//! ```
//!
//! `/jobs` and `/jobs/` both answer then; by axum's `nest` the second would be nobody's.
//!
//! Unless told otherwise they are for this machine alone: [`Web::access`] says who else comes in, and who of them may
//! act.
//!
//! Every link is relative, so the pages work wherever they are mounted. They work without JavaScript; with it they
//! are live.

#![forbid(unsafe_code)]

mod act;
mod api;
mod assets;
mod chart;
mod code;
mod extend;
mod failure;
mod fields;
mod figure;
mod find;
mod foreign;
mod frame;
mod i18n;
mod live;
mod pace;
mod pages;
mod payload;
mod plot;
mod queues;
mod routes;
mod safety;
mod shared;
mod site;
mod text;
mod when;

pub use axum;

pub use api::OPENAPI;
pub use code::Code;
pub use extend::{Escaped, Fragment, Panel, Tab, Title, View, escaped};
pub use i18n::Language;
pub use live::Hub;
pub use routes::router;
pub use safety::{
    Access, Admission, Credentials, Doorkeeper, Person, Redaction, Refusal, Role, SECRET_BYTES_MIN, check_bind,
};
pub use sancho_core::redact::REDACTED;
pub use site::Web;
