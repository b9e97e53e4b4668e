//! A record of the journal: one change of the watched directory, or one sync.
//!
//! On the disk it is a head of fixed length, a path where there is one, and the bytes of a write. Files are named by
//! their inode, paths are relative to the watched directory. Numbers are in the machine's own order.

use std::io::{self, Read};

/// Bytes of a head.
pub const HEAD: usize = 32;

/// What a record says of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A file was made: `file`, `first` is its path.
    Create = 1,
    /// A file was written: `file`, `number` is the offset, `second` the bytes.
    Write,
    /// A file got another length: `file`, `number` is the length.
    Resize,
    /// A file changes unseen from now on: `file`.
    Unseen,
    /// A file was synced: `file`.
    Sync,
    /// A directory was made: `first` is its path.
    MakeDirectory,
    /// A file or directory got another name: `first` is the old one, `second` the new one.
    Rename,
    /// A file got a second name: `file`, `first` is the new name.
    Link,
    /// A name of a file, or an empty directory, was removed: `first`.
    Remove,
    /// A directory was synced: `first` is its path, empty for the watched directory itself.
    SyncDirectory,
}

impl Kind {
    const ALL: [Kind; 10] = [
        Kind::Create,
        Kind::Write,
        Kind::Resize,
        Kind::Unseen,
        Kind::Sync,
        Kind::MakeDirectory,
        Kind::Rename,
        Kind::Link,
        Kind::Remove,
        Kind::SyncDirectory,
    ];
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What the record says of.
    pub kind: Kind,
    /// The inode, where one is meant.
    pub file: u64,
    /// An offset or a length in bytes, where one is meant.
    pub number: u64,
    /// Bytes of the path that follows.
    pub first: u32,
    /// Bytes that follow the path.
    pub second: u64,
}

impl Head {
    /// The head as it stands in the journal.
    pub fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0] = self.kind as u8;
        bytes[4..8].copy_from_slice(&self.first.to_ne_bytes());
        bytes[8..16].copy_from_slice(&self.file.to_ne_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_ne_bytes());
        bytes[24..32].copy_from_slice(&self.second.to_ne_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEAD]) -> io::Result<Self> {
        let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|index| bytes[at + index]));
        let first = u32::from_ne_bytes(std::array::from_fn(|index| bytes[4 + index]));
        let kind = Kind::ALL.into_iter().find(|&kind| kind as u8 == bytes[0]);
        let kind = kind.ok_or_else(|| io::Error::other(format!("the journal has a record of kind {}", bytes[0])))?;
        Ok(Head { kind, file: word(8), number: word(16), first, second: word(24) })
    }
}

/// A record as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) head: Head,
    pub(crate) first: Vec<u8>,
    pub(crate) second: Vec<u8>,
}

impl Record {
    /// The next record of a journal, or `None` at its end.
    pub(crate) fn read(journal: &mut impl Read) -> io::Result<Option<Self>> {
        let mut head = [0; HEAD];
        match journal.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let head = Head::from_bytes(&head)?;
        let (mut first, mut second) = (vec![0; head.first as usize], vec![0; head.second as usize]);
        journal.read_exact(&mut first)?;
        journal.read_exact(&mut second)?;
        Ok(Some(Record { head, first, second }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        for kind in Kind::ALL {
            let head = Head { kind, file: 7, number: u64::MAX, first: 3, second: 4 };
            let journal = [&head.to_bytes()[..], b"onefour"].concat();
            let record = Record::read(&mut &journal[..]).expect("a record").expect("one");
            assert_eq!((record.head, &record.first[..], &record.second[..]), (head, &b"one"[..], &b"four"[..]));
        }
    }

    #[test]
    fn an_unknown_kind_is_refused() {
        assert!(Record::read(&mut &[77; HEAD][..]).is_err());
    }
}
