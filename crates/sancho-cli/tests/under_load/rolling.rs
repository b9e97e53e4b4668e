//! Two servers, restarted in turn while they work: nothing is lost, and no attempt is counted.

use rustix::process::Signal;
use sancho_testkit::RedisServer;

use super::{done, nothing_is_lost, push};
use crate::harness::Bench;
use crate::worker::{Worker, wait_for_total, wait_until};

const JOBS: usize = 300;

/// Most jobs take a moment; every tenth takes longer than a stop waits, unless it was cut short before.
const LINE: &str = r#"
    case "$SANCHO_CLASS" in
        Long) if ! test -e "cut-$SANCHO_JID"; then touch "cut-$SANCHO_JID"; sleep 600; fi ;;
        *) sleep 0.03 ;;
    esac
    echo "$SANCHO_JID $SANCHO_ATTEMPT" >>done"#;

fn restart_in_turn(bench: &Bench) {
    push(bench, "Moment", JOBS / 2);
    push(bench, "Long", 6);
    push(bench, "Moment", JOBS / 2);
    let arguments = ["--exec", LINE, "-c", "4", "-t", "1"];
    let mut servers = [Worker::start(bench, &arguments), Worker::start(bench, &arguments)];
    let mut seen = 0;
    for round in 0..6 {
        wait_until("jobs are done between two restarts", || done(bench).len() > seen || bench.total("busy") == 0);
        seen = done(bench).len();
        // The new one is there before the old one goes.
        let new = Worker::start(bench, &arguments);
        let mut old = std::mem::replace(&mut servers[round % 2], new);
        old.signal(Signal::TERM);
        old.ends_with(0);
        old.leaves_nothing();
    }
    wait_for_total(bench, "processed", JOBS as u64 + 6);
    for server in &mut servers {
        server.signal(Signal::TERM);
        server.ends_with(0);
    }
    nothing_is_lost(bench, JOBS + 6);
    assert_eq!(done(bench).len(), JOBS + 6, "every job is done");
}

#[test]
fn a_rolling_restart_of_two_servers_loses_nothing_on_sqlite() {
    restart_in_turn(&Bench::new());
}

#[test]
fn a_rolling_restart_of_two_servers_loses_nothing_on_redis() {
    let redis = RedisServer::start();
    restart_in_turn(&Bench::on(&redis.url()));
}
