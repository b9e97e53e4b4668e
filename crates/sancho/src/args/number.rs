//! Numbers in the form that Ruby's json 2.6 writes.

/// The decimal exponents of a first digit that are written without an exponent: 0.0001 up to, but not, 1e15.
const PLAIN: std::ops::Range<i32> = -4..15;

/// A float that is finite, in Ruby's form: the shortest digits that read back as the same number.
pub(super) fn float(value: f64) -> String {
    shape(&format!("{value:e}"))
}

/// As [`float`], with the shortest digits that tell single floats apart.
pub(super) fn single(value: f32) -> String {
    shape(&format!("{value:e}"))
}

/// Turns `-1.25e-7`, the form that Rust writes, into Ruby's.
fn shape(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').expect("the form has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a small number");
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if !PLAIN.contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}.{rest}e{direction}{:02}", exponent.unsigned_abs());
    }
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let Ok(whole) = usize::try_from(exponent) else {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    };
    if digits.len() <= whole + 1 {
        return format!("{sign}{digits}{}.0", "0".repeat(whole + 1 - digits.len()));
    }
    let (before, after) = digits.split_at(whole + 1);
    format!("{sign}{before}.{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_the_form_of_json_2_6() {
        for (value, want) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (1.5, "1.5"),
            (-12.25, "-12.25"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.000125, "0.000125"),
            (1_795_214_985.063_344_2, "1795214985.0633442"),
            (1e14, "100000000000000.0"),
            (999_999_999_999_999.9, "999999999999999.9"),
            (1e15, "1.0e+15"),
            (1.234_567_890_123_456e15, "1.234567890123456e+15"),
            (1e-5, "1.0e-05"),
            (1.5e-7, "1.5e-07"),
            (1e-10, "1.0e-10"),
            (1e20, "1.0e+20"),
            (1e23, "1.0e+23"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5.0e-324"),
        ] {
            assert_eq!(float(value), want);
        }
    }

    #[test]
    fn a_single_float_has_no_digits_that_it_never_had() {
        assert_eq!(single(0.1), "0.1");
        assert_eq!(single(16_777_216.0), "16777216.0");
    }
}
