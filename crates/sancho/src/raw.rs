//! Jobs of classes that this program does not know.

use sancho_core::{Draft, Jid};
use serde::Serialize;

use crate::client::{IntoDraft, PushError};
use crate::{ArgsError, args};

/// A job of a class that only another program knows: a name and arguments.
///
/// ```
/// use sancho::Raw;
///
/// let job = Raw::new("HardWorker", (1, "blue"));
/// let text = Raw::text("HardWorker", r#"[1, "blue"]"#);
/// # let _ = (job, text);
/// ```
#[derive(Clone, Debug)]
pub struct Raw {
    class: String,
    args: Result<String, ArgsError>,
}

impl Raw {
    /// A job with these arguments: anything that serde writes as an array. What cannot be written is reported by
    /// the push.
    pub fn new(class: impl Into<String>, args: impl Serialize) -> Self {
        Raw { class: class.into(), args: args::write("args", &args) }
    }

    /// A job whose arguments are the text of a JSON array, in UTF-8. It is brought to the canonical form; whole
    /// numbers of any size stay as they are. What is not JSON is reported by the push.
    pub fn text(class: impl Into<String>, args: impl Into<Vec<u8>>) -> Self {
        let class = class.into();
        let args = String::from_utf8(args.into())
            .map_err(|error| ArgsError::new(format!("the arguments of {class} are not UTF-8: {}", error.utf8_error())));
        Raw { class, args }
    }
}

impl IntoDraft for Raw {
    fn into_draft(self, jid: Jid) -> Result<Draft, PushError> {
        Ok(Draft::new(jid, self.class, self.args?))
    }
}
