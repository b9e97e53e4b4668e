//! Writes values in the canonical form, one argument at a time.

use serde::Serialize;

use super::serializer::Serializer;
use crate::ArgsError;

/// Writes the array of arguments. What `derive(Job)` calls.
#[derive(Debug)]
pub struct ArgsWriter {
    out: String,
    count: usize,
}

/// Room that most arguments have enough of.
const USUAL_BYTES: usize = 64;

impl ArgsWriter {
    /// No arguments yet.
    #[expect(clippy::new_without_default, reason = "only the derive makes one")]
    pub fn new() -> Self {
        let mut out = String::with_capacity(USUAL_BYTES);
        out.push('[');
        ArgsWriter { out, count: 0 }
    }

    /// Writes the next argument.
    ///
    /// # Errors
    /// [`ArgsError`], with the path of the value that has no form in JSON.
    pub fn arg<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ArgsError> {
        if self.count > 0 {
            self.out.push(',');
        }
        // The array itself is the first level.
        let serializer = Serializer::new(&mut self.out, 1);
        value.serialize(serializer).map_err(|fault| fault.at(&format!("args[{}]", self.count)))?;
        self.count += 1;
        Ok(())
    }

    /// The text of the array.
    pub fn finish(mut self) -> String {
        self.out.push(']');
        self.out
    }
}

/// Writes one value; `root` is what an error's path begins with.
pub(crate) fn write(root: &str, value: &(impl Serialize + ?Sized)) -> Result<String, ArgsError> {
    let mut out = String::new();
    value.serialize(Serializer::new(&mut out, 0)).map_err(|fault| fault.at(root))?;
    Ok(out)
}
