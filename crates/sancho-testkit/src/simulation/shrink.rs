//! Makes a failing plan smaller: what is left is what it takes.

use super::plan::{Plan, Wakes};
use super::{Subject, Verdict, run_plan};

/// How many runs a plan is worth.
const RUNS_MAX: usize = 2_000;

/// A plan that breaks the same rule with as few faults and deeds as could be found, within a bounded number of runs.
pub fn shrink(plan: &Plan, subject: &dyn Subject) -> Plan {
    let Verdict::Violated(violation) = run_plan(plan, subject) else { return plan.clone() };
    let mut search = Search { subject, invariant: violation.invariant, best: plan.clone(), runs: 0 };
    loop {
        let before = search.best.clone();
        search.fewer();
        search.plainer();
        if search.best == before || search.runs >= RUNS_MAX {
            return search.best;
        }
    }
}

struct Search<'a> {
    subject: &'a dyn Subject,
    invariant: &'static str,
    best: Plan,
    runs: usize,
}

impl Search<'_> {
    /// Takes a change if the plan still fails with it, by the same rule.
    fn try_with(&mut self, change: impl FnOnce(&mut Plan)) -> bool {
        let mut plan = self.best.clone();
        change(&mut plan);
        if plan == self.best || self.runs >= RUNS_MAX {
            return false;
        }
        self.runs += 1;
        let fails = matches!(run_plan(&plan, self.subject), Verdict::Violated(it) if it.invariant == self.invariant);
        if fails {
            self.best = plan;
        }
        fails
    }

    /// Leaves out mishaps, deeds, servers that nothing is to happen to.
    fn fewer(&mut self) {
        let mut at = 0;
        while at < self.best.mishaps.len() {
            if !self.try_with(|plan| _ = plan.mishaps.remove(at)) {
                at += 1;
            }
        }
        for pusher in 0..self.best.pushers.len() {
            let mut at = 0;
            while at < self.best.pushers[pusher].deeds.len() {
                if !self.try_with(|plan| _ = plan.pushers[pusher].deeds.remove(at)) {
                    at += 1;
                }
            }
        }
        let mut at = 0;
        while at < self.best.servers.len() {
            let taken = self.try_with(|plan| {
                plan.servers.remove(at);
                plan.mishaps.retain(|mishap| mishap.process != at);
                plan.mishaps.iter_mut().filter(|it| it.process > at).for_each(|it| it.process -= 1);
            });
            if !taken {
                at += 1;
            }
        }
    }

    /// Makes what is left plainer.
    fn plainer(&mut self) {
        for server in 0..self.best.servers.len() {
            self.try_with(|plan| plan.servers[server].wakes = Wakes::Well);
            self.try_with(|plan| plan.servers[server].skew_ms = 0);
            self.try_with(|plan| plan.servers[server].starts_ms = 0);
        }
        for pusher in 0..self.best.pushers.len() {
            self.try_with(|plan| plan.pushers[pusher].skew_ms = 0);
        }
    }
}
