//! Live numbers: one look a second at the store for everybody who watches, told as server-sent events.

mod hub;
mod listener;
mod look;
mod stream;

use axum::Router;
use axum::routing::get;

use crate::Web;
use crate::site::Site;

pub use hub::Hub;

/// The routes of what is live.
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/live", get(stream::show))
}

impl Web {
    /// What tells the open pages of new numbers. A server that stops [ends](Hub::end) it, and so need not wait for
    /// those who watch:
    ///
    /// ```no_run
    /// # async fn serve(web: sancho_web::Web, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// let hub = web.hub();
    /// let stopped = async move {
    ///     let _ = tokio::signal::ctrl_c().await;
    ///     hub.end();
    /// };
    /// sancho_web::axum::serve(listener, sancho_web::router(web)).with_graceful_shutdown(stopped).await
    /// # }
    /// ```
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }
}
