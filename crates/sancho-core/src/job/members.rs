//! A payload taken apart: every member in order, its text untouched.

use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Payload;
use crate::error::Unreadable;

/// The members of a payload, in order.
///
/// Setting a member that is there changes its value in place; a new one goes to the end. The texts of the
/// others (unknown members, big integers, the form of floats) are not touched.
///
/// ```
/// use sancho_core::Payload;
///
/// let payload = Payload::from_bytes(br#"{"class":"A","bid":"x","n":123456789012345678901234567890}"#.to_vec());
/// let mut members = payload.members().unwrap();
/// members.set("retry_count", &0);
/// assert_eq!(
///     members.to_payload().as_bytes(),
///     br#"{"class":"A","bid":"x","n":123456789012345678901234567890,"retry_count":0}"#
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct Members(Vec<(Box<str>, Box<RawValue>)>);

impl Members {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        serde_json::from_slice(bytes).map_err(|error| Unreadable::new(error.to_string()))
    }

    /// The JSON text of a member.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(have, _)| &**have == name).map(|(_, value)| value.get())
    }

    /// Sets a member to a value.
    ///
    /// # Panics
    /// When the value cannot be written as JSON (a map whose keys are no strings): a defect of the caller.
    pub fn set(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        let raw = serde_json::value::to_raw_value(value).expect("a member's value is plain JSON");
        self.put(name, raw);
    }

    /// Sets a member to a JSON text, as it is.
    ///
    /// # Errors
    /// [`Unreadable`] when the text is not JSON.
    pub fn set_raw(&mut self, name: &str, text: impl Into<String>) -> Result<(), Unreadable> {
        let raw = RawValue::from_string(text.into()).map_err(|error| Unreadable::new(error.to_string()))?;
        self.put(name, raw);
        Ok(())
    }

    /// Removes a member, if it is there.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(have, _)| &**have != name);
    }

    /// Each member's name and JSON text, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// Puts the payload together again, without spaces between members.
    pub fn to_payload(&self) -> Payload {
        let size = self.0.iter().map(|(name, value)| name.len() + value.get().len() + 4).sum::<usize>() + 2;
        let mut bytes = Vec::with_capacity(size);
        bytes.push(b'{');
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                bytes.push(b',');
            }
            serde_json::to_writer(&mut bytes, &**name).expect("a string is JSON, and memory can be written to");
            bytes.push(b':');
            bytes.extend_from_slice(value.get().as_bytes());
        }
        bytes.push(b'}');
        Payload::from_bytes(bytes)
    }

    fn put(&mut self, name: &str, raw: Box<RawValue>) {
        match self.0.iter_mut().rev().find(|(have, _)| &**have == name) {
            Some((_, value)) => *value = raw,
            None => self.0.push((name.into(), raw)),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}
