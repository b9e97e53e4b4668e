//! A store of a test's own, and the pages of it on a loopback port.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sancho::core::Stats;
use sancho::{Client, Jid, JobRow, State, Timestamp};
use sancho_testkit::RedisServer;
use sancho_web::{Web, axum};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::stock;

/// Where stores come from: all that one test asks for are of one kind.
#[derive(Debug)]
pub(crate) struct Home {
    directory: TempDir,
    redis: Option<RedisServer>,
    files: AtomicU32,
}

impl Home {
    pub(crate) fn sqlite() -> Home {
        let directory = tempfile::tempdir().expect("a directory can be made");
        Home { directory, redis: None, files: AtomicU32::new(0) }
    }

    pub(crate) fn redis() -> Home {
        Home { redis: Some(RedisServer::start()), ..Home::sqlite() }
    }

    /// An empty store.
    pub(crate) async fn client(&self) -> Client {
        let url = match &self.redis {
            Some(redis) => redis.fresh_url(),
            None => {
                let file = format!("{}.db", self.files.fetch_add(1, Ordering::Relaxed));
                // What a power cut would take is no question here.
                format!("sqlite://{}?durability=normal", self.directory.path().join(file).display())
            }
        };
        sancho::connect(&url).await.expect("a fresh store can be opened")
    }

    /// The pages of a store with something of everything.
    pub(crate) async fn stocked(&self) -> Site {
        let client = self.client().await;
        stock::fill(&client).await;
        Site::of(client).await
    }

    /// The pages of an empty store.
    pub(crate) async fn empty(&self) -> Site {
        Site::of(self.client().await).await
    }
}

/// The pages, served as long as this lives.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) client: Client,
    /// Where they are, as `http://127.0.0.1:40123`.
    pub(crate) origin: String,
    served: JoinHandle<()>,
}

impl Site {
    /// Serves the pages of a store.
    pub(crate) async fn of(client: Client) -> Site {
        Site::with(client, |web| web).await
    }

    /// Serves the pages of a store, with settings of their own.
    pub(crate) async fn with(client: Client, settings: impl FnOnce(Web) -> Web) -> Site {
        let web = Web::new(Arc::clone(client.store()), Arc::clone(client.inspect()), Arc::clone(client.clock()));
        let (origin, served) = serve(sancho_web::router(settings(web))).await;
        Site { client, origin, served }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.client.clock().now()
    }

    /// A job as the store has it.
    pub(crate) async fn job(&self, jid: &str) -> Option<JobRow> {
        let jid = Jid::new(jid).expect("a jid");
        self.client.inspect().find(&jid).await.expect("the store finds")
    }

    /// Where a job is; `None` where it is gone.
    pub(crate) async fn state(&self, jid: &str) -> Option<State> {
        self.job(jid).await.map(|row| row.state)
    }

    pub(crate) async fn stats(&self) -> Stats {
        self.client.inspect().stats(self.now()).await.expect("the store counts")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// Serves a router on a free loopback port; answers with its origin.
pub(crate) async fn serve(router: axum::Router) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
    let address = listener.local_addr().expect("it has an address");
    let serving = async move { axum::serve(listener, router).await.expect("a listener of ours goes on") };
    (format!("http://{address}"), tokio::spawn(serving))
}
