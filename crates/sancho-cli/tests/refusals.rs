//! What is wrong is refused: one clear line on standard error, an exit code that is not zero, and nothing lost.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod harness;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use harness::{Answer, Bench, SANCHO};

/// A store with three jobs, which a refusal is not to touch.
fn bench_with_three_jobs() -> Bench {
    let bench = Bench::new();
    for n in ["[1]", "[2]", "[3]"] {
        bench.ok(&["push", "Resize", n]);
    }
    bench
}

/// Runs the command on a store with three jobs, and checks the refusal and that the three are all there is.
#[track_caller]
fn row(args: &[&str], code: i32, said: &[&str]) {
    let bench = bench_with_three_jobs();
    bench.run(args).refused(code, said);
    assert_eq!(bench.total("enqueued"), 3);
}

/// The same for a file of jobs.
#[track_caller]
fn file_row(bytes: impl AsRef<[u8]>, said: &[&str], pushed_before: u64) {
    let bench = bench_with_three_jobs();
    std::fs::write(bench.path("jobs.ndjson"), bytes).unwrap();
    bench.run(&["push", "--file", "jobs.ndjson"]).refused(1, said);
    assert_eq!(bench.total("enqueued"), 3 + pushed_before);
}

#[test]
fn args_that_are_no_array() {
    row(&["push", "Resize", r#"{"width":7}"#], 2, &["must be a JSON array", "put brackets around them"]);
}

#[test]
fn args_that_are_no_json() {
    row(&["push", "Resize", "[1, 2"], 2, &["not JSON"]);
}

#[test]
fn an_empty_queue() {
    row(&["push", "Resize", "[]", "--queue", ""], 2, &["queue name is empty", "leave it out"]);
}

#[test]
fn an_empty_class() {
    row(&["push", "", "[]"], 2, &["class name is empty"]);
}

#[test]
fn an_empty_key() {
    row(&["push", "Resize", "[]", "--key", ""], 2, &["a key has 1 to 512 bytes"]);
}

#[test]
fn a_number_that_is_not_finite() {
    row(&["push", "Resize", "[1e400]"], 2, &["Resize", "out of range", "write it as a string"]);
    row(&["push", "Resize", "[NaN]"], 2, &["not JSON"]);
    row(&["push", "Resize", "[-Infinity]"], 2, &["not JSON"]);
}

#[test]
fn nesting_over_the_limit() {
    let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
    row(&["push", "Resize", &deep], 2, &["nest too deep", "at most 100 levels"]);
    let deeper = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    row(&["push", "Resize", &deeper], 2, &["nest too deep"]);
}

#[test]
fn a_payload_over_the_limit() {
    let text = "x".repeat(sancho_core::limits::PAYLOAD_BYTES_MAX);
    file_row(
        format!("{{\"class\":\"Resize\",\"args\":[\"{text}\"]}}\n"),
        &["line 1:", "over the limit", "pass its id", "nothing was pushed"],
        0,
    );
}

#[test]
fn a_line_over_the_limit() {
    let text = "x".repeat(2 * sancho_core::limits::PAYLOAD_BYTES_MAX);
    file_row(format!("{{\"class\":\"Resize\",\"args\":[\"{text}\"]}}\n"), &["line 1:", "the line has over"], 0);
}

#[test]
fn invalid_utf8_in_a_file() {
    file_row(
        b"{\"class\":\"Resize\",\"args\":[]}\n{\"class\":\"Resize\",\"args\":[\"\xff\"]}\n",
        &["line 2: invalid UTF-8", "save the file as UTF-8", "nothing was pushed"],
        0,
    );
}

#[test]
fn a_bad_line_in_a_file() {
    let good = "{\"class\":\"Resize\",\"args\":[7]}\n";
    file_row(good.repeat(16) + "{\"class\":\"Resize\",\n" + good, &["line 17:", "nothing was pushed"], 0);
    file_row(
        good.repeat(2_500) + "{\"class\":\"Resize\",\"args\":7}\n",
        &["line 2501:", "must be a JSON array", "2000 jobs pushed before it"],
        2_000,
    );
}

#[test]
fn an_unknown_member_in_a_file() {
    file_row(
        "{\"class\":\"Resize\",\"args\":[],\"priority\":1}\n",
        &["line 1:", "unknown field `priority`", "expected one of"],
        0,
    );
}

#[test]
fn a_number_that_is_not_finite_in_a_file() {
    file_row("{\"class\":\"Resize\",\"args\":[1e400]}\n", &["line 1:", "out of range"], 0);
}

#[test]
fn a_bad_line_on_standard_input() {
    let bench = bench_with_three_jobs();
    let mut child = bench
        .command()
        .args(["push", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"\n\nnonsense\n").unwrap();
    let answer = Answer::from(child.wait_with_output().unwrap());
    answer.refused(1, &["line 3: a job is a JSON object", "nothing was pushed"]);
    assert_eq!(bench.total("enqueued"), 3);
}

#[test]
fn a_file_of_jobs_that_is_not_there() {
    row(&["push", "--file", "nowhere.ndjson"], 1, &["failed to open nowhere.ndjson"]);
}

#[test]
fn a_time_that_is_given_twice() {
    let args = ["push", "Resize", "[]", "--in", "1s", "--at", "2026-11-21T09:00:00Z"];
    row(&args, 2, &["--in", "cannot be used with", "--at"]);
}

#[test]
fn a_time_without_an_offset() {
    row(&["push", "Resize", "[]", "--at", "2026-11-21T09:00:00"], 2, &["with its offset"]);
}

#[test]
fn an_unknown_subcommand() {
    row(&["stat"], 2, &["unrecognized subcommand 'stat'", "'stats'"]);
    row(&[], 2, &["name a command"]);
}

#[test]
fn an_address_that_names_no_store() {
    row(&["--store", "mongodb://user:secret@host", "stats"], 1, &["mongodb", "sqlite://"]);
    row(&["--store", "sqlite://", "stats"], 1, &["it names no file"]);
    row(&["--store", "jobs.db", "push", "Resize"], 1, &["jobs.db", "sqlite://"]);
    let answer = Bench::new().run(&["--store", "mongodb://user:secret@host", "push", "Resize"]);
    assert!(!answer.err.contains("secret"), "{}", answer.err);
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_looking() {
    let bench = Bench::new();
    for args in [&["stats"][..], &["queues"], &["ls", "dead"], &["show", "x"], &["cancel", "x"], &["retry", "x"]] {
        bench.run(args).refused(1, &["there is no store at jobs.db", "--store"]);
        assert!(!bench.path("jobs.db").exists(), "{args:?}");
    }
}

#[test]
fn a_bad_job_makes_no_store() {
    let bench = Bench::new();
    bench.run(&["push", "Resize", "7"]).refused(2, &["must be a JSON array"]);
    assert!(!bench.path("jobs.db").exists());
}

#[test]
fn a_file_that_is_no_database() {
    let bench = Bench::new();
    let text = "Dear diary, ".repeat(1_000);
    std::fs::write(bench.path("jobs.db"), &text).unwrap();
    bench.run(&["push", "Resize"]).refused(1, &["jobs.db", "is not an SQLite database", "name another file"]);
    bench.run(&["stats"]).refused(1, &["jobs.db", "is not an SQLite database", "name another file"]);
    assert_eq!(std::fs::read_to_string(bench.path("jobs.db")).unwrap(), text, "the file is left as it was");
}

#[test]
fn a_database_of_a_newer_schema() {
    let bench = bench_with_three_jobs();
    let schema = rusqlite::Connection::open(bench.path("jobs.db")).unwrap();
    schema.execute("UPDATE sancho_schema SET version = version + 1000", []).unwrap();
    bench.run(&["push", "Resize"]).refused(1, &["jobs.db", "schema version 10", "use a newer sancho"]);
    bench.run(&["stats"]).refused(1, &["jobs.db", "use a newer sancho"]);
    schema.execute("UPDATE sancho_schema SET version = version - 1000", []).unwrap();
    assert_eq!(bench.total("enqueued"), 3);
}

#[test]
fn a_sqlite_of_an_old_version() {
    let error = sancho_sqlite::check_version(3_051_002).expect_err("3.51.2 can corrupt a log");
    assert!(error.to_string().contains("3.51.3"), "{error}");
    assert!(sancho_sqlite::check_version(3_051_003).is_ok());
}

#[test]
fn a_directory_that_cannot_be_written() {
    let bench = bench_with_three_jobs();
    let made = bench.path("locked");
    std::fs::create_dir(&made).unwrap();
    std::fs::rename(bench.path("jobs.db"), made.join("jobs.db")).unwrap();
    let answer = push_into_read_only(&bench, &made, "sqlite://locked/jobs.db");
    answer.refused(1, &["locked/jobs.db", "writable"]);
    let fresh = push_into_read_only(&bench, &made, "sqlite://locked/fresh.db");
    fresh.refused(1, &["locked/fresh.db", "writable"]);
    let stats = bench.json(&["--store", "sqlite://locked/jobs.db", "stats"]);
    assert_eq!(stats["enqueued"], 3);
}

/// Pushes into a store whose directory this process, or the command, cannot write, by the first way that works.
fn push_into_read_only(bench: &Bench, dir: &std::path::Path, url: &str) -> Answer {
    let mode = |mode: u32| {
        let _ = std::fs::set_permissions(dir.join("jobs.db"), std::fs::Permissions::from_mode(mode & 0o666));
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o555);
    let bound_by_modes = std::fs::write(dir.join("probe"), "").is_err();
    let _ = std::fs::remove_file(dir.join("probe"));
    let answer = if bound_by_modes {
        bench.run(&["--store", url, "push", "Resize", "[4]"])
    } else if can(&["unshare", "-m", "true"]) {
        let script = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" || exit 99; \
                      exec \"$2\" --store \"$3\" push Resize '[4]'";
        in_dir(bench, &["unshare", "-m", "sh", "-c", script, "sh", &dir.to_string_lossy(), SANCHO, url])
    } else if can(&["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true"]) {
        let copy = bench.path("sancho");
        std::fs::copy(SANCHO, &copy).unwrap();
        std::fs::set_permissions(bench.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
        let copy = copy.to_string_lossy();
        let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        in_dir(bench, &[&user[..], &[&copy, "--store", url, "push", "Resize", "[4]"]].concat())
    } else {
        panic!("no way to make a directory read-only here: run as an ordinary user, or allow unshare -m or setpriv");
    };
    mode(0o755);
    assert_ne!(answer.code, Some(99), "the read-only mount failed: {}", answer.err);
    answer
}

#[test]
fn a_full_disk() {
    let bench = Bench::new();
    let disk = bench.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let text = "x".repeat(1_000);
    let line = format!("{{\"class\":\"Resize\",\"args\":[\"{text}\"]}}\n");
    std::fs::write(bench.path("jobs.ndjson"), line.repeat(20_000)).unwrap();
    let script = "mount -t tmpfs -o size=6m tmpfs disk || exit 99
        export SANCHO_URL=sqlite://disk/jobs.db
        for n in 1 2 3; do \"$1\" push Resize \"[$n]\" >/dev/null || exit 98; done
        head -c 2000000 /dev/zero >disk/ballast
        \"$1\" push --file jobs.ndjson >full.out 2>full.err
        echo $? >full.code
        rm disk/ballast
        \"$1\" --json stats >stats.json || exit 97
        \"$1\" push Resize '[4]' >/dev/null || exit 96";
    let namespace: &[&str] = if can(&["unshare", "-m", "true"]) {
        &["unshare", "-m"]
    } else if can(&["unshare", "-rm", "true"]) {
        &["unshare", "-rm"]
    } else {
        panic!("no way to make a small disk here: allow unshare -m, as root or with user namespaces");
    };
    let ran = in_dir(&bench, &[namespace, &["sh", "-c", script, "sh", SANCHO]].concat());
    assert_eq!(ran.code, Some(0), "99: no mount; 98: no push; 97: no stats; 96: no push once there is room: {ran:?}");
    let read = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
    let code = read("full.code").trim().parse().ok();
    let full = Answer { code, out: read("full.out"), err: read("full.err") };
    full.refused(1, &["lines ", "full", "pushed before it"]);
    let pushed: u64 = full.err.rsplit("; ").next().and_then(|end| end.split(' ').next()).unwrap().parse().unwrap();
    let stats: serde_json::Value = serde_json::from_str(&read("stats.json")).unwrap();
    assert_eq!(stats["enqueued"].as_u64(), Some(3 + pushed), "what was acknowledged, and nothing else: {full:?}");
    assert!(pushed > 0 && pushed < 20_000, "{pushed}");
}

/// Whether a command runs here and succeeds.
fn can(command: &[&str]) -> bool {
    let quiet = Command::new(command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

fn in_dir(bench: &Bench, command: &[&str]) -> Answer {
    Command::new(command[0]).args(&command[1..]).current_dir(bench.path("")).output().unwrap().into()
}
