//! The web pages of Sancho: what people look at, and with which they steer jobs.
//!
//! One [`axum::Router`] that nests in any application. It knows the two traits of a store and nothing else of it:
//!
//! ```
//! use std::sync::Arc;
//!
//! use sancho_core::{Clock, Inspect, Store};
//!
//! fn pages(store: Arc<dyn Store>, inspect: Arc<dyn Inspect>, clock: Arc<dyn Clock>) -> axum::Router {
//!     let web = sancho_web::Web::new(store, inspect, clock);
//!     axum::Router::new().nest("/jobs", sancho_web::router(web))
//! }
//! ```
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
mod extend;
mod failure;
mod fields;
mod figure;
mod find;
mod frame;
mod i18n;
mod live;
mod pace;
mod pages;
mod payload;
mod plot;
mod routes;
mod safety;
mod shared;
mod site;
mod text;
mod when;

pub use axum;

pub use api::{OPENAPI, PROBLEM_CODES, PushFailure, Pusher};
pub use extend::{Escaped, Fragment, Panel, Tab, Title, View, escaped};
pub use i18n::Language;
pub use live::Hub;
pub use routes::router;
pub use safety::{
    Access, Admission, Credentials, Doorkeeper, Person, REDACTED, Redaction, Refusal, Role, SECRET_BYTES_MIN,
    check_bind,
};
pub use site::Web;
