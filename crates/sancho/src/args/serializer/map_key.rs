//! The keys of maps: strings, and whole numbers as strings.

use serde::ser::{self, Impossible, Serialize};

use super::Fault;

/// Turns a map's key into the name of an object's member.
pub(super) struct MapKey;

fn no_key(what: &str) -> Fault {
    Fault::new(format!("has a key that is {what}: the keys of an object in JSON are strings"))
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<String, Fault> {
            Ok(value.to_string())
        })*
    };
}

macro_rules! refused {
    ($($method:ident($($type:ty),*) -> $answer:ty, $what:literal;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$answer, Fault> {
            Err(no_key($what))
        })*
    };
}

type No = Impossible<String, Fault>;

impl ser::Serializer for MapKey {
    type Ok = String;
    type Error = Fault;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    whole_numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    }

    refused! {
        serialize_bool(bool) -> String, "a boolean";
        serialize_f32(f32) -> String, "a float";
        serialize_f64(f64) -> String, "a float";
        serialize_bytes(&[u8]) -> String, "an array";
        serialize_none() -> String, "null";
        serialize_unit() -> String, "null";
        serialize_unit_struct(&'static str) -> String, "null";
        serialize_seq(Option<usize>) -> No, "an array";
        serialize_tuple(usize) -> No, "an array";
        serialize_tuple_struct(&'static str, usize) -> No, "an array";
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> No, "an object";
        serialize_map(Option<usize>) -> No, "an object";
        serialize_struct(&'static str, usize) -> No, "an object";
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> No, "an object";
    }

    fn serialize_char(self, value: char) -> Result<String, Fault> {
        Ok(value.to_string())
    }

    fn serialize_str(self, value: &str) -> Result<String, Fault> {
        Ok(value.to_owned())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<String, Fault> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<String, Fault> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<String, Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, Fault> {
        Err(no_key("an object"))
    }
}
