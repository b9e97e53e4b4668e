//! What was done to the jobs of a list, as the address of the next page carries it and as that page says it.

use crate::act::Act;
use crate::frame::Frame;

/// To how many jobs an act was done, and to how many not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Jobs that it was done to.
    pub(super) done: u64,
    /// Jobs that were left as they are.
    pub(super) refused: u64,
    /// Jobs that were selected and are not in the list any more.
    pub(super) gone: u64,
}

/// The word that [`read`] understands.
pub(super) fn written(act: Act, Done { done, refused, gone }: Done) -> String {
    format!("{}.{done}.{refused}.{gone}", act.name())
}

/// The sentences of a word that [`written`] wrote; none for any other.
pub(super) fn read(f: &Frame, word: &str) -> Vec<String> {
    let mut parts = word.split('.');
    let Some(act) = parts.next().and_then(Act::named) else { return Vec::new() };
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).unwrap_or(0);
    let (done, refused, gone) = (number(), number(), number());
    let further = [("did.refused", refused), ("did.gone", gone)].into_iter().filter(|(_, number)| *number > 0);
    [(act.done(), done)].into_iter().chain(further).map(|(key, number)| f.count(key, number)).collect()
}
