//! The one line that a run writes to standard output.

use anyhow::Result;
use serde::Serialize;

/// What a run came to.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Jobs that were pushed.
    Pushed { jobs_per_second: f64 },
    /// Jobs that were performed, and what their process took up meanwhile.
    Drained { jobs_per_second: f64, cpu_seconds_per_100k: f64, rss_mib: f64 },
    /// The system does not have what was asked for.
    Unsupported { unsupported: &'static str },
}

impl Answer {
    /// Writes the answer.
    ///
    /// # Errors
    /// When a figure is no number, which JSON has no word for.
    pub fn print(self) -> Result<()> {
        println!("{}", serde_json::to_string(&self)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    fn said(answer: Answer) -> String {
        serde_json::to_string(&answer).unwrap()
    }

    #[test]
    fn an_answer_has_the_agreed_names() {
        assert_eq!(said(Answer::Pushed { jobs_per_second: 2.5 }), r#"{"jobs_per_second":2.5}"#);
        assert_eq!(
            said(Answer::Drained { jobs_per_second: 2.5, cpu_seconds_per_100k: 0.5, rss_mib: 10.0 }),
            r#"{"jobs_per_second":2.5,"cpu_seconds_per_100k":0.5,"rss_mib":10.0}"#
        );
        assert_eq!(said(Answer::Unsupported { unsupported: "no" }), r#"{"unsupported":"no"}"#);
    }
}
