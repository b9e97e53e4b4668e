//! Pushes of the JSON API, through the command's client: in canonical form, as every push of Sancho.

use std::collections::HashMap;

use sancho::{Client, PushError};
use sancho_core::{BoxFuture, Draft, Invalid, Jid, Pushed};
use sancho_web::{PushFailure, Pusher};

/// A client that programs push through.
#[derive(Debug)]
pub(super) struct ClientPusher(pub(super) Client);

impl Pusher for ClientPusher {
    fn next_jid(&self) -> Jid {
        self.0.draft("", "[]").jid
    }

    fn push(&self, drafts: Vec<Draft>) -> BoxFuture<'_, Result<Vec<Option<Pushed>>, PushFailure>> {
        Box::pin(async move {
            let jids: Vec<Jid> = drafts.iter().map(|draft| draft.jid.clone()).collect();
            let pushed = self.0.push_drafts(drafts).await.map_err(failure)?;
            // Those that a middleware stopped are left out.
            let mut answers: HashMap<Jid, Pushed> = pushed.into_iter().map(|job| (job.jid, job.answer)).collect();
            Ok(jids.iter().map(|jid| answers.remove(jid)).collect())
        })
    }
}

fn failure(error: PushError) -> PushFailure {
    match error {
        PushError::Store(error) => PushFailure::Store(error),
        PushError::Invalid(invalid) => PushFailure::Invalid(invalid),
        other => PushFailure::Invalid(Invalid::new(other.to_string())),
    }
}
