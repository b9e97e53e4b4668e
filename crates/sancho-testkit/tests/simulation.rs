//! The engine holds its rules in simulated trouble; and the simulation notices where one is broken.

use std::path::Path;
use std::sync::Arc;

use sancho_core::{Inspect, Store};
use sancho_testkit::mutants::{Bug, Mutant};
use sancho_testkit::simulation::{self, Figures, Plan, Sound, Subject, Verdict};

/// Seeds of one test run: the program `simulate` runs far more of them.
const SEEDS: u64 = 200;

#[test]
fn every_rule_holds_for_two_hundred_seeds() {
    let mut total = Figures::default();
    for seed in 0..SEEDS {
        match simulation::run(seed, &Sound) {
            Verdict::Held(figures) => total.add(&figures),
            violated => panic!("seed {seed}: {violated}; again: simulate --seed {seed}"),
        }
    }
    assert!(total.taken_over > 0 && total.lost > 0 && total.faults > SEEDS, "the trouble was real: {total:?}");
    println!("simulate: {SEEDS} seeds, 0 violations, {} jobs, {} faults", total.jobs, total.faults);
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_seed_another() {
    let story = |seed| simulation::tell_plan(&Plan::draw(seed), &Sound).1;
    for seed in 0..8 {
        assert!(
            story(seed) == story(seed),
            "seed {seed} tells two stories: compare simulate --seed {seed} with itself"
        );
    }
    assert!(story(1) != story(2), "two seeds tell one story");
}

#[test]
fn what_was_found_once_is_found_no_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut replayed = 0;
    for file in std::fs::read_dir(folder).expect("the regressions are beside the tests") {
        let path = file.expect("the folder can be read").path();
        let text = std::fs::read_to_string(&path).expect("a regression is text");
        assert!(text.starts_with("# "), "{}: it says first what it found", path.display());
        let plan = Plan::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let verdict = simulation::run_plan(&plan, &Sound);
        assert!(matches!(verdict, Verdict::Held(_)), "{}: {verdict}", path.display());
        replayed += 1;
    }
    assert!(replayed > 0, "there is something to replay");
}

/// A store with a bug.
struct Buggy(Bug);

impl Subject for Buggy {
    fn base(&self) -> (Arc<dyn Store>, Arc<dyn Inspect>) {
        Mutant::make(self.0)
    }
}

/// The first seed that finds a bug, and the rule that it breaks.
fn first_found(bug: Bug, seeds: u64) -> Option<(u64, &'static str)> {
    (0..seeds).find_map(|seed| match simulation::run(seed, &Buggy(bug)) {
        Verdict::Violated(violation) => Some((seed, violation.invariant)),
        Verdict::Held(_) => None,
    })
}

#[test]
fn broken_stores_are_found() {
    for bug in [
        Bug::PopThenPush,
        Bug::NoReceiptCheck,
        Bug::CounterOutsideTheStep,
        Bug::KeyFreedEarly,
        Bug::KeyNotFreed,
        Bug::RepeatedPushAddsTwice,
        Bug::PausedQueueServed,
        Bug::TakeOverIgnoresLease,
        Bug::PromoteBeforeDue,
    ] {
        let (seed, broken) = first_found(bug, SEEDS).unwrap_or_else(|| panic!("{bug:?} is not found in {SEEDS} seeds"));
        println!("{bug:?}: found by seed {seed}: {broken}");
    }
    assert_eq!(first_found(Bug::None, 20), None, "the wrapper alone breaks no rule");
}

#[test]
fn a_story_names_nothing_of_the_machine() {
    let story = simulation::tell_plan(&Plan::draw(3), &Sound).1;
    assert!(!story.contains(&std::process::id().to_string()), "no process id: {story}");
}
