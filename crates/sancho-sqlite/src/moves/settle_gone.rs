//! Settling jobs that go, as nearly all do: whole stretches of rows at once.
//!
//! A claim takes jobs that stand one behind the other, and they are settled together, so their rows lie side by side
//! with no other between them. One look over the claims shows where that is so.

use std::collections::HashMap;

use sancho_core::{Incarnation, Place, Settlement, Timestamp};

use super::exchange::{Owner, number};
use crate::failure::Made;
use crate::unit::Unit;

/// Settlements of a call from which on the look is worth its time.
const WORTH_MIN: usize = 8;

/// Claims that are looked at for each settlement: more lie between only where jobs are far apart, and are settled then
/// one by one.
const LOOKED_AT_TIMES: usize = 4;

/// A claim that is to end, and whose job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Going {
    id: i64,
    number: i64,
    /// Which of the call's settlements it is.
    place: usize,
}

impl Unit<'_> {
    /// Settles those of a call's settlements that can be settled together, and answers for each whether it did. The
    /// others are to be settled one by one.
    pub(super) fn settle_gone(
        &mut self,
        settlements: &[Settlement],
        owners: &HashMap<&Incarnation, Option<Owner>>,
        now: Timestamp,
    ) -> Made<Vec<bool>> {
        let mut settled = vec![false; settlements.len()];
        // A job that is pushed in the same step meets what the settlements before it have left, and nothing else.
        if settlements.iter().any(|settlement| !settlement.then.is_empty()) {
            return Ok(settled);
        }
        for (incarnation, owner) in owners {
            if let Some(owner) = owner {
                let going = settlements.iter().enumerate().filter_map(|settlement| going(settlement, incarnation));
                self.settle_stretches(going.collect(), *owner, &mut settled)?;
            }
        }
        for (settlement, _) in settlements.iter().zip(&settled).filter(|(_, settled)| **settled) {
            self.count(settlement.transition.tally, now);
        }
        Ok(settled)
    }

    /// Settles what one owner holds of this, where there is enough of it to lie side by side.
    fn settle_stretches(&mut self, mut going: Vec<Going>, owner: Owner, settled: &mut [bool]) -> Made<()> {
        if going.len() < WORTH_MIN {
            return Ok(());
        }
        going.sort_unstable();
        for stretch in self.stretches(&going, owner)? {
            self.end_stretch(&stretch)?;
            stretch.iter().for_each(|going| settled[going.place] = true);
        }
        Ok(())
    }

    /// Those of the claims that are held, in stretches between whose first and last there is no other claim.
    fn stretches(&self, going: &[Going], owner: Owner) -> Made<Vec<Vec<Going>>> {
        let (Some(first), Some(last)) = (going.first(), going.last()) else { return Ok(Vec::new()) };
        let most = going.len() * LOOKED_AT_TIMES;
        let mut find =
            self.sql("SELECT id, owner, number FROM sancho_busy WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")?;
        let mut rows = find.query((first.id, last.id, i64::try_from(most).unwrap_or(i64::MAX)))?;
        let (mut stretches, mut stretch) = (Vec::new(), Vec::new());
        let mut rest = going.iter().peekable();
        while let Some(row) = rows.next()? {
            let claim: (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            while rest.next_if(|going| (going.id, going.number) < (claim.0, claim.2)).is_some() {}
            match rest.next_if(|going| (going.id, owner.id, going.number) == claim) {
                Some(going) => stretch.push(*going),
                None if stretch.is_empty() => {}
                None => stretches.push(std::mem::take(&mut stretch)),
            }
        }
        stretches.extend(Some(stretch).filter(|stretch| !stretch.is_empty()));
        Ok(stretches)
    }

    /// Ends all claims from the first to the last of a stretch, and erases their jobs.
    fn end_stretch(&mut self, stretch: &[Going]) -> Made<()> {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { return Ok(()) };
        let between = (first.id, last.id);
        let erase = match self.has_no_other_jobs(stretch, between)? {
            true => "DELETE FROM sancho_jobs WHERE id BETWEEN ?1 AND ?2",
            false => "DELETE FROM sancho_jobs WHERE id IN (SELECT id FROM sancho_busy WHERE id BETWEEN ?1 AND ?2)",
        };
        self.sql(erase)?.execute(between)?;
        self.sql("DELETE FROM sancho_busy WHERE id BETWEEN ?1 AND ?2")?.execute(between)?;
        for going in stretch {
            self.erase_beside(going.id)?;
        }
        Ok(())
    }

    /// Whether the jobs of a stretch are all jobs that there are between its ends: then none has to be sought.
    fn has_no_other_jobs(&self, stretch: &[Going], between: (i64, i64)) -> Made<bool> {
        let mut find = self.sql("SELECT id FROM sancho_jobs WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")?;
        let most = i64::try_from(stretch.len() + 1).unwrap_or(i64::MAX);
        let mut rows = find.query((between.0, between.1, most))?;
        let mut due = stretch.iter();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if due.next().is_none_or(|going| going.id != id) {
                return Ok(false);
            }
        }
        Ok(due.next().is_none())
    }
}

/// A settlement of this process's whose job goes.
fn going((place, settlement): (usize, &Settlement), of: &Incarnation) -> Option<Going> {
    let receipt = &settlement.receipt;
    let goes = settlement.transition.place == Place::Gone && receipt.incarnation() == of;
    goes.then(|| Going { id: receipt.locator(), number: number(receipt.number()), place })
}
