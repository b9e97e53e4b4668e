//! What looking costs those who work: how long pushes take while a server drains, with nobody at the pages and with
//! visitors who ask without a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sancho::{Client, Server};

use super::Course;
use super::backlog::DEEP;
use super::line::{Bound, Line};
use super::visitor::Visitor;
use crate::noop::{Counter, NoOp};

/// How long each of the two is watched.
const WATCHED_FOR: Duration = Duration::from_secs(8);

/// Between two pushes.
const PUSH_EVERY: Duration = Duration::from_millis(2);

/// Visitors who ask for one page after the other.
const VISITORS: usize = 2;

/// The queue of the jobs that are pushed and performed.
const QUEUE: &str = "beside";

pub async fn take(course: &mut Course<'_>, client: &Client) -> Result<()> {
    let counter = Arc::new(Counter::new(u64::MAX / 2, 1));
    let server = Server::new(client.clone(), counter).register::<NoOp>().queues([QUEUE]).slots(10);
    let running = server.start().await?;
    pushes(course, client, "a push while a server drains, nobody looks").await?;
    let (asking, asked) = (Arc::new(AtomicBool::new(true)), Instant::now());
    let visitors: Vec<_> =
        (0..VISITORS).map(|number| tokio::spawn(visit(course.visitor, number, Arc::clone(&asking)))).collect();
    pushes(course, client, "a push while a server drains, two visitors ask").await?;
    asking.store(false, Ordering::Relaxed);
    let mut pages = 0;
    for visitor in visitors {
        pages += visitor.await.context("a visitor panicked")??;
    }
    eprintln!("{}: {:.0} pages a second meanwhile", course.name, pages as f64 / asked.elapsed().as_secs_f64());
    running.stop().await;
    Ok(())
}

/// Pushes one job after the other, and notes how long each push takes.
async fn pushes(course: &mut Course<'_>, client: &Client, what: &str) -> Result<()> {
    let mut line = Line::new(course.name, what, Bound::None);
    let began = Instant::now();
    let mut number = 0;
    while began.elapsed() < WATCHED_FOR {
        let pushing = Instant::now();
        client.push(NoOp::new(number)).queue(QUEUE).await.context("failed to push")?;
        line.add(pushing.elapsed());
        number += 1;
        tokio::time::sleep(PUSH_EVERY).await;
    }
    course.finish(line)
}

/// Asks for pages until it is told to stop; answers how many.
async fn visit(visitor: Visitor, number: usize, asking: Arc<AtomicBool>) -> Result<u64> {
    let deep = format!("/queues/{DEEP}?q=tag%3Anothing");
    let paths =
        ["/", "/retries?q=tag%3Anothing", "/queues", deep.as_str(), "/retries?by=error", "/metrics?minutes=480"];
    let mut pages = 0;
    while asking.load(Ordering::Relaxed) {
        visitor.get(paths[(number * 3 + usize::try_from(pages)?) % paths.len()]).await?;
        pages += 1;
    }
    Ok(pages)
}
