//! The job of every run, which does nothing.

use serde::{Deserialize, Serialize};

/// The arguments `["string", number, {"mike": "bob"}]`, in JSON an array.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NoOp(pub String, pub u64, pub Friends);

/// The third argument.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Friends {
    pub mike: String,
}

impl NoOp {
    /// The run's job of this number.
    pub fn new(number: u64) -> Self {
        NoOp("string".to_owned(), number, Friends { mike: "bob".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::NoOp;

    #[test]
    fn a_job_is_an_array_in_json() {
        assert_eq!(serde_json::to_string(&NoOp::new(7)).unwrap(), r#"["string",7,{"mike":"bob"}]"#);
    }
}
