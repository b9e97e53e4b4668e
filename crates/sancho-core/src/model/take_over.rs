//! Taking over from processes that died.

use super::Model;
use super::jobs::JobId;
use crate::{Incarnation, TakenOver, Timestamp};

impl Model {
    /// As [`Store::take_over`](crate::Store::take_over).
    pub fn take_over(&mut self, by: &Incarnation, first_number: u64, limit: usize, now: Timestamp) -> TakenOver {
        if !self.processes.contains_key(by) {
            return TakenOver::default();
        }
        let again = self.held_claims(by, first_number, limit);
        if !again.is_empty() {
            let claims = again.into_iter().map(|id| self.claim_of(id)).collect();
            return TakenOver { claims, ended: Vec::new() };
        }
        let ended: Vec<Incarnation> = self
            .processes
            .iter()
            .filter(|(incarnation, process)| *incarnation != by && !process.lives(now))
            .map(|(incarnation, _)| incarnation.clone())
            .collect();
        for incarnation in &ended {
            self.processes.remove(incarnation);
        }
        let orphans = self.jobs.claims().filter(|(holder, _, _)| !self.processes.contains_key(*holder));
        let orphans: Vec<JobId> = orphans.map(|(_, _, id)| id).take(limit).collect();
        let claims = (first_number..).zip(orphans).map(|(number, id)| self.hand_out(id, by, number, now)).collect();
        TakenOver { claims, ended }
    }
}
