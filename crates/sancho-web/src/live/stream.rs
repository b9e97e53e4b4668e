//! The hub over HTTP.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::listener::{Listener, Told};
use crate::site::Site;

/// How long a browser waits before it asks again, after a stream has ended.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// A stream of server-sent events: `look` has JSON, `away` says that the store does not answer. With as many listeners
/// as there may be it is refused with 503, and pages ask again later.
pub(super) async fn show(State(site): State<Site>) -> Response {
    let Ok(listener) = site.hub.listen() else {
        let later = [(header::RETRY_AFTER, HeaderValue::from_static("30"))];
        return (StatusCode::SERVICE_UNAVAILABLE, later, "too many listen already\n").into_response();
    };
    let events = stream::unfold((listener, First::Yes), next);
    let mut response = Sse::new(events).into_response();
    // nginx keeps answers back until they are whole, unless it is told not to.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

enum First {
    Yes,
    No,
}

async fn next((mut listener, first): (Listener, First)) -> Option<(Result<Event, Infallible>, (Listener, First))> {
    let event = match first {
        First::Yes => Event::default().comment("live").retry(ASK_AGAIN_AFTER),
        First::No => match listener.hear().await? {
            Told::Look(json) => Event::default().event("look").data(json),
            Told::Away => Event::default().event("away").data("{}"),
            Told::Heartbeat => Event::default().comment("still here"),
        },
    };
    Some((Ok(event), (listener, First::No)))
}
