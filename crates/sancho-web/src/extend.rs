//! What an application adds to the pages: tabs with pages of its own, and panels on ours.
//!
//! A tab is an [`axum::Router`] under `/x/SEGMENT`. What its handlers answer with goes out as it is, but a [`Fragment`]
//! gets the layout around it, with its navigation, language and style. A panel is an async function that gives a
//! fragment for the dashboard, or for a job's page.
//!
//! All of them stand behind the same gate as our own pages: cross-site requests are refused, a viewer changes nothing,
//! and what may change something leaves a line of the audit. Every answer has the same headers, so that no inline
//! script or style is run. What stands in a fragment is HTML as the application wrote it: see [`Fragment::html`].

mod fragment;
mod panel;
mod tab;
mod title;
mod view;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use sancho_core::Invalid;

use crate::Web;
use crate::frame::Frame;
use crate::site::Site;

pub use fragment::{Escaped, Fragment, escaped};
pub use panel::Panel;
pub(crate) use panel::{Drawn, Place, drawn};
pub use tab::Tab;
pub use title::Title;
pub use view::View;

/// Tabs that an application adds at most: the navigation is a line.
const TABS_MAX: usize = 16;

/// Panels that an application adds at most: each is drawn for each page.
const PANELS_MAX: usize = 32;

/// What an application has added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    pub(crate) tabs: Vec<Tab>,
    pub(crate) panels: Vec<Panel>,
}

impl Web {
    /// Adds a tab, behind those that are there, with its pages under `/x/SEGMENT`.
    ///
    /// ```
    /// use axum::routing::get;
    /// use sancho_web::axum::{self, Router};
    /// use sancho_web::{Fragment, Language, Tab, Title, View, Web, escaped};
    ///
    /// async fn orders(view: View) -> Fragment {
    ///     Fragment::html(format!("<h1>Orders</h1><p>Good morning, {}</p>", escaped(&view.person().name)))
    /// }
    ///
    /// fn extended(web: Web) -> Result<Web, sancho_core::Invalid> {
    ///     let title = Title::new("Orders").in_language(Language::Vietnamese, "Đơn hàng");
    ///     web.tab(Tab::new("orders", title, Router::new().route("/", get(orders))))
    /// }
    /// # let _ = extended;
    /// ```
    ///
    /// # Errors
    /// A segment that is taken, or is no plain part of an address: lower-case letters, digits and dashes. More than
    /// sixteen tabs.
    pub fn tab(mut self, tab: Tab) -> Result<Self, Invalid> {
        tab.check()?;
        if self.added.tabs.iter().any(|there| there.segment() == tab.segment()) {
            return Err(Invalid::new(format!("there is a tab at {:?} already: choose another segment", tab.segment())));
        }
        if self.added.tabs.len() == TABS_MAX {
            return Err(Invalid::new(format!("there are {TABS_MAX} tabs already: give some of them one router")));
        }
        self.added.tabs.push(tab);
        Ok(self)
    }

    /// Adds a panel, behind those that are there.
    ///
    /// ```
    /// use sancho_web::{Fragment, Panel, View, Web, escaped};
    ///
    /// fn extended(web: Web) -> Result<Web, sancho_core::Invalid> {
    ///     let stock = Panel::on_dashboard("Stock", |_: View| async { Fragment::text("All shelves are full") });
    ///     let order = Panel::on_job("Order", |_: View, job: sancho_core::JobRow| async move {
    ///         let envelope = job.payload.envelope().ok()?;
    ///         let class = envelope.display_class();
    ///         (class == "ChargeCard").then(|| Fragment::html(format!("<p>{}</p>", escaped(&class))))
    ///     });
    ///     web.panel(stock)?.panel(order)
    /// }
    /// # let _ = extended;
    /// ```
    ///
    /// # Errors
    /// More than thirty-two panels.
    pub fn panel(mut self, panel: Panel) -> Result<Self, Invalid> {
        if self.added.panels.len() == PANELS_MAX {
            return Err(Invalid::new(format!("there are {PANELS_MAX} panels already: let one show more")));
        }
        self.added.panels.push(panel);
        Ok(self)
    }
}

/// The routes of the tabs that were added.
pub(crate) fn routes(site: &Site) -> Router<Site> {
    let mut routes = Router::new();
    for tab in &site.added.tabs {
        routes = routes.nest(&format!("/{}", tab.address()), tab.router());
    }
    routes.layer(from_fn_with_state(site.clone(), framed))
}

/// Tells a handler of a tab who looks, and puts the layout around the fragment that it answers with.
async fn framed(State(_): State<Site>, frame: Frame, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(View::new(frame.clone()));
    let mut answer = next.run(request).await;
    match answer.extensions_mut().remove::<Fragment>() {
        Some(fragment) => fragment.framed(frame, answer),
        None => answer,
    }
}
