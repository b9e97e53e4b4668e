//! What a running job keeps for its next run, and shows meanwhile: how far it is, and at which step.

use crate::error::Invalid;
use crate::{Members, Payload, limits};

/// What a checkpoint's bytes say: a JSON object with the members `progress` and `step`, and any others.
///
/// Reading never fails: bytes that make no sense say nothing. Members that this build does not know stay as they are,
/// in order, so that what one keeps beside the progress survives it.
///
/// ```
/// use sancho_core::checkpointed::{Checkpointed, Progress};
///
/// let mut kept = Checkpointed::read(br#"{"cursor":41}"#);
/// kept.set_progress(Progress { done: 7, total: 50 });
/// kept.set_step("resize");
/// assert_eq!(&*kept.to_bytes(), br#"{"cursor":41,"progress":[7,50],"step":"resize"}"#);
/// assert_eq!(Checkpointed::read(&kept.to_bytes()), kept);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Checkpointed {
    members: Members,
}

/// How far a job is, in units of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Units that are done.
    pub done: u64,
    /// Units that there are; zero where nobody knows.
    pub total: u64,
}

impl Progress {
    /// The part that is done, in whole percent and at most 100; `None` where the total is not known.
    ///
    /// ```
    /// use sancho_core::checkpointed::Progress;
    /// assert_eq!(Progress { done: 2, total: 3 }.percent(), Some(66));
    /// assert_eq!(Progress { done: 2, total: 0 }.percent(), None);
    /// ```
    pub fn percent(self) -> Option<u8> {
        let whole = (u128::from(self.done) * 100).checked_div(u128::from(self.total))?;
        Some(u8::try_from(whole.min(100)).expect("at most 100"))
    }
}

impl Checkpointed {
    /// Nothing yet.
    pub fn new() -> Self {
        Checkpointed::default()
    }

    /// Reads a checkpoint's bytes. Those that are no object, or more than [`limits::CHECKPOINT_BYTES_MAX`], say nothing.
    pub fn read(bytes: &[u8]) -> Self {
        if bytes.len() > limits::CHECKPOINT_BYTES_MAX {
            return Checkpointed::default();
        }
        Checkpointed { members: Payload::from_bytes(bytes).members().unwrap_or_default() }
    }

    /// How far the job is, if it has said so.
    pub fn progress(&self) -> Option<Progress> {
        let (done, total) = serde_json::from_str(self.members.get("progress")?).ok()?;
        Some(Progress { done, total })
    }

    /// Says how far the job is.
    pub fn set_progress(&mut self, progress: Progress) {
        self.members.set("progress", &(progress.done, progress.total));
    }

    /// The last named step, if there is one; at most [`limits::STEP_CHARS_MAX`] characters of it.
    pub fn step(&self) -> Option<String> {
        let step: String = serde_json::from_str(self.members.get("step")?).ok()?;
        Some(cut(&step).to_owned())
    }

    /// Names the step that the job is at, cut to [`limits::STEP_CHARS_MAX`] characters.
    pub fn set_step(&mut self, step: &str) {
        self.members.set("step", cut(step));
    }

    /// The JSON text of a member.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.members.get(name)
    }

    /// Sets a member to a JSON text, as it is.
    ///
    /// # Errors
    /// A text that is not JSON, or one with which the checkpoint would take more than
    /// [`limits::CHECKPOINT_BYTES_MAX`] bytes; nothing is changed then.
    pub fn set_raw(&mut self, name: &str, text: &str) -> Result<(), Invalid> {
        let mut members = self.members.clone();
        members.set_raw(name, text).map_err(|error| {
            Invalid::new(format!("what is to be kept as \"{name}\" is no JSON ({})", error.reason()))
        })?;
        // Room for a progress and a step stays, whatever else is kept.
        let room = limits::CHECKPOINT_BYTES_MAX - limits::STEP_CHARS_MAX * BYTES_PER_CHAR - PROGRESS_BYTES;
        let bytes = members.to_payload().as_bytes().len();
        if bytes > room {
            return Err(Invalid::new(format!(
                "with \"{name}\" the checkpoint has {bytes} bytes: at most {room} are kept, so keep a name of the thing"
            )));
        }
        self.members = members;
        Ok(())
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.members.iter().next().is_none()
    }

    /// The bytes to keep.
    pub fn to_bytes(&self) -> Box<[u8]> {
        self.members.to_payload().as_bytes().into()
    }
}

impl PartialEq for Checkpointed {
    fn eq(&self, other: &Self) -> bool {
        self.members.iter().eq(other.members.iter())
    }
}

impl Eq for Checkpointed {}

/// Bytes that a character takes at most as JSON: `\u0000`, or twice that outside the basic plane.
const BYTES_PER_CHAR: usize = 12;

/// Bytes that the rest takes: both names, both numbers, and the signs between.
const PROGRESS_BYTES: usize = 128;

fn cut(step: &str) -> &str {
    step.char_indices().nth(limits::STEP_CHARS_MAX).map_or(step, |(end, _)| &step[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_make_no_sense_say_nothing() {
        let huge = format!(r#"{{"step":"{}"}}"#, "x".repeat(limits::CHECKPOINT_BYTES_MAX));
        let deep = "[".repeat(100_000);
        let hostile: [&[u8]; 8] =
            [b"", b"\xff\xfe", b"page 2", b"[1,2]", b"null", b"{\"progress\":", huge.as_bytes(), deep.as_bytes()];
        for bytes in hostile {
            assert!(Checkpointed::read(bytes).is_empty(), "{:?}", &bytes[..bytes.len().min(20)]);
        }
    }

    #[test]
    fn members_of_another_form_count_as_absent_and_stay() {
        for text in [
            r#"{"progress":[1],"step":7}"#,
            r#"{"progress":[-1,2],"step":null}"#,
            r#"{"progress":[1,2,3],"step":["a"]}"#,
            r#"{"progress":[1.5,2],"step":{}}"#,
            r#"{"progress":[18446744073709551616,2],"step":[[]]}"#,
        ] {
            let kept = Checkpointed::read(text.as_bytes());
            assert_eq!((kept.progress(), kept.step()), (None, None), "{text}");
            assert_eq!(&*kept.to_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        let text = r#"{"cursor":123456789012345678901234567890,"x":[ 1 ],"step":"a"}"#;
        let mut kept = Checkpointed::read(text.as_bytes());
        kept.set_step("b");
        assert_eq!(&*kept.to_bytes(), text.replace("\"a\"", "\"b\"").as_bytes());
    }

    #[test]
    fn what_is_kept_has_a_bound_and_leaves_room_for_a_step() {
        let mut kept = Checkpointed::new();
        let text = format!("\"{}\"", "x".repeat(limits::CHECKPOINT_BYTES_MAX));
        let said = kept.set_raw("cursor", &text).expect_err("too much").to_string();
        assert!(said.starts_with("with \"cursor\" the checkpoint has 65"), "{said}");
        assert!(kept.set_raw("cursor", "{").expect_err("no JSON").to_string().contains("no JSON"));
        assert!(kept.is_empty());

        let mut room = limits::CHECKPOINT_BYTES_MAX;
        while kept.set_raw("cursor", &format!("\"{}\"", "x".repeat(room))).is_err() {
            room -= 1;
        }
        kept.set_step(&"\u{0}".repeat(limits::STEP_CHARS_MAX + 1));
        kept.set_progress(Progress { done: u64::MAX, total: u64::MAX });
        assert!(kept.to_bytes().len() <= limits::CHECKPOINT_BYTES_MAX);
        let again = Checkpointed::read(&kept.to_bytes());
        assert_eq!(again.step().map(|step| step.chars().count()), Some(limits::STEP_CHARS_MAX));
        assert_eq!(again.progress().and_then(Progress::percent), Some(100));
    }
}
