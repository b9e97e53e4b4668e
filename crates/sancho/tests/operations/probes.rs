//! Probes of a program that performs jobs, by real HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::process::Signal;
use sancho::core::inspect::Pausable;
use sancho::{QueueName, Raw};
use sancho_testkit::RedisServer;
use serde_json::Value;

use crate::program::{Fail, Linger, Nothing, Program, get, request, until};

/// A program that answers probes, and where.
fn probed(arguments: &[&str]) -> (Program, SocketAddr) {
    let arguments = [&["--probes", "127.0.0.1:0", "--log-format", "json"], arguments].concat();
    let program = Program::start(&arguments, &[]);
    let address = address_of(&program);
    (program, address)
}

fn address_of(program: &Program) -> SocketAddr {
    let line: Value = serde_json::from_str(&program.line_with("probes are answered")).expect("JSON");
    line["address"].as_str().and_then(|address| address.parse().ok()).expect("an address")
}

/// The reasons that `/readyz` tells, as their words.
fn reasons(address: SocketAddr) -> (u16, Vec<Value>) {
    let answer = get(address, "/readyz");
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    let reasons = body["reasons"].as_array().expect("a list").clone();
    assert_eq!(body["ready"], reasons.is_empty());
    (answer.status, reasons)
}

fn words(reasons: &[Value]) -> Vec<&str> {
    reasons.iter().map(|reason| reason["reason"].as_str().expect("a word")).collect()
}

#[tokio::test]
async fn a_server_is_ready_until_a_class_waits_that_it_does_not_know() {
    let (program, address) = probed(&["-q", "default"]);
    until("it is ready", || reasons(address).0 == 200);
    let live = get(address, "/livez");
    assert_eq!((live.status, live.body.as_str()), (200, "ok\n"));
    program.client().await.push(Raw::new("Stranger", (1, 2))).await.expect("pushed");
    until("it is not ready", || reasons(address).0 == 503);
    let (_, told) = reasons(address);
    assert_eq!((&told[0]["reason"], &told[0]["class"]), (&"unknown_class".into(), &"Stranger".into()));
    assert_eq!(told[0]["queue"], "default");
    assert_eq!(get(address, "/livez").status, 200, "a restart would not help");
}

#[test]
fn a_quiet_server_is_alive_and_not_ready() {
    let (program, address) = probed(&[]);
    until("it is ready", || reasons(address).0 == 200);
    program.signal(Signal::TSTP);
    until("it is quiet", || words(&reasons(address).1) == ["quiet"]);
    assert_eq!(get(address, "/livez").status, 200);
}

#[tokio::test]
async fn a_server_that_stops_says_so_while_it_finishes() {
    let (mut program, address) = probed(&["-t", "60"]);
    let client = program.client().await;
    // Jobs that go on until the server stops are over then: one that waits for them is not.
    client.push(Linger {}).await.expect("pushed");
    until("it runs", || sample(address, "sancho_busy", &[("capsule", "default")]) == Some(1.0));
    assert!(program.stop().success());
    assert!(TcpStream::connect(address).is_err(), "nobody answers for a process that is gone");
}

#[test]
fn a_store_that_is_away_is_no_reason_to_start_the_process_again_on_redis() {
    let redis = RedisServer::start();
    let url = redis.fresh_url();
    let arguments = ["--probes", "127.0.0.1:0", "--log-format", "json"];
    let program = Program::start_on(tempfile::tempdir().expect("a folder"), &url, &arguments, &[]);
    let address = address_of(&program);
    until("it is ready", || reasons(address).0 == 200);
    assert_eq!(sample(address, "sancho_store_up", &[]), Some(1.0));
    drop(redis);
    until("the store is away", || words(&reasons(address).1).contains(&"store_away"));
    until("and so metrics tell", || sample(address, "sancho_store_up", &[]) == Some(0.0));
    assert_eq!(get(address, "/livez").status, 200);
}

#[tokio::test]
async fn metrics_tell_what_was_performed_and_what_waits() {
    let (program, address) = probed(&["-q", "default"]);
    let client = program.client().await;
    for number in 0..3 {
        client.push(Nothing { number }).await.expect("pushed");
    }
    client.push(Fail { message: "no".to_owned(), times: 1 }).await.expect("pushed");
    for number in 0..7 {
        client.push(Nothing { number }).queue("elsewhere").await.expect("pushed");
    }
    let elsewhere = Pausable::Queue(QueueName::new("elsewhere").expect("a name"));
    client.inspect().pause(&elsewhere, client.clock().now()).await.expect("paused");
    until("all are performed", || sample(address, "sancho_failed_total", &[("class", "Fail")]) == Some(1.0));
    until("all are performed", || sample(address, "sancho_processed_total", &[("class", "Nothing")]) == Some(3.0));
    until("all are counted", || sample(address, "sancho_store_processed_total", &[]) == Some(4.0));
    client.inspect().pause(&Pausable::Class("Linger".to_owned()), client.clock().now()).await.expect("paused");
    until("a class is paused", || sample(address, "sancho_class_paused", &[("class", "Linger")]) == Some(1.0));
    until("the queue is seen", || sample(address, "sancho_queue_depth", &[("queue", "elsewhere")]) == Some(7.0));

    let answer = get(address, "/metrics");
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    let metrics = parse(&answer.body);
    let value = |name: &str, labels: &[(&str, &str)]| metrics.value(name, labels);
    assert_eq!(value("sancho_run_seconds_count", &[("class", "Nothing")]), Some(3.0));
    assert_eq!(value("sancho_run_seconds_bucket", &[("class", "Nothing"), ("le", "+Inf")]), Some(3.0));
    assert_eq!(value("sancho_queue_paused", &[("queue", "elsewhere")]), Some(1.0));
    assert!(value("sancho_queue_latency_seconds", &[("queue", "elsewhere")]).expect("told") >= 0.0);
    assert_eq!(value("sancho_slots", &[("capsule", "default")]), Some(25.0));
    assert_eq!(value("sancho_busy", &[("capsule", "default")]), Some(0.0));
    assert_eq!(value("sancho_jobs", &[("state", "enqueued")]), Some(7.0));
    assert_eq!(value("sancho_store_failed_total", &[]), Some(1.0));
    assert_eq!(value("sancho_claims_lost_total", &[]), Some(0.0));
    assert_eq!(value("sancho_processes", &[]), Some(1.0));
    assert!(value("sancho_memory_bytes", &[]).expect("told") > 1e6);
    assert!(value("sancho_round_trip_seconds", &[]).is_some());
    hold_the_guide(&answer.body);
}

/// The guide's tables have each metric, and neither they nor the alerts have another.
fn hold_the_guide(metrics: &str) {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/deployment.md");
    let guide = std::fs::read_to_string(guide).expect("the guide is there");
    let told: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let in_tables = guide.lines().filter_map(|line| line.strip_prefix("| `sancho_")?.split('`').next());
    assert_eq!(
        in_tables.map(|name| format!("sancho_{name}")).collect::<BTreeSet<_>>(),
        told.iter().map(|&name| name.to_owned()).collect()
    );
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    for name in guide.split(|c| !is_name(c)).filter(|word| word.starts_with("sancho_")) {
        assert!(told.contains(name.strip_suffix("_bucket").unwrap_or(name)), "the guide has {name}");
    }
}

#[test]
fn a_port_that_is_taken_is_said_at_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let mut program = Program::start(&["--probes", &address], &[]);
    assert!(!program.end().success());
    let said = program.rest();
    assert!(said.contains(&format!("failed to answer probes at {address}")), "{said}");
    assert!(said.contains("give the probes another port"), "{said}");
}

#[test]
fn each_of_several_processes_has_a_port_of_its_own() {
    // Two that are free, one after the other: the first of them may be anywhere.
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = (20_000..30_000).find(|port| free(*port) && free(*port + 1)).expect("two ports");
    let address = format!("127.0.0.1:{first}");
    let mut program = Program::start(&["--probes", &address, "--processes", "2"], &[]);
    for port in [first, first + 1] {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        until("it answers", || TcpStream::connect(address).is_ok());
        until("it is ready", || reasons(address).0 == 200);
    }
    assert!(program.stop().success());
}

#[test]
fn clients_that_say_nothing_keep_nobody_out_for_long() {
    let (_program, address) = probed(&[]);
    let silent: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(address).expect("connects")).collect();
    assert_eq!(get(address, "/livez").status, 200, "it waited for them to be given up");
    drop(silent);
}

#[test]
fn what_is_not_asked_for_rightly_is_refused() {
    let (_program, address) = probed(&[]);
    assert_eq!(get(address, "/").status, 404);
    let posted = request(address, "POST /livez HTTP/1.1\r\nContent-Length: 0");
    assert_eq!((posted.status, posted.head.contains("allow: get, head")), (405, true));
    let head = request(address, "HEAD /metrics HTTP/1.1");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let long = request(address, &format!("GET /livez HTTP/1.1\r\nX-Long: {}", "x".repeat(64 * 1024)));
    assert_eq!(long.status, 431);
}

/// A sample, by a fresh scrape.
fn sample(address: SocketAddr, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    parse(&get(address, "/metrics").body).value(name, labels)
}

/// What a scraper reads, by the rules of the format: a second reader of it, written from its description.
struct Metrics(BTreeMap<(String, BTreeSet<(String, String)>), f64>);

impl Metrics {
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.0.get(&(name.to_owned(), labels)).copied()
    }
}

fn parse(text: &str) -> Metrics {
    assert!(text.ends_with('\n'), "the last line ends");
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    let (mut helped, mut current) = (BTreeSet::new(), String::new());
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, _) = help.split_once(' ').expect("a help has a text");
            assert!(helped.insert(name.to_owned()), "{name} is helped twice");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type has a word");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} has two families");
            current = name.to_owned();
        } else {
            let (name, labels, value) = parse_sample(line);
            let family = match families[&current].as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)),
                _ => Some(name.as_str()),
            };
            assert_eq!(family, Some(current.as_str()), "{line} stands in another family");
            assert_eq!(families[&current] == "counter", name.ends_with("_total"), "{name}");
            assert!(samples.insert((name, labels), value).is_none(), "{line} is there twice");
        }
    }
    let metrics = Metrics(samples);
    hold_histograms(&metrics);
    metrics
}

fn parse_sample(line: &str) -> (String, BTreeSet<(String, String)>, f64) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("a sample has a value: {line}"));
    let (name, mut rest) = line.split_at(end);
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !text.is_empty();
    assert!(is_name(name), "{line}");
    let mut labels = BTreeSet::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("a label has a value: {line}"));
            assert!(is_name(label), "{line}");
            let mut value = String::new();
            let mut chars = after.char_indices();
            let end = loop {
                match chars.next() {
                    Some((_, '\\')) => match chars.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, c @ ('"' | '\\'))) => value.push(c),
                        other => panic!("no such escape as {other:?}: {line}"),
                    },
                    Some((index, '"')) => break index,
                    Some((_, c)) => value.push(c),
                    None => panic!("a value has an end: {line}"),
                }
            };
            labels.insert((label.to_owned(), value));
            let after = &after[end + 1..];
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => {
                    rest = after.strip_prefix('}').unwrap_or_else(|| panic!("labels have an end: {line}"));
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').and_then(|value| value.parse().ok());
    (name.to_owned(), labels, value.unwrap_or_else(|| panic!("a value is a number: {line}")))
}

/// Buckets never fall, and the last is the count.
fn hold_histograms(metrics: &Metrics) {
    let mut series: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for ((name, labels), value) in &metrics.0 {
        if let Some(name) = name.strip_suffix("_bucket") {
            let label = |wanted: &str| labels.iter().find(|(name, _)| name == wanted).expect("a label").1.clone();
            let bound = label("le").replace("+Inf", "inf").parse().expect("a bound is a number");
            series.entry(format!("{name} {}", label("class"))).or_default().push((bound, *value));
        }
    }
    for (series, mut buckets) in series {
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1), "{series}: {buckets:?}");
        let (name, class) = series.split_once(' ').expect("a name and a class");
        let count = metrics.value(&format!("{name}_count"), &[("class", class)]);
        assert_eq!(buckets.last().map(|last| last.1), count, "{series}");
    }
}
