//! A push of the one job that the command line describes.

use sancho::Client;
use sancho_core::{Draft, Jid, Pushed, State, Timestamp};
use serde::Serialize;

use super::{Push, check_draft};
use crate::exit::{self, Exit};
use crate::output::Output;

/// What became of the push, for JSON output.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// The job that there is now: the one pushed, or the one that holds the key.
    jid: &'a str,
    /// `added`, or `kept` when the key is taken and nothing was added.
    answer: &'static str,
    class: &'a str,
    queue: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// Where the job is.
    state: &'static str,
    /// Seconds since the epoch, of a job that waits for its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<f64>,
}

/// Says what is wrong with the job before any store is opened.
pub(super) fn check(push: &Push) -> Result<(), Exit> {
    let jid = Jid::new("0").expect("a digit is an id");
    let draft = described(push, Draft::new(jid, class(push), args(push)), Timestamp::EPOCH);
    check_draft(draft, Timestamp::EPOCH).map_err(Exit::usage)
}

pub(super) async fn run(client: &Client, push: Push, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let draft = described(&push, client.draft(class(&push), args(&push)), now);
    let (queue, at) = (draft.queue.clone(), draft.at.filter(|at| *at > now));
    let pushed = client.push_drafts(vec![draft]).await?;
    let pushed = pushed.first().ok_or_else(|| Exit::failed("failed to push: the client stopped the job"))?;
    let key = push.key.as_ref().map(|key| key.as_str());
    let (jid, answer, state, at) = match &pushed.answer {
        Pushed::Kept { holder, state } | Pushed::Refused { holder, state } => (holder, "kept", *state, None),
        _ if at.is_some() => (&pushed.jid, "added", State::Scheduled, at),
        _ => (&pushed.jid, "added", State::Enqueued, None),
    };
    if answer == "kept" {
        let key = key.unwrap_or_default();
        exit::note(&format!("nothing was pushed: the key {key:?} is taken by job {jid}, which is {state}"));
    }
    let answer = Answer {
        jid: jid.as_str(),
        answer,
        class: class(&push),
        queue: queue.as_str(),
        key,
        state: state.as_str(),
        at: at.map(Timestamp::as_unix_secs_f64),
    };
    output.either(&answer, || jid.to_string())
}

fn class(push: &Push) -> &str {
    push.class.as_deref().unwrap_or_default()
}

fn args(push: &Push) -> &str {
    push.args.as_deref().unwrap_or("[]")
}

/// The draft with what the command line says of it.
fn described(push: &Push, mut draft: Draft, now: Timestamp) -> Draft {
    if let Some(queue) = &push.queue {
        draft.queue = queue.clone();
    }
    if let Some(retry) = push.retry {
        draft.retry = retry;
    }
    draft.at = push.time.from(now);
    draft.key = push.key.clone();
    draft.tags = push.tags.clone();
    draft
}
