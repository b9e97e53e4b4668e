//! Any bytes as a file of jobs: every line is a job, blank, or refused by its number.

use serde_json::value::RawValue;

use crate::ndjson::{LINE_BYTES_MAX, Lines};

pub(crate) fn check(bytes: &[u8]) {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
    let mut last = 0;
    for line in Lines::new(bytes) {
        let number = match line {
            Ok(line) => {
                serde_json::from_str::<&RawValue>(&line.job.args).expect("arguments are JSON");
                assert!(line.job.tags.iter().all(|tag| tag.len() < LINE_BYTES_MAX));
                line.number
            }
            Err(bad) => {
                assert!(!bad.reason.is_empty() && !bad.reason.contains('\n'), "one line says it: {:?}", bad.reason);
                bad.number
            }
        };
        assert!(number > last, "each line is told once, in order: {number} after {last}");
        last = number;
    }
    assert!(last <= lines, "line {last} of {lines}");
}
