//! The client as those see it who know nothing of this crate, such as the pages.

use std::sync::Arc;

use sancho_core::{BoxFuture, Clock, Draft, Inspect, Invalid, PushFailure, Pushed, Pusher};

use super::{Client, PushError};

/// With the client's middleware, its settings of classes and its wire, as every push of it.
impl Pusher for Client {
    fn inspect(&self) -> &Arc<dyn Inspect> {
        Client::inspect(self)
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        Client::clock(self)
    }

    fn draft(&self, class: &str, args_json: &str) -> Draft {
        Client::draft(self, class, args_json)
    }

    fn push(&self, drafts: Vec<Draft>) -> BoxFuture<'_, Result<Vec<Option<Pushed>>, PushFailure>> {
        Box::pin(async move {
            let pushed = self.push_each(drafts).await?;
            Ok(pushed.into_iter().map(|job| job.map(|job| job.answer)).collect())
        })
    }
}

impl From<PushError> for PushFailure {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Store(error) => PushFailure::Store(error),
            PushError::Invalid(invalid) => PushFailure::Invalid(invalid),
            // Neither comes of drafts, whose arguments are text and whose keys are answered for; words do for both.
            other => PushFailure::Invalid(Invalid::new(other.to_string())),
        }
    }
}
