//! The suite can fail: each broken model is caught by the fact that is named for it.

use sancho_testkit::conformance::facts;
use sancho_testkit::mutants::hunt::{Roll, holds};
use sancho_testkit::mutants::{Bug, CAUGHT_BY, MutantFactory};
use sancho_testkit::{fail_nth, random};

/// A bug's name as the roll has it: `pop-then-push`.
fn name(bug: Bug) -> String {
    let mut name = String::new();
    for letter in format!("{bug:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[tokio::test]
async fn each_mutant_is_caught_by_its_fact() {
    let mut roll = Roll::of("model");
    for (bug, fact) in CAUGHT_BY {
        let (broken, sound) = (MutantFactory(*bug), MutantFactory(Bug::None));
        roll.by_fact(&name(*bug), fact, &broken, || Ok(()), &sound).await;
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
