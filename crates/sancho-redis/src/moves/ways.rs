//! Which settlements need nothing but to go, and go together.

use sancho_core::{Incarnation, Place, Settlement, Tally};

use crate::note::Note;

/// How one settlement is sent.
pub(super) enum Way {
    /// With others that need nothing but to go, in the group of this index.
    Group(usize),
    /// By itself, in the order of the call.
    Alone,
}

/// Settlements of one incarnation and one tally that need nothing but to go.
pub(super) struct Group<'a> {
    pub(super) holder: &'a Incarnation,
    pub(super) tally: Tally,
    pub(super) numbers: Vec<u64>,
}

/// Finds what needs nothing but to go, and is sent for the first time: all of it goes by one command.
pub(super) fn sort(settlements: &[Settlement]) -> (Vec<Way>, Vec<Group<'_>>) {
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
