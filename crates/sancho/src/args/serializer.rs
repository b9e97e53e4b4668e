//! The serializer: every value in canonical form, or the path of the one that has none.

mod compound;
mod map_key;

use std::fmt::Write;

use sancho_core::{Wire, canonical};
use serde::ser::{self, Serialize};

pub(super) use compound::Compound;

use crate::ArgsError;

/// Levels of arrays and objects that are written before it is certain that the payload would be refused. The stack
/// is used for each.
const LEVELS_MAX: usize = sancho_core::limits::PAYLOAD_DEPTH_MAX;

/// Names by which `serde_json` passes its own types, whose text is JSON already, through any serializer.
const VERBATIM: [&str; 2] = ["$serde_json::private::RawValue", "$serde_json::private::Number"];

/// Writes one value to the end of a text.
pub(super) struct Serializer<'a> {
    out: &'a mut String,
    depth: usize,
}

/// A value that has no form in JSON, and where it is, innermost step first.
#[derive(Debug)]
pub(super) struct Fault {
    steps: Vec<String>,
    said: String,
}

impl Fault {
    fn new(said: impl Into<String>) -> Self {
        Fault { steps: Vec::new(), said: said.into() }
    }

    /// The same fault, seen from one level further out.
    fn inside(mut self, step: impl FnOnce() -> String) -> Self {
        self.steps.push(step());
        self
    }

    /// The error, whose path begins with `root`.
    pub(super) fn at(self, root: &str) -> ArgsError {
        let path: String = self.steps.iter().rev().map(String::as_str).collect();
        ArgsError::new(format!("{root}{path} {}", self.said))
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Fault {}

impl ser::Error for Fault {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Fault::new(format!("cannot be written: {message}"))
    }
}

impl<'a> Serializer<'a> {
    pub(super) fn new(out: &'a mut String, depth: usize) -> Self {
        Serializer { out, depth }
    }

    fn push(self, text: &str) -> Result<(), Fault> {
        self.out.push_str(text);
        Ok(())
    }

    fn open(self, open: &str, close: &'static str) -> Result<Compound<'a>, Fault> {
        if self.depth >= LEVELS_MAX {
            return Err(Fault::new(format!("nests deeper than {LEVELS_MAX} levels")));
        }
        self.out.push_str(open);
        Ok(Compound::new(self.out, self.depth + 1, close))
    }

    /// An object whose only member has the variant's name, as serde's other formats write a variant.
    fn open_variant(self, variant: &str, open: &str, close: &'static str) -> Result<Compound<'a>, Fault> {
        self.out.push('{');
        canonical::string(self.out, variant);
        self.out.push(':');
        Serializer { out: self.out, depth: self.depth + 1 }.open(open, close)
    }
}

fn not_finite(value: f64) -> Fault {
    let name = match value {
        _ if value.is_nan() => "NaN",
        _ if value > 0.0 => "infinite",
        _ => "minus infinite",
    };
    Fault::new(format!("is {name}: JSON has no such number"))
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Fault> {
            write!(self.out, "{value}").map_err(|error| Fault::new(error.to_string()))
        })*
    };
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = ();
    type Error = Fault;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    whole_numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    }

    fn serialize_bool(self, value: bool) -> Result<(), Fault> {
        self.push(if value { "true" } else { "false" })
    }

    fn serialize_f32(self, value: f32) -> Result<(), Fault> {
        if !value.is_finite() {
            return Err(not_finite(value.into()));
        }
        self.push(&canonical::single(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Fault> {
        if !value.is_finite() {
            return Err(not_finite(value));
        }
        self.push(&canonical::float(value, Wire::default()))
    }

    fn serialize_char(self, value: char) -> Result<(), Fault> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Fault> {
        canonical::string(self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Fault> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Fault> {
        self.push("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Fault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Fault> {
        self.push("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Fault> {
        self.push("null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Fault> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Fault> {
        let mut object = self.open("{", "}")?;
        ser::SerializeStruct::serialize_field(&mut object, variant, value)?;
        ser::SerializeStruct::end(object)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Fault> {
        self.open("[", "]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Fault> {
        self.open("[", "]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Fault> {
        self.open("[", "]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Fault> {
        self.open_variant(variant, "[", "]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Fault> {
        self.open("{", "}")
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Fault> {
        if VERBATIM.contains(&name) {
            return Ok(Compound::verbatim(self.out, self.depth));
        }
        self.open("{", "}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Fault> {
        self.open_variant(variant, "{", "}}")
    }
}
