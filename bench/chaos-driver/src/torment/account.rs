//! What became of every job, by the ledgers alone: the store is not asked.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sancho::OnConflict;

use super::book::Book;
use super::job::Terms;
use super::number::{ACTORS_MAX, Number};
use super::recovery::Recovery;
use crate::ledger::{Line, Verb};

/// One performance of a job, from its first line to its last. Times are microseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Performance {
    /// Who performed it.
    pub(super) actor: usize,
    pub(super) began_us: u64,
    pub(super) done_us: u64,
    /// When the process wrote that the store has the result; `None` when it never did.
    pub(super) settled_us: Option<u64>,
}

/// What a ledger says of one job.
#[derive(Clone, Debug, Default)]
struct Entry {
    pushed: bool,
    replaced: bool,
    performed: Option<Performance>,
}

/// Everything that the ledgers say.
#[derive(Debug)]
pub(super) struct Account {
    seed: u64,
    books: Vec<Book>,
    /// By the process that made the jobs, and by their count there.
    entries: Vec<Vec<Entry>>,
    /// All performances after the first of jobs that were performed more than once.
    again: HashMap<Number, Vec<Performance>>,
    pub(super) pushed: u64,
    pub(super) performed: u64,
    pub(super) replaced: u64,
    pub(super) recovery: Recovery,
}

impl Account {
    pub(super) fn new(seed: u64) -> Self {
        let (books, entries, again) = (Vec::new(), Vec::new(), HashMap::new());
        let (pushed, performed, replaced) = (0, 0, 0);
        Account { seed, books, entries, again, pushed, performed, replaced, recovery: Recovery::default() }
    }

    /// The number that the next process gets.
    pub(super) fn next_actor(&self) -> u32 {
        // Bounded where one is added.
        self.books.len() as u32
    }

    /// Opens the ledger of a new process, which has the next number.
    pub(super) fn add(&mut self, ledger: &Path) -> Result<()> {
        ensure!(
            self.books.len() < ACTORS_MAX,
            "{ACTORS_MAX} processes are as many as a run can have: give it less time"
        );
        self.books.push(Book::open(ledger)?);
        self.entries.push(Vec::new());
        Ok(())
    }

    pub(super) fn book(&self, actor: u32) -> &Book {
        &self.books[actor as usize]
    }

    pub(super) fn books(&self) -> &[Book] {
        &self.books
    }

    /// Reads what was written since.
    pub(super) fn read_on(&mut self) -> Result<()> {
        (0..self.books.len()).try_for_each(|actor| self.read_book(actor))
    }

    /// Reads the ledger of a process that is gone to its end. A job that the process had in hand counts as hit by a
    /// fault then, unless the process ended by itself.
    pub(super) fn close(&mut self, actor: u32, killed_us: Option<u64>) -> Result<()> {
        self.read_book(actor as usize)?;
        let book = &mut self.books[actor as usize];
        book.close();
        if let Some(killed_us) = killed_us {
            self.recovery.hit(book.open.keys().copied(), killed_us);
        }
        Ok(())
    }

    fn read_book(&mut self, actor: usize) -> Result<()> {
        for line in self.books[actor].read_on()? {
            self.take(actor, &line)?;
        }
        Ok(())
    }

    fn take(&mut self, actor: usize, line: &Line) -> Result<()> {
        let number = Number::read(line.number).with_context(|| format!("no job has the number {}", line.number))?;
        let began_us = self.books[actor].take(line, number);
        match line.verb {
            Verb::Pushed => {
                self.entry(number)?.pushed = true;
                self.pushed += 1;
            }
            Verb::Replaced => {
                self.entry(number)?.replaced = true;
                self.replaced += 1;
            }
            Verb::Start => self.recovery.begun(number, line.at_us),
            Verb::Done => {
                let began_us = began_us.context("a job was done that was not begun")?;
                self.done(number, Performance { actor, began_us, done_us: line.at_us, settled_us: None })?;
            }
            Verb::Settled => self.settled(number, actor, line.at_us)?,
            _ => {}
        }
        Ok(())
    }

    fn done(&mut self, number: Number, performance: Performance) -> Result<()> {
        let entry = self.entry(number)?;
        if entry.performed.is_none() {
            entry.performed = Some(performance);
            self.performed += 1;
        } else {
            self.again.entry(number).or_default().push(performance);
        }
        Ok(())
    }

    fn settled(&mut self, number: Number, actor: usize, at_us: u64) -> Result<()> {
        // A process may have performed it twice; the store took the last result.
        let settle = |performance: &mut Performance| performance.settled_us = Some(at_us);
        let again = self.again.get_mut(&number).and_then(|again| again.iter_mut().rfind(|p| p.actor == actor));
        match again {
            Some(performance) => settle(performance),
            None => {
                if let Some(performance) = self.entry(number)?.performed.as_mut().filter(|p| p.actor == actor) {
                    settle(performance);
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, number: Number) -> Result<&mut Entry> {
        let entries = self.entries.get_mut(number.actor()).with_context(|| format!("nobody made job {number}"))?;
        if entries.len() <= number.count() {
            entries.resize(number.count() + 1, Entry::default());
        }
        Ok(&mut entries[number.count()])
    }

    fn look(&self, number: Number) -> Option<&Entry> {
        self.entries.get(number.actor())?.get(number.count())
    }

    /// Every job that was performed and not replaced. One that was performed may be replaced: when nobody settled it, it
    /// waits again, and has not started.
    pub(super) fn all_done(&self) -> impl Iterator<Item = Number> {
        self.numbers(|entry| entry.performed.is_some() && !entry.replaced)
    }

    /// How many of those may have been replaced all the same, by a push whose answer was lost.
    pub(super) fn maybe_replaced_after_all(&self) -> u64 {
        let replaced = self.maybe_replaced();
        let is_settled = |entry: &Entry| entry.performed.is_some_and(|performance| performance.settled_us.is_some());
        let unsettled = self.numbers(|entry| entry.performed.is_some() && !entry.replaced && !is_settled(entry));
        unsettled.filter(|&number| self.is_of(number, &replaced)).count() as u64
    }

    /// Jobs whose push was acknowledged, which nobody has performed and no other push has replaced.
    pub(super) fn missing(&self) -> Vec<Number> {
        let excused = self.maybe_replaced();
        let missing = self.numbers(|entry| entry.pushed && !entry.replaced && entry.performed.is_none());
        missing.filter(|&number| !self.is_of(number, &excused)).collect()
    }

    /// Whether a job has one of these keys, and is not itself the one that may have taken it.
    fn is_of(&self, number: Number, keys: &HashMap<u64, Number>) -> bool {
        let key = Terms::new(self.seed, number).key.map(|(key, _)| key);
        key.and_then(|key| keys.get(&key)).is_some_and(|&taker| taker != number)
    }

    /// Keys under which a job was pushed that was to take another's place, that was there and whose push nobody heard
    /// of: it may have replaced a job.
    fn maybe_replaced(&self) -> HashMap<u64, Number> {
        let unanswered = self.books.iter().flat_map(|book| book.unanswered.keys());
        let replacing = unanswered.filter_map(|&number| match Terms::new(self.seed, number).key {
            Some((key, OnConflict::Replace)) => Some((key, number)),
            _ => None,
        });
        let was_there =
            |number: Number| self.look(number).is_some_and(|entry| entry.performed.is_some() || entry.replaced);
        replacing.filter(|&(_, number)| was_there(number)).collect()
    }

    fn numbers(&self, is: impl Fn(&Entry) -> bool) -> impl Iterator<Item = Number> {
        self.entries.iter().enumerate().flat_map(move |(actor, entries)| {
            let chosen = entries.iter().enumerate().filter(|(_, entry)| is(entry)).map(|(count, _)| count);
            let numbers: Vec<Number> = chosen.map(|count| Number::from_parts(actor, count)).collect();
            numbers
        })
    }

    /// Jobs that were performed more than once, with all of their performances, earliest first.
    pub(super) fn twice(&self) -> Vec<(Number, Vec<Performance>)> {
        let all = |(number, again): (&Number, &Vec<Performance>)| {
            let first = self.look(*number).and_then(|entry| entry.performed);
            let mut all: Vec<Performance> = first.into_iter().chain(again.iter().copied()).collect();
            all.sort_unstable_by_key(|performance| performance.done_us);
            (*number, all)
        };
        let mut twice: Vec<_> = self.again.iter().map(all).collect();
        twice.sort_unstable_by_key(|(number, _)| *number);
        twice
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// An account of these lines, each behind the number of the process that wrote it.
    fn account(lines: &[(usize, &str)]) -> Account {
        let directory = tempfile::tempdir().expect("a directory");
        let mut account = Account::new(7);
        for actor in 0..3 {
            let ledger = directory.path().join(actor.to_string());
            let mut text = String::new();
            for (_, line) in lines.iter().filter(|(by, _)| *by == actor) {
                writeln!(text, "{line}").expect("a string takes everything");
            }
            std::fs::write(&ledger, text).expect("a ledger");
            account.add(&ledger).expect("a ledger");
        }
        account.read_on().expect("whole lines");
        account
    }

    fn number(actor: usize, count: usize) -> Number {
        Number::from_parts(actor, count)
    }

    #[test]
    fn what_was_acknowledged_and_not_performed_is_missing() {
        let plain = |count| Terms::new(7, number(0, count)).key.is_none();
        let [one, two, three] = (0..100).filter(|&count| plain(count)).take(3).collect::<Vec<_>>()[..] else {
            panic!("three jobs without a key");
        };
        let account = account(&[
            (0, &format!("try {one} a 0 1")),
            (0, &format!("pushed {one} a 0 2")),
            (0, &format!("pushed {two} a 0 2")),
            (0, &format!("try {three} a 0 3")),
            (1, &format!("start {two} b 1 3")),
            (1, &format!("done {two} b 1 4")),
        ]);
        assert_eq!((account.pushed, account.performed), (2, 1));
        assert_eq!(account.missing(), vec![number(0, one)]);
        assert_eq!(account.book(0).unanswered.len(), 1);
    }

    #[test]
    fn a_job_that_made_room_for_another_is_not_missing() {
        let account = account(&[(0, "pushed 1 a 0 1"), (0, "replaced 1 a 0 2")]);
        assert!(account.missing().is_empty());
    }

    #[test]
    fn a_job_that_was_performed_and_not_settled_may_be_replaced_and_is_settled_by_nobody() {
        let lines = [(0, "pushed 1 a 0 1"), (1, "start 1 b 1 2"), (1, "done 1 b 1 3")];
        assert_eq!(account(&lines).all_done().count(), 1);
        let account = account(&[&lines[..], &[(0, "replaced 1 a 0 9")]].concat());
        assert_eq!((account.performed, account.all_done().count()), (1, 0));
    }

    #[test]
    fn a_settlement_belongs_to_the_performance_of_its_process() {
        let account = account(&[
            (1, "start 5 b 1 1"),
            (1, "done 5 b 1 9"),
            (2, "start 5 c 1 3"),
            (2, "done 5 c 1 4"),
            (2, "settled 5 c 0 5"),
        ]);
        let (_, all) = &account.twice()[0];
        let told: Vec<_> = all.iter().map(|p| (p.actor, p.began_us, p.done_us, p.settled_us)).collect();
        assert_eq!(told, [(2, 3, 4, Some(5)), (1, 1, 9, None)]);
    }
}
