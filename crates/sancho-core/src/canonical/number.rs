//! Numbers in the forms that Ruby's json writes: that of 2.6, and that of 2.16 and newer.
//!
//! Both read back as the same number. They differ in where an exponent begins, and in how it looks.

use crate::Wire;

/// A float that is finite, as the Ruby writes it that reads it: the shortest digits that read back as the same number.
pub fn float(value: f64, wire: Wire) -> String {
    let decimal = Decimal::of(&format!("{value:e}"));
    if wire == Wire::Eight { decimal.json_2_16() } else { decimal.json_2_6() }
}

/// As [`float`], with the shortest digits that tell single floats apart, in the form of json 2.6.
pub fn single(value: f32) -> String {
    Decimal::of(&format!("{value:e}")).json_2_6()
}

/// A number as its digits, the first of which stands at ten to the power of `exponent`.
struct Decimal {
    sign: &'static str,
    /// Without zeros at the end, but never none.
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// Reads `-1.25e-7`, the form that Rust writes.
    fn of(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').expect("the form has an exponent");
        let exponent = exponent.parse().expect("an exponent is a small number");
        let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
        Decimal { sign, digits: mantissa.chars().filter(char::is_ascii_digit).collect(), exponent }
    }

    /// Plain from 0.0001 up to, but not, 1e15; else `1.0e-05`.
    fn json_2_6(&self) -> String {
        if (-4..15).contains(&self.exponent) {
            return self.plain();
        }
        let (first, rest) = self.digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        format!("{}{first}.{rest}e{}{:02}", self.sign, self.direction(), self.exponent.unsigned_abs())
    }

    /// Plain for whole numbers below 1e15, and for others with at most six decimals or not too small; else `1e-10`.
    fn json_2_16(&self) -> String {
        let decimals = i32::try_from(self.digits.len()).unwrap_or(i32::MAX) - 1 - self.exponent;
        let size = self.exponent.unsigned_abs();
        if (decimals <= 0 && size < 15) || (decimals > 0 && (decimals <= 6 || size < 10)) {
            return self.plain();
        }
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{first}{point}{rest}e{}{size}", self.sign, self.direction())
    }

    fn direction(&self) -> char {
        if self.exponent < 0 { '-' } else { '+' }
    }

    /// Without an exponent, and with at least one decimal.
    fn plain(&self) -> String {
        let Decimal { sign, digits, exponent } = self;
        let Ok(whole) = usize::try_from(*exponent) else {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            return format!("{sign}0.{zeros}{digits}");
        };
        if digits.len() <= whole + 1 {
            return format!("{sign}{digits}{}.0", "0".repeat(whole + 1 - digits.len()));
        }
        let (before, after) = digits.split_at(whole + 1);
        format!("{sign}{before}.{after}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    #[test]
    fn floats_have_the_forms_of_json_2_6_and_2_16() {
        for (value, old, new) in [
            (0.0, "0.0", "0.0"),
            (-0.0, "-0.0", "-0.0"),
            (1.0, "1.0", "1.0"),
            (100.0, "100.0", "100.0"),
            (1.5, "1.5", "1.5"),
            (-12.25, "-12.25", "-12.25"),
            (0.1, "0.1", "0.1"),
            (0.0001, "0.0001", "0.0001"),
            (0.000125, "0.000125", "0.000125"),
            (1_795_214_985.063_344_2, "1795214985.0633442", "1795214985.0633442"),
            (1e14, "100000000000000.0", "100000000000000.0"),
            (999_999_999_999_999.9, "999999999999999.9", "999999999999999.9"),
            (1e15, "1.0e+15", "1e+15"),
            (1.234_567_890_123_456e15, "1.234567890123456e+15", "1.234567890123456e+15"),
            (1_000_000_000_000_000.5, "1.0000000000000005e+15", "1000000000000000.5"),
            (1e-5, "1.0e-05", "0.00001"),
            (-1e-5, "-1.0e-05", "-0.00001"),
            (1.5e-7, "1.5e-07", "0.00000015"),
            (1.234_567_89e-9, "1.23456789e-09", "0.00000000123456789"),
            (1e-10, "1.0e-10", "1e-10"),
            (-1.5e-10, "-1.5e-10", "-1.5e-10"),
            (1e20, "1.0e+20", "1e+20"),
            (1e23, "1.0e+23", "1e+23"),
            (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
            (5e-324, "5.0e-324", "5e-324"),
        ] {
            assert_eq!(float(value, Wire::Any), old);
            assert_eq!(float(value, Wire::Seven), old);
            assert_eq!(float(value, Wire::Eight), new);
        }
    }

    #[test]
    fn a_single_float_has_no_digits_that_it_never_had() {
        assert_eq!(single(0.1), "0.1");
        assert_eq!(single(16_777_216.0), "16777216.0");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: RngSeed::Fixed(8),
            failure_persistence: None,
            ..ProptestConfig::with_cases(2_048)
        })]

        #[test]
        fn both_forms_read_back_to_the_same_bits(
            value in prop_oneof![any::<u64>().prop_map(f64::from_bits), (-1e18..1e18_f64), (-1e-3..1e-3_f64)],
        ) {
            prop_assume!(value.is_finite());
            for wire in [Wire::Any, Wire::Eight] {
                let text = float(value, wire);
                let read: f64 = text.parse().expect("a float");
                prop_assert_eq!(read.to_bits(), value.to_bits(), "{}", text);
                prop_assert!(text.contains(['.', 'e']), "a float keeps the form of one: {}", text);
            }
        }

        #[test]
        fn an_exponent_of_2_16_has_a_sign_and_no_zero_in_front(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            if let Some((mantissa, exponent)) = float(value, Wire::Eight).split_once('e') {
                prop_assert!(exponent.starts_with(['+', '-']) && !exponent[1..].starts_with('0'), "{}", exponent);
                prop_assert!(!mantissa.ends_with(".0"), "{}", mantissa);
            }
        }
    }
}
