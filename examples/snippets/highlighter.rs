//! The highlighting service: a web service that the job calls, as it might call anybody's.
//!
//! `POST /highlight` takes a snippet and answers HTML, or 503 as often as `--flaky` asks for. `GET /seen` tells
//! which calls have come, so that a check can count them.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::grammar::Grammars;
use crate::language::Language;

/// How long an answer takes at least: a service across a network would take as long.
const LATENCY: Duration = Duration::from_millis(40);

/// A call of the service.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    /// The snippet's id.
    pub(crate) id: i64,
    /// The language's tag.
    pub(crate) language: String,
    /// The code.
    pub(crate) code: String,
}

/// What the service has seen since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Seen {
    /// Different snippets that were highlighted.
    pub(crate) distinct: usize,
    /// Calls answered, with HTML or with an error.
    pub(crate) calls: u64,
    /// Calls being worked on.
    pub(crate) in_hand: usize,
}

/// The service; clones share its record.
#[derive(Clone, Debug)]
pub(crate) struct Highlighter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    grammars: Grammars,
    flaky: f64,
    dice: RandomState,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    ids: HashSet<i64>,
    calls: u64,
    in_hand: usize,
}

impl Highlighter {
    /// A service that fails this share of its calls, from zero to one.
    pub(crate) fn new(flaky: f64) -> Self {
        let inner = Inner { grammars: Grammars::load(), flaky, dice: RandomState::new(), record: Mutex::default() };
        Highlighter(Arc::new(inner))
    }

    /// What it has seen since it started.
    pub(crate) fn seen(&self) -> Seen {
        let record = self.record();
        Seen { distinct: record.ids.len(), calls: record.calls, in_hand: record.in_hand }
    }

    /// Serves on the listener, until its task is dropped.
    pub(crate) async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let routes = Router::new()
            .route("/highlight", post(highlight))
            .route("/seen", get(|State(service): State<Highlighter>| async move { Json(service.seen()) }))
            .with_state(self);
        axum::serve(listener, routes).await
    }

    async fn answer(&self, call: Call) -> Result<String, StatusCode> {
        let _in_hand = InHand::start(self);
        tokio::time::sleep(LATENCY).await;
        let number = {
            let mut record = self.record();
            record.calls += 1;
            record.calls
        };
        if self.fails(number) {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let language = Language::find(&call.language).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
        let service = self.clone();
        let work = tokio::task::spawn_blocking(move || service.0.grammars.highlight(language, &call.code));
        let html = work.await.ok().and_then(Result::ok).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        self.record().ids.insert(call.id);
        Ok(html)
    }

    fn fails(&self, number: u64) -> bool {
        // 53 bits are what a float holds: the lot is from zero to one, and never one.
        let lot = (self.0.dice.hash_one(number) >> 11) as f64 / (1_u64 << 53) as f64;
        lot < self.0.flaky
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn highlight(State(service): State<Highlighter>, Json(call): Json<Call>) -> Result<String, StatusCode> {
    service.answer(call).await
}

/// Counts a call as in hand until it is answered, or until its caller has gone.
struct InHand<'a>(&'a Highlighter);

impl<'a> InHand<'a> {
    fn start(service: &'a Highlighter) -> Self {
        service.record().in_hand += 1;
        InHand(service)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.record().in_hand -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: i64) -> Call {
        Call { id, language: "rust".into(), code: "fn main() {}".into() }
    }

    #[tokio::test]
    async fn a_call_is_counted_once_for_each_answer_and_each_snippet() {
        let service = Highlighter::new(0.0);
        for id in [1, 1, 2] {
            service.answer(call(id)).await.unwrap();
        }
        assert_eq!(service.seen(), Seen { distinct: 2, calls: 3, in_hand: 0 });
    }

    #[tokio::test]
    async fn a_service_that_always_fails_highlights_nothing() {
        let service = Highlighter::new(1.0);
        assert_eq!(service.answer(call(1)).await, Err(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(service.seen(), Seen { distinct: 0, calls: 1, in_hand: 0 });
    }
}
