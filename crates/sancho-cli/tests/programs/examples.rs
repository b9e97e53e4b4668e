//! The examples: examples/exec.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::hostile::push_file;
use super::{burst, only, require};
use crate::harness::Bench;

/// The workers, and the program and the Debian package that each needs.
const WORKERS: [(&str, &str, &str); 3] =
    [("worker.sh", "cat", "coreutils"), ("worker.py", "python3", "python3"), ("worker.mjs", "node", "nodejs")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exec")
}

/// The line that performs jobs with a worker.
fn line(file: &str) -> String {
    format!("'{}'", folder().canonicalize().expect("the examples are there").join(file).display())
}

#[test]
fn each_worker_is_done_fails_discards_and_puts_off() {
    for (file, program, package) in WORKERS {
        require(program, package);
        let bench = Bench::new();
        for class in ["Greet", "Flaky", "Obsolete", "Later", "Unheard"] {
            bench.ok(&["push", class]);
        }
        let log = burst(&bench, &line(file), &["-v"]);
        assert!(log.contains("a job came to default"), "{file}: {log}");
        let totals = ["processed", "failed", "retries", "scheduled", "enqueued", "dead"].map(|name| bench.total(name));
        assert_eq!(totals, [5, 2, 2, 1, 0, 0], "{file}: {log}");
        let retries = bench.json(&["ls", "retries"])["jobs"].clone();
        let message = |class: &str| {
            let job =
                retries.as_array().expect("a list").iter().find(|job| job["class"] == class).expect("it is there");
            assert_eq!(job["error_class"], "Exec::Exit1", "{file}");
            job["error_message"].as_str().expect("a message").to_owned()
        };
        assert!(message("Flaky").contains("the mail server is busy"), "{file}: {}", message("Flaky"));
        assert_eq!(message("Unheard"), "nobody taught this worker to perform Unheard", "{file}");
        assert_eq!(only(&bench, "scheduled")["class"], "Later");

        bench.ok(&["retry", "retries", "class:Flaky", "--yes"]);
        burst(&bench, &line(file), &[]);
        assert_eq!((bench.total("processed"), bench.total("retries")), (6, 1), "{file}: done at the second try");
    }
}

#[test]
fn each_worker_gets_a_hostile_payload_as_it_is() {
    let long: String = "1 MB of \"text\"\n ".chars().cycle().take(1_000_000).collect();
    let args = json!([
        "it's \"quoted\" \\ $(id) `id` ; & | > < * ? ~ #",
        "two\nlines\r\nand\ttabs",
        "\u{1}\u{7f}\u{0}",
        "tiếng Việt 😀 \u{2028}\u{feff}",
        {"": [null, true, [1.5, -7]], "__proto__": {"x": 1}},
        long,
    ]);
    for (file, program, package) in WORKERS {
        require(program, package);
        let bench = Bench::new();
        push_file(&bench, &json!({"class": "Save", "args": args}));
        let jid = only(&bench, "default")["jid"].as_str().expect("an id").to_owned();
        let log = burst(&bench, &line(file), &[]);
        assert_eq!((bench.total("processed"), bench.total("failed")), (1, 0), "{file}: {log}");
        let saved = std::fs::read(bench.path(&format!("saved-{jid}"))).expect("it was saved");
        let saved: Value = serde_json::from_slice(&saved).expect("JSON");
        assert!(saved["args"] == args, "{file} got something else");
    }
}
