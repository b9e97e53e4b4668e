//! Snippets: a whole application. A person posts code; a job calls a web service that highlights it; the page
//! shows the result a moment later. A snippet can be published later, and that can be moved and cancelled.
//!
//! ```text
//! cargo run --release --example snippets
//! cargo run --release --example snippets -- --flaky 0.3
//! cargo run --release --example snippets -- --role web      # and, in a second terminal,
//! cargo run --release --example snippets -- --role worker
//! ```
//!
//! Sancho's own pages are nested at `/jobs`: what waits, runs and has failed, for whoever runs the application.
//!
//! Start with `highlight.rs` and `publish.rs`, the two jobs; `web.rs` pushes them; this file starts everything.

mod app;
mod database;
mod escape;
mod form;
mod grammar;
mod highlight;
mod highlighter;
mod language;
mod options;
mod page;
mod publish;
mod snippet;
mod web;

use std::io::IsTerminal as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use app::App;
use database::Database;
use highlight::Highlight;
use highlighter::Highlighter;
use options::{Options, Role};
use publish::Publish;
use web::Web;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colors = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colors).with_writer(std::io::stderr).init();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snippets: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    let app = App {
        database: Database::open(Path::new("snippets.db"))?,
        client: sancho::connect(&options.store).await?,
        http: reqwest::Client::new(),
    };
    match options.role {
        Role::All => {
            let server = server(&app, &options).start().await?;
            serve(app, &options).await?;
            server.stop().await;
        }
        Role::Web => serve(app, &options).await?,
        Role::Worker => {
            println!("snippets: performing jobs from {}; Ctrl-C stops", options.store);
            server(&app, &options).run().await?;
        }
    }
    Ok(())
}

fn server(app: &App, options: &Options) -> sancho::Server<App> {
    sancho::Server::new(app.client.clone(), app.clone())
        .register::<Highlight>()
        .register::<Publish>()
        .slots(options.slots)
}

/// Serves the pages and the highlighting service until the process is told to stop.
async fn serve(app: App, options: &Options) -> anyhow::Result<()> {
    let pages = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await;
    let pages = pages.with_context(|| format!("failed to listen on port {}: try --port", options.port))?;
    let service = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let service_address = format!("http://{}", service.local_addr()?);

    let highlighter = Highlighter::new(options.flaky);
    // Dropped with the runtime, after the last job that may call it.
    tokio::spawn(highlighter.clone().serve(service));
    app.database.record_highlighter(service_address.clone()).await?;
    app.catch_up().await?;

    let address = format!("http://{}", pages.local_addr()?);
    greet(&address, &service_address, options);
    let jobs = sancho_web::Web::of(app.client.clone());
    let (stop, hub) = (told_to_stop()?, jobs.hub());
    let stopped = async move {
        stop.await;
        // Browsers that watch the jobs would keep their connections, and the server waits for those.
        hub.end();
    };
    axum::serve(pages, web::routes(Web { app, highlighter }, jobs)?).with_graceful_shutdown(stopped).await?;
    Ok(())
}

fn greet(address: &str, service_address: &str, options: &Options) {
    println!("snippets: {address}");
    println!("  highlighting service: {service_address} (fails {:.0} % of its calls)", options.flaky * 100.0);
    println!("  jobs: {}", options.store);
    println!("Try:");
    println!("  open {address} and post some code; it is highlighted while you look");
    println!("  curl -i {address}/snippets -d language=rust --data-urlencode 'code=fn main() {{}}'");
    println!("  curl {address}/snippets/1.json");
    println!("  open {address}/jobs to see the jobs, and to act on them");
    if options.role == Role::Web {
        println!("  start the jobs in a second terminal: the same command with --role worker");
    } else {
        println!("  stop with Ctrl-C and start with --flaky 0.3 to see retries");
    }
}

/// Resolves at Ctrl-C and at TERM.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
