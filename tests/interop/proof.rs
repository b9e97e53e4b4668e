//! The job that both sides perform: Rust's half. Ruby's is `ruby/jobs.rb`.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cmd;
use sancho::{ArgsError, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

/// Where both sides write down what they performed.
pub(crate) const LEDGER: &str = "proof:performed";

/// What jobs that wait look for.
pub(crate) const LET_GO: &str = "proof:let-go";

/// How often a job that waits looks, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS_MAX: u32 = 3_000;

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Performed {
    /// `ruby` or `rust`.
    pub(crate) by: String,
    pub(crate) jid: String,
    /// The arguments' text, as the performer has it.
    pub(crate) args: String,
    /// When, in microseconds since the epoch.
    pub(crate) at: i64,
}

/// A job whose arguments stay the text that they are. The first of them says what the job does.
#[derive(Debug)]
pub(crate) struct Proof {
    args: String,
}

impl Job for Proof {
    const CLASS: &'static str = "Proof";

    fn to_args(&self) -> Result<String, ArgsError> {
        Ok(self.args.clone())
    }

    fn from_args(args: &str) -> Result<Self, ArgsError> {
        Ok(Proof { args: args.to_owned() })
    }
}

/// Why a job fails that was told to.
#[derive(Debug)]
pub(crate) struct Mishap;

impl std::fmt::Display for Mishap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("I was told to fail: é")
    }
}

impl std::error::Error for Mishap {}

/// The state that Rust's half needs: the way to the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(pub(crate) MultiplexedConnection);

impl Perform<Ledger> for Proof {
    async fn perform(self, cx: &Context<Ledger>) -> JobResult {
        let mut redis = cx.state().0.clone();
        let jid = cx.jid().to_string();
        let how = first_text(&self.args);
        let at = cx.client().clock().now().as_unix_micros();
        let line = Performed { by: "rust".into(), jid: jid.clone(), args: self.args, at };
        () = cmd("RPUSH").arg(LEDGER).arg(serde_json::to_string(&line)?).query_async(&mut redis).await?;
        let tries: u32 = cmd("HINCRBY").arg("proof:tries").arg(&jid).arg(1).query_async(&mut redis).await?;
        match how.as_str() {
            "fail long" => Err("é".repeat(12_000))?,
            "fail" => Err(Mishap)?,
            "fail first" if tries == 1 => Err(Mishap)?,
            "wait" => wait(&mut redis).await?,
            _ => {}
        }
        Ok(())
    }
}

async fn wait(redis: &mut MultiplexedConnection) -> JobResult {
    for _ in 0..LOOKS_MAX {
        if cmd("EXISTS").arg(LET_GO).query_async::<bool>(redis).await? {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err("nobody let the job go".into())
}

/// The first argument, if it is a text.
fn first_text(args: &str) -> String {
    let args: Vec<&serde_json::value::RawValue> = serde_json::from_str(args).unwrap_or_default();
    args.first().and_then(|first| serde_json::from_str(first.get()).ok()).unwrap_or_default()
}
