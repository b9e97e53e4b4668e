//! `derive(Job)`: writes and reads a job's arguments field by field, in order, and takes its options.
//!
//! serde alone would write a struct as an object; on Sidekiq's wire arguments are an array. Attributes of serde
//! that only make sense for an object are refused here, with what to do instead.

#![forbid(unsafe_code)]

mod expand;
mod fields;
mod key;
mod nearest;
mod options;
mod redact;
mod values;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `Job` for a struct: its fields are the arguments, in order.
///
/// Each field's type is `Serialize` and `DeserializeOwned`. Trailing fields with `#[serde(default)]`, and `Option`s,
/// may be missing when a job is read, so that jobs pushed before the field was added still run.
///
/// Options, all optional, as in `#[job(queue = "mailers", retry = 10)]`:
///
/// | option | what it says |
/// |---|---|
/// | `queue = "mailers"` | the queue |
/// | `retry = 10`, `true`, `false` | how often a failure is retried |
/// | `retry_for = "3d"` | how long after its first failure a job is retried, instead of how often |
/// | `retry_queue = "slow"` | the queue that retries go to |
/// | `dead = false` | a job whose tries are over is gone, and not kept in the dead set |
/// | `backtrace = 5`, `true`, `false` | how many lines of a backtrace a failure keeps |
/// | `tags("a", "b")` | tags, for people and filters |
/// | `timeout = "30s"` | how long one run may take |
/// | `expires_in = "1h"` | how long after it was due a job is still worth starting |
/// | `key = "product:{product_id}"` | the job's key, made of its fields; a brace is written twice |
/// | `redact` | its arguments, what its errors say and what its runs keep are shown nowhere |
/// | `redact(card, errors)` | these fields are shown nowhere; `errors` means the messages and backtraces of errors |
/// | `blocking` | it runs on a thread of its own, and may block |
/// | `log = "debug"` | at which level the log tells of it |
/// | `aliases("OldName", "Old::Name")` | other names that payloads have for the class |
/// | `class = "Name"` | the class's name: the struct's, unless given |
/// | `crate = "path::to::sancho"` | where this crate is found |
///
/// What is redacted is hidden from pages, commands and logs, and not from the store: whoever reads that reads it all.
///
/// A span is a text with a unit (`ms`, `s`, `m`, `h`, `d`, `w`) or a whole number of seconds.
#[proc_macro_derive(Job, attributes(job, serde))]
pub fn derive_job(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::job(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
