//! `derive(Job)`: writes and reads a job's arguments field by field, in order, and takes its options.
//!
//! serde alone would write a struct as an object; on Sidekiq's wire arguments are an array. Attributes of serde
//! that only make sense for an object are refused here, with what to do instead.

#![forbid(unsafe_code)]

mod expand;
mod fields;
mod options;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `Job` for a struct: its fields are the arguments, in order.
///
/// Each field's type is `Serialize` and `DeserializeOwned`. Trailing fields with `#[serde(default)]`, and `Option`s,
/// may be missing when a job is read, so that jobs pushed before the field was added still run.
///
/// Options, all optional: `#[job(queue = "mailers", retry = 10, backtrace = 5, timeout = "30s", blocking,
/// tags("a", "b"), class = "Name", crate = "path::to::sancho")]`. `retry` and `backtrace` also take `true` and
/// `false`; `timeout` also takes whole seconds; the class is the struct's name unless given.
#[proc_macro_derive(Job, attributes(job, serde))]
pub fn derive_job(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::job(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
