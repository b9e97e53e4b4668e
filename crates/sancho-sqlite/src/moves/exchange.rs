//! Settling and claiming.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

use rusqlite::{CachedStatement, OptionalExtension};
use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    Claim, ClaimRequest, ErrorKind, Exchanged, Incarnation, Payload, Place, QueueName, Receipt, SettleAnswer,
    Settlement, Standing, Timestamp, limits,
};

use crate::failure::{Failure, Made};
use crate::row::{ERASE, payload_of};
use crate::rows::{Insert, pieces};
use crate::unit::Unit;

/// Records claims. Input: 1 owner, 2 number of the first, 3 queue, 4 since when; of each its job's id, and when that came
/// to its queue.
static HOLD: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new("sancho_busy (id, owner, number, queue, at, enqueued_at)", |row| {
        let (id, came_at) = (5 + 2 * row, 6 + 2 * row);
        format!("(?{id}, ?1, ?2 + {row}, ?3, ?4, ?{came_at})")
    })
});

/// A process that the store knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub(crate) id: i64,
    /// One more than its highest claim number.
    pub(crate) numbers_end: i64,
    /// The first number of its last request that claimed something.
    claimed_first: Option<i64>,
}

/// The statements that end a claim whose job goes, prepared once for all settlements of a call.
struct End<'c> {
    claim: CachedStatement<'c>,
    row: CachedStatement<'c>,
}

impl Unit<'_> {
    /// As [`Store::exchange`](sancho_core::Store::exchange).
    pub(crate) fn exchange(
        &mut self,
        settlements: &[Settlement],
        claim: Option<&ClaimRequest>,
        now: Timestamp,
    ) -> Made<Exchanged> {
        let claimant = match claim {
            Some(request) => self.owner(&request.incarnation)?,
            None => None,
        };
        if let (Some(request), Some(owner)) = (claim, claimant) {
            self.refuse_a_number_given_twice(request, owner)?;
        }
        let room: usize = settlements.iter().map(|settlement| 1 + settlement.then.len()).sum();
        self.fronts.room = i64::try_from(room).expect("a call has few jobs");
        let mut end = End {
            claim: self.sql("DELETE FROM sancho_busy WHERE id = ?1 AND owner = ?2 AND number = ?3")?,
            row: self.sql(ERASE)?,
        };
        let mut owners: HashMap<&Incarnation, Option<Owner>> =
            claim.iter().map(|request| (&request.incarnation, claimant)).collect();
        for settlement in settlements {
            if let Entry::Vacant(unknown) = owners.entry(settlement.receipt.incarnation()) {
                unknown.insert(self.owner(settlement.receipt.incarnation())?);
            }
        }
        let settled = self.settle_gone(settlements, &owners, now)?;
        let mut answers = Vec::with_capacity(settlements.len());
        for (settlement, settled) in settlements.iter().zip(settled) {
            answers.push(match settled {
                true => SettleAnswer::Settled,
                false => self.settle(settlement, owners[settlement.receipt.incarnation()], &mut end, now)?,
            });
        }
        let (claims, standing) = match (claim, claimant) {
            (None, _) => (Vec::new(), Standing::Good),
            (Some(request), Some(owner)) => (self.claim(request, owner, now)?, Standing::Good),
            (Some(_), None) => (Vec::new(), Standing::Lost),
        };
        Ok(Exchanged::new(answers, claims, standing))
    }

    /// The process of an incarnation, if the store knows it.
    pub(crate) fn owner(&self, incarnation: &Incarnation) -> Made<Option<Owner>> {
        let mut find = self
            .sql("SELECT id, numbers_end, claimed_first FROM sancho_processes WHERE incarnation = ?1 AND known = 1")?;
        let owner = find.query_row([incarnation.as_str()], |row| {
            Ok(Owner { id: row.get(0)?, numbers_end: row.get(1)?, claimed_first: row.get(2)? })
        });
        Ok(owner.optional()?)
    }

    fn refuse_a_number_given_twice(&self, request: &ClaimRequest, owner: Owner) -> Made<()> {
        if request.repeated == Repeated::Yes || number(request.first_number) >= owner.numbers_end {
            return Ok(());
        }
        let mut held = self.sql("SELECT 1 FROM sancho_busy WHERE owner = ?1 AND number >= ?2 AND number < ?3")?;
        let (first, end) = numbers(request);
        if held.exists((owner.id, first, end))? {
            return Err(Failure::Said(ErrorKind::Invalid, "a claim number was given twice".to_owned()));
        }
        Ok(())
    }

    /// Settles one claim.
    fn settle(
        &mut self,
        settlement: &Settlement,
        owner: Option<Owner>,
        end: &mut End<'_>,
        now: Timestamp,
    ) -> Made<SettleAnswer> {
        let receipt = &settlement.receipt;
        let Some(owner) = owner else { return Ok(SettleAnswer::Lost) };
        let id = receipt.locator();
        let transition = &settlement.transition;
        let claim = (id, owner.id, number(receipt.number()));
        let held = if transition.place == Place::Gone {
            // The common case: nobody asks for its queue, and an answer from a deletion costs more than the deletion.
            let held = end.claim.execute(claim)? == 1;
            if held {
                end.row.execute([id])?;
                self.erase_beside(id)?;
            }
            held
        } else {
            let queue: Option<i64> = self
                .sql("DELETE FROM sancho_busy WHERE id = ?1 AND owner = ?2 AND number = ?3 RETURNING queue")?
                .query_row(claim, |row| row.get(0))
                .optional()?;
            if let Some(queue) = queue {
                self.leave_process(id, &transition.place, transition.payload.as_ref(), queue, now)?;
            }
            queue.is_some()
        };
        if !held {
            let minted = number(receipt.number()) < owner.numbers_end;
            return Ok(if minted { SettleAnswer::AlreadySettled } else { SettleAnswer::Lost });
        }
        self.count(transition.tally, now);
        for job in &settlement.then {
            self.push_one(job, now)?;
        }
        Ok(SettleAnswer::Settled)
    }

    /// Brings a job, no longer in its process's hands, to its next place.
    fn leave_process(
        &mut self,
        id: i64,
        place: &Place,
        payload: Option<&Payload>,
        queue: i64,
        now: Timestamp,
    ) -> Made<()> {
        let old: Payload;
        let bytes: &[u8] = match (payload, place) {
            (Some(payload), _) => payload.as_bytes(),
            (None, Place::Scheduled { .. } | Place::Retries { .. }) => {
                old = self
                    .sql("SELECT payload FROM sancho_jobs WHERE id = ?1")?
                    .query_row([id], |row| payload_of(row, 0))?;
                old.as_bytes()
            }
            (None, _) => &[],
        };
        match (self.enter(id, place, bytes, Some(queue), now)?, payload) {
            (None, _) => return self.erase(id),
            (Some(spot), Some(payload)) => self.record_home(id, spot, payload.as_bytes())?,
            (Some(spot), None) => self.record_away(id, spot)?,
        }
        if *place == Place::Dead {
            self.lapse_key(id)?;
        }
        Ok(())
    }

    fn claim(&mut self, request: &ClaimRequest, owner: Owner, now: Timestamp) -> Made<Vec<Claim>> {
        if request.repeated == Repeated::Yes {
            let held = self.claims_held(&request.incarnation, owner, request.first_number, request.limit)?;
            if !held.is_empty() || owner.claimed_first == Some(number(request.first_number)) {
                return Ok(held);
            }
        }
        let limit = request.limit.min(limits::JOBS_PER_CLAIM_MAX);
        let mut claims = Vec::new();
        let mut open = Vec::with_capacity(request.sources.len());
        for source in &request.sources {
            if claims.len() == limit {
                break;
            }
            if let Some(queue) = self.open_queue(&source.queue)? {
                let room = source.quota.min(limit - claims.len());
                self.take(&mut claims, queue, &source.queue, room, request, owner, now)?;
                open.push((queue, &source.queue));
            }
        }
        if request.fill == Fill::InOrder {
            for (queue, name) in open {
                let room = limit - claims.len();
                self.take(&mut claims, queue, name, room, request, owner, now)?;
            }
        }
        if !claims.is_empty() {
            let (first, end) = (number(request.first_number), number(request.first_number) + claims.len() as i64);
            self.sql(
                "UPDATE sancho_processes SET numbers_end = max(numbers_end, ?2), claimed_first = ?3 WHERE id = ?1",
            )?
            .execute((owner.id, end, first))?;
        }
        Ok(claims)
    }

    /// The number of a queue that has jobs and is not paused.
    fn open_queue(&mut self, name: &QueueName) -> Made<Option<i64>> {
        let mut find = self.sql(
            "SELECT q.id FROM sancho_queues q WHERE q.name = ?1 AND q.paused = 0 \
             AND EXISTS (SELECT 1 FROM sancho_ready r WHERE r.queue = q.id)",
        )?;
        Ok(find.query_row([name.as_str()], |row| row.get(0)).optional()?)
    }

    #[expect(clippy::too_many_arguments, reason = "one step of a claim, with all that the claim is about")]
    fn take(
        &mut self,
        claims: &mut Vec<Claim>,
        queue: i64,
        name: &QueueName,
        room: usize,
        request: &ClaimRequest,
        owner: Owner,
        now: Timestamp,
    ) -> Made<()> {
        if room == 0 {
            return Ok(());
        }
        let mut next = self.sql(include_str!("../sql/claim.sql"))?;
        let mut rows = next.query((queue, i64::try_from(room).expect("a claim has few jobs")))?;
        let (before, mut last_ord) = (claims.len(), None);
        while let Some(row) = rows.next()? {
            let (ord, id, came_at): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(3)?);
            if row.get(4)? {
                self.forget_away(id)?;
            }
            let receipt = Receipt::mint(request.incarnation.clone(), request.first_number + claims.len() as u64, id);
            let payload = payload_of(row, 2)?;
            let mut claim = Claim::new(receipt, name.clone(), payload, Some(Timestamp::from_unix_micros(came_at)));
            claim.checkpoint = self.checkpoint_of(id)?;
            claims.push(claim);
            last_ord = Some(ord);
        }
        drop(rows);
        if let Some(last) = last_ord {
            self.sql("DELETE FROM sancho_ready WHERE queue = ?1 AND ord <= ?2")?.execute((queue, last))?;
        }
        self.hold(&claims[before..], queue, owner, now)
    }

    /// Records who holds jobs that were taken from one queue.
    fn hold(&self, claims: &[Claim], queue: i64, owner: Owner, now: Timestamp) -> Made<()> {
        for piece in pieces(claims) {
            let mut hold = self.sql(HOLD.of(piece))?;
            hold.raw_bind_parameter(1, owner.id)?;
            hold.raw_bind_parameter(2, number(piece[0].receipt.number()))?;
            hold.raw_bind_parameter(3, queue)?;
            hold.raw_bind_parameter(4, now.as_unix_micros())?;
            let mut parameter = 5;
            for claim in piece {
                let came_at = claim.enqueued_at.unwrap_or(now);
                hold.raw_bind_parameter(parameter, claim.receipt.locator())?;
                hold.raw_bind_parameter(parameter + 1, came_at.as_unix_micros())?;
                parameter += 2;
            }
            hold.raw_execute()?;
        }
        Ok(())
    }

    /// The claims that are held of `limit` numbers from `first`, in the order of their numbers.
    pub(super) fn claims_held(&mut self, by: &Incarnation, owner: Owner, first: u64, limit: usize) -> Made<Vec<Claim>> {
        let first = number(first);
        let end = first.saturating_add(number(limit as u64));
        let mut held = self.sql(include_str!("../sql/held_claims.sql"))?;
        let mut rows = held.query((owner.id, first, end))?;
        let mut claims = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, claim_number): (i64, i64) = (row.get(0)?, row.get(1)?);
            let receipt = Receipt::mint(by.clone(), claim_number.unsigned_abs(), id);
            let queue = self.queue_name(row.get(2)?)?;
            let payload = payload_of(row, 4)?;
            let came_at = Timestamp::from_unix_micros(row.get(3)?);
            let mut claim = Claim::new(receipt, queue, payload, Some(came_at));
            claim.checkpoint = self.checkpoint_of(id)?;
            claims.push(claim);
        }
        Ok(claims)
    }
}

/// A claim number, as SQLite counts.
pub(crate) fn number(claim: u64) -> i64 {
    i64::try_from(claim).unwrap_or(i64::MAX)
}

/// The numbers that a request may have given: the first, and the one after the last.
fn numbers(request: &ClaimRequest) -> (i64, i64) {
    let first = number(request.first_number);
    (first, first.saturating_add(number(request.limit as u64)))
}
