//! One of the lists: which set it shows, where, and what can be done there.

use sancho_core::inspect::Paused;
use sancho_core::{Direction, JobRow, QueueName, QueueRow, Set, State as Stands, Timestamp};

use super::view::Order;
use crate::act::Act;
use crate::failure::Failure;
use crate::figure::time_word;
use crate::frame::{Frame, Tab};
use crate::queues::known;
use crate::site::Site;
use crate::text::queue_address;

/// One of the lists.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) set: Set,
    pub(super) tab: Tab,
    state: Stands,
    /// Where it is, from the root of the pages.
    pub(super) address: String,
    pub(super) acts: &'static [Act],
}

impl List {
    pub(super) fn of(set: Set) -> List {
        const WAITING: &[Act] = &[Act::Run, Act::Reschedule, Act::Kill, Act::Delete];
        let (tab, state, acts) = match &set {
            Set::Scheduled => (Tab::Scheduled, Stands::Scheduled, WAITING),
            Set::Retries => (Tab::Retries, Stands::Retries, WAITING),
            Set::Held => (Tab::Held, Stands::Held, WAITING),
            Set::Dead => (Tab::Dead, Stands::Dead, &[Act::Run, Act::Delete] as _),
            _ => (Tab::Queues, Stands::Enqueued, &[Act::Reschedule, Act::Kill, Act::Delete] as _),
        };
        let address = match &set {
            Set::Queue(queue) => queue_address(queue.as_str()),
            _ => tab.address().to_owned(),
        };
        List { set, tab, state, address, acts }
    }

    pub(super) fn queue(&self) -> Option<&QueueName> {
        if let Set::Queue(queue) = &self.set { Some(queue) } else { None }
    }

    /// What the list is called.
    pub(super) fn title(&self, f: &Frame) -> String {
        self.queue().map_or_else(|| f.t(self.tab.word()).to_owned(), |queue| queue.as_str().to_owned())
    }

    pub(super) fn time_word(&self) -> &'static str {
        time_word(self.state)
    }

    pub(super) fn has_errors(&self) -> bool {
        matches!(self.set, Set::Retries | Set::Dead)
    }

    /// What each row has a button for: the rest is done to what is selected, or on the job's own page.
    pub(super) fn acts_in_rows(&self) -> impl Iterator<Item = &'static Act> {
        self.acts.iter().filter(|act| matches!(act, Act::Run | Act::Delete))
    }

    /// The order that the set itself has.
    pub(super) fn own_order(&self) -> Order {
        if self.set == Set::Dead { Order::Latest } else { Order::Earliest }
    }

    /// The way through the set that shows it in this order.
    pub(super) fn direction(&self, order: Order) -> Direction {
        if order == self.own_order() { Direction::Forward } else { Direction::Backward }
    }

    /// Whether it has this job.
    pub(super) fn has(&self, row: &JobRow) -> bool {
        row.state == self.state && self.queue().is_none_or(|queue| *queue == row.queue)
    }

    /// How many jobs it has in all.
    pub(super) async fn size(&self, site: &Site, now: Timestamp) -> Result<u64, Failure> {
        if self.queue().is_some() {
            return Ok(self.row(site, now).await?.map_or(0, |row| row.size));
        }
        let stats = site.inspect.stats(now).await?;
        Ok(match self.state {
            Stands::Scheduled => stats.scheduled,
            Stands::Retries => stats.retries,
            Stands::Dead => stats.dead,
            _ => stats.held,
        })
    }

    /// The queue, where the list is one that is known.
    pub(super) async fn row(&self, site: &Site, now: Timestamp) -> Result<Option<QueueRow>, Failure> {
        let Some(name) = self.queue() else { return Ok(None) };
        let rows = known(site, now).await?;
        Ok(rows.into_iter().find(|row| row.name == *name))
    }
}

/// Whether a queue is known to be paused.
pub(super) fn is_paused(row: Option<&QueueRow>) -> bool {
    row.is_some_and(|row| row.paused == Paused::Yes)
}
