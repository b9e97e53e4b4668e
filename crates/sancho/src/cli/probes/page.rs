//! What each path answers.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;

use super::metrics;
use super::performed::Performed;
use super::readiness::{self, Reason};
use super::store::StoreView;
use crate::RunningServer;

/// An answer, before it is one of HTTP.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

impl Page {
    pub(super) fn text(status: StatusCode, body: impl Into<String>) -> Self {
        Page { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}

/// What the answers are made of.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) server: RunningServer,
    pub(super) performed: Arc<Performed>,
    pub(super) view: StoreView,
}

impl Pages {
    pub(super) async fn page(&self, path: &str) -> Page {
        match path {
            "/livez" => live(self.server.heart_late()),
            "/readyz" => ready(&readiness::reasons(&self.server.health())),
            "/metrics" => {
                let seen = self.view.look().await;
                let body = metrics::write(&self.server, &self.performed, &seen);
                Page { status: StatusCode::OK, content_type: "text/plain; version=0.0.4; charset=utf-8", body }
            }
            _ => Page::text(StatusCode::NOT_FOUND, "there is /livez, /readyz and /metrics\n"),
        }
    }
}

fn live(heart_late: Option<Duration>) -> Page {
    match heart_late {
        None => Page::text(StatusCode::OK, "ok\n"),
        Some(ago) => {
            let what = format!("the heart has not beaten for {} seconds\n", ago.as_secs());
            Page::text(StatusCode::SERVICE_UNAVAILABLE, what)
        }
    }
}

fn ready(reasons: &[Reason]) -> Page {
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = serde_json::json!({ "ready": reasons.is_empty(), "reasons": reasons }).to_string();
    body.push('\n');
    Page { status, content_type: "application/json", body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_reason_against_it_is_ready() {
        let page = ready(&[]);
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "{\"ready\":true,\"reasons\":[]}\n"));
    }

    #[test]
    fn a_process_whose_heart_is_late_is_to_be_started_again() {
        assert_eq!(live(None).status, StatusCode::OK);
        let page = live(Some(Duration::from_secs(31)));
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.body.contains("31 seconds"), "{}", page.body);
    }
}
