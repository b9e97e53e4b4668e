//! What is told of jobs that run and of those that ran, and how a process is tuned, on every store alike.

use std::time::Duration;

use sancho::Client;
use sancho_core::{Checkpoint, Execution, Greeting, Order, QueueCount, QueueName, Receipt, Running};
use sancho_testkit::stage::{beat, capsule, request};
use serde_json::{Value, json};

use crate::harness::Bench;

/// Does something to the store of a bench, beside the command.
fn beside<T>(bench: &Bench, url: &str, work: impl AsyncFnOnce(Client) -> T) -> T {
    let url = url.replace("sqlite://", &format!("sqlite://{}/", bench.path("").display()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async { work(sancho::connect(&url).await.expect("the store opens")).await })
}

/// What was performed of a class.
fn performed(class: &str, runs: u64, millis: u64, failures: u64) -> Execution {
    let mut execution = Execution::of(class);
    (0..runs).for_each(|_| execution.add_run(Duration::from_millis(millis)));
    (0..failures).for_each(|_| execution.add_failure());
    execution
}

pub(crate) fn what_was_performed_is_told_by_class(bench: &Bench, url: &str) {
    bench.ok(&["push", "A"]);
    assert_eq!(bench.ok(&["metrics"]), "nothing was performed in the last 60 minutes");
    beside(bench, url, async |client| {
        let mut beat = beat("host:1:a", Greeting::Hello);
        beat.executions = vec![performed("Mailer", 1_200, 120, 3), performed("Re\u{1b}port", 2, 4_000, 0)];
        client.store().beat(&beat, client.clock().now()).await.expect("a beat");
    });
    let table = bench.ok(&["metrics"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    let cells = |row: usize| rows[row].iter().copied().filter(|cell| !cell.is_empty()).collect::<Vec<_>>();
    assert_eq!(cells(0), ["class", "executions", "failures", "mean", "p50", "p95", "p99", "in all"]);
    assert_eq!(cells(1), ["Mailer", "1,203", "3", "120 ms", "125 ms", "147 ms", "149 ms", "2 min"]);
    assert_eq!(cells(2)[..4], ["Re\\u{1b}port", "2", "0", "4.0 s"]);

    let one = bench.ok(&["metrics", "Mailer", "--minutes", "15"]);
    for part in ["executions  1,203", "failures    3", "95 of 100   within 147 ms", "below 150 ms  1,200  ####"] {
        assert!(one.contains(part), "{part:?} in {one}");
    }
    assert_eq!(bench.ok(&["metrics", "Mail"]), "Mail was not performed in the last 60 minutes");
    let told = bench.json(&["metrics", "Mailer"]);
    let class = &told["classes"][0];
    assert_eq!((&class["executions"], &class["failures"], &class["seconds"]), (&json!(1203), &json!(3), &json!(144.0)));
    assert_eq!((&class["mean"], &class["p50"]), (&json!(0.12), &json!(0.125)));
    assert_eq!(class["histogram"], json!([{"below": 0.15, "runs": 1200}]));
    assert_eq!(class["samples"][0]["executions"], json!(1203));
    // Further back it is counted by ten minutes, without run times.
    let days = bench.json(&["metrics", "--minutes", "4320"]);
    assert_eq!((&days["step"], &days["classes"][0]["executions"]), (&json!(600), &json!(1203)));
    assert_eq!((&days["classes"][0]["p50"], &days["classes"][0]["mean"]), (&Value::Null, &json!(0.12)));
    bench.run(&["metrics", "--minutes", "5000"]).refused(2, &["--minutes"]);
}

pub(crate) fn throughput_is_told_by_queue(bench: &Bench, url: &str) {
    bench.ok(&["push", "A"]);
    assert_eq!(bench.json(&["queues"])["queues"][0]["per_minute"], json!(0.0));
    beside(bench, url, async |client| {
        let mut beat = beat("host:1:a", Greeting::Hello);
        let count = |name, count, failures| {
            let queue = QueueName::new(name).expect("a name");
            QueueCount { queue, count, failures }
        };
        beat.by_queue = vec![count("default", 1_000_000, 3), count("m\u{202e}ail", 7, 0)];
        client.store().beat(&beat, client.clock().now()).await.expect("a beat");
    });
    // The minute under way is the fifth: between four and five minutes are looked at.
    let of_five = 200_000.0..=250_000.0;
    let row = &bench.json(&["queues"])["queues"][0];
    assert!(row["name"] == "default" && of_five.contains(&row["per_minute"].as_f64().expect("a number")), "{row}");
    let table = bench.ok(&["queues"]);
    assert!(table.contains("waiting for  per minute  paused"), "{table}");

    let table = bench.ok(&["metrics"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let [.., headings, first, second] = &rows[..] else { panic!("a table: {table}") };
    assert_eq!(headings[..], ["queue", "executions", "failures", "per", "minute"]);
    assert_eq!((&first[..3], &second[..3]), (&["default", "1,000,000", "3"][..], &["m\\u{202e}ail", "7", "0"][..]));
    let told = bench.json(&["metrics"]);
    let queue = &told["queues"][0];
    assert_eq!(
        (&queue["queue"], &queue["executions"], &queue["failures"]),
        (&json!("default"), &json!(1_000_000), &json!(3))
    );
    assert_eq!((&queue["samples"][0]["executions"], &told["sizes"][0]["enqueued"]), (&json!(1_000_000), &json!(1)));
    let one = bench.json(&["metrics", "Mailer"]);
    assert_eq!((&one["queues"], &one["sizes"]), (&json!([]), &json!([])));
}

pub(crate) fn a_deploy_is_marked_and_shown_with_the_metrics(bench: &Bench, _: &str) {
    bench.ok(&["push", "A"]);
    let marked = bench.json(&["mark", "v1.2 \u{202e}x"]);
    assert_eq!(marked["label"], "v1.2 \u{202e}x");
    let deploys = &bench.json(&["metrics"])["deploys"];
    assert_eq!(deploys, &json!([marked]));
    assert!(bench.ok(&["metrics"]).ends_with(": v1.2 \\u{202e}x"));
    bench.run(&["mark", " "]).refused(1, &["label of the mark is empty", "[invalid]"]);
    // Unless a minute has begun meanwhile, it has its mark.
    let second = bench.run(&["mark", "v1.3"]);
    if second.code != Some(0) {
        second.refused(1, &["has a mark already", "try again in a minute"]);
    }
}

pub(crate) fn a_running_job_is_listed_with_how_far_it_is(bench: &Bench, url: &str) {
    let jid = bench.ok(&["push", "Import", "[7]"]);
    assert!(!bench.ok(&["show", &jid]).contains("progress"));
    beside(bench, url, async |client| {
        let now = client.clock().now();
        client.store().beat(&beat("host:1:a", Greeting::Hello), now).await.expect("a beat");
        let request = request("host:1:a", 1, 1, &["default"]);
        let claims = client.store().exchange(&[], Some(&request), now).await.expect("a claim").claims;
        let bytes = br#"{"progress":[1500,6000],"step":"rows \u001b of the file","cursor":"x"}"#;
        let receipt: Receipt = claims[0].receipt.clone();
        let kept = Checkpoint { receipt: receipt.clone(), bytes: bytes[..].into() };
        client.store().checkpoint(&[kept], now).await.expect("it is kept");
        let mut beat = beat("host:1:a", Greeting::StillHere);
        beat.running = vec![Running { receipt, jid: None, since: now }];
        client.store().beat(&beat, now).await.expect("a beat");
    });
    let table = bench.ok(&["busy"]);
    let headings = table.lines().next().unwrap_or_default().split("  ").map(str::trim).filter(|it| !it.is_empty());
    let want = ["jid", "class", "args", "queue", "running for", "progress", "step", "process"];
    assert_eq!(headings.collect::<Vec<_>>(), want);
    for part in [" seconds  ", "1,500 of 6,000 (25%)", "rows \\u{1b} of the file", "host:1:a"] {
        assert!(table.contains(part), "{part:?} in {table}");
    }
    let shown = bench.ok(&["show", &jid]);
    assert!(shown.contains("progress  1,500 of 6,000 (25%)\n") && shown.contains("step      rows \\u{1b}"), "{shown}");
    let kept = json!({"progress": [1500, 6000], "step": "rows \u{1b} of the file", "cursor": "x"});
    assert_eq!(bench.json(&["busy"])["jobs"][0]["kept"], kept);
    assert_eq!(bench.json(&["processes"])["processes"][0]["capsules"][0]["name"], "default");
}

pub(crate) fn what_is_paused_is_listed_beside_the_queues(bench: &Bench, _: &str) {
    bench.ok(&["push", "A", "--queue", "low"]);
    for what in [&["low"][..], &["not-yet"], &["--class", "Mailer"]] {
        bench.ok(&[&["pause"], what].concat());
    }
    let told = bench.json(&["queues"]);
    let paused =
        |name: &str| json!({"name": name, "size": u64::from(name == "low"), "per_minute": 0.0, "paused": true});
    let mut rows = told["queues"].as_array().expect("queues").clone();
    rows.iter_mut().for_each(|row| drop(row.as_object_mut().expect("a queue").remove("latency")));
    assert_eq!((rows, &told["paused_classes"]), (vec![paused("low"), paused("not-yet")], &json!(["Mailer"])));
    assert!(bench.ok(&["queues"]).ends_with("the class Mailer is paused"));
    bench.ok(&["resume", "--class", "Mailer"]);
    assert!(!bench.ok(&["queues"]).contains("class"));
}

pub(crate) fn a_process_is_tuned_and_waited_for(bench: &Bench, url: &str) {
    bench.ok(&["push", "A"]);
    bench.run(&["tune", "host:1:a"]).refused(2, &["tune what?", "--slots"]);
    bench.run(&["tune", "host:1:a", "-q", "a,b"]).refused(2, &["critical,6"]);
    bench.run(&["tune", "host:1:a", "--slots", "3"]).refused(1, &["no process of this store", "[not-found]"]);
    beside(bench, url, async |client| {
        let store = client.store();
        store.beat(&beat("host:1:a", Greeting::Hello), client.clock().now()).await.expect("a beat");
        let wrong = ["tune", "host:1:a", "--slots", "3", "--capsule", "imports"];
        bench.run(&wrong).refused(1, &["no capsule \"imports\"", "it has default"]);
        let late = ["tune", "host:1:a", "--slots", "3", "--timeout", "0s"];
        bench.run(&late).refused(4, &["has not done so in time"]);

        let args = ["--json", "tune", "host:1:a", "--slots", "3", "-q", "critical,6", "-q", "low"];
        let command = bench.command().args(args).stdout(std::process::Stdio::piped()).spawn().expect("it starts");
        let mut tuned = beat("host:1:a", Greeting::StillHere);
        let mut orders = Vec::new();
        // The order that nobody waited for is the first.
        while orders.len() < 2 {
            let answer = store.beat(&tuned, client.clock().now()).await.expect("a beat");
            orders.extend(answer.orders);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let queues = Some(vec!["critical,6".to_owned(), "low".to_owned()]);
        assert_eq!(orders[1], Order::Tune { capsule: "default".to_owned(), slots: Some(3), queues });
        tuned.process.slots = 3;
        tuned.process.capsules = vec![capsule("default", 3, "weighted", &["critical,6", "low,1"])];
        store.beat(&tuned, client.clock().now()).await.expect("a beat");
        let answer = command.wait_with_output().expect("it ends");
        let told: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
        let want = json!({"identity": "host:1:a", "capsule": "default", "slots": 3, "queues": ["critical,6", "low,1"]});
        assert_eq!((answer.status.code(), told), (Some(0), want));
    });
    assert!(bench.ok(&["processes"]).contains("critical,6 low,1"));
}
