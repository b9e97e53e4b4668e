//! `sancho config check`: what is effective, where it came from, and all that is wrong.

mod harness;

use harness::{Answer, Bench};
use serde_json::{Value, json};

/// A directory with this file of configuration, and a command in it that no variable of this machine reaches.
struct Checked {
    bench: Bench,
}

impl Checked {
    fn new() -> Self {
        let bench = Bench::new();
        std::fs::create_dir(bench.path("config")).expect("a folder");
        Checked { bench }
    }

    fn with(path: &str, text: impl AsRef<[u8]>) -> Self {
        let checked = Checked::new();
        std::fs::write(checked.bench.path(path), text).expect("a file");
        checked
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Answer {
        let mut command = self.bench.command();
        for (name, _) in std::env::vars_os() {
            let is_heard = name.to_str().is_some_and(|name| name.starts_with("SANCHO_") || name.ends_with("_ENV"));
            if is_heard || name == "RUST_LOG" || name == "RAILS_MAX_THREADS" {
                command.env_remove(name);
            }
        }
        command.env_remove("SANCHO_URL").envs(variables.iter().copied());
        command.args(args).output().expect("the command starts").into()
    }

    /// A setting's value, and where it came from.
    #[track_caller]
    fn setting(&self, key: &str, args: &[&str], variables: &[(&str, &str)]) -> (Value, String) {
        let answer = self.run(&[&["--json", "config", "check"], args].concat(), variables);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        let all: Value = serde_json::from_str(&answer.out).expect("JSON");
        let row = &all["settings"][key];
        (row["value"].clone(), row["from"].as_str().unwrap_or_default().to_owned())
    }
}

#[test]
fn flags_go_over_variables_and_these_over_the_section_and_the_file() {
    let checked = Checked::with("config/sancho.yml", "concurrency: 1\nproduction:\n  concurrency: 2\n");
    let setting = |args: &[&str], variables: &[(&str, &str)]| checked.setting("concurrency", args, variables);
    assert_eq!(setting(&[], &[]), (json!(1), "config/sancho.yml:1".into()));
    assert_eq!(setting(&["-e", "production"], &[]), (json!(2), "config/sancho.yml:3".into()));
    assert_eq!(setting(&[], &[("RAILS_ENV", "production")]), (json!(2), "config/sancho.yml:3".into()));
    let variable = [("SANCHO_CONCURRENCY", "3"), ("SANCHO_ENV", "production")];
    assert_eq!(setting(&[], &variable), (json!(3), "$SANCHO_CONCURRENCY".into()));
    assert_eq!(setting(&["-c", "4"], &variable), (json!(4), "-c, --concurrency".into()));
    assert_eq!(Checked::new().setting("concurrency", &[], &[]), (json!(25), "default".into()));
}

#[test]
fn the_store_of_the_command_is_the_one_that_is_checked() {
    let checked = Checked::with("config/sancho.yml", "store: redis://user:secret@localhost\n");
    let from_file = (json!("redis://user:***@localhost"), "config/sancho.yml:1".into());
    assert_eq!(checked.setting("store", &[], &[]), from_file);
    assert_eq!(checked.setting("store", &[], &[("SANCHO_URL", "sqlite://a.db")]).0, json!("sqlite://a.db"));
    assert_eq!(checked.setting("store", &["--store", "sqlite://b.db"], &[]).0, json!("sqlite://b.db"));
    let before = checked.run(&["--store", "sqlite://c.db", "config", "check"], &[]);
    let row = before.out.lines().find(|line| line.starts_with("store ")).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["store", "sqlite://c.db", "--store"]);
    assert!(!checked.bench.path("c.db").exists(), "no store is opened, and none is made");
}

#[test]
fn all_that_is_wrong_is_said_and_the_code_is_two() {
    let checked = Checked::with("config/sancho.yml", "concurency: 5\ntimeout: soon\n");
    let answer = checked.run(&["config", "check", "-q", "a,many"], &[]);
    assert_eq!(answer.code, Some(2));
    let lines: Vec<&str> = answer.err.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].starts_with("sancho: config/sancho.yml:1: concurency: "), "{lines:#?}");
    assert!(lines[0].ends_with("did you mean concurrency?"), "{lines:#?}");
    assert!(lines[1].starts_with("sancho: config/sancho.yml:2: timeout: \"soon\" is no span"), "{lines:#?}");
    assert!(lines[2].starts_with("sancho: -q, --queue: queues: "), "{lines:#?}");
    let answer = checked.run(&["--json", "config", "check"], &[]);
    let json: Value = serde_json::from_str(&answer.out).expect("JSON");
    assert_eq!((answer.code, json["errors"].as_array().map(Vec::len)), (Some(2), Some(2)));
    assert_eq!(answer.err, "", "a program reads one place");
}

#[test]
fn a_warning_is_said_and_is_no_error() {
    let checked = Checked::with("config/sidekiq.yml", ":pidfile: a.pid\n:plugin: 1\n");
    let answer = checked.run(&["config", "check"], &[("SANCHO_URL", "redis")]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let said = ["Sidekiq's file", "sidekiq.yml:1: warning: pidfile: not needed", "sidekiq.yml:2: warning: plugin"];
    for said in said {
        assert!(answer.err.contains(said), "{said}: {answer:?}");
    }
    assert_eq!(answer.err.lines().count(), said.len(), "{answer:?}");
}

#[test]
fn what_is_no_configuration_is_refused_soon_and_in_one_line() {
    let laughs: String = (1..30).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    for (name, bytes, said) in [
        ("sancho.yml", format!("a0: &a0 lol\n{laughs}").into_bytes(), "with aliases"),
        ("sancho.yml", b"a: &a [*a]".to_vec(), "within what it repeats"),
        ("sancho.yml", "[".repeat(900_000).into_bytes(), "limit"),
        ("sancho.yml", "a: 1\n".repeat(1_000_000).into_bytes(), "more than 1048576 bytes"),
        ("sancho.yml", (0..=255).cycle().take(10_000).collect(), "UTF-8"),
        ("sancho.yml", b"c: <%= system('reboot') %>".to_vec(), "Ruby is not executed"),
        ("sancho.toml", format!("a = {}", "[".repeat(900_000)).into_bytes(), "not TOML"),
        ("sancho.toml", "[".repeat(900_000).into_bytes(), "not TOML"),
        ("sancho.toml", format!("{}a = 1", "a.".repeat(300_000)).into_bytes(), ""),
    ] {
        let checked = Checked::with(&format!("config/{name}"), bytes);
        let answer = checked.run(&["config", "check"], &[]);
        assert_eq!(answer.code, Some(2), "{name}: {answer:?}");
        assert_eq!(answer.err.lines().count(), 1, "{name}: {answer:?}");
        assert!(answer.err.starts_with(&format!("sancho: config/{name}:")) && answer.err.contains(said), "{answer:?}");
        assert!(!answer.err.contains("panicked"), "{answer:?}");
    }
}

#[test]
fn what_a_value_hides_is_not_sent_to_the_terminal() {
    let checked = Checked::with("config/sancho.yml", "tag: \"a\\e[2Jb\"\n\"x\\e[2Jy\": 1\n");
    let answer = checked.run(&["config", "check"], &[]);
    assert!(!answer.out.contains('\u{1b}') && !answer.err.contains('\u{1b}'), "{answer:?}");
    assert!(answer.out.contains("2Jb"), "{answer:?}");
}

#[test]
fn what_was_checked_is_what_work_does() {
    let checked = Checked::with("config/sancho.yml", "queues: low\nstore: sqlite://elsewhere.db\n");
    let bench = &checked.bench;
    bench.ok(&["push", "Mail", "[1]", "--queue", "low"]);
    bench.ok(&["push", "Mail", "[2]"]);
    assert_eq!(bench.total("enqueued"), 2);
    // The harness names the store by a variable, which goes over the file.
    let store = &bench.json(&["config", "check"])["settings"]["store"];
    assert_eq!(*store, json!({ "value": "sqlite://jobs.db", "from": "$SANCHO_URL" }));
    let answer = bench.run(&["work", "--burst", "--exec", "true"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(bench.total("enqueued"), 1, "only the queue of the file was served");
    bench.run(&["config", "chek"]).refused(2, &["'check'"]);
}
