//! The process that performs, until its standard input ends.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use sancho::Server;

use super::job::SoakJob;
use crate::child::end_of_input;

/// Slots of the server.
const SLOTS: usize = 50;

/// Bytes that a leaking server keeps of each job: less than a job's payload, so that a real leak is seen too.
const LEAK_BYTES: usize = 128;

/// What a server that leaks on purpose keeps of each job that it performs; the others keep nothing.
#[derive(Clone, Debug, Default)]
pub struct Hoard(Option<Arc<Mutex<Vec<Kept>>>>);

type Kept = Box<[u8; LEAK_BYTES]>;

impl Hoard {
    fn leaking() -> Self {
        Hoard(Some(Arc::default()))
    }

    pub fn keep_if_leaking(&self) {
        if let Some(kept) = &self.0 {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new([1; LEAK_BYTES]));
        }
    }
}

/// Whether a server leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leak {
    No,
    OnPurpose,
}

/// Performs until the judge closes this process's standard input.
pub async fn play(url: &str, leak: Leak) -> Result<()> {
    let client = sancho::connect(url).await.context("failed to open the store")?;
    let hoard = if leak == Leak::OnPurpose { Hoard::leaking() } else { Hoard::default() };
    let server = Server::new(client, hoard).register::<SoakJob>().slots(SLOTS);
    let running = server.start().await.context("failed to start a server")?;
    end_of_input().await;
    running.stop().await;
    Ok(())
}
