//! One file's bytes: those that are synced, and the changes since, of which anything may survive.

use crate::dice::Dice;

/// Sectors in which a disk keeps or loses what was written: old disks', and today's pages'.
const SECTORS: [usize; 2] = [512, 4_096];

/// A change of a file that is not synced.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Resize(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write { offset, bytes: new } => {
                let end = offset + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(new);
            }
            Change::Resize(length) => bytes.resize(*length, 0),
        }
    }

    /// What is left of a change that the cut hit in its middle: whole sectors from its beginning.
    fn torn(&self, dice: &mut Dice) -> Option<Change> {
        let Change::Write { offset, bytes } = self else { return None };
        let first = SECTORS[0] - offset % SECTORS[0];
        let kept = (first + SECTORS[0] * dice.up_to(bytes.len() / SECTORS[0])).min(bytes.len());
        Some(Change::Write { offset: *offset, bytes: bytes[..kept].to_vec() })
    }

    /// Applies what concerns one sector, which begins at `from`.
    fn apply_within(&self, from: usize, sector: &mut [u8]) {
        let to = from + sector.len();
        match self {
            Change::Write { offset, bytes } => {
                let (begin, end) = (from.max(*offset), to.min(offset + bytes.len()));
                if begin < end {
                    sector[begin - from..end - from].copy_from_slice(&bytes[begin - offset..end - offset]);
                }
            }
            Change::Resize(length) => {
                if *length < to {
                    sector[length.saturating_sub(from)..].fill(0);
                }
            }
        }
    }

    fn concerns(&self, from: usize, to: usize) -> bool {
        match self {
            Change::Write { offset, bytes } => *offset < to && from < offset + bytes.len(),
            Change::Resize(length) => *length < to,
        }
    }
}

/// A file's bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bytes {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

impl Bytes {
    pub(crate) fn new(synced: Vec<u8>) -> Self {
        Bytes { synced, pending: Vec::new() }
    }

    pub(crate) fn change(&mut self, change: Change) {
        self.pending.push(change);
    }

    /// Takes what was found in the file for all that has happened to it since it was synced.
    pub(crate) fn replace(&mut self, found: Vec<u8>) {
        self.pending = vec![Change::Resize(found.len()), Change::Write { offset: 0, bytes: found }];
    }

    pub(crate) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.synced);
        }
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.pending.is_empty()
    }

    /// What the disk has to keep.
    pub(crate) fn synced(&self) -> &[u8] {
        &self.synced
    }

    /// As the programs saw the file.
    pub(crate) fn seen(&self) -> Vec<u8> {
        self.first(self.pending.len())
    }

    /// As the file would be with the first so many changes.
    fn first(&self, changes: usize) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        self.pending[..changes].iter().for_each(|change| change.apply(&mut bytes));
        bytes
    }

    /// What a disk keeps that writes in order: all changes up to one, which is torn.
    pub(crate) fn survivor_in_order(&self, dice: &mut Dice) -> Vec<u8> {
        match dice.up_to(3) {
            0 => self.synced.clone(),
            1 => self.seen(),
            _ => {
                let whole = dice.up_to(self.pending.len());
                let mut bytes = self.first(whole);
                let torn = self.pending.get(whole).and_then(|change| change.torn(dice));
                torn.into_iter().for_each(|change| change.apply(&mut bytes));
                bytes
            }
        }
    }

    /// What any disk may keep: half of the time as one that writes in order, else sector by sector.
    pub(crate) fn survivor(&self, dice: &mut Dice) -> Vec<u8> {
        if self.pending.is_empty() || dice.up_to(1) == 0 {
            self.survivor_in_order(dice)
        } else {
            let sector = SECTORS[dice.up_to(SECTORS.len() - 1)];
            self.by_sector(sector, dice)
        }
    }

    /// Of each sector that was changed, any of the states that it has had; of the lengths, any.
    fn by_sector(&self, sector: usize, dice: &mut Dice) -> Vec<u8> {
        let length = self.length_after(dice.up_to(self.pending.len()));
        let mut bytes = self.synced.clone();
        for from in self.changed(sector) {
            let to = from + sector;
            let states: Vec<&Change> = self.pending.iter().filter(|change| change.concerns(from, to)).collect();
            if bytes.len() < to {
                bytes.resize(to, 0);
            }
            let survive = dice.up_to(states.len());
            states[..survive].iter().for_each(|change| change.apply_within(from, &mut bytes[from..to]));
        }
        bytes.resize(length, 0);
        bytes
    }

    /// Where the sectors begin that were written.
    fn changed(&self, sector: usize) -> std::collections::BTreeSet<usize> {
        let written = self.pending.iter().filter_map(|change| match change {
            Change::Write { offset, bytes } if !bytes.is_empty() => Some((*offset, offset + bytes.len())),
            Change::Write { .. } | Change::Resize(_) => None,
        });
        written.flat_map(|(begin, end)| (begin / sector..=(end - 1) / sector).map(move |at| at * sector)).collect()
    }

    fn length_after(&self, changes: usize) -> usize {
        self.pending[..changes].iter().fold(self.synced.len(), |length, change| match change {
            Change::Write { offset, bytes } => length.max(offset + bytes.len()),
            Change::Resize(length) => *length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_pages() -> Bytes {
        let mut bytes = Bytes::new(vec![b'o'; 8_192]);
        bytes.change(Change::Write { offset: 0, bytes: vec![b'1'; 8_192] });
        bytes.change(Change::Write { offset: 100, bytes: vec![b'2'; 4_096] });
        bytes
    }

    fn survivors() -> impl Iterator<Item = Vec<u8>> {
        (0..400).map(|seed| two_pages().survivor(&mut Dice::new(seed)))
    }

    #[test]
    fn what_is_synced_survives_whole() {
        let mut bytes = two_pages();
        bytes.sync();
        assert!((0..50).all(|seed| bytes.survivor(&mut Dice::new(seed)) == bytes.seen()));
    }

    #[test]
    fn what_is_not_synced_may_be_dropped_kept_torn_or_out_of_order() {
        assert!(survivors().any(|bytes| bytes == vec![b'o'; 8_192]), "all of it dropped");
        assert!(survivors().any(|bytes| bytes == two_pages().seen()), "all of it kept");
        assert!(survivors().any(|bytes| bytes[0] == b'1' && bytes[8_191] == b'o'), "torn");
        assert!(survivors().any(|bytes| bytes[0] == b'o' && bytes[8_191] == b'1'), "the end without the beginning");
        assert!(survivors().any(|bytes| bytes[100] == b'1' && bytes[4_100] == b'2'), "the second without the first");
    }

    #[test]
    fn bytes_that_nobody_wrote_stay() {
        let mut bytes = Bytes::new(vec![b'o'; 512]);
        bytes.change(Change::Write { offset: 100, bytes: vec![b'n'; 12] });
        for seed in 0..50 {
            let survivor = bytes.survivor(&mut Dice::new(seed));
            assert_eq!((&survivor[..100], &survivor[112..]), (&[b'o'; 100][..], &[b'o'; 400][..]));
        }
    }

    #[test]
    fn a_disk_that_writes_in_order_leaves_no_hole() {
        let mut bytes = Bytes::default();
        (0..9).for_each(|part| bytes.change(Change::Write { offset: part * 700, bytes: vec![b'n'; 700] }));
        let survivors = (0..200).map(|seed| bytes.survivor_in_order(&mut Dice::new(seed)));
        assert!(survivors.into_iter().all(|bytes| !bytes.contains(&0)));
    }

    #[test]
    fn a_file_that_was_cut_and_grew_again_has_no_old_bytes_at_its_end() {
        let mut bytes = Bytes::new(vec![b'o'; 1_024]);
        bytes.change(Change::Resize(0));
        bytes.change(Change::Resize(1_024));
        assert_eq!(bytes.seen(), vec![0; 1_024]);
    }
}
