//! A field of a job, as a piece of its key.

use std::fmt::{Display, Write as _};

/// What a field in `#[job(key = "…")]` has to be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a job's key",
    label = "a field in this key is a `{Self}`",
    note = "a field is written into a key by its `Display`: name another field, or implement `Display` for `{Self}`"
)]
pub trait KeyPart {
    /// Writes the field to the end of the key.
    fn write_to(&self, key: &mut String);
}

impl<T: Display + ?Sized> KeyPart for T {
    fn write_to(&self, key: &mut String) {
        // Writing to a text fails only where a `Display` fails of itself; what it has written by then is the piece.
        _ = write!(key, "{self}");
    }
}
