//! A client's program: it does what its plan says, one thing after another.

use std::sync::Arc;
use std::time::Duration;

use sancho::{ActError, Client, Draft, IntoDraft, PushError, Raw};
use sancho_core::inspect::{Filter, Selection, Set};
use sancho_core::{
    Action, Clock, ErrorKind, Jid, NewJob, OnConflict, Order, Pausable, Payload, Place, QueueName, StoreError,
};

use super::act::{Act, BriefAct};
use super::plan::{Deed, NewAct, What};
use super::site::Site;

/// The class that no server knows.
pub(super) const STRANGER: &str = "Stranger";

/// How often a client tries again what the store refused or lost; then it gives up, as people do.
const TRIES: u32 = 4;

/// How long it waits before it tries again.
const PAUSE: Duration = Duration::from_millis(800);

/// A client, and what it remembers.
pub(super) struct Pusher {
    pub(super) site: Arc<Site>,
    pub(super) client: Client,
    /// Jobs that the store has, as it was told, in the order that it learned of them.
    pub(super) acknowledged: Vec<Jid>,
}

impl Pusher {
    /// Does what is not done yet, from the deed at `from` on, and tells `done` after each.
    pub(super) async fn run(mut self, deeds: Vec<Deed>, from: usize, done: impl Fn(usize)) {
        for (index, deed) in deeds.into_iter().enumerate().skip(from) {
            let wait = deed.at_ms.saturating_sub(self.site.clock.true_ms());
            tokio::time::sleep(Duration::from_millis(wait)).await;
            if let Err(error) = self.act(&deed.what).await {
                self.site.tell(format_args!("gives up: {error}"));
            }
            done(index + 1);
        }
    }

    async fn act(&mut self, what: &What) -> Result<(), PushError> {
        match what {
            What::Push(act) => self.push(act).await,
            What::PushBulk(acts) => self.push_bulk(acts).await,
            What::PushStranger => {
                let draft = self.draft(Raw::new(STRANGER, [1]), None)?;
                self.push_drafts(vec![draft]).await
            }
            What::PushGarbage => self.push_garbage().await,
            What::PauseQueue { queue, for_ms } => self.pause(queue, *for_ms).await,
            _ => {
                self.act_on_jobs(what).await;
                Ok(())
            }
        }
    }

    async fn push(&mut self, act: &NewAct) -> Result<(), PushError> {
        for _ in 0..TRIES {
            let key = act.key.as_deref();
            let mut push = if act.brief {
                self.client.push(BriefAct::new(&act.script, key))
            } else {
                self.client.push(Act::new(&act.script, key))
            };
            push = push.queue(&act.queue).retry(act.retry).on_conflict(on_conflict(act));
            if act.after_ms > 0 {
                push = push.after(Duration::from_millis(act.after_ms));
            }
            if let Some(key) = key {
                push = push.key(key);
            }
            match push.await {
                Ok(pushed) => {
                    self.acknowledge(pushed.jid);
                    return Ok(());
                }
                Err(PushError::KeyTaken { .. }) => return Ok(()),
                // What came of it is not known, and another push would have another id: it is left at that.
                Err(PushError::Store(error)) if error.kind != ErrorKind::Unavailable => return Err(error.into()),
                Err(PushError::Store(_)) => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn push_bulk(&mut self, acts: &[NewAct]) -> Result<(), PushError> {
        let mut drafts = Vec::new();
        for act in acts {
            drafts.push(self.draft(Act::new(&act.script, act.key.as_deref()), Some(act))?);
        }
        self.push_drafts(drafts).await
    }

    /// Pushes drafts, the same ones again as long as it is not known what came of them.
    async fn push_drafts(&mut self, drafts: Vec<Draft>) -> Result<(), PushError> {
        for _ in 0..TRIES {
            match self.client.push_drafts(drafts.clone()).await {
                Ok(pushed) => {
                    pushed.into_iter().for_each(|pushed| self.acknowledge(pushed.jid));
                    return Ok(());
                }
                Err(PushError::Store(_)) => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn draft(&self, job: impl IntoDraft, act: Option<&NewAct>) -> Result<Draft, PushError> {
        let fresh = self.client.draft("any", "[]").jid;
        let mut draft = job.into_draft(fresh)?;
        let Some(act) = act else { return Ok(draft) };
        draft.queue = QueueName::new(&act.queue)?;
        draft.retry = sancho::Retry::Limit(act.retry);
        draft.key = act.key.as_deref().map(sancho::Key::new).transpose()?;
        draft.on_conflict = on_conflict(act);
        if act.after_ms > 0 {
            draft.at = Some(self.client.clock().now() + Duration::from_millis(act.after_ms));
        }
        Ok(draft)
    }

    async fn push_garbage(&mut self) -> Result<(), PushError> {
        let mut new: NewJob = self.client.draft("any", "[]").into_job(self.client.clock().now(), Default::default())?;
        new.payload = Payload::from_bytes(format!("{{\"jid\":{:?}", new.jid.as_str()).as_bytes());
        new.place = Place::Queue { queue: QueueName::default(), end: sancho_core::End::Back };
        let now = self.client.clock().now();
        self.client.store().push(std::slice::from_ref(&new), now).await?;
        self.acknowledge(new.jid);
        Ok(())
    }

    /// A pause that its maker forgets to end would be one for ever: it is ended whatever the store says.
    async fn pause(&mut self, queue: &str, for_ms: u64) -> Result<(), PushError> {
        let what = Pausable::Queue(QueueName::new(queue)?);
        let (inspect, clock) = (Arc::clone(self.client.inspect()), Arc::clone(self.client.clock()));
        if inspect.pause(&what, clock.now()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(for_ms)).await;
        }
        while inspect.resume(&what, clock.now()).await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn act_on_jobs(&mut self, what: &What) {
        for _ in 0..TRIES {
            match self.try_to_act(what).await {
                Err(error) if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown) => {
                    tokio::time::sleep(PAUSE).await;
                }
                _ => return,
            }
        }
    }

    async fn try_to_act(&mut self, what: &What) -> Result<(), StoreError> {
        let client = &self.client;
        let answer = match what {
            What::Cancel(back) => match self.pushed(*back) {
                Some(jid) => client.cancel(&jid).await,
                None => Ok(()),
            },
            What::CancelKey(key) => client.cancel_key(key).await,
            What::RescheduleKey { key, after_ms } => {
                client.reschedule_key(key, client.clock().now() + Duration::from_millis(*after_ms)).await
            }
            What::RunDead => return self.apply(&Action::RunNow, Set::Dead).await,
            What::KillRetries => return self.apply(&Action::Kill, Set::Retries).await,
            What::CancelRunning(back) => match self.pushed(*back) {
                Some(jid) => return self.cancel_running(&jid).await,
                None => Ok(()),
            },
            What::Order { process, stop } => return self.order(*process, *stop).await,
            _ => Ok(()),
        };
        match answer {
            Err(ActError::Store(error)) => Err(error),
            // There is no such job, or it has started: that is an answer.
            _ => Ok(()),
        }
    }

    async fn apply(&self, action: &Action, set: Set) -> Result<(), StoreError> {
        let selection = Selection::All { set, filter: Filter::all(), after: None };
        self.client.inspect().apply(action, &selection, 1_000, self.client.clock().now()).await.map(|_| ())
    }

    async fn cancel_running(&self, jid: &Jid) -> Result<(), StoreError> {
        let row = self.client.inspect().find(jid).await?;
        let Some(who) = row.and_then(|row| row.incarnation) else { return Ok(()) };
        self.client.inspect().order(&who, &Order::Cancel(jid.clone()), self.client.clock().now()).await
    }

    async fn order(&self, process: usize, stop: bool) -> Result<(), StoreError> {
        let (inspect, now) = (self.client.inspect(), self.client.clock().now());
        let mut rows = inspect.processes(now).await?;
        // An order that comes late is not to leave the last jobs to nobody: the last server is told by the run alone.
        let last = self.site.world.plan.last_name().to_string();
        rows.retain(|row| row.info.tag != last);
        if rows.is_empty() {
            return Ok(());
        }
        let order = if stop { Order::Stop } else { Order::Quiet };
        inspect.order(&rows[process % rows.len()].info.incarnation, &order, now).await
    }

    /// The job that it learned of so many acknowledgements ago.
    fn pushed(&self, back: usize) -> Option<Jid> {
        self.acknowledged.iter().rev().nth(back).cloned()
    }

    fn acknowledge(&mut self, jid: Jid) {
        self.site.acknowledge(&jid);
        self.acknowledged.push(jid);
    }
}

fn on_conflict(act: &NewAct) -> OnConflict {
    match act.on_conflict.as_str() {
        "replace" => OnConflict::Replace,
        "refuse" => OnConflict::Refuse,
        _ => OnConflict::Keep,
    }
}
