//! Jobs in a file: one JSON object a line.

use std::io::{self, BufRead, Read};

use sancho_core::{Key, QueueName, Retry, Timestamp, limits};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::when;

/// Bytes of one line: a payload's arguments and as much again for spaces and escapes. A longer line is refused
/// before it is in memory.
pub(crate) const LINE_BYTES_MAX: usize = 2 * limits::PAYLOAD_BYTES_MAX;

/// Lines of a file, read one at a time and numbered from one, blank ones skipped.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    from: R,
    number: u64,
    bytes: u64,
}

/// One line's job.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) job: Job,
}

/// A line that is no job, and why.
#[derive(Debug)]
pub(crate) struct BadLine {
    pub(crate) number: u64,
    pub(crate) reason: String,
}

/// A job as a line has it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) class: String,
    /// JSON text; a push checks that it is an array.
    pub(crate) args: String,
    pub(crate) queue: Option<QueueName>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) retry: Option<Retry>,
    pub(crate) key: Option<Key>,
    pub(crate) tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a JSON object such as {\"class\":\"Resize\",\"args\":[7]}")]
struct Wire {
    class: String,
    args: Box<RawValue>,
    queue: Option<String>,
    at: Option<f64>,
    retry: Option<serde_json::Value>,
    key: Option<String>,
    tags: Option<Vec<String>>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `from`.
    pub(crate) fn new(from: R) -> Self {
        Lines { from, number: 0, bytes: 0 }
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes
    }

    fn next_text(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        buffer.clear();
        let limit = u64::try_from(LINE_BYTES_MAX + 1).unwrap_or(u64::MAX);
        let read = (&mut self.from).take(limit).read_until(b'\n', buffer)?;
        self.number += u64::from(read > 0);
        self.bytes += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Line, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut buffer = Vec::new();
        loop {
            let read = self.next_text(&mut buffer);
            let number = self.number;
            let bad = |reason: String| Some(Err(BadLine { number, reason }));
            match read {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    return Some(Err(BadLine { number: number + 1, reason: format!("failed to read: {error}") }));
                }
            }
            if buffer.len() > LINE_BYTES_MAX {
                return bad(format!(
                    "the line has over {LINE_BYTES_MAX} bytes: store the data elsewhere and pass its id in the arguments"
                ));
            }
            let text = match std::str::from_utf8(&buffer) {
                Ok(text) => text,
                Err(error) => {
                    let place = error.valid_up_to() + 1;
                    return bad(format!("invalid UTF-8 at byte {place} of the line: save the file as UTF-8"));
                }
            };
            // Editors of some systems begin a file with a byte order mark.
            let text = if number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
            if text.trim().is_empty() {
                continue;
            }
            return match read_job(text) {
                Ok(job) => Some(Ok(Line { number, job })),
                Err(reason) => bad(reason),
            };
        }
    }
}

fn read_job(text: &str) -> Result<Job, String> {
    if !text.trim_start().starts_with('{') {
        return Err("a job is a JSON object such as {\"class\":\"Resize\",\"args\":[7]}".into());
    }
    let wire: Wire = serde_json::from_str(text).map_err(|error| in_line(&error))?;
    Ok(Job {
        class: wire.class,
        args: String::from(Box::<str>::from(wire.args)),
        queue: wire.queue.map(QueueName::new).transpose().map_err(|error| error.to_string())?,
        at: wire.at.map(when::epoch_seconds).transpose()?,
        retry: wire.retry.as_ref().map(retry).transpose()?,
        key: wire.key.map(Key::new).transpose().map_err(|error| error.to_string())?,
        tags: wire.tags.unwrap_or_default(),
    })
}

fn retry(value: &serde_json::Value) -> Result<Retry, String> {
    match value {
        serde_json::Value::Bool(true) => Ok(Retry::Default),
        serde_json::Value::Bool(false) => Ok(Retry::Never),
        value => value
            .as_u64()
            .and_then(|limit| u32::try_from(limit).ok())
            .map(Retry::Limit)
            .ok_or_else(|| "\"retry\" is true, false or a number of retries from zero on".into()),
    }
}

/// The parser counts lines too; here each line is a text of its own, and only the column tells something.
///
/// What it repeats of the line may have line breaks, and be as long as the line: of that, both ends are told.
fn in_line(error: &serde_json::Error) -> String {
    const END_CHARS: usize = 200;
    let said = error.to_string().replace(" at line 1 column ", " at column ").replace(char::is_control, " ");
    let count = said.chars().count();
    if count <= 2 * END_CHARS {
        return said;
    }
    let (first, last) = (said.chars().take(END_CHARS), said.chars().skip(count - END_CHARS));
    first.chain(" … ".chars()).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Result<(u64, String), String>> {
        Lines::new(text)
            .map(|line| match line {
                Ok(line) => Ok((line.number, line.job.args)),
                Err(bad) => Err(format!("line {}: {}", bad.number, bad.reason)),
            })
            .collect()
    }

    #[test]
    fn blank_lines_are_skipped_and_counted() {
        let text = b"\xef\xbb\xbf{\"class\":\"A\",\"args\":[1]}\r\n\n  \n{\"class\":\"A\",\"args\":[2]}";
        assert_eq!(read(text), [Ok((1, "[1]".into())), Ok((4, "[2]".into()))]);
    }

    #[test]
    fn every_member_is_read() {
        let text = br#"{"class":"A","args":[],"queue":"low","at":1795226400.5,"retry":3,"key":"k","tags":["eu"]}"#;
        let line = Lines::new(&text[..]).next().expect("a line").expect("a job");
        let job = line.job;
        assert_eq!(job.queue, Some(QueueName::new("low").expect("a name")));
        assert_eq!(job.at.map(Timestamp::as_unix_millis), Some(1_795_226_400_500));
        assert_eq!(job.retry, Some(Retry::Limit(3)));
        assert_eq!(job.key, Some(Key::new("k").expect("a key")));
        assert_eq!(job.tags, ["eu"]);
    }

    #[test]
    fn a_line_that_is_no_job_is_named_with_its_cause() {
        for (line, said) in [
            (&br#"{"class":"A","args":[],"bogus":1}"#[..], "unknown field `bogus`"),
            (br#"{"class":"A"}"#, "missing field `args`"),
            (br#"{"class":"A","args":[}"#, "at column"),
            (br#"["A",[]]"#, "a JSON object"),
            (br#"{"class":"A","args":[],"queue":""}"#, "queue name is empty"),
            (br#"{"class":"A","args":[],"at":1795226400000}"#, "not milliseconds"),
            (br#"{"class":"A","args":[],"at":1e400}"#, "out of range"),
            (br#"{"class":"A","args":[],"retry":-1}"#, "number of retries"),
            (br#"{"class":"A","args":[],"key":""}"#, "a key has"),
            (b"{\"class\":\"\xff\",\"args\":[]}", "invalid UTF-8 at byte 11"),
        ] {
            let answers = read(line);
            let [Err(error)] = &answers[..] else { panic!("{}: {answers:?}", String::from_utf8_lossy(line)) };
            assert!(error.starts_with("line 1: ") && error.contains(said), "{error}");
        }
    }

    #[test]
    fn what_is_repeated_of_a_line_is_short_and_on_one_line() {
        let name = "a\\n".repeat(1_000);
        let answers = read(format!("{{\"class\":\"A\",\"args\":[],\"{name}\":1}}").as_bytes());
        let [Err(error)] = &answers[..] else { panic!("{answers:?}") };
        assert!(error.contains("unknown field") && error.contains("`tags` at column 3"), "{error}");
        assert!(error.chars().count() < 500 && !error.contains('\n'), "{error}");
    }

    #[test]
    fn an_endless_line_is_refused_before_it_fills_memory() {
        let mut lines = Lines::new(io::BufReader::new(io::repeat(b' ')));
        let bad = lines.next().expect("an answer").expect_err("too long");
        assert!(bad.reason.contains("over"), "{}", bad.reason);
        assert_eq!(lines.bytes_read(), LINE_BYTES_MAX as u64 + 1);
    }
}
