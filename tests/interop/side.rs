//! The two sides, where a test holds for both.

use serde_json::{Value, json};

use crate::home::Home;
use crate::ruby_server::RubyServer;
use crate::rust_server::RustServer;
use sancho::{Backtrace, Raw, Retry, Timestamp};

/// Who pushes, or performs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Side {
    Rust,
    Ruby,
}

impl Side {
    pub(crate) const BOTH: [Side; 2] = [Side::Rust, Side::Ruby];

    pub(crate) fn other(self) -> Self {
        match self {
            Side::Rust => Side::Ruby,
            Side::Ruby => Side::Rust,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Side::Rust => "rust",
            Side::Ruby => "ruby",
        }
    }

    /// How errors of the class `Proof` are called.
    pub(crate) fn error_class(self) -> &'static str {
        match self {
            Side::Rust => std::any::type_name::<crate::proof::Mishap>(),
            Side::Ruby => "Mishap",
        }
    }
}

/// A job of the class `Proof`, as either side is to push it.
#[derive(Clone, Debug)]
pub(crate) struct ProofDraft {
    pub(crate) queue: String,
    /// The text of a JSON array.
    pub(crate) args: String,
    pub(crate) retry: Option<u32>,
    pub(crate) backtrace: bool,
    /// When it is due, in seconds since the epoch.
    pub(crate) at: Option<f64>,
}

impl ProofDraft {
    pub(crate) fn new(queue: &str, args: impl Into<String>) -> Self {
        ProofDraft { queue: queue.into(), args: args.into(), retry: None, backtrace: false, at: None }
    }

    pub(crate) fn retry(mut self, retry: u32) -> Self {
        self.retry = Some(retry);
        self
    }

    pub(crate) fn backtrace(mut self) -> Self {
        self.backtrace = true;
        self
    }

    pub(crate) fn at(mut self, secs: f64) -> Self {
        self.at = Some(secs);
        self
    }

    /// The members but the arguments, as Ruby takes them.
    fn members(&self) -> Value {
        let mut members = json!({ "class": "Proof", "queue": self.queue });
        if let Some(retry) = self.retry {
            members["retry"] = retry.into();
        }
        if self.backtrace {
            members["backtrace"] = true.into();
        }
        if let Some(at) = self.at {
            members["at"] = at.into();
        }
        members
    }
}

/// Pushes one job with that side's own client; answers its id.
pub(crate) async fn push(side: Side, home: &Home, draft: &ProofDraft) -> String {
    if side == Side::Ruby {
        let script = "puts Sidekiq::Client.push(JSON.parse(ARGV[0]).merge('args' => JSON.parse(ARGV[1])))";
        return home.ruby(script, &[&draft.members().to_string(), &draft.args]).await.trim().to_owned();
    }
    let mut push = home.client.push(Raw::text("Proof", draft.args.as_str())).queue(&draft.queue);
    if let Some(retry) = draft.retry {
        push = push.retry(Retry::Limit(retry));
    }
    if draft.backtrace {
        push = push.backtrace(Backtrace::All);
    }
    if let Some(at) = draft.at {
        push = push.at(Timestamp::from_unix_micros((at * 1e6) as i64));
    }
    push.await.expect("pushed").jid.to_string()
}

/// Pushes jobs in one call of that side's own client, one for each text of arguments; answers their ids in order.
pub(crate) async fn push_bulk(side: Side, home: &Home, queue: &str, args: &[String]) -> Vec<String> {
    if side == Side::Ruby {
        let script =
            "puts Sidekiq::Client.push_bulk('class' => 'Proof', 'queue' => ARGV[0], 'args' => JSON.parse(ARGV[1]))";
        let printed = home.ruby(script, &[queue, &format!("[{}]", args.join(","))]).await;
        return printed.lines().map(ToOwned::to_owned).collect();
    }
    let jobs = args.iter().map(|args| Raw::text("Proof", args.as_str()));
    let pushed = home.client.push_bulk(jobs).queue(queue).await.expect("pushed");
    pushed.into_iter().map(|pushed| pushed.jid.to_string()).collect()
}

/// A running server of either side.
#[derive(Debug)]
pub(crate) enum Worker {
    Rust(RustServer),
    Ruby(RubyServer),
}

impl Worker {
    /// Starts one with a single thread or slot, so that jobs run in the order of their queue.
    pub(crate) async fn start(side: Side, home: &Home, queue: &str) -> Self {
        match side {
            Side::Rust => Worker::Rust(RustServer::start(home, &[queue], 1, 20).await),
            Side::Ruby => Worker::Ruby(RubyServer::start(home, &[queue], 1, 20).await),
        }
    }

    pub(crate) async fn stop(self) {
        match self {
            Worker::Rust(server) => server.stop().await,
            Worker::Ruby(server) => server.stop().await,
        }
    }
}
