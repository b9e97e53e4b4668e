//! The suite can fail: each broken model is caught by the fact that is named for it.

use sancho_testkit::conformance::{facts, stage};
use sancho_testkit::mutants::{Bug, CAUGHT_BY, MutantFactory};
use sancho_testkit::{Fact, fail_nth, random};

/// Whether a fact holds for the mutants of a bug.
async fn holds(fact: Fact, bug: Bug) -> bool {
    let stage = stage(&MutantFactory(bug)).await;
    tokio::spawn((fact.run)(stage)).await.is_ok()
}

#[tokio::test]
async fn each_mutant_is_caught_by_its_fact() {
    let facts = facts();
    for (bug, name) in CAUGHT_BY {
        let fact = facts.iter().find(|fact| fact.name == *name).unwrap_or_else(|| panic!("no fact {name}"));
        assert!(!holds(*fact, *bug).await, "{bug:?} passes {name}");
        assert!(holds(*fact, Bug::None).await, "{name} fails without a bug");
    }
    println!("mutants: caught {0}/{0}", CAUGHT_BY.len());
}

#[tokio::test]
async fn the_wrapper_alone_breaks_no_fact() {
    for fact in facts() {
        assert!(holds(fact, Bug::None).await, "{fact:?}");
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
