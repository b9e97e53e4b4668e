//! What a running job says of itself: its step and its progress, for those who look, and for its next run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sancho_core::checkpointed::{Checkpointed, Progress};
use tokio::sync::Notify;

/// What a job has said last. In memory, until it is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    said: Mutex<Said>,
    /// Tells who keeps that there is something to keep.
    keeper: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Said {
    some: KeptSome,
    changed: bool,
}

/// A step and a progress, where they were said.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptSome {
    pub(crate) step: Option<Arc<str>>,
    pub(crate) progress: Option<Progress>,
}

impl Kept {
    pub(crate) fn new(keeper: Arc<Notify>) -> Self {
        Kept { said: Mutex::default(), keeper }
    }

    pub(crate) fn say_step(&self, step: &str) {
        let step = Arc::from(step);
        self.say(|some| some.step = Some(step));
    }

    pub(crate) fn say_progress(&self, progress: Progress) {
        self.say(|some| some.progress = Some(progress));
    }

    /// What was said last.
    pub(crate) fn some(&self) -> KeptSome {
        self.lock().some.clone()
    }

    /// The bytes to keep, over those that an earlier run kept, if anything was said since this last answered any.
    pub(crate) fn take_changed(&self, before: Option<&[u8]>) -> Option<Box<[u8]>> {
        let some = {
            let mut said = self.lock();
            if !std::mem::take(&mut said.changed) {
                return None;
            }
            said.some.clone()
        };
        let mut kept = before.map(Checkpointed::read).unwrap_or_default();
        if let Some(progress) = some.progress {
            kept.set_progress(progress);
        }
        if let Some(step) = &some.step {
            kept.set_step(step);
        }
        Some(kept.to_bytes())
    }

    /// What was taken could not be kept.
    pub(crate) fn give_back(&self) {
        self.lock().changed = true;
        self.keeper.notify_one();
    }

    fn say(&self, change: impl FnOnce(&mut KeptSome)) {
        let mut said = self.lock();
        change(&mut said.some);
        said.changed = true;
        drop(said);
        self.keeper.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_taken_once_and_stands_beside_what_an_earlier_run_kept() {
        let kept = Kept::new(Arc::default());
        assert_eq!(kept.take_changed(None), None);
        kept.say_step("resize");
        kept.say_progress(Progress { done: 1, total: 4 });
        kept.say_progress(Progress { done: 2, total: 4 });
        let bytes = kept.take_changed(Some(br#"{"cursor":7,"step":"fetch"}"#)).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), r#"{"cursor":7,"step":"resize","progress":[2,4]}"#);
        assert_eq!(kept.take_changed(None), None);
        kept.give_back();
        assert_eq!(kept.take_changed(None).as_deref(), Some(&br#"{"progress":[2,4],"step":"resize"}"#[..]));
    }
}
