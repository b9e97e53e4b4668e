//! Whole numbers of requests.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::problem::Problem;

/// A whole number from zero on, as JSON Schema has it: `3` and `3.0` are the same, and some programs write the latter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole(u64);

/// Up to here a float names each whole number.
const FLOAT_EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Whole {
    /// The number in the type that is wanted; `what` is the member's name.
    pub(super) fn to<N: TryFrom<u64>>(self, what: &str) -> Result<N, Problem> {
        N::try_from(self.0).map_err(|_| Problem::invalid(format!("{what} is {}: that is too many", self.0)))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsNumber)
    }
}

struct AsNumber;

impl Visitor<'_> for AsNumber {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from zero on")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
        u64::try_from(number).map(Whole).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
        let is_whole = number.fract() == 0.0 && (0.0..=FLOAT_EXACT_MAX).contains(&number);
        if is_whole { Ok(Whole(number as u64)) } else { Err(E::invalid_value(Unexpected::Float(number), &self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_have_a_fraction_of_nothing() {
        for (text, want) in
            [("3", Some(3)), ("3.0", Some(3)), ("-0.0", Some(0)), ("3.5", None), ("-1", None), ("1e300", None)]
        {
            let read = serde_json::from_str::<Whole>(text).ok();
            assert_eq!(read.map(|whole| whole.0), want, "{text}");
        }
    }
}
