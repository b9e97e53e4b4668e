//! Sidekiq's own pages, with jobs that Sancho pushed, failed and buried: they show them, and their buttons work.

use redis::cmd;
use sancho::Event;

use crate::home::{Home, until};
use crate::ruby_web::RubyWeb;
use crate::rust_server::RustServer;
use crate::side::{ProofDraft, Side, Worker, push};

const QUEUE: &str = "proof";
const ERROR: &str = "I was told to fail: é";

/// What a page is to show of the arguments, as Ruby writes values for people.
const SHOWN: [&str; 4] = ["été <b>", "1180591620717411303424", "1.0e+20", "[[], {}, nil]"];

fn args(how: &str) -> String {
    format!("[\"{how}\",\"été <b>\",1180591620717411303424,1e20,[[],{{}},null]]")
}

/// What no program can read.
const RAW: &str = "{\"class\":\"Proof\",\"args\":[<oops>";

/// A Redis with one job of ours in each place, what cannot be read among the dead, and the pages of it.
struct Stage {
    home: Home,
    web: RubyWeb,
    queued: String,
    scheduled: String,
    retrying: String,
    dead: String,
}

impl Stage {
    async fn new() -> Self {
        let home = Home::new().await;
        let failing = |retry| ProofDraft::new(QUEUE, args("fail")).retry(retry).backtrace();
        let retrying = push(Side::Rust, &home, &failing(5)).await;
        let dead = push(Side::Rust, &home, &failing(0)).await;
        let _: i64 = home.ask(cmd("LPUSH").arg("queue:proof").arg(RAW)).await;
        let worker = Worker::start(Side::Rust, &home, QUEUE).await;
        home.until_size("retry", 1).await;
        home.until_size("dead", 2).await;
        worker.stop().await;
        let queued = push(Side::Rust, &home, &ProofDraft::new(QUEUE, args("do"))).await;
        let scheduled =
            push(Side::Rust, &home, &ProofDraft::new(QUEUE, args("do")).at(home.now_secs() + 5_000.0)).await;
        let web = RubyWeb::start(&home).await;
        Stage { home, web, queued, scheduled, retrying, dead }
    }

    /// The one detail page that a list links to. Trap T29: the link is made of the score, and must lead somewhere.
    async fn detail_path(&mut self, list: &str, jid: &str) -> String {
        let links = self.web.open(list).await.links(&format!("{list}/"));
        let link = links.iter().find(|link| link.ends_with(jid));
        link.unwrap_or_else(|| panic!("{list} has no link to {jid}: {links:?}")).clone()
    }
}

/// Traps T16 (what pages need of a payload), T29 (a score in a link) and T30 (a jid in a link).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_shows_our_jobs() {
    let mut stage = Stage::new().await;
    let running = push(Side::Rust, &stage.home, &ProofDraft::new("running", args("wait"))).await;
    let server = RustServer::start(&stage.home, &["running"], 1, 20).await;
    stage.home.until_performed(&running, 1).await;
    stage.web.open("/busy").await.shows(&["proof", "blue"]);
    let error = [Side::Rust.error_class(), ERROR];
    stage.web.open("/").await.shows(&["Sidekiq"]);
    assert_eq!(stage.web.open("/queues").await.links("/queues/"), ["/queues/proof", "/queues/running"]);
    let queue = stage.web.open("/queues/proof").await;
    queue.shows(&["Proof"]);
    queue.shows(&SHOWN);
    for (list, jid, texts) in [
        ("/scheduled", stage.scheduled.clone(), [].as_slice()),
        ("/retries", stage.retrying.clone(), &error),
        ("/morgue", stage.dead.clone(), &error),
    ] {
        let detail = stage.detail_path(list, &jid).await;
        for path in [list, detail.as_str()] {
            let page = stage.web.open(path).await;
            page.shows(&["Proof", QUEUE]);
            page.shows(&SHOWN);
            page.shows(texts);
        }
    }
    let detail = stage.detail_path("/retries", &stage.retrying.clone()).await;
    let page = stage.web.open(&detail).await;
    assert!(page.body.contains("Error Backtrace") && page.body.contains("<br/>"), "the frames are listed: {page:?}");
    let stats = stage.web.open("/stats").await.body;
    for text in ["\"processed\":2", "\"failed\":2", "\"enqueued\":1", "\"scheduled\":1", "\"retries\":1", "\"dead\":2"]
    {
        assert!(stats.contains(text), "{text} is not in {stats}");
    }
    stage.home.let_go().await;
    server.stop().await;
}

/// Trap T16: raw text in the dead set is shown as it is. Its detail page cannot be addressed, whoever wrote it: the
/// pages of 6.4 address by jid, and lead back to the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_on_the_page_of_the_dead() {
    let mut stage = Stage::new().await;
    let page = stage.web.open("/morgue").await;
    page.shows(&["<oops>"]);
    let link = page.links("/morgue/").into_iter().find(|link| !link.ends_with(&stage.dead)).expect("its link");
    assert_eq!(stage.web.try_open(&link).await.status, 302);
    stage.web.press("/morgue/all/delete", &[("delete", "1")]).await;
    assert_eq!(stage.home.size("dead").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_of_a_queue_delete_one_and_clear_all() {
    let mut stage = Stage::new().await;
    for n in 0..3 {
        push(Side::Rust, &stage.home, &ProofDraft::new(QUEUE, format!("[\"do\",{n}]"))).await;
    }
    assert_eq!(stage.web.forge("/queues/proof", "delete=1").await, 403, "a form needs its token");
    stage.web.open("/queues/proof").await;
    // Trap T21: the page deletes the exact bytes that it was given.
    let bytes = stage.home.queue(QUEUE).await;
    let ours = bytes.iter().find(|text| text.contains(&stage.queued)).expect("it is queued").clone();
    stage.web.press("/queues/proof/delete", &[("key_val", &ours), ("delete", "Delete")]).await;
    let left: Vec<String> = bytes.into_iter().filter(|text| *text != ours).collect();
    assert_eq!(stage.home.queue(QUEUE).await, left);
    let page = stage.web.press("/queues/proof", &[("delete", "Delete")]).await;
    assert!(page.links("/queues/").is_empty(), "a queue that was cleared is forgotten");
    assert_eq!(stage.home.queue(QUEUE).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_of_the_scheduled_add_to_the_queue_and_delete() {
    let mut stage = Stage::new().await;
    let doomed =
        push(Side::Rust, &stage.home, &ProofDraft::new(QUEUE, args("do")).at(stage.home.now_secs() + 9_000.0)).await;
    let detail = stage.detail_path("/scheduled", &stage.scheduled.clone()).await;
    stage.web.open(&detail).await;
    stage.web.press(&detail, &[("add_to_queue", "1")]).await;
    let queued = stage.home.queue(QUEUE).await;
    assert!(queued.len() == 2 && queued[1].contains(&stage.scheduled), "{queued:?}");
    // The list's own form: rows are chosen by their keys.
    let detail = stage.detail_path("/scheduled", &doomed).await;
    let key = detail.strip_prefix("/scheduled/").expect("a key").to_owned();
    stage.web.press("/scheduled", &[("key[]", &key), ("delete", "1")]).await;
    assert_eq!(stage.home.size("schedule").await, 0);
    drained(&stage.home, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_of_retries_retry_now_and_kill() {
    let mut stage = Stage::new().await;
    let detail = stage.detail_path("/retries", &stage.retrying.clone()).await;
    stage.web.open(&detail).await;
    stage.web.press(&detail, &[("retry", "1")]).await;
    let queued = stage.home.queue(QUEUE).await;
    assert!(queued.len() == 2 && queued[1].contains(&stage.retrying), "{queued:?}");
    // It fails again, in Rust, and is killed by its page.
    let worker = Worker::start(Side::Rust, &stage.home, QUEUE).await;
    stage.home.until_size("retry", 1).await;
    worker.stop().await;
    let detail = stage.detail_path("/retries", &stage.retrying.clone()).await;
    stage.web.open(&detail).await;
    stage.web.press(&detail, &[("kill", "1")]).await;
    assert_eq!((stage.home.size("retry").await, stage.home.size("dead").await), (0, 3));
    stage.home.member("dead", &stage.retrying).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_of_the_dead_retry_and_delete() {
    let mut stage = Stage::new().await;
    let detail = stage.detail_path("/morgue", &stage.dead.clone()).await;
    stage.web.open(&detail).await;
    stage.web.press(&detail, &[("retry", "1")]).await;
    assert_eq!((stage.home.size("dead").await, stage.home.queue(QUEUE).await.len()), (1, 2));
    let worker = Worker::start(Side::Rust, &stage.home, QUEUE).await;
    stage.home.until_size("dead", 2).await;
    worker.stop().await;
    let detail = stage.detail_path("/morgue", &stage.dead.clone()).await;
    stage.web.open(&detail).await;
    stage.web.press(&detail, &[("delete", "1")]).await;
    assert_eq!(stage.home.members("dead").await.into_iter().map(|member| member.text).collect::<Vec<_>>(), [RAW]);
}

/// Performs what is in the queue, in Rust, once each.
async fn drained(home: &Home, jobs: usize) {
    let before = home.performed().await.len();
    let worker = Worker::start(Side::Rust, home, QUEUE).await;
    until("everything is performed", async || (home.performed().await.len() == before + jobs).then_some(())).await;
    worker.stop().await;
    assert_eq!(home.queue(QUEUE).await, [""; 0]);
}

/// Trap T8: the page of processes needs much of what a process says of itself. Its buttons reach our server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_busy_page_shows_our_process_and_job_and_its_buttons_work() {
    let home = Home::new().await;
    let jid = push(Side::Rust, &home, &ProofDraft::new(QUEUE, args("wait"))).await;
    let mut server = RustServer::start(&home, &[QUEUE, "low"], 7, 20).await;
    home.until_performed(&jid, 1).await;
    let mut web = RubyWeb::start(&home).await;
    let page = until("the page tells of the running job", async || {
        let page = web.open("/busy").await;
        page.body.contains(&jid).then_some(page)
    })
    .await;
    page.shows(&["proof", "blue", "proof, low", "Proof", &std::process::id().to_string()]);
    page.shows(&SHOWN);
    let identities: Vec<String> = home.ask(cmd("SMEMBERS").arg("processes")).await;
    assert_eq!(identities.len(), 1);
    page.shows(&[&identities[0]]);
    let label = "<span class=\"label label-danger\">quiet</span>";
    assert!(!page.body.contains(label), "it is not quiet yet");

    web.press("/busy", &[("identity", &identities[0]), ("quiet", "1")]).await;
    web.press("/busy", &[("identity", &identities[0]), ("stop", "1")]).await;
    server.until(|event| matches!(event, Event::Quiet)).await;
    until("the page says that it is quiet", async || web.open("/busy").await.body.contains(label).then_some(())).await;
    home.let_go().await;
    server.stopped().await;
    let page = web.open("/busy").await;
    assert!(!page.body.contains(&identities[0]) && !page.body.contains(&jid), "nothing of it is left");
}
