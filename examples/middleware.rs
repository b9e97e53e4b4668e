//! Code around each push and around each job, and a fallback for classes that nobody registered:
//! `cargo run --example middleware`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sancho::{
    BoxFuture, ClientMiddleware, ClientVerdict, Context, Draft, Event, Fallback, Job, JobError, JobResult, Next,
    Perform, Raw, Server, ServerMiddleware,
};
use serde::{Deserialize, Serialize};

/// How often each class was performed.
#[derive(Default)]
struct App {
    performed: Mutex<BTreeMap<String, u32>>,
}

tokio::task_local! {
    /// The tenant that the running job works for.
    static TENANT: String;
}

/// Writes the tenant into each payload that is pushed, unless it is there.
struct CarryTenant;

impl ClientMiddleware for CarryTenant {
    fn push(&self, draft: &mut Draft) -> ClientVerdict {
        let is_there = draft.extra.iter().any(|(name, _)| name == "tenant");
        if let Ok(tenant) = TENANT.try_with(Clone::clone)
            && !is_there
        {
            draft.extra.push(("tenant".to_owned(), serde_json::json!(tenant).to_string()));
        }
        ClientVerdict::Push
    }
}

/// Has each job run for the tenant that its payload names.
struct ForTenant;

impl ServerMiddleware<App> for ForTenant {
    fn perform<'a>(&'a self, cx: &'a Context<App>, next: Next<'a, App>) -> BoxFuture<'a, JobResult> {
        let tenant: String = cx.member("tenant").unwrap_or_default();
        Box::pin(TENANT.scope(tenant, next.run(cx)))
    }
}

/// Counts what was done, and drops jobs whose subject is gone.
struct CountAndForgive;

impl ServerMiddleware<App> for CountAndForgive {
    fn perform<'a>(&'a self, cx: &'a Context<App>, next: Next<'a, App>) -> BoxFuture<'a, JobResult> {
        Box::pin(async move {
            let result = next.run(cx).await;
            if result.is_ok() {
                let mut performed = cx.state().performed.lock().expect("nobody panics under the lock");
                *performed.entry(cx.class().to_owned()).or_default() += 1;
            }
            match &result {
                Err(why) if why.error().is_some_and(|error| error.is::<Gone>()) => Err(JobError::discard()),
                _ => result,
            }
        })
    }
}

/// What a job is about is not there any longer.
#[derive(Debug)]
struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is gone")
    }
}

impl std::error::Error for Gone {}

/// Performs whatever nobody registered.
struct Proxy;

impl Fallback<App> for Proxy {
    fn perform<'a>(&'a self, cx: &'a Context<App>) -> BoxFuture<'a, JobResult> {
        Box::pin(async move {
            let payload = cx.payload().envelope()?;
            println!("{} with {}, for somebody else", cx.class(), payload.args());
            Ok(())
        })
    }
}

#[derive(Job, Serialize, Deserialize)]
struct Invoice {
    order_id: u64,
}

impl Perform<App> for Invoice {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        if self.order_id == 13 {
            return Err(Gone.into());
        }
        println!("invoice {} of {}", self.order_id, TENANT.with(Clone::clone));
        // The tenant goes along: what a job pushes passes the client's middleware too.
        cx.client().push(Raw::new("Archive", [self.order_id])).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let client = sancho::connect(&format!("sqlite://{}", folder.path().join("sancho.db").display())).await?;
    let client = client.with_middleware(CarryTenant);
    TENANT
        .scope("blue".to_owned(), client.push_bulk([Invoice { order_id: 7 }, Invoice { order_id: 13 }]).into_future())
        .await?;

    let server = Server::new(client, App::default())
        .register::<Invoice>()
        .fallback(Proxy)
        .middleware(ForTenant)
        .middleware(CountAndForgive);
    let mut events = server.subscribe();
    let server = server.start().await?;
    for _ in 0..3 {
        events.wait_for(|event| matches!(event, Event::Settled { .. }).then_some(())).await;
    }
    server.stop().await;
    Ok(())
}
