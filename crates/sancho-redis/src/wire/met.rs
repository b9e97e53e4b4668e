//! Meetings with classes that a process does not know, in a hash of our own: by queue and class, when it was first met
//! there and when last.

use sancho_core::{QueueName, Timestamp, UnknownClass};

/// The field of a class on a queue, in parts. No queue's name has a control character, so the first newline ends it.
pub(crate) fn field<'a>(class: &'a str, queue: &'a QueueName) -> [&'a [u8]; 3] {
    [queue.as_str().as_bytes(), b"\n", class.as_bytes()]
}

/// A field and its value; `None` for what is no meeting.
pub(crate) fn read(field: &str, value: &str) -> Option<UnknownClass> {
    let (queue, class) = field.split_once('\n')?;
    let (since, last) = value.split_once(' ')?;
    let time = |micros: &str| micros.parse().ok().map(Timestamp::from_unix_micros);
    let queue = QueueName::new(queue).ok()?;
    Some(UnknownClass { class: class.to_owned(), queue, since: time(since)?, last: time(last)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let queue = QueueName::new("low").expect("a name");
        let field = field("A\nB", &queue).concat();
        let met = read(&String::from_utf8(field).expect("a text"), "5 7").expect("a meeting");
        let (since, last) = (Timestamp::from_unix_micros(5), Timestamp::from_unix_micros(7));
        assert_eq!(met, UnknownClass { class: "A\nB".to_owned(), queue, since, last });
    }

    #[test]
    fn what_is_no_meeting_is_left_out() {
        for (field, value) in [("low", "5 7"), ("low\nA", "5"), ("low\nA", "x y"), ("\nA", "5 7"), ("", "")] {
            assert_eq!(read(field, value), None, "{field:?} {value:?}");
        }
    }
}
