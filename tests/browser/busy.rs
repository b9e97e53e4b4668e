//! Who performs jobs: a real server of Sancho's is told to be quiet, to stop, and to cancel what it runs.

use std::sync::Arc;
use std::time::Duration;

use sancho::core::process::Quiet;
use sancho::core::{Beat, End, Greeting, Order, Place};
use sancho::{Context, Job, JobResult, Perform, RunningServer, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::page::{Page, Visitor};
use crate::site::{Home, Site};
use crate::stock::{self, queue};

on_each_store!(
    a_running_job_is_cancelled,
    a_running_job_is_cancelled_from_its_own_page,
    a_process_is_told_to_be_quiet,
    a_process_is_told_to_log_its_work,
    a_process_stops_when_one_agrees,
    all_processes_stop,
    what_runs_is_seen_without_a_reload,
);

/// How often something that a server does is looked for, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 1_200;

/// A job that runs until it is cancelled.
#[derive(Debug, Job, Serialize, Deserialize)]
struct Patient {
    number: u32,
}

/// What the server's jobs tell the test.
#[derive(Debug, Default)]
struct Ward {
    began: Notify,
    cancelled: Notify,
}

impl Perform<Arc<Ward>> for Patient {
    async fn perform(self, cx: &Context<Arc<Ward>>) -> JobResult {
        cx.state().began.notify_one();
        tokio::select! {
            () = cx.cancelled() => cx.state().cancelled.notify_one(),
            () = cx.stopping() => {}
        }
        Ok(())
    }
}

/// A site with a server that performs one job.
struct Clinic {
    site: Site,
    ward: Arc<Ward>,
    server: RunningServer,
    jid: String,
}

impl Clinic {
    async fn of(home: &Home) -> Clinic {
        let site = home.empty().await;
        let ward = Arc::new(Ward::default());
        let pushed = site.client.push(Patient { number: 1 }).await.expect("a job is pushed");
        let server = server(&site, &ward).await;
        soon("the job begins", ward.began.notified()).await;
        Clinic { site, ward, server, jid: pushed.jid.to_string() }
    }

    /// Waits until the one process says of itself that it takes no more.
    async fn until_quiet(&self) {
        for _ in 0..LOOKS_MAX {
            let processes = self.site.client.inspect().processes(self.site.now()).await.expect("the store tells");
            if processes.iter().all(|process| process.quiet == Quiet::Yes) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("nobody became quiet");
    }
}

async fn server(site: &Site, ward: &Arc<Ward>) -> RunningServer {
    let server = Server::new(site.client.clone(), Arc::clone(ward)).register::<Patient>().queues(["default"]).slots(2);
    server.start().await.expect("the server starts")
}

async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    let patience = LOOK_EVERY * LOOKS_MAX;
    tokio::time::timeout(patience, event).await.unwrap_or_else(|_| panic!("it did not happen: {what}"))
}

async fn a_running_job_is_cancelled(home: Home) {
    let clinic = Clinic::of(&home).await;
    let page = Page::of(&clinic.site, Visitor::default()).await;
    page.open("/busy").await;
    page.follow(&format!("form:has(input[name=jid][value='{}']) button[value=cancel]", clinic.jid)).await;
    soon("the job hears that it is cancelled", clinic.ward.cancelled.notified()).await;
    clinic.server.stop().await;
}

async fn a_running_job_is_cancelled_from_its_own_page(home: Home) {
    let clinic = Clinic::of(&home).await;
    let page = Page::of(&clinic.site, Visitor::default()).await;
    page.open(&format!("/jobs/{}", clinic.jid)).await;
    page.act("cancel").await;
    soon("the job hears that it is cancelled", clinic.ward.cancelled.notified()).await;
    clinic.server.stop().await;
}

async fn a_process_is_told_to_be_quiet(home: Home) {
    let clinic = Clinic::of(&home).await;
    let page = Page::of(&clinic.site, Visitor::default()).await;
    page.open("/busy").await;
    page.act("quiet").await;
    clinic.until_quiet().await;
    page.open("/busy").await;
    assert_eq!(page.count("main button[value=quiet]").await, 0, "it is quiet already");
    clinic.server.stop().await;
}

async fn a_process_is_told_to_log_its_work(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/busy").await;
    page.act("dump").await;
    let beat = Beat { greeting: Greeting::StillHere, ..stock::beat(site.now()) };
    let heard = site.client.store().beat(&beat, site.now()).await.expect("the store takes every beat");
    assert_eq!(heard.orders, [Order::Dump]);
}

async fn a_process_stops_when_one_agrees(home: Home) {
    let clinic = Clinic::of(&home).await;
    let page = Page::of(&clinic.site, Visitor::default()).await;
    page.open("/busy").await;
    page.act("stop").await;
    assert_eq!(clinic.site.stats().await.processes, 1, "one is asked first");
    page.agree().await;
    soon("the server stops", clinic.server.stopped()).await;
    assert_eq!(clinic.site.stats().await.processes, 0);
}

async fn all_processes_stop(home: Home) {
    let clinic = Clinic::of(&home).await;
    let other = server(&clinic.site, &clinic.ward).await;
    let page = Page::of(&clinic.site, Visitor::default()).await;
    page.open("/busy").await;
    page.follow("main form:not(:has(input[name=process])) button[value=stop]").await;
    page.agree().await;
    soon("the server stops", clinic.server.stopped()).await;
    soon("the other one stops", other.stopped()).await;
}

async fn what_runs_is_seen_without_a_reload(home: Home) {
    let clinic = Clinic::of(&home).await;
    let page = Page::of(&clinic.site, Visitor::default()).await;
    page.open("/busy").await;
    page.evaluate::<bool>("window.stayed = true").await;
    let place = Place::Queue { queue: queue("default"), end: End::Back };
    crate::stock::push(&clinic.site.client, &[crate::stock::job("second", "Patient", place)]).await;
    page.appears("#running a[href*='jobs/second']").await;
    assert!(page.evaluate::<bool>("window.stayed").await, "it is the same page");
    clinic.server.stop().await;
}
