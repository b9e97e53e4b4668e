//! Settling and claiming, in one round trip.

use redis::Value;
use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    Claim, ClaimRequest, ErrorKind, Exchanged, Payload, Receipt, SettleAnswer, Settlement, Standing, StoreError,
    StoreResult, Timestamp, limits,
};

use super::claims;
use super::ways::{Group, Way, sort};
use crate::index::Names;
use crate::note::Note;
use crate::record;
use crate::reply;
use crate::row::cut;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{day, keys};

/// Claim numbers end here: the scripts compare them as floating-point numbers.
const NUMBERS_END: u64 = 1 << 53;

/// Settlements that the common script takes: Lua hands over so many values at once, and some to spare.
const COMMON_MAX: usize = 6_000;

/// What a settlement has to know of its job.
struct Known {
    names: Names,
    may_be_kept: bool,
}

impl RedisStore {
    pub(crate) async fn exchange_all(
        &self,
        settlements: &[Settlement],
        claim: Option<&ClaimRequest>,
        now: Timestamp,
    ) -> StoreResult<Exchanged> {
        let (ways, groups) = sort(settlements);
        if let Some(args) = common(&ways, &groups, claim, now)? {
            let answer = self.inner.connection.run("exchange", &self.inner.scripts.exchange, &args).await?;
            if let Some(done) = self.common_answer(answer, settlements.len(), claim).await? {
                return Ok(done);
            }
        }
        self.settle_and_claim(settlements, &ways, &groups, claim, now).await
    }

    /// What the common script says; `None` when it left everything to the other one.
    async fn common_answer(
        &self,
        answer: Value,
        settled: usize,
        claim: Option<&ClaimRequest>,
    ) -> StoreResult<Option<Exchanged>> {
        let mut parts = match answer {
            Value::Int(0) => {
                let standing = if claim.is_some() { Standing::Lost } else { Standing::Good };
                return Ok(Some(Exchanged::new(vec![SettleAnswer::Lost; settled], Vec::new(), standing)));
            }
            Value::Array(parts) => parts,
            _ => return Ok(None),
        };
        let mut last = || usize::try_from(reply::int(parts.pop().unwrap_or(Value::Nil))).unwrap_or(0);
        let (all, kept, count) = (last() == 1, last() == 1, last());
        let mut runs: Vec<(usize, usize)> = (0..count)
            .map(|_| {
                let length = last();
                (last(), length)
            })
            .collect();
        runs.reverse();
        let answers = vec![if all { SettleAnswer::Settled } else { SettleAnswer::AlreadySettled }; settled];
        let mut claims = claim.map_or_else(Vec::new, |request| fresh(request, runs, parts.into_iter()));
        if kept && !claims.is_empty() {
            self.add_checkpoints("exchange", &mut claims).await?;
        }
        Ok(Some(Exchanged::new(answers, claims, Standing::Good)))
    }

    async fn settle_and_claim(
        &self,
        settlements: &[Settlement],
        ways: &[Way],
        groups: &[Group<'_>],
        claim: Option<&ClaimRequest>,
        now: Timestamp,
    ) -> StoreResult<Exchanged> {
        let mut args = Args::new();
        args.number(now.as_unix_micros()).put(day::date(now.unix_day())).number(now.unix_day());
        args.number(groups.len());
        for group in groups {
            args.put(group.holder.as_str()).number(group.tally.processed).number(group.tally.failed);
            args.number(group.numbers.len());
            group.numbers.iter().for_each(|number| _ = args.count(*number));
        }
        put_claim(&mut args, claim)?;
        let alone = || settlements.iter().zip(ways).filter(|(_, way)| matches!(way, Way::Alone)).map(|(one, _)| one);
        args.number(alone().count());
        for settlement in alone() {
            let known = self.known(&settlement.receipt).await?;
            put_settlement(&mut args, settlement, &known, now);
        }
        let answer = self.run_proving("exchange", &self.inner.scripts.settle, args).await?;
        let Value::Array(parts) = answer else {
            return Err(StoreError::new("exchange", ErrorKind::Invalid, "a claim number was given twice"));
        };
        let mut parts = parts.into_iter();
        let letters = reply::bytes(reply::next(&mut parts)).unwrap_or_default();
        let answers = answers(ways, groups.len(), &letters);
        let settled = settlements.iter().zip(&answers).filter(|(_, answer)| **answer == SettleAnswer::Settled);
        self.ring_for(settled.flat_map(|(settlement, _)| {
            std::iter::once(&settlement.transition.place).chain(settlement.then.iter().map(|job| &job.place))
        }));
        let standing = reply::int(reply::next(&mut parts));
        let kept = reply::int(reply::next(&mut parts)) == 1;
        let mut claims = match (claim, standing) {
            (Some(request), 1) => {
                let mut number = || usize::try_from(reply::int(reply::next(&mut parts))).unwrap_or(0);
                let count = number();
                let runs = (0..count).map(|_| (number(), number())).collect();
                fresh(request, runs, parts)
            }
            (Some(request), 2) => claims::of_flight(&request.incarnation, parts),
            _ => Vec::new(),
        };
        if kept && !claims.is_empty() {
            self.add_checkpoints("exchange", &mut claims).await?;
        }
        Ok(Exchanged::new(answers, claims, if standing == 0 { Standing::Lost } else { Standing::Good }))
    }

    /// What is known of a claim's job: by its note, or, where another object of this kind was handed the claim, from
    /// Redis.
    async fn known(&self, receipt: &Receipt) -> StoreResult<Known> {
        if let Some(note) = Note::of(receipt) {
            return Ok(Known { names: note.names(), may_be_kept: note.may_be_kept() });
        }
        let names = self.names_in_flight("exchange", receipt).await?;
        Ok(Known { names, may_be_kept: true })
    }

    /// The names of the job of a receipt without a note; none where the claim is not held.
    pub(super) async fn names_in_flight(&self, op: &'static str, receipt: &Receipt) -> StoreResult<Names> {
        let mut get = redis::cmd("HGET");
        get.arg(keys::flight(receipt.incarnation().as_str())).arg(receipt.number());
        let value = reply::bytes(self.inner.connection.ask(op, &get).await?).unwrap_or_default();
        Ok(Names::of(&Payload::from_bytes(cut(&value).2)))
    }
}

/// The arguments of the common script; `None` for an exchange that is not a common one.
fn common(
    ways: &[Way],
    groups: &[Group<'_>],
    claim: Option<&ClaimRequest>,
    now: Timestamp,
) -> StoreResult<Option<Args>> {
    let group = groups.first();
    let mut holders = group.map(|group| group.holder).into_iter().chain(claim.map(|request| &request.incarnation));
    let Some(holder) = holders.next() else { return Ok(None) };
    let one_holder = holders.all(|other| other == holder);
    if !one_holder || groups.len() > 1 || ways.len() > COMMON_MAX || ways.iter().any(|way| matches!(way, Way::Alone)) {
        return Ok(None);
    }
    let (sources, limit) = claim.map_or((&[][..], 0), |request| (&request.sources[..], limit_of(request)));
    let numbers = group.map_or(&[][..], |group| &group.numbers[..]);
    let count = numbers.len() as u64;
    let mut args =
        Args::with_capacity(12 + 4 * sources.len() + numbers.len() + limit, 512 + 8 * (numbers.len() + limit));
    args.put_parts(&[keys::FLIGHT_PREFIX.as_bytes(), holder.as_str().as_bytes()]).count(count).count(limit as u64);
    args.put(if claim.is_some_and(|request| request.fill == Fill::InOrder) { "1" } else { "0" });
    args.count(sources.len() as u64);
    let tally = group.map(|group| group.tally).unwrap_or_default();
    let (processed, failed) = (u64::from(tally.processed), u64::from(tally.failed));
    args.count(processed).count(failed).count(processed * count).count(failed * count);
    args.put(day::date(now.unix_day())).number(now.unix_day());
    let micros = now.as_unix_micros().to_string();
    for source in sources {
        let name = source.queue.as_str();
        args.put_parts(&[keys::QUEUE_PREFIX.as_bytes(), name.as_bytes()]).put(name).count(source.quota as u64);
        args.put_parts(&[micros.as_bytes(), b"\n", name.as_bytes(), b"\n"]);
    }
    numbers.iter().for_each(|number| _ = args.count(*number));
    if let Some(request) = claim {
        put_numbers(&mut args, request)?;
    }
    Ok(Some(args))
}

fn put_settlement(args: &mut Args, settlement: &Settlement, known: &Known, now: Timestamp) {
    let (receipt, transition) = (&settlement.receipt, &settlement.transition);
    let (letter, place, score) = record::place(&transition.place, now);
    args.put(receipt.incarnation().as_str()).number(receipt.number()).put(&known.names.jid).put(&known.names.key);
    args.put(if transition.payload.is_some() { "1" } else { "0" });
    args.put(transition.payload.as_ref().map_or(&[][..], |payload| payload.as_bytes()));
    args.put(letter).put(place.as_bytes()).put(score);
    args.number(transition.tally.processed).number(transition.tally.failed);
    args.put(if known.may_be_kept { "1" } else { "0" }).number(settlement.then.len());
    for job in &settlement.then {
        record::new_job(args, job, now);
    }
}

fn put_claim(args: &mut Args, claim: Option<&ClaimRequest>) -> StoreResult<()> {
    let Some(request) = claim else {
        args.put("0");
        return Ok(());
    };
    args.put("1").put(request.incarnation.as_str()).number(request.first_number);
    args.put(if request.repeated == Repeated::Yes { "1" } else { "0" }).number(limit_of(request));
    args.put(if request.fill == Fill::InOrder { "1" } else { "0" }).number(request.sources.len());
    for source in &request.sources {
        args.put(source.queue.as_str()).number(source.quota);
    }
    put_numbers(args, request)
}

/// Adds the numbers of a claim, and the one after them. The scripts take them as texts: turning their own numbers into
/// text is what costs them most.
fn put_numbers(args: &mut Args, request: &ClaimRequest) -> StoreResult<()> {
    let end = request.first_number.checked_add(limit_of(request) as u64).filter(|end| *end < NUMBERS_END);
    let Some(end) = end else {
        let said = format!("claim number {} is too high: number claims from one", request.first_number);
        return Err(StoreError::new("exchange", ErrorKind::Invalid, said));
    };
    (request.first_number..=end).for_each(|number| _ = args.count(number));
    Ok(())
}

fn limit_of(request: &ClaimRequest) -> usize {
    request.limit.min(limits::JOBS_PER_CLAIM_MAX)
}

/// The answers in the order of the settlements; the letters of groups come first.
fn answers(ways: &[Way], groups: usize, letters: &[u8]) -> Vec<SettleAnswer> {
    let mut alone = letters.iter().skip(groups);
    let letter = |way: &Way| match way {
        Way::Group(index) => letters.get(*index),
        Way::Alone => alone.next(),
    };
    let answer = |letter: Option<&u8>| match letter {
        Some(b'S') => SettleAnswer::Settled,
        Some(b'A') => SettleAnswer::AlreadySettled,
        _ => SettleAnswer::Lost,
    };
    ways.iter().map(letter).map(answer).collect()
}

/// Claims made just now: each run's source and length, and the payloads of all of them.
fn fresh(
    request: &ClaimRequest,
    runs: Vec<(usize, usize)>,
    mut payloads: impl ExactSizeIterator<Item = Value>,
) -> Vec<Claim> {
    let mut claims = Vec::with_capacity(payloads.len());
    let mut numbers = request.first_number..;
    for (source, length) in runs {
        let Some(source) = request.sources.get(source) else { break };
        for (payload, number) in payloads.by_ref().take(length).zip(&mut numbers) {
            let payload = Payload::from_bytes(reply::bytes(payload).unwrap_or_default());
            claims.push(claims::claim(&request.incarnation, number, source.queue.clone(), payload));
        }
    }
    claims
}
