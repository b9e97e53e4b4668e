//! Processes: their beats, checkpoints and goodbyes.

use super::{Model, Process};
use crate::{
    Beat, BeatAnswer, Checkpoint, ErrorKind, Greeting, Incarnation, Kept, Order, Standing, StoreError, StoreResult,
    Timestamp,
};

impl Model {
    /// As [`Store::beat`](crate::Store::beat).
    pub fn beat(&mut self, beat: &Beat, now: Timestamp) -> BeatAnswer {
        let incarnation = &beat.process.incarnation;
        let known = self.processes.remove(incarnation);
        if known.is_none() && beat.greeting == Greeting::StillHere {
            return self.refuse_beat(beat, now);
        }
        let (orders, numbers_end) = known.map(|known| (known.orders, known.numbers_end)).unwrap_or_default();
        let process = Process {
            info: beat.process.clone(),
            beat_at: now,
            lease_until: now + beat.lease,
            quiet: beat.quiet,
            running: beat.running.len(),
            rss_bytes: beat.rss_bytes,
            round_trip: beat.round_trip,
            orders: Vec::new(),
            numbers_end,
        };
        self.processes.insert(incarnation.clone(), process);
        self.count_executions(&beat.executions, now);
        self.count_queues(&beat.by_queue, now);
        self.note_sizes(now);
        let mut answer = BeatAnswer::new(Standing::Good, now);
        let receipts = beat.running.iter().map(|running| &running.receipt);
        answer.lost = receipts.filter(|receipt| self.jobs.by_receipt(receipt).is_none()).cloned().collect();
        answer.orders = orders;
        answer.paused_classes = self.paused_classes.iter().cloned().collect();
        answer
    }

    fn refuse_beat(&self, beat: &Beat, now: Timestamp) -> BeatAnswer {
        let mut answer = BeatAnswer::new(Standing::Lost, now);
        answer.lost = beat.running.iter().map(|running| running.receipt.clone()).collect();
        answer.paused_classes = self.paused_classes.iter().cloned().collect();
        answer
    }

    /// As [`Store::checkpoint`](crate::Store::checkpoint).
    pub fn checkpoint(&mut self, checkpoints: &[Checkpoint]) -> Vec<Kept> {
        checkpoints.iter().map(|checkpoint| self.checkpoint_one(checkpoint)).collect()
    }

    fn checkpoint_one(&mut self, checkpoint: &Checkpoint) -> Kept {
        if !self.processes.contains_key(checkpoint.receipt.incarnation()) {
            return Kept::Lost;
        }
        let Some(id) = self.jobs.by_receipt(&checkpoint.receipt) else { return Kept::Lost };
        let mut job = self.jobs.take(id);
        job.checkpoint = Some(checkpoint.bytes.clone());
        self.jobs.keep(job);
        Kept::Kept
    }

    /// As [`Store::retire`](crate::Store::retire).
    pub fn retire(&mut self, incarnation: &Incarnation) {
        self.processes.remove(incarnation);
    }

    /// As [`Inspect::order`](crate::Inspect::order).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when no such process lives; [`ErrorKind::Invalid`] for an order that no store can write
    /// down. One that nobody knows is left all the same, as other programs leave some on Redis.
    pub fn order(&mut self, incarnation: &Incarnation, order: &Order, now: Timestamp) -> StoreResult<()> {
        let process = self.processes.get_mut(incarnation).filter(|process| process.lives(now));
        let Some(process) = process else {
            let said = format!("no process {incarnation} lives");
            return Err(StoreError::new("order", ErrorKind::NotFound, said));
        };
        if let (Err(invalid), false) = (order.words(), matches!(order, Order::Unknown(_))) {
            return Err(StoreError::new("order", ErrorKind::Invalid, invalid));
        }
        process.orders.push(order.clone());
        self.rings.push(super::Ring::Orders(incarnation.clone()));
        Ok(())
    }
}
