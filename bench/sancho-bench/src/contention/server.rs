//! A process that performs: it records the number of every job, and says now and then how many there were.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sancho::{Context, JobResult, Perform, Server};

use super::lock_watch::LockWatch;
use crate::child::end_of_input;
use crate::noop::NoOp;

/// How often it says how many jobs it has performed.
const SAY_EVERY: Duration = Duration::from_millis(100);

/// Where performed jobs are recorded.
struct Recorder {
    file: Mutex<BufWriter<File>>,
    performed: AtomicU64,
}

impl Perform<Arc<Recorder>> for NoOp {
    async fn perform(self, cx: &Context<Arc<Recorder>>) -> JobResult {
        let recorder = cx.state();
        writeln!(recorder.file.lock().unwrap_or_else(PoisonError::into_inner), "{}", self.number)?;
        recorder.performed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Performs until its standard input ends, and then says how often it met a lock.
pub async fn play(url: &str, record: &Path) -> Result<()> {
    let watch = LockWatch::install();
    let served = serve(url, record, &watch).await;
    println!("locked {}", watch.count());
    served
}

async fn serve(url: &str, record: &Path, watch: &LockWatch) -> Result<()> {
    let file = File::create(record).with_context(|| format!("failed to create {}", record.display()))?;
    let recorder = Arc::new(Recorder { file: Mutex::new(BufWriter::new(file)), performed: AtomicU64::new(0) });
    let client = sancho::connect(url).await.inspect_err(|error| watch.look_at(error))?;
    let server = Server::new(client, Arc::clone(&recorder)).register::<NoOp>();
    let running = server.start().await.inspect_err(|error| watch.look_at(error))?;

    let mut end = std::pin::pin!(end_of_input());
    loop {
        tokio::select! {
            () = &mut end => break,
            () = tokio::time::sleep(SAY_EVERY) => println!("performed {}", recorder.performed.load(Ordering::Relaxed)),
        }
    }
    running.stop().await;
    recorder.file.lock().unwrap_or_else(PoisonError::into_inner).flush().context("failed to write the record")
}
