//! Our processes in Ruby's eyes: listed with what they run, told to be quiet and to stop, gone when they are.

use std::process::Stdio;

use redis::cmd;
use rustix::process::{Pid, Signal, kill_process};
use sancho::Event;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::corpus::nasty_args;
use crate::home::{Home, PATIENCE, open, until};
use crate::proof::Ledger;
use crate::ruby;
use crate::ruby_server::RubyServer;
use crate::rust_server::RustServer;
use crate::side::{ProofDraft, Side, push};

const QUEUE: &str = "proof";

/// Where the child finds its Redis.
const REDIS: &str = "SANCHO_INTEROP_REDIS";

async fn identities(home: &Home) -> Vec<String> {
    home.ask(cmd("SMEMBERS").arg("processes")).await
}

/// The one process that has told Redis that it lives.
async fn identity(home: &Home) -> String {
    until("a process is listed", async || identities(home).await.pop()).await
}

/// A server of ours with one job that runs until it is let go, and the next beat that says so.
async fn busy_server(home: &Home) -> (RustServer, String, String) {
    let jid = push(Side::Rust, home, &ProofDraft::new(QUEUE, nasty_args("wait"))).await;
    let server = RustServer::start(home, &[QUEUE, "low"], 7, 20).await;
    home.until_performed(&jid, 1).await;
    let identity = identity(home).await;
    until("its beat tells of its job", async || {
        let busy: Option<String> = home.ask(cmd("HGET").arg(&identity).arg("busy")).await;
        (busy.as_deref() == Some("1")).then_some(())
    })
    .await;
    (server, identity, jid)
}

/// Traps T7 (where the number of threads stands), T8 (what the page of processes needs), T9 (the form of a running
/// job) and T10 (the process's hash ends by itself).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_and_its_running_job_are_listed() {
    let home = Home::new().await;
    let (server, identity, jid) = busy_server(&home).await;
    let script = "set = Sidekiq::ProcessSet.new
        now = Time.now.to_f
        processes = set.map do |process|
          [process.identity, process['pid'], process.tag, process.labels, process.queues, process['concurrency'],
           process['busy'], process.stopping?, (now - process['started_at']).between?(-1, 60),
           (now - process['beat']).between?(-1, 30), process['rss'] > 1_000, process['rtt_us'] >= 0,
           process['hostname'].is_a?(String)]
        end
        work = Sidekiq::Workers.new.map do |process, tid, work|
          payload = work['payload']
          [process, tid.is_a?(String), work['queue'], payload['jid'], payload['class'], JSON.generate(payload['args']),
           work['run_at'].is_a?(Integer) && (now - work['run_at']).between?(-1, 60)]
        end
        [processes, work, set.total_concurrency, Sidekiq::WorkSet.new.size, Sidekiq::Stats.new.workers_size,
         Sidekiq::Stats.new.processes_size]";
    let seen = home.ruby_value(script, &[]).await;
    let pid = std::process::id();
    let process = json!([identity, pid, "proof", ["blue"], [QUEUE, "low"], 7, 1, false, true, true, true, true, true]);
    let work = json!([identity, true, QUEUE, jid, "Proof", nasty_args("wait"), true]);
    assert_eq!(seen, json!([[process], [work], 7, 1, 1, 1]));

    let monitor = ruby::command("sidekiqmon", "ruby-sidekiq", &home).output().await.expect("sidekiqmon runs");
    let report = String::from_utf8_lossy(&monitor.stdout);
    assert!(monitor.status.success() && report.contains(&identity), "{report}");

    let fields: Vec<String> = home.ask(cmd("HKEYS").arg(&identity)).await;
    for field in ["info", "concurrency", "busy", "beat", "rtt_us", "quiet", "rss"] {
        assert!(fields.iter().any(|have| have == field), "{field} is not in {fields:?}");
    }
    let info: String = home.ask(cmd("HGET").arg(&identity).arg("info")).await;
    let info: Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["concurrency"], 7);
    assert!(info["started_at"].is_f64() && info["embedded"].is_boolean() && info["version"].is_string(), "{info}");
    assert!(info["weights"].is_array() && info["capsules"].is_object(), "{info}");
    for capsule in info["capsules"].as_object().expect("an object").values() {
        assert!(capsule["weights"].is_object() && capsule["concurrency"].is_u64(), "{capsule}");
    }
    // Readers up to 6.4 look under the older name.
    for key in [identity.clone(), format!("{identity}:work"), format!("{identity}:workers")] {
        let ttl: i64 = home.ask(cmd("TTL").arg(&key)).await;
        assert!((1..=60).contains(&ttl), "{key} ends in {ttl} s");
    }

    home.let_go().await;
    until("its beat tells that the job has ended", async || {
        let running: i64 = home.ask(cmd("HLEN").arg(format!("{identity}:workers"))).await;
        (running == 0).then_some(())
    })
    .await;
    server.stop().await;
    assert_eq!(identities(&home).await, [""; 0], "a process that stops is gone at once");
    let left: i64 = home.ask(cmd("EXISTS").arg(format!("{identity}:work")).arg(format!("{identity}:workers"))).await;
    assert_eq!(left, 0);
}

/// Trap T11: what Ruby's API tells a process, it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ruby_makes_our_server_quiet_and_stops_it() {
    let home = Home::new().await;
    let (mut server, identity, first) = busy_server(&home).await;
    // A wish for stacks in the log goes before, and takes nothing away from the order behind it.
    home.ruby("Sidekiq::ProcessSet.new.each { |process| process.dump_threads; process.quiet! }", &[]).await;
    server.until(|event| matches!(event, Event::Quiet)).await;
    let second = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, "[\"do\"]")).await;
    until("Ruby sees that it is quiet", async || {
        let quiet: Option<String> = home.ask(cmd("HGET").arg(&identity).arg("quiet")).await;
        (quiet.as_deref() == Some("true")).then_some(())
    })
    .await;
    let stopping = home.ruby_value("Sidekiq::ProcessSet.new.map(&:stopping?)", &[]).await;
    assert_eq!(stopping, json!([true]));
    home.ruby("Sidekiq::ProcessSet.new.each(&:stop!)", &[]).await;
    home.let_go().await;
    server.stopped().await;
    assert_eq!(home.performances_of(&first).await.len(), 1);
    assert_eq!(home.performances_of(&second).await, [], "a quiet server takes nothing");
    assert_eq!((home.queue(QUEUE).await.len(), home.counters().await), (1, (1, 0)));
    let signals: i64 = home.ask(cmd("EXISTS").arg(format!("{identity}-signals"))).await;
    assert_eq!(signals, 0, "no order is left for a successor");
}

/// Trap T12: the number of processes, by which every poller of Ruby's spaces its rounds, is the real one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_are_counted_and_neither_takes_the_other_away() {
    let home = Home::new().await;
    let rust = RustServer::start(&home, &[QUEUE], 3, 20).await;
    let ours = identity(&home).await;
    let ruby = RubyServer::start(&home, &["other"], 2, 20).await;
    let theirs = ruby.identity().to_owned();
    let script = "set = Sidekiq::ProcessSet.new
        [set.map(&:identity).sort, set.size, set.total_concurrency]";
    let mut both = [ours.clone(), theirs.clone()];
    both.sort();
    assert_eq!(home.ruby_value(script, &[]).await, json!([both, 2, 5]));
    // Ruby forgets whom it finds without a hash; who lives comes back with the next beat.
    let _: i64 = home.ask(cmd("SREM").arg("processes").arg(&ours)).await;
    until("it is listed again", async || identities(&home).await.contains(&ours).then_some(())).await;
    rust.stop().await;
    assert_eq!(identities(&home).await, [theirs]);
    ruby.stop().await;
    assert_eq!(identities(&home).await, [""; 0]);
}

#[test]
#[ignore = "a part of another test, which starts it in a process of its own and kills it"]
fn child() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = std::env::var(REDIS).expect("the test says where its Redis is");
        let client = sancho::connect(&url).await.expect("connects");
        let ledger = Ledger(open(&url).await);
        let _server = RustServer::start_with(client, ledger, &[QUEUE], 1, 20).await;
        // Killed long before; a child that nobody kills ends all the same.
        tokio::time::sleep(PATIENCE).await;
    });
}

/// Traps T10 and T12, when a process is killed: it vanishes, and its job is another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_vanishes_and_its_job_is_performed_by_another() {
    let home = Home::new().await;
    let jid = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("wait"))).await;
    let mut child = Command::new(std::env::current_exe().expect("this test's own program"))
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env(REDIS, home.url())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the child starts");
    home.until_performed(&jid, 1).await;
    let doomed = identity(&home).await;
    let survivor = RustServer::start(&home, &[QUEUE], 1, 20).await;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, Signal::KILL).expect("a process of the test's own can be killed");
    child.wait().await.expect("it ends");

    home.let_go().await;
    let performed = home.until_performed(&jid, 2).await;
    assert_eq!(performed[1].args, nasty_args("wait"));
    // What it said of itself ends a minute after its last beat: here, the rest of that minute is passed over.
    let ttl: i64 = home.ask(cmd("TTL").arg(&doomed)).await;
    assert!(ttl <= 60 && ttl != -1, "{doomed} ends in {ttl} s");
    let _: i64 = home.ask(cmd("PEXPIRE").arg(&doomed).arg(1)).await;
    until("its hash is gone", async || {
        let there: bool = home.ask(cmd("EXISTS").arg(&doomed)).await;
        (!there).then_some(())
    })
    .await;
    let seen = home.ruby_value("set = Sidekiq::ProcessSet.new; [set.map(&:identity), set.size]", &[]).await;
    let mut alive = identities(&home).await;
    assert_eq!(seen, json!([alive, 1]));
    assert_ne!(alive.pop(), Some(doomed));
    survivor.stop().await;
    assert_eq!(home.counters().await, (1, 0));
    assert_eq!(identities(&home).await, [""; 0]);
}
