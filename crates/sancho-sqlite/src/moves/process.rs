//! Processes: their beats, checkpoints, orders and goodbyes, and taking over from those that died.

use sancho_core::{
    Beat, BeatAnswer, Checkpoint, Claim, ErrorKind, Greeting, Incarnation, Kept, Order, Receipt, Standing, TakenOver,
    Timestamp,
};

use super::exchange::number;
use crate::failure::{Failure, Made};
use crate::process_row::write_info;
use crate::row::payload_of;
use crate::unit::Unit;

impl Unit<'_> {
    /// As [`Store::beat`](sancho_core::Store::beat).
    pub(crate) fn beat(&mut self, beat: &Beat, now: Timestamp) -> Made<BeatAnswer> {
        let known = self.owner(&beat.process.incarnation)?.is_some();
        if !known && beat.greeting == Greeting::StillHere {
            let mut answer = BeatAnswer::new(Standing::Lost, now);
            answer.lost = beat.running.iter().map(|running| running.receipt.clone()).collect();
            answer.paused_classes = self.paused_classes()?;
            return Ok(answer);
        }
        let id: i64 = self.sql(include_str!("../sql/beat.sql"))?.query_row(
            (
                beat.process.incarnation.as_str(),
                (now + beat.lease).as_unix_micros(),
                now.as_unix_micros(),
                beat.quiet == sancho_core::process::Quiet::Yes,
                i64::try_from(beat.running.len()).unwrap_or(i64::MAX),
                number(beat.rss_bytes),
                i64::try_from(beat.round_trip.as_micros()).unwrap_or(i64::MAX),
                write_info(&beat.process),
            ),
            |row| row.get(0),
        )?;
        self.count_executions(&beat.executions, now)?;
        self.count_queues(&beat.by_queue, now)?;
        let mut answer = BeatAnswer::new(Standing::Good, now);
        for running in &beat.running {
            if !self.holds(&running.receipt)? {
                answer.lost.push(running.receipt.clone());
            }
        }
        answer.orders = self.hand_out_orders(id)?;
        answer.paused_classes = self.paused_classes()?;
        Ok(answer)
    }

    /// Whether a claim is held by a process that the store knows.
    fn holds(&self, receipt: &Receipt) -> Made<bool> {
        let mut find = self.sql(
            "SELECT 1 FROM sancho_busy b JOIN sancho_processes p ON p.id = b.owner \
             WHERE b.id = ?1 AND b.number = ?2 AND p.incarnation = ?3 AND p.known = 1",
        )?;
        Ok(find.exists((receipt.locator(), number(receipt.number()), receipt.incarnation().as_str()))?)
    }

    fn hand_out_orders(&self, owner: i64) -> Made<Vec<Order>> {
        let mut find = self.sql("SELECT word, jid FROM sancho_orders WHERE owner = ?1 ORDER BY id")?;
        let rows = find.query_map([owner], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
        let orders: Vec<Order> = rows
            .filter_map(|row| row.map(|(word, about)| Order::read(&word, about.as_deref())).transpose())
            .collect::<Result<_, _>>()?;
        if !orders.is_empty() {
            self.sql("DELETE FROM sancho_orders WHERE owner = ?1")?.execute([owner])?;
        }
        Ok(orders)
    }

    pub(super) fn paused_classes(&self) -> Made<Vec<String>> {
        let mut find = self.sql("SELECT class FROM sancho_paused_classes ORDER BY class")?;
        Ok(find.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// As [`Store::checkpoint`](sancho_core::Store::checkpoint).
    pub(crate) fn checkpoint(&mut self, checkpoints: &[Checkpoint]) -> Made<Vec<Kept>> {
        let mut answers = Vec::with_capacity(checkpoints.len());
        for checkpoint in checkpoints {
            if !self.holds(&checkpoint.receipt)? {
                answers.push(Kept::Lost);
                continue;
            }
            self.sql("INSERT OR REPLACE INTO sancho_checkpoints (id, bytes) VALUES (?1, ?2)")?
                .execute((checkpoint.receipt.locator(), &*checkpoint.bytes))?;
            self.has_checkpoints = Some(true);
            answers.push(Kept::Kept);
        }
        Ok(answers)
    }

    /// As [`Store::retire`](sancho_core::Store::retire).
    pub(crate) fn retire(&mut self, incarnation: &Incarnation) -> Made<()> {
        if let Some(owner) = self.owner(incarnation)? {
            self.make_unknown(owner.id)?;
            self.forget_processes()?;
        }
        Ok(())
    }

    fn make_unknown(&self, owner: i64) -> Made<()> {
        self.sql("UPDATE sancho_processes SET known = 0, numbers_end = 0, claimed_first = NULL WHERE id = ?1")?
            .execute([owner])?;
        self.sql("DELETE FROM sancho_orders WHERE owner = ?1")?.execute([owner])?;
        Ok(())
    }

    /// Forgets processes that are no longer known once nothing is left in their hands.
    fn forget_processes(&self) -> Made<()> {
        self.sql(
            "DELETE FROM sancho_processes WHERE known = 0 \
             AND NOT EXISTS (SELECT 1 FROM sancho_busy WHERE owner = sancho_processes.id)",
        )?
        .execute([])?;
        Ok(())
    }

    /// As [`Store::take_over`](sancho_core::Store::take_over).
    pub(crate) fn take_over(
        &mut self,
        by: &Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> Made<TakenOver> {
        let Some(owner) = self.owner(by)? else { return Ok(TakenOver::default()) };
        let again = self.claims_held(by, owner, first_number, limit)?;
        if !again.is_empty() {
            return Ok(TakenOver { claims: again, ended: Vec::new() });
        }
        let ended = self.end_processes(owner.id, now)?;
        let claims = self.orphans(by, first_number, limit)?;
        let mut hold = self.sql("UPDATE sancho_busy SET owner = ?2, number = ?3, at = ?4 WHERE id = ?1")?;
        for claim in &claims {
            let receipt = &claim.receipt;
            hold.execute((receipt.locator(), owner.id, number(receipt.number()), now.as_unix_micros()))?;
        }
        if !claims.is_empty() {
            let end = number(first_number).saturating_add(number(claims.len() as u64));
            self.sql("UPDATE sancho_processes SET numbers_end = max(numbers_end, ?2) WHERE id = ?1")?
                .execute((owner.id, end))?;
        }
        if !claims.is_empty() || !ended.is_empty() {
            self.forget_processes()?;
        }
        Ok(TakenOver { claims, ended })
    }

    fn end_processes(&self, by: i64, now: Timestamp) -> Made<Vec<Incarnation>> {
        let mut find = self.sql(
            "SELECT id, incarnation FROM sancho_processes \
             WHERE known = 1 AND lease_until < ?1 AND id <> ?2 ORDER BY incarnation",
        )?;
        let rows = find.query_map((now.as_unix_micros(), by), |row| {
            Ok((row.get::<_, i64>(0)?, Incarnation::new(row.get::<_, String>(1)?)))
        })?;
        let ended: Vec<(i64, Incarnation)> = rows.collect::<Result<_, _>>()?;
        for (id, _) in &ended {
            self.make_unknown(*id)?;
        }
        Ok(ended.into_iter().map(|(_, incarnation)| incarnation).collect())
    }

    fn orphans(&mut self, by: &Incarnation, first_number: u64, limit: usize) -> Made<Vec<Claim>> {
        let mut find = self.sql(include_str!("../sql/orphans.sql"))?;
        let mut rows = find.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut claims = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            let receipt = Receipt::mint(by.clone(), first_number + claims.len() as u64, id);
            let queue = self.queue_name(row.get(1)?)?;
            let payload = payload_of(row, 3)?;
            let mut claim = Claim::new(receipt, queue, payload, Some(Timestamp::from_unix_micros(row.get(2)?)));
            claim.checkpoint = self.checkpoint_of(id)?;
            claims.push(claim);
        }
        Ok(claims)
    }

    /// As [`Inspect::order`](sancho_core::Inspect::order).
    pub(crate) fn order(&mut self, incarnation: &Incarnation, order: &Order, now: Timestamp) -> Made<()> {
        let mut lives = self.sql("SELECT 1 FROM sancho_processes WHERE id = ?1 AND lease_until >= ?2")?;
        let owner = match self.owner(incarnation)? {
            Some(owner) if lives.exists((owner.id, now.as_unix_micros()))? => owner,
            _ => return Err(Failure::Said(ErrorKind::NotFound, format!("no process {incarnation} lives"))),
        };
        let (word, about) = order.words().map_err(|invalid| Failure::Said(ErrorKind::Invalid, invalid.to_string()))?;
        // The column was made for jids, and holds whatever a word is about.
        self.sql("INSERT INTO sancho_orders (owner, word, jid) VALUES (?1, ?2, ?3)")?
            .execute((owner.id, word, about))?;
        self.changes.rings.orders = true;
        Ok(())
    }
}
