//! Settling and claiming, in one round trip.

use redis::Value;
use sancho_core::claim::{Fill, Repeated};
use sancho_core::{
    Claim, ClaimRequest, ErrorKind, Exchanged, Incarnation, Payload, Place, Receipt, SettleAnswer, Settlement,
    Standing, StoreError, StoreResult, Tally, Timestamp, limits,
};

use super::claims;
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

/// How one settlement is sent.
enum Way {
    /// With others that need nothing but to go, in the group of this index.
    Group(usize),
    /// By itself, in the order of the call.
    Alone,
}

/// Settlements of one incarnation and one tally that need nothing but to go.
struct Group<'a> {
    holder: &'a Incarnation,
    tally: Tally,
    numbers: Vec<u64>,
}

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
        let alone: Vec<&Settlement> = settlements
            .iter()
            .zip(&ways)
            .filter(|(_, way)| matches!(way, Way::Alone))
            .map(|(settlement, _)| settlement)
            .collect();
        let numbers = settlements.len() + claim.map_or(0, |request| request.limit);
        let mut args = Args::with_capacity(32 + numbers + 16 * alone.len(), 256 + 8 * numbers + 512 * alone.len());
        args.number(now.as_unix_micros()).put(day::date(now.unix_day())).number(now.unix_day());
        args.number(groups.len());
        for group in &groups {
            args.put(group.holder.as_str()).number(group.tally.processed).number(group.tally.failed);
            args.number(group.numbers.len());
            for number in &group.numbers {
                args.number(number);
            }
        }
        put_claim(&mut args, claim)?;
        let answer = if alone.is_empty() {
            self.inner.connection.run("exchange", &self.inner.scripts.exchange, &args).await?
        } else {
            args.number(alone.len());
            for settlement in &alone {
                let known = self.known(&settlement.receipt).await?;
                put_settlement(&mut args, settlement, &known, now);
            }
            self.run_proving("exchange", &self.inner.scripts.settle, args).await?
        };
        let Value::Array(parts) = answer else {
            return Err(StoreError::new("exchange", ErrorKind::Invalid, "a claim number was given twice"));
        };
        let mut parts = parts.into_iter();
        let letters = reply::bytes(reply::next(&mut parts)).unwrap_or_default();
        let answers = answers(&ways, groups.len(), &letters);
        self.ring_for(
            settlements
                .iter()
                .zip(&ways)
                .zip(&answers)
                .filter(|((_, way), answer)| matches!(way, Way::Alone) && **answer == SettleAnswer::Settled)
                .flat_map(|((settlement, _), _)| {
                    std::iter::once(&settlement.transition.place).chain(settlement.then.iter().map(|job| &job.place))
                }),
        );
        let standing = reply::int(reply::next(&mut parts));
        let kept = reply::int(reply::next(&mut parts)) == 1;
        let mut claims = match (claim, standing) {
            (Some(request), 1) => fresh(request, parts, now),
            (Some(request), 2) => claims::of_flight("exchange", &request.incarnation, parts)?,
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

/// Finds what needs nothing but to go, and is sent for the first time: all of it goes by one command.
fn sort(settlements: &[Settlement]) -> (Vec<Way>, Vec<Group<'_>>) {
    let (mut ways, mut groups) = (Vec::with_capacity(settlements.len()), Vec::<Group<'_>>::new());
    for settlement in settlements {
        if !only_goes(settlement) {
            ways.push(Way::Alone);
            continue;
        }
        let (holder, number) = (settlement.receipt.incarnation(), settlement.receipt.number());
        let tally = settlement.transition.tally;
        let have = groups.iter().position(|group| group.tally == tally && group.holder == holder);
        let index = have.unwrap_or_else(|| {
            groups.push(Group { holder, tally, numbers: Vec::with_capacity(settlements.len()) });
            groups.len() - 1
        });
        groups[index].numbers.push(number);
        ways.push(Way::Group(index));
    }
    if meet(settlements, &ways) {
        ways.fill_with(|| Way::Alone);
        groups.clear();
    }
    (ways, groups)
}

/// Whether one claim is settled both with others and alone, by two receipts: a repeated request tells it twice. Then
/// the order of the call decides, and groups, which go first, would break it.
fn meet(settlements: &[Settlement], ways: &[Way]) -> bool {
    let claims = |alone: bool| {
        let of = settlements.iter().zip(ways).filter(move |(_, way)| matches!(way, Way::Alone) == alone);
        of.map(|(settlement, _)| (settlement.receipt.number(), settlement.receipt.incarnation()))
    };
    let mut alone: Vec<_> = claims(true).collect();
    alone.sort_unstable();
    !alone.is_empty() && claims(false).any(|claim| alone.binary_search(&claim).is_ok())
}

/// Whether a settlement needs nothing but its claim to go, and was not sent before: a group answers as one, so that
/// none of it may be settled already.
fn only_goes(settlement: &Settlement) -> bool {
    let Some(note) = Note::of(&settlement.receipt) else { return false };
    let first = !note.mark_sent();
    first
        && settlement.transition.place == Place::Gone
        && settlement.then.is_empty()
        && !note.may_be_kept()
        && !note.may_have_key()
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
    let limit = request.limit.min(limits::JOBS_PER_CLAIM_MAX);
    let end = request.first_number.checked_add(limit as u64).filter(|end| *end < NUMBERS_END);
    let Some(end) = end else {
        let said = format!("claim number {} is too high: number claims from one", request.first_number);
        return Err(StoreError::new("exchange", ErrorKind::Invalid, said));
    };
    args.put("1").put(request.incarnation.as_str()).number(request.first_number);
    args.put(if request.repeated == Repeated::Yes { "1" } else { "0" }).number(limit);
    args.put(if request.fill == Fill::InOrder { "1" } else { "0" }).number(request.sources.len());
    for source in &request.sources {
        args.put(source.queue.as_str()).number(source.quota);
    }
    // The script takes numbers as texts: turning its own into text is what costs it most.
    for number in request.first_number..=end {
        args.number(number);
    }
    Ok(())
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

/// Claims made just now: the count of runs, each run's source and length, then the payloads.
fn fresh(request: &ClaimRequest, mut parts: impl ExactSizeIterator<Item = Value>, now: Timestamp) -> Vec<Claim> {
    let count = reply::int(reply::next(&mut parts));
    let mut number = || usize::try_from(reply::int(reply::next(&mut parts))).unwrap_or(0);
    let runs: Vec<(usize, usize)> = (0..count).map(|_| (number(), number())).collect();
    let mut claims = Vec::with_capacity(parts.len());
    let mut numbers = request.first_number..;
    for (source, length) in runs {
        let Some(source) = request.sources.get(source) else { break };
        for (payload, number) in parts.by_ref().take(length).zip(&mut numbers) {
            let payload = Payload::from_bytes(reply::bytes(payload).unwrap_or_default());
            claims.push(claims::claim(&request.incarnation, number, source.queue.clone(), payload, now));
        }
    }
    claims
}
