//! The web pages beside a large backlog: what each page, each look of the API and each step of a filter or an action
//! takes, what of it holds up Redis, and what it costs the moves that go on beside.
//!
//! The pages are the real router, served over HTTP on loopback by this process. `store` is what they look at, `backlog`
//! and `past` what is in it, `visitor` asks, `looks` and `steps` are what is asked, `beside` is what goes on meanwhile,
//! `slowlog` what Redis says of it, `line` what it comes to.

mod backlog;
mod beside;
mod line;
mod looks;
mod past;
mod slowlog;
mod steps;
mod store;
mod visitor;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use sancho::Client;
use sancho_web::{Web, axum};
use tokio::net::TcpListener;

use self::backlog::Backlog;
use self::line::Lines;
use self::store::Store;
use self::visitor::Visitor;
use crate::scratch::Scratch;

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Which store, or one after the other.
    #[arg(long, value_enum, default_value = "both")]
    store: Which,

    /// Jobs in one queue, and as many in the retries; a tenth of them in each of scheduled, dead, held and twenty other
    /// queues together.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    backlog: u64,

    /// How often each page is asked for, after the first time.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..))]
    tries: u64,

    /// Writes every figure and the bounds that were broken to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Sqlite,
    Redis,
    Both,
}

/// Measures the stores in turn and prints one table; whether every bound holds.
pub async fn run(scratch: &Scratch, options: &Options) -> Result<bool> {
    let mut lines = Lines::default();
    if options.store != Which::Redis {
        measure(Store::sqlite(scratch)?, options, &mut lines).await?;
    }
    if options.store != Which::Sqlite {
        measure(Store::redis()?, options, &mut lines).await?;
    }
    print!("{lines}");
    if let Some(file) = &options.json {
        lines.write_json(file)?;
    }
    Ok(lines.all_hold())
}

/// One store: filled, served, and looked at in every way.
async fn measure(store: Store, options: &Options, lines: &mut Lines) -> Result<()> {
    let (name, began) = (store.name(), Instant::now());
    let backlog = Backlog::of(options.backlog);
    {
        let client = store.client().await?;
        backlog.push(&client).await?;
        past::live(&client).await?;
    }
    eprintln!("{name}: filled within {:.1} s", began.elapsed().as_secs_f64());

    // Opened anew, so that nothing of the filling is kept in a connection.
    let client = store.client().await?;
    let visitor = Visitor::of(serve(&client).await?);
    let mut course = Course { name, visitor, slowlog: store.slowlog()?, lines };
    looks::take(&mut course, &backlog, options.tries).await?;
    steps::take(&mut course, &backlog).await?;
    beside::take(&mut course, &client).await?;
    eprintln!("{name}: measured within {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// What every part of a run needs.
struct Course<'a> {
    name: &'static str,
    visitor: Visitor,
    slowlog: Option<slowlog::Slowlog>,
    lines: &'a mut Lines,
}

/// Serves the pages of a store on a free port, for as long as this process lives; answers the port.
async fn serve(client: &Client) -> Result<u16> {
    let parts = (Arc::clone(client.store()), Arc::clone(client.inspect()), Arc::clone(client.clock()));
    let router = sancho_web::router(Web::new(parts.0, parts.1, parts.2));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("failed to listen on loopback")?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(port)
}
