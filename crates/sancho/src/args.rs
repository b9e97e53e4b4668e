//! Arguments as JSON: written in Ruby's canonical form, read argument by argument.
//!
//! The writer is a serializer of our own, because `serde_json` does not do: it writes a number that is not finite
//! as `null`, silently, and writes floats otherwise than Ruby does. On Redis, Ruby's own tools remove a job by the
//! exact bytes that they would write themselves, so a job in any other form could be seen there but not removed.
//!
//! A value is written before it is known who pushes it, with floats as json 2.6 writes them; the push brings them to
//! the form of the Ruby that reads them ([`Wire`](sancho_core::Wire)).

use serde::Serialize;
use serde::de::DeserializeOwned;

mod reader;
mod serializer;
mod writer;

pub use reader::ArgsReader;
pub use writer::ArgsWriter;
pub(crate) use writer::write;

/// What can be an argument: anything that serde writes and reads back without borrowing.
pub trait Argument: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Argument for T {}
