//! Reads arguments one by one, and says which one is wrong.

use std::sync::Once;

use serde::de::value::Error as ValueError;
use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use crate::ArgsError;

/// Reads the array of arguments in order. What `derive(Job)` calls.
#[derive(Debug)]
pub struct ArgsReader<'a> {
    args: std::vec::IntoIter<&'a RawValue>,
    read: usize,
}

impl<'a> ArgsReader<'a> {
    /// Takes the array apart.
    ///
    /// # Errors
    /// [`ArgsError`] when the text is not a JSON array.
    pub fn new(args: &'a str) -> Result<Self, ArgsError> {
        let args: Vec<&'a RawValue> = serde_json::from_str(args)
            .map_err(|error| ArgsError::new(format!("the arguments are not a JSON array: {error}")))?;
        Ok(ArgsReader { args: args.into_iter(), read: 0 })
    }

    /// Reads the next argument. One that is not there is missing, unless its type is an `Option`. The field's name
    /// may be empty.
    ///
    /// # Errors
    /// [`ArgsError`] that names the argument by its place, counted from one, and its field.
    pub fn required<T: DeserializeOwned>(&mut self, field: &str) -> Result<T, ArgsError> {
        match self.next(field)? {
            Some(value) => Ok(value),
            None => T::deserialize(Missing).map_err(|_| ArgsError::new(format!("{} is missing", self.name(field)))),
        }
    }

    /// Reads the next argument; one that is not there has its default.
    ///
    /// # Errors
    /// [`ArgsError`] that names the argument by its place, counted from one, and its field.
    pub fn defaulted<T: DeserializeOwned>(&mut self, field: &str, default: impl FnOnce() -> T) -> Result<T, ArgsError> {
        Ok(self.next(field)?.unwrap_or_else(default))
    }

    /// Ignores what is left, with a warning, once for each class: `warned` is the class's own.
    pub fn finish(self, class: &str, warned: &Once) {
        let extra = self.args.len();
        if extra > 0 {
            warned.call_once(|| {
                tracing::warn!(class, extra, "a job has more arguments than its class has fields: they are ignored");
            });
        }
    }

    fn next<T: DeserializeOwned>(&mut self, field: &str) -> Result<Option<T>, ArgsError> {
        self.read += 1;
        let Some(raw) = self.args.next() else { return Ok(None) };
        let value = serde_json::from_str(raw.get());
        value.map(Some).map_err(|error| ArgsError::new(format!("{}: {error}", self.name(field))))
    }

    /// The argument that was read last, as errors name it.
    fn name(&self, field: &str) -> String {
        match field {
            "" => format!("argument {}", self.read),
            field => format!("argument {} ({field})", self.read),
        }
    }
}

/// What stands for an argument that is not there: only an `Option` can be read from it.
struct Missing;

impl<'de> Deserializer<'de> for Missing {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(ValueError::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
