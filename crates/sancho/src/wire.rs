//! Pins the wire form of a job in a test.

use serde_json::Value;

use crate::Job;

/// Asserts that a job has these arguments on the wire, and that reading them gives the same arguments again.
///
/// Jobs outlive the program that pushed them: a test with this fails when a field is moved, renamed in place, or
/// changes its type, before jobs of the old form meet the new program.
///
/// ```
/// use sancho::{Job, assert_wire};
///
/// #[derive(Job)]
/// struct WelcomeEmail {
///     user_id: u64,
/// }
///
/// assert_wire!(WelcomeEmail { user_id: 7 }, [7]);
/// ```
///
/// # Panics
/// When they differ, or cannot be written or read.
#[macro_export]
macro_rules! assert_wire {
    ($job:expr, $args:tt $(,)?) => {
        $crate::__private::assert_wire(&$job, &$crate::__private::json!($args))
    };
}

/// The function behind [`assert_wire!`].
#[track_caller]
pub fn assert_wire<J: Job>(job: &J, expected: &Value) {
    let text = match job.to_args() {
        Ok(text) => text,
        Err(error) => panic!("{} cannot be written: {error}", J::CLASS),
    };
    let written: Value = serde_json::from_str(&text).expect("the writer writes JSON");
    assert_eq!(&written, expected, "the arguments of {} on the wire (left) are not as expected (right)", J::CLASS);
    match J::from_args(&text).and_then(|job| job.to_args()) {
        Ok(again) => assert_eq!(text, again, "{} is read otherwise than it was written", J::CLASS),
        Err(error) => panic!("{} cannot be read from {text}: {error}", J::CLASS),
    }
}

#[cfg(test)]
mod tests {
    use crate::Job;

    #[derive(Job)]
    struct WelcomeEmail {
        user_id: u64,
        locale: Option<String>,
    }

    #[test]
    fn the_wire_form_is_pinned() {
        assert_wire!(WelcomeEmail { user_id: 7, locale: None }, [7, null]);
    }

    #[test]
    #[should_panic(expected = "not as expected")]
    fn another_wire_form_is_noticed() {
        assert_wire!(WelcomeEmail { user_id: 7, locale: None }, [7.0, null]);
    }
}
