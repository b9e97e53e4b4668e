//! Who looks at a tab or a panel, and from where.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sancho_core::{Jid, Timestamp};

use crate::frame::Frame;
use crate::i18n::Language;
use crate::safety::{Person, audit};
use crate::text::segment;

/// What handlers of a tab and panels know of the request: who looks, in which language, and how links are written.
///
/// Handlers take it as an argument. Outside of a tab there is none, and they answer 500.
#[derive(Clone, Debug)]
pub struct View(Frame);

impl View {
    pub(crate) fn new(frame: Frame) -> Self {
        View(frame)
    }

    /// Who looks. Buttons are shown to those who [may act](Person::may_act); the gate refuses a POST of others.
    pub fn person(&self) -> &Person {
        &self.0.person
    }

    /// The language of the page.
    pub fn language(&self) -> Language {
        self.0.language
    }

    /// When the page was asked for.
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// The address of a page, as this page links to it: relative, with the language that the person chose. `path`
    /// stands from the root of the pages, such as `busy` or `x/orders/7?all=yes`; its parts are encoded already. It
    /// has to be [escaped](crate::escaped) in HTML like any text.
    pub fn to(&self, path: &str) -> String {
        self.0.to(path)
    }

    /// The address of a job's page.
    pub fn to_job(&self, jid: &Jid) -> String {
        self.0.to(&format!("jobs/{}", segment(jid.as_str())))
    }

    /// The address of a queue's page.
    pub fn to_queue(&self, name: &str) -> String {
        self.0.to_queue(name)
    }

    /// A time as the pages show it, as HTML: in words, with the exact one beside it, which scripts show in the
    /// person's zone.
    pub fn time(&self, at: Timestamp) -> String {
        self.0.at(at).to_string()
    }

    /// Leaves a line of the audit, under the target `sancho::audit`: who did what, to what, and to how many. A request
    /// that may change something and tells nothing leaves one with its method and address.
    pub fn audit(&self, act: &str, what: &str, many: usize) {
        audit(&self.0.person, act, what, many);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for View {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let view = parts.extensions.get::<View>().cloned();
        view.ok_or((StatusCode::INTERNAL_SERVER_ERROR, "this handler is for a tab of the pages"))
    }
}
