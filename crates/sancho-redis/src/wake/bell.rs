//! Counts what happens to the keys that are waited for.

use std::collections::HashMap;
use std::sync::Mutex;

use sancho_core::Mark;
use tokio::sync::watch;

use super::lock;

/// How many names the bell remembers before it rings for everyone and begins anew: an application may push to
/// ever new queues.
const NAMES_MAX: usize = 10_000;

/// Rings by name, and remembers when each last rang.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<Rung>,
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Rung {
    count: u64,
    /// The count at which it last rang for everyone.
    everyone: u64,
    last: HashMap<String, u64>,
}

impl Bell {
    pub(super) fn mark(&self) -> Mark {
        Mark(*self.count.borrow())
    }

    pub(super) fn ring(&self, names: impl IntoIterator<Item = String>) {
        let mut names = names.into_iter().peekable();
        if names.peek().is_none() {
            return;
        }
        let mut rung = lock(&self.rung);
        rung.count += 1;
        let count = rung.count;
        for name in names {
            rung.last.insert(name, count);
        }
        if rung.last.len() > NAMES_MAX {
            rung.last.clear();
            rung.everyone = count;
        }
        // Within the lock, so that counts never go back.
        self.count.send_replace(count);
    }

    pub(super) fn ring_for_everyone(&self) {
        let mut rung = lock(&self.rung);
        rung.count += 1;
        rung.everyone = rung.count;
        self.count.send_replace(rung.count);
    }

    pub(super) fn has_rung(&self, names: &[String], after: Mark) -> bool {
        let rung = lock(&self.rung);
        // Most of the time nothing has rung at all: no name needs to be looked up.
        rung.count > after.0
            && (rung.everyone > after.0 || names.iter().any(|name| rung.last.get(name) > Some(&after.0)))
    }

    /// Resolves when it has rung for one of the names after `after`.
    pub(super) async fn rung(&self, names: &[String], after: Mark) {
        let mut count = self.count.subscribe();
        while !self.has_rung(names, after) {
            if count.changed().await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rings_by_name_after_a_mark() {
        let bell = Bell::default();
        let (a, b) = (["a".to_owned()], ["b".to_owned()]);
        bell.ring(a.clone());
        let mark = bell.mark();
        assert!(bell.has_rung(&a, Mark(0)) && !bell.has_rung(&a, mark) && !bell.has_rung(&b, Mark(0)));
        bell.ring(b.clone());
        assert!(bell.has_rung(&b, mark) && !bell.has_rung(&a, mark));
        bell.ring_for_everyone();
        assert!(bell.has_rung(&a, mark) && !bell.has_rung(&a, bell.mark()));
    }

    #[test]
    fn names_are_forgotten_by_ringing_for_everyone() {
        let bell = Bell::default();
        let mark = bell.mark();
        bell.ring((0..=NAMES_MAX).map(|n| n.to_string()));
        assert!(lock(&bell.rung).last.is_empty());
        assert!(bell.has_rung(&["any".to_owned()], mark) && !bell.has_rung(&["any".to_owned()], bell.mark()));
    }
}
