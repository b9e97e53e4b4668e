//! Inputs drawn by chance: bytes, JSON that is almost right, JSON of any shape under the names that are read, and the
//! corpus with bytes changed.

mod shapes;

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use sancho_hostile::{CHECKS, check};

/// Inputs of one kind that each check gets.
const CASES: u32 = 200;

fn for_all(name: &str, inputs: impl Strategy<Value = Vec<u8>>) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let held = runner.run(&inputs, |input| {
        check(name, &input);
        Ok(())
    });
    held.unwrap_or_else(|error| panic!("{name}: {error}"));
}

#[test]
fn bytes() {
    for check in CHECKS {
        for_all(check.name, vec(any::<u8>(), 0..200));
        for_all(check.name, "\\PC*".prop_map(String::into_bytes));
    }
}

#[test]
fn json_under_the_names_that_are_read() {
    for check in CHECKS {
        for_all(check.name, shapes::object().prop_map(String::into_bytes));
        for_all(
            check.name,
            vec(shapes::value(), 0..6).prop_map(|values| format!("[{}]", values.join(",")).into_bytes()),
        );
    }
}

#[test]
fn the_corpus_with_bytes_changed() {
    for check in CHECKS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(check.name);
        let files = fs::read_dir(folder).expect("a corpus").map(|entry| fs::read(entry.expect("an entry").path()));
        let mut inputs: Vec<Vec<u8>> = files.collect::<Result<_, _>>().expect("files of the corpus");
        inputs.sort();
        let changes = (0..inputs.len(), vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8));
        for_all(check.name, changes.prop_map(move |(at, changes)| shapes::changed(&inputs[at], &changes)));
    }
}

#[test]
fn nesting_of_any_depth_takes_no_stack() {
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let deep = small.spawn(|| {
        for levels in [99, 100, 101, 127, 128, 129, 1_000, 200_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let nested = format!("{}1{}", open.repeat(levels), close.repeat(levels));
                let unclosed = open.repeat(levels);
                for check in CHECKS {
                    for text in [&nested, &unclosed, &format!("{{\"class\":\"A\",\"args\":[{nested}]}}")] {
                        (check.run)(text.as_bytes());
                    }
                }
            }
        }
    });
    deep.expect("a thread").join().expect("no check overflows half a megabyte of stack");
}
