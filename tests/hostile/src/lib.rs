//! Checks that hold for bytes of any kind.
//!
//! A check is given bytes, asks everything that reads such bytes, and panics where an answer breaks a promise: no
//! reader panics, hangs or overflows the stack, and what was read survives being written. The fuzz targets of `fuzz`
//! call the checks by their names; the tests of this package call them with every file of `fuzz/corpus`, and with
//! inputs drawn from a seed.

#![forbid(unsafe_code)]

mod address;
mod args;
mod lines;
mod payload;
mod settings;
mod time;
mod wire;

// The readers of the operator's command, which is a program and has no library.
#[expect(dead_code, reason = "a check reads lines, and does not watch how far it is")]
#[path = "../../../crates/sancho-cli/src/ndjson.rs"]
mod ndjson;
#[path = "../../../crates/sancho-cli/src/when.rs"]
mod when;

/// A check, under the name of its fuzz target and of its folder in the corpus.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The name.
    pub name: &'static str,
    /// Panics where the bytes break a promise.
    pub run: fn(&[u8]),
}

/// Every check.
pub const CHECKS: [Check; 7] = [
    Check { name: "payload", run: payload::check },
    Check { name: "args", run: args::check },
    Check { name: "ndjson", run: lines::check },
    Check { name: "address", run: address::check },
    Check { name: "settings", run: settings::check },
    Check { name: "time", run: time::check },
    Check { name: "wire", run: wire::check },
];

/// Runs the check of this name.
///
/// # Panics
/// When the bytes break a promise, or no check has the name.
pub fn check(name: &str, bytes: &[u8]) {
    let check = CHECKS.iter().find(|check| check.name == name);
    (check.unwrap_or_else(|| panic!("no check is called {name}")).run)(bytes);
}
