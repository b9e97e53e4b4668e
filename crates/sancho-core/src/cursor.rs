//! Where a listing goes on, and which way.

use crate::Invalid;

/// What stands before the mark of a cursor that goes on backward: no store's mark begins so.
const BACKWARD: &str = "back.";

/// Which way a listing of a set goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// In the order of the set.
    #[default]
    Forward,
    /// In the reverse of it, from its end.
    Backward,
}

impl Direction {
    /// The other way.
    pub fn reversed(self) -> Self {
        match self {
            Direction::Forward => Direction::Backward,
            Direction::Backward => Direction::Forward,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Direction::Forward => "forward",
            Direction::Backward => "backward",
        }
    }
}

/// Where a page or an action goes on; opaque, only for the store that gave it, and only in the direction of the page
/// that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

impl Cursor {
    /// What a store gives out: its own mark of where to go on, and the direction, which the cursor remembers.
    ///
    /// ```
    /// use sancho_core::{Cursor, Direction};
    /// let cursor = Cursor::new(Direction::Backward, "17.4");
    /// assert_eq!(cursor.mark(Direction::Backward), Ok("17.4"));
    /// assert!(cursor.mark(Direction::Forward).is_err());
    /// ```
    pub fn new(direction: Direction, mark: impl Into<String>) -> Self {
        match direction {
            Direction::Forward => Cursor(mark.into()),
            Direction::Backward => Cursor(format!("{BACKWARD}{}", mark.into())),
        }
    }

    /// The store's own mark, as it was given to [`Cursor::new`].
    ///
    /// # Errors
    /// [`Invalid`] for a cursor of the other direction: it would leave out what it has shown, and show the rest again.
    pub fn mark(&self, direction: Direction) -> Result<&str, Invalid> {
        let (own, mark) = match self.0.strip_prefix(BACKWARD) {
            Some(mark) => (Direction::Backward, mark),
            None => (Direction::Forward, self.0.as_str()),
        };
        if own == direction {
            return Ok(mark);
        }
        let (own, asked) = (own.word(), direction.word());
        Err(Invalid::new(format!(
            "the cursor {:?} goes on {own}, and the listing goes {asked}: list {own}, or begin anew without a cursor",
            self.0
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_on_in_its_own_direction_only() {
        for direction in [Direction::Forward, Direction::Backward] {
            let cursor = Cursor::new(direction, "-5.7");
            assert_eq!(cursor.mark(direction), Ok("-5.7"));
            let error = cursor.mark(direction.reversed()).expect_err("the other direction").to_string();
            assert!(error.contains("begin anew"), "{error}");
        }
        let error = Cursor("x".to_owned()).mark(Direction::Backward).expect_err("a forward one").to_string();
        assert!(error.contains("goes on forward, and the listing goes backward"), "{error}");
        let error = Cursor("back.x".to_owned()).mark(Direction::Forward).expect_err("a backward one").to_string();
        assert!(error.contains("goes on backward, and the listing goes forward"), "{error}");
    }

    #[test]
    fn cursors_that_were_given_out_before_stay_good() {
        assert_eq!(Cursor("17.4".to_owned()).mark(Direction::Forward), Ok("17.4"));
    }
}
