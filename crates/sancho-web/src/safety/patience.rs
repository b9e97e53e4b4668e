//! How long a request's body may take: whoever sends it byte by byte must not hold a place for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use futures_util::{StreamExt, stream};

/// How long a body may take, from its first byte to its last: enough for the largest one on a poor line.
pub(super) const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Whether a body took too long.
#[derive(Clone, Debug, Default)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    pub(super) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body, which fails when it takes longer than [`BODY_WITHIN`].
pub(super) fn bounded(body: Body) -> (Body, Late) {
    let late = Late::default();
    if body.is_end_stream() {
        return (body, late);
    }
    let (over, told) = (Box::pin(tokio::time::sleep(BODY_WITHIN)), late.clone());
    let parts = stream::unfold((body.into_data_stream(), over, told), async |(mut parts, mut over, told)| {
        tokio::select! {
            biased;
            part = parts.next() => Some((part?, (parts, over, told))),
            () = &mut over => {
                told.0.store(true, Ordering::Relaxed);
                Some((Err(axum::Error::new("the body took too long")), (parts, over, told)))
            }
        }
    });
    (Body::from_stream(parts), late)
}
