//! Each command with its output, on a store in a fresh directory.

mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use harness::{Answer, Bench};
use serde_json::json;

#[test]
fn push_prints_the_jid_alone() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[7, \"blue\"]"]);
    assert!(jid.len() == 24 && jid.bytes().all(|b| b.is_ascii_hexdigit()), "{jid}");
    let job = bench.json(&["show", &jid]);
    assert_eq!(job["args"], json!([7, "blue"]));
    assert_eq!((&job["class"], &job["queue"], &job["retry"]), (&json!("Resize"), &json!("default"), &json!(true)));
    assert_eq!(job["state"], "enqueued");
}

#[test]
fn push_takes_every_option() {
    let bench = Bench::new();
    let args = "push Resize [] --queue low --key photo:7 --retry 3 --tag eu --tag big --at 2100-01-01T00:00:00Z";
    let pushed = bench.json(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(pushed["answer"], "added");
    assert_eq!(pushed["at"].as_f64(), Some(4_102_444_800.0));
    let job = bench.json(&["show", "--key", "photo:7"]);
    assert_eq!(job["jid"], pushed["jid"]);
    assert_eq!((&job["queue"], &job["retry"], &job["tags"]), (&json!("low"), &json!(3), &json!(["eu", "big"])));
    assert_eq!((&job["state"], &job["at"]), (&json!("scheduled"), &json!(4_102_444_800.0)));
    let never = bench.ok(&["push", "Resize", "--retry", "false"]);
    assert_eq!(bench.json(&["show", &never])["retry"], false);
}

#[test]
fn a_taken_key_is_told_and_answered_with_its_holder() {
    let bench = Bench::new();
    let first = bench.ok(&["push", "Resize", "[1]", "--key", "photo:7", "--in", "1h"]);
    let answer = bench.run(&["push", "Resize", "[2]", "--key", "photo:7"]);
    assert_eq!((answer.code, answer.out.trim()), (Some(0), first.as_str()));
    assert!(
        answer.err.contains(&format!("the key \"photo:7\" is taken by job {first}, which is scheduled")),
        "{answer:?}"
    );
    assert_eq!(bench.json(&["push", "Resize", "[2]", "--key", "photo:7"])["answer"], "kept");
    assert_eq!((bench.total("scheduled"), bench.total("enqueued")), (1, 0));
}

#[test]
fn push_reads_a_file_of_jobs() {
    let bench = Bench::new();
    let mut lines = String::new();
    for n in 0..1_500 {
        lines.push_str(&format!("{{\"class\":\"Resize\",\"args\":[{n}],\"queue\":\"bulk\"}}\n\n"));
    }
    lines.push_str(
        "{\"class\":\"Resize\",\"args\":[],\"at\":4102444800.5,\"key\":\"k\",\"retry\":false,\"tags\":[\"eu\"]}\n",
    );
    lines.push_str("{\"class\":\"Resize\",\"args\":[],\"key\":\"k\"}");
    std::fs::write(bench.path("jobs.ndjson"), lines).unwrap();
    assert_eq!(bench.ok(&["push", "--file", "jobs.ndjson"]), "pushed 1501 jobs, left out 1 job (key taken)");
    let later = bench.json(&["show", "--key", "k"]);
    assert_eq!(
        (&later["at"], &later["retry"], &later["tags"]),
        (&json!(4_102_444_800.5), &json!(false), &json!(["eu"]))
    );
    let page = bench.json(&["ls", "bulk", "--limit", "3"]);
    let args: Vec<_> = page["jobs"].as_array().unwrap().iter().map(|job| job["args"][0].as_u64()).collect();
    assert_eq!(args, [Some(0), Some(1), Some(2)], "in the order of the file");
}

#[test]
fn push_reads_standard_input() {
    let bench = Bench::new();
    let mut child = bench
        .command()
        .args(["--json", "push", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"{\"class\":\"A\",\"args\":[]}\n{\"class\":\"B\",\"args\":[]}\n").unwrap();
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (Some(0), "{\"pushed\":2,\"kept\":0}\n", ""));
}

#[test]
fn stats_as_json_has_exactly_these_integers() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    bench.ok(&["push", "B", "[]", "--in", "1h"]);
    assert_eq!(
        bench.ok(&["--json", "stats"]),
        r#"{"processed":0,"failed":0,"busy":0,"enqueued":1,"scheduled":1,"retries":0,"dead":0,"held":0,"processes":0}"#
    );
}

#[test]
fn stats_for_people_is_a_table() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let want = "total      jobs\nprocessed     0\nfailed        0\nbusy          0\nenqueued      1\nscheduled     0\n\
                retries       0\ndead          0\nheld          0\nprocesses     0";
    assert_eq!(bench.ok(&["stats"]), want);
}

#[test]
fn queues_are_listed_by_name() {
    let bench = Bench::new();
    bench.ok(&["push", "A", "[]", "--queue", "low"]);
    bench.ok(&["push", "A", "[]", "--queue", "high"]);
    let queues = bench.json(&["queues"]);
    let rows: Vec<_> = queues["queues"].as_array().unwrap().iter().map(|row| (&row["name"], &row["size"])).collect();
    assert_eq!(rows, [(&json!("high"), &json!(1)), (&json!("low"), &json!(1))]);
    assert_eq!(queues["queues"][0]["paused"], false);
    assert!(queues["queues"][0]["latency"].is_f64());
    let text = bench.ok(&["queues"]);
    assert!(text.starts_with("queue  jobs  waiting for"), "{text}");
}

#[test]
fn ls_pages_through_a_set_by_its_cursor() {
    let bench = Bench::new();
    for n in 1..=5 {
        bench.ok(&["push", "Resize", &format!("[{n}]"), "--in", &format!("{n}h")]);
    }
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut args = vec!["ls", "scheduled", "--limit", "2"];
        args.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor.as_str()]));
        let page = bench.json(&args);
        let jobs = page["jobs"].as_array().unwrap();
        assert!(jobs.len() <= 2);
        seen.extend(jobs.iter().map(|job| job["args"][0].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5], "earliest first");
}

#[test]
fn ls_lists_from_the_other_end_and_its_cursor_goes_on_there_only() {
    let bench = Bench::new();
    for n in 1..=5 {
        bench.ok(&["push", "Resize", &format!("[{n}]"), "--queue", "bulk"]);
    }
    let numbers = |page: &serde_json::Value| {
        let jobs = page["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["args"][0].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let first = bench.json(&["ls", "bulk", "--limit", "2", "--reverse"]);
    assert_eq!(numbers(&first), [5, 4]);
    let next = first["next"].as_str().unwrap();
    let rest = bench.json(&["ls", "bulk", "--reverse", "--cursor", next]);
    assert_eq!((numbers(&rest), &rest["next"]), (vec![3, 2, 1], &json!(null)));
    assert_eq!(numbers(&bench.json(&["ls", "bulk", "--reverse", "class:nobody"])), [0; 0]);
    assert_eq!(bench.json(&["busy", "--reverse"])["jobs"], json!([]));
    let said = bench.run(&["ls", "bulk", "--limit", "2", "--reverse"]).err;
    assert!(said.contains("--reverse --cursor '"), "{said}");
    let other = bench.run(&["ls", "bulk", "--cursor", next]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(other.err.contains("goes on backward, and the listing goes forward"), "{other:?}");
}

#[test]
fn ls_tells_people_the_time_in_words_and_exactly() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[1]", "--at", "2100-01-01T00:00:00Z", "--key", "k"]);
    let text = bench.ok(&["ls", "scheduled"]);
    let row = text.lines().nth(1).unwrap();
    assert!(row.starts_with(&format!("{jid}  Resize  [1]   default  in ")), "{text}");
    assert!(row.ends_with(" days (2100-01-01T00:00:00Z)  k"), "{text}");
    assert_eq!(bench.ok(&["ls", "dead"]), "no jobs");
}

#[test]
fn a_queue_named_like_a_set_is_reached_by_its_prefix() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "A", "[]", "--queue", "dead"]);
    assert_eq!(bench.json(&["ls", "dead"]), json!({"jobs": [], "next": null}));
    assert_eq!(bench.json(&["ls", "queue:dead"])["jobs"][0]["jid"], json!(jid));
}

#[test]
fn show_tells_people_one_fact_a_line() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[1]", "--queue", "low", "--key", "k"]);
    let text = bench.ok(&["show", &jid]);
    for fact in [&format!("jid       {jid}"), "class     Resize", "args      [1]", "queue     low", "key       k"] {
        assert!(text.lines().any(|line| line == fact), "{fact:?} in {text}");
    }
    assert!(text.contains("payload   {\"retry\":true,"), "{text}");
    bench.run(&["show", "nope"]).refused(1, &["no job has the id \"nope\""]);
    bench.run(&["show", "--key", "nope"]).refused(1, &["no job holds the key \"nope\""]);
}

#[test]
fn a_hostile_payload_does_not_steer_the_terminal() {
    let bench = Bench::new();
    let args = "[\"\u{9b}2J\u{202e}\\u001b[31m\"]";
    let jid = bench.ok(&["push", "Evil\u{1b}]0;x\u{7}", args]);
    for command in [&["show", &jid][..], &["ls", "default"], &["--json", "show", &jid], &["--json", "ls", "default"]] {
        let out = bench.ok(command);
        assert!(!out.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{command:?}: {out:?}");
    }
    assert_eq!(bench.json(&["show", &jid])["args"][0], "\u{9b}2J\u{202e}\u{1b}[31m", "JSON says the same");
}

#[test]
fn cancel_takes_a_job_away_and_frees_its_key() {
    let bench = Bench::new();
    let first = bench.ok(&["push", "A", "[]", "--key", "k", "--in", "1h"]);
    assert_eq!(bench.ok(&["cancel", "--key", "k"]), "canceled the job with the key \"k\"");
    let second = bench.ok(&["push", "A", "[]", "--key", "k"]);
    assert_ne!(first, second);
    assert_eq!(bench.json(&["cancel", &second]), json!({"jid": second, "done": "canceled"}));
    bench.run(&["cancel", &second]).refused(1, &["no job has the id"]);
    assert_eq!((bench.total("scheduled"), bench.total("enqueued")), (0, 0));
}

#[test]
fn reschedule_moves_a_job_to_another_time() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "A", "[]", "--key", "k"]);
    let told = bench.ok(&["reschedule", &jid, "--at", "2100-01-01T00:00:00Z"]);
    assert!(
        told.starts_with(&format!("rescheduled {jid} to run in ")) && told.ends_with("(2100-01-01T00:00:00Z)"),
        "{told}"
    );
    assert_eq!(bench.json(&["ls", "scheduled"])["jobs"][0]["at"], json!(4_102_444_800.0));
    let later = bench.json(&["reschedule", "--key", "k", "--in", "2h"]);
    assert_eq!((&later["key"], &later["done"]), (&json!("k"), &json!("rescheduled")));
    assert_eq!(bench.json(&["show", &jid])["at"], later["at"]);
    bench.run(&["reschedule", &jid]).refused(2, &["--in", "--at"]);
}

#[test]
fn retry_runs_a_waiting_job_now_and_refuses_one_that_is_enqueued() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "A", "[]", "--in", "1h"]);
    assert_eq!(bench.ok(&["retry", &jid]), format!("enqueued {jid}"));
    assert_eq!(bench.json(&["show", &jid])["state"], "enqueued");
    bench.run(&["retry", &jid]).refused(1, &[&jid, "it is enqueued, where this has no meaning"]);
}

#[test]
fn kill_buries_a_job_and_delete_takes_it_away() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "A"]);
    assert_eq!(bench.ok(&["kill", &jid]), format!("killed {jid}"));
    assert_eq!(bench.json(&["ls", "dead"])["jobs"][0]["state"], "dead");
    bench.run(&["kill", &jid]).refused(1, &["it is dead, where this has no meaning"]);
    assert_eq!(bench.ok(&["delete", &jid]), format!("deleted {jid}"));
    assert_eq!(bench.total("dead"), 0);
}

#[test]
fn the_option_wins_over_the_variable_and_that_over_the_default() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    bench.ok(&["--store", "sqlite://other.db", "push", "A"]);
    let default = bench.command().env_remove("SANCHO_URL").args(["push", "A"]).output().unwrap();
    assert!(default.status.success());
    for file in ["jobs.db", "other.db", "sancho.db"] {
        assert!(bench.path(file).exists(), "{file}");
        assert_eq!(bench.json(&["--store", &format!("sqlite://{file}"), "stats"])["enqueued"], 1, "{file}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::new();
    let line = format!("{{\"class\":\"A\",\"args\":[\"{}\"]}}\n", "x".repeat(2_000));
    std::fs::write(bench.path("jobs.ndjson"), line.repeat(1_000)).unwrap();
    bench.ok(&["push", "--file", "jobs.ndjson"]);
    let args = ["--json", "ls", "default", "--limit", "1000"];
    let mut child = bench.command().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    BufReader::new(child.stdout.take().unwrap()).read_exact(&mut first).unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn doctor_warns_of_a_queue_that_nobody_serves() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    let answer = bench.run(&["--json", "doctor"]);
    let report: serde_json::Value = serde_json::from_str(&answer.out).expect("JSON");
    assert_eq!((answer.code, answer.err.as_str(), &report["worst"]), (Some(1), "", &json!("warning")));
    let last = report["findings"].as_array().unwrap().last().unwrap();
    assert!(last["what"].as_str().unwrap().starts_with("queue default: 1 enqueued"), "the worst stands last: {last}");
    assert_eq!(last["fix"], "start a server for this queue");
    let text = bench.run(&["doctor"]).out;
    assert!(text.contains("good     the file's pages are sound"), "{text}");
}

#[test]
fn doctor_finds_nothing_wrong_with_an_empty_store_and_names_one_that_is_not_there() {
    let bench = Bench::new();
    let missing = bench.run(&["doctor"]);
    assert_eq!((missing.code, missing.err.as_str()), (Some(1), ""));
    assert!(missing.out.starts_with("problem  there is no store at jobs.db"), "{missing:?}");
    let jid = bench.ok(&["push", "A"]);
    bench.ok(&["delete", &jid]);
    assert!(!bench.ok(&["doctor"]).contains("warning"));
}

#[tokio::test]
async fn doctor_warns_of_a_class_that_a_server_does_not_know() {
    let bench = Bench::new();
    let client = sancho::connect(&format!("sqlite://{}", bench.path("jobs.db").display())).await.expect("opens");
    let met = [("Thumbnail".to_owned(), sancho::QueueName::new("images").expect("a name"))];
    client.store().meet_unknown(&met, client.clock().now()).await.expect("met");
    let answer = bench.run(&["doctor"]);
    assert_eq!(answer.code, Some(1));
    let said = "warning  queue images has jobs of the class Thumbnail, which a server of it has not known for ";
    assert!(answer.out.contains(said) && answer.out.contains("run a build that registers the class"), "{answer:?}");
}

#[test]
fn the_version_is_told() {
    let version = format!("sancho {}", env!("CARGO_PKG_VERSION"));
    for flag in ["--version", "-V"] {
        assert_eq!(Bench::new().ok(&[flag]).trim(), version);
    }
}

#[test]
fn help_names_every_command() {
    let help = Bench::new().ok(&["--help"]);
    for command in
        ["push", "stats", "queues", "ls", "show", "cancel", "reschedule", "retry", "delete", "kill", "doctor"]
    {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command}: {help}");
    }
}
