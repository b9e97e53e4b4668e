//! What this process knows of its claims: the jid and key of each.
//!
//! A settlement names a receipt only, and a script cannot read a payload: without these the key of a job that ends
//! could not be freed in the same step.

use std::collections::HashMap;
use std::sync::Mutex;

use sancho_core::{Claim, Payload, Receipt};

/// A job's own names; empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) jid: String,
    pub(crate) key: String,
}

impl Names {
    pub(crate) fn of(payload: &Payload) -> Self {
        let Ok(envelope) = payload.envelope() else { return Names::default() };
        Names {
            jid: envelope.jid().map(|jid| jid.into_owned()).unwrap_or_default(),
            key: envelope.key().map(|key| key.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

/// The claims that this process was handed.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<HashMap<Receipt, Names>>);

impl Book {
    pub(crate) fn enter(&self, claims: &[Claim]) {
        let mut held = self.lock();
        for claim in claims {
            held.insert(claim.receipt.clone(), Names::of(&claim.payload));
        }
    }

    pub(crate) fn look(&self, receipt: &Receipt) -> Option<Names> {
        self.lock().get(receipt).cloned()
    }

    pub(crate) fn strike(&self, receipt: &Receipt) {
        self.lock().remove(receipt);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Receipt, Names>> {
        self.0.lock().expect("nothing panics while it holds the book")
    }
}
