//! What people do to jobs and queues, and what is pruned.

use sancho_core::lifecycle::{Permitted, Refusal, permits};
use sancho_core::{Action, Applied, Pausable, Selection, Set, State};

use super::{Call, Holds, Ledger, Spot, broken};

impl Ledger {
    pub(super) fn applied(
        &mut self,
        call: &Call<'_>,
        action: &Action,
        selection: &Selection,
        applied: &Applied,
    ) -> Holds {
        let selected: Vec<usize> = match selection {
            Selection::Jid(jid) => self.number(jid).into_iter().collect(),
            Selection::Key(key) => self.keys.get(key).copied().into_iter().collect(),
            Selection::All { set, .. } => self.all_in(set),
            _ => Vec::new(),
        };
        let selected: Vec<usize> =
            selected.into_iter().filter(|number| self.entries[*number].spot != Spot::Gone).collect();
        if applied.done + applied.refused.len() != selected.len() {
            let detail = format!("{action:?} was to be done to {selected:?}, and did {applied:?}");
            return broken("an act is answered for each job that it was meant for", detail);
        }
        for number in selected {
            let entry = &self.entries[number];
            let refused = applied.refused.iter().find(|(jid, _)| *jid == entry.jid).map(|(_, refusal)| refusal);
            let state = entry.spot.state().expect("those that are gone are left out");
            match (permits(state, action), refused) {
                (Ok(_), Some(Refusal::KeyTaken { .. })) if state == State::Dead => {}
                (Ok(permitted), None) => self.act(call, number, permitted),
                (Err(expected), Some(refusal)) if expected == *refusal => {}
                (expected, refused) => {
                    let detail = format!("{action:?} on #{number}: {expected:?} was to come, not {refused:?}");
                    return broken("an act is done as the rules say", detail);
                }
            }
        }
        Ok(())
    }

    fn act(&mut self, call: &Call<'_>, number: usize, permitted: Permitted) {
        let entry = &self.entries[number];
        let spot = match permitted {
            Permitted::Enqueue => Spot::Queue(entry.named_queue.clone().unwrap_or_else(|| entry.queue.clone())),
            Permitted::Bury => Spot::Dead,
            Permitted::Remove => Spot::Gone,
            Permitted::Wait { at } if matches!(entry.spot, Spot::Retries(_)) => Spot::Retries(at),
            Permitted::Wait { at } => Spot::Scheduled(at),
        };
        self.put(number, spot, call.at_ms);
    }

    fn all_in(&self, set: &Set) -> Vec<usize> {
        let state = match set {
            Set::Dead => State::Dead,
            Set::Retries => State::Retries,
            Set::Held => State::Held,
            _ => return Vec::new(),
        };
        (0..self.entries.len()).filter(|number| self.entries[*number].spot.state() == Some(state)).collect()
    }

    pub(super) fn pause(&mut self, what: &Pausable) {
        if let Pausable::Queue(queue) = what {
            self.paused.insert(queue.clone());
        }
    }

    pub(super) fn resume(&mut self, what: &Pausable) {
        if let Pausable::Queue(queue) = what {
            self.paused.remove(queue);
        }
    }

    /// Every dead job, by number: pruning may have taken some.
    pub(in crate::simulation) fn dead(&self) -> Vec<usize> {
        self.all_in(&Set::Dead)
    }

    /// Dead jobs were pruned.
    pub(in crate::simulation) fn pruned(&mut self, gone: &[usize], at_ms: u64) {
        for number in gone {
            self.put(*number, Spot::Gone, at_ms);
        }
    }
}
