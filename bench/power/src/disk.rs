//! The disk: names and files, those that are synced and those that are not, as a journal tells of them.

use std::collections::{BTreeMap, HashMap};
use std::io;

use crate::dice::Dice;
use crate::file::{Bytes, Change};
use crate::record::{Kind, Record};

/// What may survive of bytes that were not synced. Names survive in order always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Nothing: the strictest disk.
    Nothing,
    /// The changes of each file up to one, of which a part: a file that only grows has no holes.
    InOrder,
    /// Of each sector any state that it has had: writes are torn, and reordered.
    Any,
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Directory,
    File(usize),
}

/// What the programs saw under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Directory,
    Bytes(Vec<u8>),
    /// A file that changes unseen.
    Unseen,
}

/// All names, relative to the watched directory.
pub(crate) type Names = BTreeMap<Vec<u8>, Node>;

/// A change of names.
#[derive(Clone, Debug)]
enum Renaming {
    Put { path: Vec<u8>, node: Node },
    Move { from: Vec<u8>, to: Vec<u8> },
    Remove { path: Vec<u8> },
}

impl Renaming {
    fn is_in(&self, directory: &[u8]) -> bool {
        match self {
            Renaming::Put { path, .. } | Renaming::Remove { path } => parent(path) == directory,
            Renaming::Move { from, to } => parent(from) == directory || parent(to) == directory,
        }
    }

    fn apply(&self, names: &mut Names) {
        match self {
            Renaming::Put { path, node } => _ = names.insert(path.clone(), *node),
            Renaming::Remove { path } => _ = names.remove(path),
            Renaming::Move { from, to } => {
                // A directory takes what is in it along.
                let moved: Vec<Vec<u8>> = names.keys().filter(|path| is_within(path, from)).cloned().collect();
                for path in moved {
                    let node = names.remove(&path).expect("the name was just found");
                    names.insert([to, &path[from.len()..]].concat(), node);
                }
            }
        }
    }
}

fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(b"", |slash| &path[..slash])
}

fn is_within(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// One file.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    pub(crate) bytes: Bytes,
    /// It changes unseen: its bytes are those that are found in it.
    pub(crate) unseen: bool,
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// Names that are synced.
    names: Names,
    /// Names as the programs see them.
    seen: Names,
    pending: Vec<Renaming>,
    files: Vec<File>,
    inodes: HashMap<u64, usize>,
}

impl Disk {
    /// Puts a directory that is synced.
    pub(crate) fn put_directory(&mut self, path: Vec<u8>) {
        self.put(path, Node::Directory);
    }

    fn put(&mut self, path: Vec<u8>, node: Node) {
        self.names.insert(path.clone(), node);
        self.seen.insert(path, node);
    }

    /// Puts a file that is synced.
    pub(crate) fn put_file(&mut self, path: Vec<u8>, inode: u64, bytes: Vec<u8>) {
        let file = match self.inodes.get(&inode) {
            // A second name of the same file.
            Some(&file) => file,
            None => self.new_file(inode, bytes),
        };
        self.put(path, Node::File(file));
    }

    fn new_file(&mut self, inode: u64, synced: Vec<u8>) -> usize {
        self.files.push(File { bytes: Bytes::new(synced), unseen: false });
        self.inodes.insert(inode, self.files.len() - 1);
        self.files.len() - 1
    }

    /// The file of an inode. One that the journal has not told of was made by a process that was killed at once.
    fn file(&mut self, inode: u64) -> &mut File {
        let file = match self.inodes.get(&inode) {
            Some(&file) => file,
            None => self.new_file(inode, Vec::new()),
        };
        &mut self.files[file]
    }

    pub(crate) fn file_of_inode(&mut self, inode: u64) -> Option<&mut File> {
        self.inodes.get(&inode).map(|&file| &mut self.files[file])
    }

    /// Does what a record says.
    pub(crate) fn apply(&mut self, record: Record) -> io::Result<()> {
        let Record { head, first: path, second } = record;
        let number = usize::try_from(head.number).map_err(|_| io::Error::other("the journal has a huge file"))?;
        match head.kind {
            Kind::Create => {
                // Inodes are used again: the file that had this one before is another.
                let node = Node::File(self.new_file(head.file, Vec::new()));
                self.rename(Renaming::Put { path, node });
            }
            Kind::Write => self.file(head.file).bytes.change(Change::Write { offset: number, bytes: second }),
            Kind::Resize => self.file(head.file).bytes.change(Change::Resize(number)),
            Kind::Unseen => self.file(head.file).unseen = true,
            Kind::Sync => self.file(head.file).bytes.sync(),
            Kind::MakeDirectory => self.rename(Renaming::Put { path, node: Node::Directory }),
            Kind::Rename => self.move_name(path, second),
            Kind::Link => {
                self.file(head.file);
                let node = Node::File(self.inodes[&head.file]);
                self.rename(Renaming::Put { path, node });
            }
            Kind::Remove => self.rename(Renaming::Remove { path }),
            Kind::SyncDirectory => self.sync_directory(&path),
        }
        Ok(())
    }

    fn rename(&mut self, renaming: Renaming) {
        renaming.apply(&mut self.seen);
        self.pending.push(renaming);
    }

    /// Between two directories a file's new name and the end of its old one are synced with one directory each.
    fn move_name(&mut self, from: Vec<u8>, to: Vec<u8>) {
        match self.seen.get(&from) {
            Some(&node @ Node::File(_)) if parent(&from) != parent(&to) => {
                self.rename(Renaming::Put { path: to, node });
                self.rename(Renaming::Remove { path: from });
            }
            _ => self.rename(Renaming::Move { from, to }),
        }
    }

    fn sync_directory(&mut self, directory: &[u8]) {
        let (synced, pending) = std::mem::take(&mut self.pending).into_iter().partition(|it| it.is_in(directory));
        self.pending = pending;
        let synced: Vec<Renaming> = synced;
        synced.iter().for_each(|renaming| renaming.apply(&mut self.names));
    }

    /// How much is not synced: files, and changes of names.
    pub(crate) fn unsynced(&self) -> (usize, usize) {
        (self.files.iter().filter(|file| !file.bytes.is_synced()).count(), self.pending.len())
    }

    /// All names and bytes as the programs saw them.
    pub(crate) fn seen(&self) -> Vec<(Vec<u8>, Seen)> {
        let seen = |node: Node| match node {
            Node::Directory => Seen::Directory,
            Node::File(file) if self.files[file].unseen => Seen::Unseen,
            Node::File(file) => Seen::Bytes(self.files[file].bytes.seen()),
        };
        self.seen.iter().map(|(path, &node)| (path.clone(), seen(node))).collect()
    }

    /// What is left after a cut: each name, with the bytes of a file and `None` for a directory.
    pub(crate) fn survivor(&self, seed: u64, survival: Survival) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let mut dice = Dice::new(seed);
        let kept = match (survival, dice.up_to(2)) {
            (Survival::Nothing, _) | (_, 0) => 0,
            (_, 1) => self.pending.len(),
            _ => dice.up_to(self.pending.len()),
        };
        let named = reachable(self.names_after(kept)).into_iter();
        let mut bytes_of = |bytes: &Bytes| match survival {
            Survival::Nothing => bytes.synced().to_vec(),
            Survival::InOrder => bytes.survivor_in_order(&mut dice),
            Survival::Any => bytes.survivor(&mut dice),
        };
        let mut survivor = |node: Node| match node {
            Node::Directory => None,
            Node::File(file) => Some(bytes_of(&self.files[file].bytes)),
        };
        named.map(|(path, node)| (path, survivor(node))).collect()
    }

    fn names_after(&self, changes: usize) -> Names {
        let mut names = self.names.clone();
        self.pending[..changes].iter().for_each(|renaming| renaming.apply(&mut names));
        names
    }
}

/// Names whose directories are there: a file that is synced in a directory that is not is gone.
fn reachable(names: Names) -> Names {
    // A directory sorts before what is in it.
    let mut kept = Names::new();
    for (path, node) in names {
        let above = parent(&path);
        if above.is_empty() || kept.contains_key(above) {
            kept.insert(path, node);
        }
    }
    kept
}
