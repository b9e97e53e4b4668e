//! Arrays and objects, element by element.

use sancho_core::{Wire, canonical};
use serde::ser::{self, Serialize};

use super::map_key::MapKey;
use super::{Fault, Serializer};

/// An array or an object that is being written.
pub(in crate::args) struct Compound<'a> {
    out: &'a mut String,
    depth: usize,
    close: &'static str,
    count: usize,
    /// The map's key whose value comes next, for the path of a fault.
    key: String,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// No object at all: its only member's value is a text that is JSON already.
    Verbatim,
}

impl<'a> Compound<'a> {
    pub(super) fn new(out: &'a mut String, depth: usize, close: &'static str) -> Self {
        Compound { out, depth, close, count: 0, key: String::new(), form: Form::Plain }
    }

    pub(super) fn verbatim(out: &'a mut String, depth: usize) -> Self {
        Compound { form: Form::Verbatim, ..Compound::new(out, depth, "") }
    }

    fn next(&mut self) {
        if self.count > 0 {
            self.out.push(',');
        }
        self.count += 1;
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        value.serialize(Serializer::new(self.out, self.depth))
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        self.next();
        self.value(value).map_err(|fault| fault.inside(|| format!("[{}]", self.count - 1)))
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
        if self.form == Form::Verbatim {
            return self.already_json(value);
        }
        self.next();
        canonical::string(self.out, name);
        self.out.push(':');
        self.value(value).map_err(|fault| fault.inside(|| format!(".{name}")))
    }

    fn already_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let mut quoted = String::new();
        value.serialize(Serializer::new(&mut quoted, self.depth))?;
        let text: String = serde_json::from_str(&quoted).map_err(ser::Error::custom)?;
        self.out.push_str(&canonical::text(&text, Wire::default()).map_err(<Fault as ser::Error>::custom)?);
        Ok(())
    }

    fn close(self) -> Result<(), Fault> {
        self.out.push_str(self.close);
        Ok(())
    }
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fault> {
        self.key = key.serialize(MapKey)?;
        self.next();
        canonical::string(self.out, &self.key);
        self.out.push(':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        self.value(value).map_err(|fault| fault.inside(|| format!(".{}", self.key)))
    }

    fn end(self) -> Result<(), Fault> {
        self.close()
    }
}

macro_rules! arrays {
    ($($name:ident: $method:ident),*) => {
        $(impl ser::$name for Compound<'_> {
            type Ok = ();
            type Error = Fault;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
                self.element(value)
            }

            fn end(self) -> Result<(), Fault> {
                self.close()
            }
        })*
    };
}

macro_rules! objects {
    ($($name:ident),*) => {
        $(impl ser::$name for Compound<'_> {
            type Ok = ();
            type Error = Fault;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), Fault> {
                self.close()
            }
        })*
    };
}

arrays! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
}

objects! { SerializeStruct, SerializeStructVariant }
