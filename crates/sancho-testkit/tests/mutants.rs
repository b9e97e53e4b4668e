//! The suite can fail: each broken model is caught by the fact that is named for it.

use std::fmt::Debug;

use sancho_testkit::conformance::facts;
use sancho_testkit::mutants::engine::{self, EngineBug};
use sancho_testkit::mutants::hunt::{Roll, holds};
use sancho_testkit::mutants::{Bug, CAUGHT_BY, MutantFactory};
use sancho_testkit::{fail_nth, random};

/// A bug's name as the roll has it: `pop-then-push`.
fn name(bug: impl Debug) -> String {
    let mut name = String::new();
    for letter in format!("{bug:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

// A fact that waits for what does not come waits in virtual time.
#[tokio::test(start_paused = true)]
async fn each_mutant_is_caught_by_its_fact() {
    let mut roll = Roll::of("model");
    for (bug, fact) in CAUGHT_BY {
        let (broken, sound) = (MutantFactory(*bug), MutantFactory(Bug::None));
        roll.by_fact(&name(*bug), fact, &broken, || Ok(()), &sound).await;
    }
    roll.close();
}

/// Seeds among which the bug of an engine has to be found.
const SEEDS: u64 = 10_000;

/// How many of them are run, at most, where the build is slow and the seed of [`EngineBug::FOUND_BY`] finds nothing.
const SEEDS_WHERE_SLOW: u64 = 300;

/// A build with optimization runs all seeds from the first on; one without begins with the seed that is known to find
/// the bug.
#[test]
fn each_broken_engine_is_found_by_a_seed() {
    let slow = cfg!(debug_assertions);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut roll = Roll::of("engine");
    for (bug, known) in EngineBug::FOUND_BY {
        let by_known = || engine::find_by(*bug, *known).filter(|_| slow);
        let seeds = if slow { SEEDS_WHERE_SLOW } else { SEEDS };
        match by_known().or_else(|| engine::find(*bug, 0..seeds, threads)) {
            Some(found) => {
                roll.caught(&name(bug), &format!("seed {} (of {SEEDS}): {}", found.seed, found.invariant));
            }
            None => roll.escaped(&name(bug), &format!("neither seed {known} nor one of the first {seeds} finds it")),
        }
    }
    roll.close();
}

#[tokio::test]
async fn the_wrapper_alone_breaks_no_fact() {
    for fact in facts() {
        assert_eq!(holds(fact, &MutantFactory(Bug::None)).await, Ok(()), "{fact:?}");
    }
}

/// Mutants that random sequences find; the rest need a fact that looks where a sequence seldom does.
const CAUGHT_AT_RANDOM_MIN: usize = 18;

#[tokio::test]
async fn random_sequences_catch_mutants_too() {
    let mut caught = 0;
    for (bug, _) in CAUGHT_BY {
        let sequences = async move {
            for seed in 0..8 {
                random::compare(&MutantFactory(*bug), seed, 60).await;
            }
        };
        caught += usize::from(tokio::spawn(sequences).await.is_err());
    }
    assert!(caught >= CAUGHT_AT_RANDOM_MIN, "random sequences catch {caught} mutants");
    println!("mutants: {caught}/{} caught by random sequences", CAUGHT_BY.len());
}

#[tokio::test]
async fn failing_calls_catch_what_is_done_twice() {
    for bug in [Bug::RepeatedPushAddsTwice, Bug::RepeatedClaimClaimsAnew, Bug::CounterOutsideTheStep] {
        let run = tokio::spawn(async move { fail_nth::fail_every_call(&MutantFactory(bug)).await });
        assert!(run.await.is_err(), "{bug:?} is not caught");
    }
}
