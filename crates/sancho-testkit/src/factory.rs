//! Jobs for tests, built in one line.

use sancho_core::{Draft, End, Jid, Key, NewJob, OnConflict, Payload, Place, QueueName, Timestamp, WireTime};

use crate::stage::at;

/// The id of the job with this name: 24 hex digits, the same at every call.
pub fn jid_of(name: &str) -> Jid {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let millis = 1_800_000_000_000 + (hash >> 48);
    Jid::new(format!("{millis:012x}{:012x}", hash & 0xffff_ffff_ffff)).expect("24 digits are a jid")
}

/// A queue's name.
///
/// # Panics
/// When it is none.
pub fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("a test's queue has a valid name")
}

/// A key.
///
/// # Panics
/// When it is none.
pub fn key(name: &str) -> Key {
    Key::new(name).expect("a test's key is valid")
}

/// A job whose class is `name`, and whose id is [`jid_of`] that name.
///
/// ```
/// let new = sancho_testkit::job("A").queue("low").key("product:42").build();
/// assert_eq!(new.key.unwrap().as_str(), "product:42");
/// ```
pub fn job(name: &str) -> JobDraft {
    JobDraft { draft: Draft::new(jid_of(name), name, "[]"), place: None, payload: None }
}

/// A job that nobody can read: its bytes are `bytes`, and its id is [`jid_of`] `name`.
pub fn unreadable(name: &str, bytes: &[u8]) -> JobDraft {
    JobDraft { payload: Some(Payload::from_bytes(bytes)), ..job(name) }
}

/// A job to be, with a method for what a test is about.
#[derive(Clone, Debug)]
pub struct JobDraft {
    draft: Draft,
    place: Option<Place>,
    payload: Option<Payload>,
}

impl JobDraft {
    /// Its class, where that is not its name.
    pub fn class(mut self, class: &str) -> Self {
        self.draft.class = class.to_owned();
        self
    }

    /// Its arguments, as the text of a JSON array.
    pub fn args(mut self, args: &str) -> Self {
        self.draft.args = args.to_owned();
        self
    }

    /// Its queue.
    pub fn queue(mut self, name: &str) -> Self {
        self.draft.queue = queue(name);
        self
    }

    /// Its key.
    pub fn key(mut self, name: &str) -> Self {
        self.draft.key = Some(key(name));
        self
    }

    /// What happens when its key is taken.
    pub fn on_conflict(mut self, on_conflict: OnConflict) -> Self {
        self.draft.on_conflict = on_conflict;
        self
    }

    /// The name of the running job that pushes it.
    pub fn pushed_by(mut self, name: &str) -> Self {
        self.draft.pushed_by = Some(jid_of(name));
        self
    }

    /// When it is due.
    pub fn at(self, at: Timestamp) -> Self {
        self.place(Place::Scheduled { at })
    }

    /// Where it goes.
    pub fn place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Its bytes, whatever they are.
    pub fn payload(mut self, text: &str) -> Self {
        self.payload = Some(Payload::from_bytes(text.as_bytes()));
        self
    }

    /// The job, as a store takes it.
    ///
    /// # Panics
    /// When it breaks a rule for drafts.
    pub fn build(self) -> NewJob {
        self.build_at(at(0))
    }

    /// The job, drafted at a time: what its payload says of its coming.
    ///
    /// # Panics
    /// When it breaks a rule for drafts.
    pub fn build_at(self, now: Timestamp) -> NewJob {
        let to_queue = Place::Queue { queue: self.draft.queue.clone(), end: End::Back };
        let mut new = self.draft.into_job(now, WireTime::Seconds).expect("a test's job is valid");
        new.place = self.place.unwrap_or(to_queue);
        new.payload = self.payload.unwrap_or(new.payload);
        new
    }
}
