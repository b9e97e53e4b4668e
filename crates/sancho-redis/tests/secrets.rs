//! What nobody is told: the password of an address, and what jobs have as arguments.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::{Client, Context, Event, Job, JobResult, Perform, Server};
use sancho_redis::RedisStore;
use sancho_testkit::{RedisServer, at};
use tokio::time::timeout;
use tracing_subscriber::filter::LevelFilter;

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(30);

const PASSWORD: &str = "hunter2";
const ARGUMENT: &str = "what a user typed";

/// All that was logged, by anyone, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen() -> Self {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("logs are text")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends in each way that is told.
#[derive(Job)]
struct Errand {
    what: String,
    end: u8,
}

impl Perform<()> for Errand {
    async fn perform(self, _: &Context<()>) -> JobResult {
        match self.end {
            0 => Ok(()),
            1 => Err("it failed".into()),
            _ => panic!("{} characters were too many", self.what.len()),
        }
    }
}

/// Performs a job of each end; what people see of the process meanwhile.
async fn perform(client: &Client) -> String {
    let server = Server::new(client.clone(), ()).register::<Errand>();
    let mut events = server.subscribe();
    let running = server.start().await.expect("the server starts");
    for end in 0..3 {
        client.push(Errand { what: ARGUMENT.to_owned(), end }).await.expect("push");
        let settled = |event: &Event| matches!(event, Event::Settled { .. }).then_some(());
        timeout(PATIENCE, events.wait_for(settled)).await.expect("in time").expect("the server lives");
    }
    let processes = client.inspect().processes(client.clock().now()).await.expect("processes");
    assert_eq!(processes.len(), 1, "{processes:?}");
    timeout(PATIENCE, running.stop()).await.expect("the server stops");
    format!("{processes:?}")
}

#[tokio::test]
async fn no_log_no_error_and_no_page_has_a_password_or_an_argument() {
    let log = Log::listen();
    let mut server = RedisServer::start_with(&["--requirepass", PASSWORD, "--save", ""]);
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}/0", server.port());
    let client = sancho::connect(&url).await.expect("connect");
    let mut told = perform(&client).await;

    let store = RedisStore::connect(&url).await.expect("connect");
    let (inspect, now) = (client.inspect(), at(0));
    told.push_str(&format!("{client:?} {store:?} {:?}", store.warnings()));
    told.push_str(&format!(
        "{:?} {:?}",
        inspect.about().await.expect("about"),
        inspect.checkup(now).await.expect("a checkup")
    ));
    server.kill();
    let error = client.push(Errand { what: ARGUMENT.to_owned(), end: 0 }).await.expect_err("nobody is there");
    told.push_str(&format!("{error} {error:?}"));
    let error = sancho::connect(&url).await.expect_err("nobody is there");
    told.push_str(&format!("{error} {error:?}"));

    assert!(told.contains("redis://127.0.0.1"), "{told}");
    let log = log.text();
    assert!(log.contains("sancho::job: fail") && log.contains("it failed") && log.contains("too many"), "{log}");
    for text in [&told, &log] {
        assert!(!text.contains(PASSWORD) && !text.contains(ARGUMENT), "{text}");
    }
}
