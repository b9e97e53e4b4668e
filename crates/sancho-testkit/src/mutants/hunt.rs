//! Runs checks against mutants, and keeps the roll of who was caught by what.

use std::io::Write;

use crate::conformance::{Fact, Factory, facts, stage};

/// The fact with this name.
///
/// # Panics
/// When there is none.
pub fn fact(name: &str) -> Fact {
    facts().into_iter().find(|fact| fact.name == name).unwrap_or_else(|| panic!("no fact is named {name}"))
}

/// Whether a fact holds for a fresh store of this factory.
///
/// # Errors
/// What the fact said when it failed.
pub async fn holds(fact: Fact, factory: &dyn Factory) -> Result<(), String> {
    passes((fact.run)(stage(factory).await)).await
}

/// Whether a check comes to its end.
///
/// # Errors
/// What it said when it panicked.
pub async fn passes(check: impl Future<Output = ()> + Send + 'static) -> Result<(), String> {
    let Err(failed) = tokio::spawn(check).await else { return Ok(()) };
    let panic = failed.into_panic();
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Err(said.unwrap_or("it panicked").to_owned())
}

/// The roll of a hunt: which mutants of one thing were caught, and by what.
///
/// It writes to the standard output itself, past the capture of the test harness: what a run of the mutants is for is
/// this list.
#[derive(Debug)]
#[must_use = "a roll that is not closed fails nothing"]
pub struct Roll {
    of: &'static str,
    mutants: usize,
    escaped: Vec<String>,
}

impl Roll {
    /// An empty roll of the mutants of something.
    pub fn of(of: &'static str) -> Self {
        Roll { of, mutants: 0, escaped: Vec::new() }
    }

    /// Notes that a mutant was caught.
    pub fn caught(&mut self, mutant: &str, by: &str) {
        self.mutants += 1;
        say(&format!("mutant {}/{mutant}: found by {by}", self.of));
    }

    /// Notes that a mutant was not caught, or proves nothing.
    pub fn escaped(&mut self, mutant: &str, why: &str) {
        self.mutants += 1;
        let line = format!("mutant {}/{mutant}: NOT found: {why}", self.of);
        say(&line);
        self.escaped.push(line);
    }

    /// Runs a fact against a mutant, and against the same store without its bug; notes what came of it as
    /// [`judge`](Self::judge) does. `alive` is asked after the fact.
    pub async fn by_fact(
        &mut self,
        mutant: &str,
        name: &str,
        broken: &dyn Factory,
        alive: impl FnOnce() -> Result<(), String>,
        sound: &dyn Factory,
    ) {
        let fact = fact(name);
        let found = holds(fact, broken).await;
        let control = holds(fact, sound).await;
        self.judge(mutant, &format!("fact {name}"), found, alive(), control);
    }

    /// Notes what came of a check: `found` of the mutant, `control` of the same without its bug; `alive` says whether
    /// the mutant did its work at all.
    ///
    /// A mutant counts as caught when the check finds something that is not so. A call that merely fails does not
    /// count: the mutant may be no program at all.
    pub fn judge(
        &mut self,
        mutant: &str,
        by: &str,
        found: Result<(), String>,
        alive: Result<(), String>,
        control: Result<(), String>,
    ) {
        match (found, alive, control) {
            (_, _, Err(said)) => self.escaped(mutant, &format!("{by} fails without it too: {said}")),
            (_, Err(why), _) => self.escaped(mutant, &format!("it does not live: {why}")),
            (Ok(()), ..) => self.escaped(mutant, &format!("it passes {by}")),
            (Err(said), ..) if said.contains("StoreError {") => {
                self.escaped(mutant, &format!("a call failed, which proves nothing of {by}: {said}"));
            }
            (Err(_), Ok(()), Ok(())) => self.caught(mutant, by),
        }
    }

    /// Ends the hunt with its last line.
    ///
    /// # Panics
    /// When a mutant escaped, or there was none.
    pub fn close(self) {
        let caught = self.mutants - self.escaped.len();
        say(&format!("mutants: caught {caught}/{} of {}", self.mutants, self.of));
        assert!(self.escaped.is_empty(), "mutants were not caught:\n{}", self.escaped.join("\n"));
        assert!(self.mutants > 0, "there was no mutant to catch");
    }
}

/// Writes a line past the capture of the test harness.
fn say(line: &str) {
    // Whoever closed the standard output does not want to know.
    let _ = writeln!(std::io::stdout(), "{line}");
}
