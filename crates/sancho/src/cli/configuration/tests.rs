//! What is read from where, which wins, and what is said of what is wrong.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::cli::keys;

/// A directory with files in it, and what the rest of the world says.
struct Bench {
    directory: tempfile::TempDir,
    variables: Variables,
    options: Options,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the test");
        fs::create_dir(directory.path().join("config")).expect("a folder");
        Bench { directory, variables: Variables::default(), options: Options::default() }
    }

    fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.directory.path().join(path), text).expect("a file");
        self
    }

    /// The file of ours, as YAML.
    fn ours(text: &str) -> Self {
        Bench::new().file("config/sancho.yml", text)
    }

    fn variables<const N: usize>(mut self, variables: [(&str, &str); N]) -> Self {
        self.variables = variables.into();
        self
    }

    fn options(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(&mut self.options);
        self
    }

    fn load(&self) -> Configuration {
        Configuration::load_from(&self.options, &self.variables, self.directory.path())
    }

    /// Loads what is to be right. Answers a key's value, and where it came from.
    #[track_caller]
    fn value(&self, key: &str) -> (Value, String) {
        let configuration = self.load();
        assert_eq!(configuration.errors().collect::<Vec<_>>(), Vec::<String>::new());
        let json = configuration.json();
        let row = &json["settings"][key];
        (row["value"].clone(), row["from"].as_str().unwrap_or_default().to_owned())
    }

    #[track_caller]
    fn errors(&self) -> Vec<String> {
        self.load().errors().collect()
    }
}

/// What a flag sets, and what the key is then.
type Flag = (fn(&mut Options), Value);

/// A key with values of its own for each of the places that it has: what is written, and what it is then.
struct Sample {
    key: &'static str,
    default: Value,
    /// As YAML after the key and its colon.
    file: (&'static str, Value),
    variable: Option<(&'static str, &'static str, Value)>,
    flag: Option<Flag>,
}

fn samples() -> Vec<Sample> {
    let sample = |key, default, file| Sample { key, default, file, variable: None, flag: None };
    vec![
        Sample {
            variable: Some(("SANCHO_URL", "redis://b", json!("redis://b"))),
            flag: Some((|options| options.store = Some("sqlite://c.db".into()), json!("sqlite://c.db"))),
            ..sample("store", json!("sqlite://sancho.db"), ("sqlite://a.db", json!("sqlite://a.db")))
        },
        Sample {
            variable: Some(("SANCHO_CONCURRENCY", "6", json!(6))),
            flag: Some((|options| options.concurrency = Some("7".into()), json!(7))),
            ..sample("concurrency", json!(25), ("5", json!(5)))
        },
        Sample {
            variable: Some(("SANCHO_QUEUES", "b,2 c", json!(["b,2", "c"]))),
            flag: Some((|options| options.queues = vec!["d,3".into(), "e".into()], json!(["d,3", "e"]))),
            ..sample("queues", json!(["default"]), ("[a]", json!(["a"])))
        },
        Sample {
            variable: Some(("SANCHO_ORDER", "Mixed", json!("mixed"))),
            flag: Some((|options| options.order = Some("random".into()), json!("random"))),
            ..sample("order", json!("by the weights"), ("weighted", json!("weighted")))
        },
        Sample {
            variable: Some(("SANCHO_BLOCKING_THREADS", "3", json!(3))),
            flag: Some((|options| options.blocking_threads = Some("4".into()), json!(4))),
            ..sample("blocking_threads", json!(null), ("2", json!(2)))
        },
        Sample {
            variable: Some(("SANCHO_TIMEOUT", "5m", json!("300s"))),
            flag: Some((|options| options.timeout = Some("7".into()), json!("7s"))),
            ..sample("timeout", json!("25s"), ("500ms", json!("500ms")))
        },
        Sample {
            variable: Some(("SANCHO_MAX_RETRIES", "0", json!(0))),
            flag: Some((|options| options.max_retries = Some("3".into()), json!(3))),
            ..sample("max_retries", json!(25), ("2", json!(2)))
        },
        sample("retention.dead_jobs", json!(10_000), ("5", json!(5))),
        sample("retention.dead_for", json!("180d"), ("1d", json!("1d"))),
        sample("retention.history_for", json!("1825d"), ("2w", json!("14d"))),
        Sample {
            variable: Some(("SANCHO_TAG", "b", json!("b"))),
            flag: Some((|options| options.tag = Some("c".into()), json!("c"))),
            ..sample("tag", json!(""), ("a", json!("a")))
        },
        Sample {
            variable: Some(("SANCHO_LABELS", "b, c", json!(["b", "c"]))),
            ..sample("labels", json!([]), ("[a]", json!(["a"])))
        },
        Sample {
            variable: Some(("SANCHO_LOG", "warn", json!("warn"))),
            flag: Some((|options| options.log_level = Some("info,app=trace".into()), json!("info,app=trace"))),
            ..sample("log.level", json!("info"), ("error", json!("error")))
        },
        Sample {
            variable: Some(("SANCHO_LOG_FORMAT", "logfmt", json!("logfmt"))),
            flag: Some((|options| options.log_format = Some("pretty".into()), json!("pretty"))),
            ..sample("log.format", json!("auto"), ("json", json!("json")))
        },
        Sample {
            variable: Some(("SANCHO_LOGFILE", "b.log", json!("b.log"))),
            flag: Some((|options| options.logfile = Some("c.log".into()), json!("c.log"))),
            ..sample("log.file", json!(null), ("a.log", json!("a.log")))
        },
        Sample {
            variable: Some(("SANCHO_LOG_ARGS", "0", json!(false))),
            ..sample("log.args", json!(false), ("yes", json!(true)))
        },
        Sample {
            variable: Some(("SANCHO_PROBES", "localhost:2", json!("127.0.0.1:2"))),
            flag: Some((|options| options.probes = Some("0.0.0.0:3".into()), json!("0.0.0.0:3"))),
            ..sample("probes", json!(null), ("1", json!("127.0.0.1:1")))
        },
        Sample {
            variable: Some(("SANCHO_PROCESSES", "3", json!(3))),
            flag: Some((|options| options.processes = Some("4".into()), json!(4))),
            ..sample("processes", json!(null), ("2", json!(2)))
        },
        Sample {
            variable: Some(("SANCHO_MEMORY_MAX", "2MB", json!(2_000_000))),
            flag: Some((|options| options.memory_max = Some("3".into()), json!(3))),
            ..sample("memory_max", json!(null), ("1KiB", json!(1024)))
        },
    ]
}

#[test]
fn each_place_overrides_the_one_before() {
    for Sample { key, default, file, variable, flag } in samples() {
        let nothing = Bench::new();
        assert_eq!(nothing.value(key), (default, "default".into()), "{key}");
        let mut bench = Bench::ours(&format!("\n{key}: {}\n", file.0));
        assert_eq!(bench.value(key), (file.1, "config/sancho.yml:2".into()), "{key} in a file");
        if let Some((name, said, value)) = variable {
            bench = bench.variables([(name, said)]);
            assert_eq!(bench.value(key), (value, format!("${name}")), "{key} in a variable");
        }
        if let Some((set, value)) = flag {
            bench = bench.options(set);
            let flags = keys::named(key).expect("a key").flags;
            assert_eq!(bench.value(key), (value, flags.into()), "{key} by a flag");
        }
    }
}

#[test]
fn every_key_that_sets_a_value_has_a_sample() {
    let sampled: BTreeSet<&str> = samples().iter().map(|sample| sample.key).collect();
    for key in KEYS {
        let (is_value, is_in_file) = (matches!(key.kind, SetBy::Value { .. }), key.place == Place::File);
        assert!(!is_value || !is_in_file || sampled.contains(key.name), "{} has no sample", key.name);
        for sample in samples().iter().filter(|sample| sample.key == key.name) {
            assert_eq!(sample.variable.is_some(), !key.variables.is_empty(), "the variable of {}", key.name);
            assert_eq!(sample.flag.is_some(), !key.flags.is_empty(), "the flag of {}", key.name);
        }
    }
}

#[test]
fn sidekiqs_file_is_read_as_sidekiq_reads_it() {
    let text = "---\n:concurrency: 5\n:timeout: 8\n:verbose: true\n:max_retries: 3\n:tag: shop\n:labels:\n  - blue\n\
                :dead_max_jobs: 100\n:dead_timeout_in_seconds: 86400\n:average_scheduled_poll_interval: 2\n\
                :pidfile: tmp/sidekiq.pid\n:logfile: log/sidekiq.log\n:queues:\n  - critical\n  - [mailers, 2]\n  - low,1\n\
                :capsules:\n  :unsafe:\n    :concurrency: 1\n    :queues:\n      - one\n\
                my_plugin: true\nproduction:\n  :concurrency: 10\nstaging:\n  :concurrency: 15\n";
    let bench = Bench::new().file("config/sidekiq.yml", text);
    for (key, value, line) in [
        ("concurrency", json!(5), 2),
        ("timeout", json!("8s"), 3),
        ("log.level", json!("debug"), 4),
        ("max_retries", json!(3), 5),
        ("tag", json!("shop"), 6),
        ("labels", json!(["blue"]), 7),
        ("retention.dead_jobs", json!(100), 9),
        ("retention.dead_for", json!("1d"), 10),
        ("log.file", json!("log/sidekiq.log"), 13),
        ("queues", json!(["critical", "mailers,2", "low,1"]), 14),
        ("capsules.unsafe.concurrency", json!(1), 20),
        ("capsules.unsafe.queues", json!(["one"]), 21),
    ] {
        assert_eq!(bench.value(key), (value, format!("config/sidekiq.yml:{line}")), "{key}");
    }
    let warnings: Vec<String> = bench.load().warnings().collect();
    for said in [
        "config/sidekiq.yml: warning: this is Sidekiq's file",
        "config/sidekiq.yml:11: warning: average_scheduled_poll_interval: not needed",
        "config/sidekiq.yml:12: warning: pidfile: not needed",
        "config/sidekiq.yml:23: warning: my_plugin: there is no such key",
        "config/sidekiq.yml: warning: store: nothing names the store",
    ] {
        assert!(warnings.iter().any(|warning| warning.starts_with(said)), "{said} in {warnings:#?}");
    }
    assert_eq!(warnings.len(), 5, "{warnings:#?}");
    let bench = bench.options(|options| options.store = Some("redis".into()));
    assert!(!bench.load().warnings().any(|warning| warning.contains("names the store")), "a flag names it");
    let production = bench.variables([("RAILS_ENV", "production")]);
    assert_eq!(production.value("concurrency"), (json!(10), "config/sidekiq.yml:25".into()));
    assert_eq!(production.value("timeout"), (json!("8s"), "config/sidekiq.yml:3".into()));
}

#[test]
fn each_key_of_sidekiq_that_is_not_needed_is_told_with_the_reason() {
    for (name, reason) in keys::UNNEEDED {
        for written in [name.to_owned(), format!(":{name}")] {
            let bench = Bench::new().file("config/sidekiq.yml", format!("{written}: 7\n"));
            let told = format!("config/sidekiq.yml:1: warning: {name}: not needed: {reason}");
            let warnings: Vec<String> = bench.load().warnings().collect();
            assert!(warnings.contains(&told), "{told:?} in {warnings:#?}");
            assert_eq!(bench.errors(), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn a_debugged_unit_of_systemd_logs_more() {
    let level = |said: &str| Bench::new().variables([("DEBUG_INVOCATION", said)]).value("log.level").0;
    assert_eq!((level("1"), level("0"), level("")), (json!("debug"), json!("info"), json!("info")));
}

#[test]
fn queues_are_named_in_each_of_sidekiqs_ways() {
    for (text, queues) in [
        ("low", json!(["low"])),
        ("low,2", json!(["low,2"])),
        ("[critical, default]", json!(["critical", "default"])),
        ("[[critical, 6], [default, 1]]", json!(["critical,6", "default,1"])),
        ("['critical,6', 'default, 1']", json!(["critical,6", "default,1"])),
        ("[[critical], [default, 0], [low, ~]]", json!(["critical", "default", "low"])),
        ("{critical: 6, default: 1, low: }", json!(["critical,6", "default,1", "low"])),
        ("[':critical', 'tenant:*', '!tenant:slow']", json!(["critical", "tenant:*", "!tenant:slow"])),
    ] {
        assert_eq!(Bench::ours(&format!("queues: {text}")).value("queues").0, queues, "{text}");
    }
}

#[test]
fn the_environment_is_named_by_flag_else_by_the_first_variable() {
    let text = "tag: all\ndevelopment: {tag: d}\nproduction: {tag: p}\nstaging: {tag: s}\nqa: {tag: q}\n";
    let mut bench = Bench::ours(text);
    for (variables, environment, tag) in [
        ([("OTHER", ""), ("RACK_ENV", "")], "development", "d"),
        ([("RACK_ENV", "qa"), ("OTHER", "")], "qa", "q"),
        ([("RACK_ENV", "qa"), ("RAILS_ENV", "staging")], "staging", "s"),
        ([("APP_ENV", "production"), ("RAILS_ENV", "staging")], "production", "p"),
        ([("APP_ENV", "production"), ("SANCHO_ENV", "elsewhere")], "elsewhere", "all"),
    ] {
        bench = bench.variables(variables);
        assert_eq!(bench.value("environment").0, json!(environment));
        assert_eq!(bench.value("tag").0, json!(tag), "{environment}");
    }
    let flagged = bench.options(|options| options.environment = Some("staging".into()));
    assert_eq!(flagged.value("environment"), (json!("staging"), "-e, --environment".into()));
    assert_eq!(flagged.value("tag").0, json!("s"));
}

#[test]
fn a_section_replaces_capsules_and_adds_to_classes() {
    let text = "capsules: {a: {concurrency: 1, queues: [a]}}\nclasses: {Mail: {queue: low, retry: 3}}\n\
                production:\n  capsules: {b: {concurrency: 2, queues: [b]}}\n  classes: {Mail: {retry: 5}}\n";
    let bench = Bench::ours(text).variables([("SANCHO_ENV", "production")]);
    assert_eq!(bench.value("capsules.a.concurrency").0, json!(null));
    assert_eq!(bench.value("capsules.b.concurrency"), (json!(2), "config/sancho.yml:4".into()));
    assert_eq!(bench.value("classes.Mail.queue"), (json!("low"), "config/sancho.yml:2".into()));
    assert_eq!(bench.value("classes.Mail.retry"), (json!(5), "config/sancho.yml:5".into()));
}

#[test]
fn classes_are_configured_by_the_options_of_their_attribute() {
    let text = "classes:\n  Shop::Mail:\n    queue: mailers\n    retry: 5\n    retry_for: 3d\n    dead: false\n    backtrace: 10\n    \
                tags: [eu, 1]\n    timeout: 30s\n    expires_in: 3600\n    runs: blocking\n    log_level: debug\n    retry_queue: slow\n";
    let configuration = Bench::ours(text).load();
    assert_eq!(configuration.errors().collect::<Vec<_>>(), Vec::<String>::new());
    let have = &configuration.settings.classes["Shop::Mail"].settings;
    let want = serde_json::from_value(json!({
        "queue": "mailers", "retry_for": "3d", "dead": false, "backtrace": 10, "tags": ["eu", "1"], "timeout": "30s",
        "expires_in": 3600, "runs": "blocking", "log_level": "debug", "retry_queue": "slow",
    }));
    // Of retry and retry_for, two answers to one question, the later one holds.
    assert_eq!(*have, want.expect("settings of a class"));
}

#[test]
fn toml_says_the_same() {
    let text = "concurrency = 5\nqueues = [\"z,2\", [\"a\", 1]]\nlabels = [\"blue\"]\ntimeout = \"90s\"\n\n[log]\nformat = \"json\"\n\
                args = true\n\n[capsules.one]\nconcurrency = 1\nqueues = { z = 1, a = 2 }\n\n[classes.Mail]\nretry = 3\n\n\
                [production]\nconcurrency = 9\n";
    let bench = Bench::new().file("config/sancho.toml", text);
    for (key, value, line) in [
        ("concurrency", json!(5), 1),
        ("queues", json!(["z,2", "a,1"]), 2),
        ("timeout", json!("90s"), 4),
        ("log.format", json!("json"), 7),
        ("log.args", json!(true), 8),
        ("capsules.one.concurrency", json!(1), 11),
        ("capsules.one.queues", json!(["z,1", "a,2"]), 12),
        ("classes.Mail.retry", json!(3), 15),
    ] {
        assert_eq!(bench.value(key), (value, format!("config/sancho.toml:{line}")), "{key}");
    }
    let production = bench.variables([("SANCHO_ENV", "production")]);
    assert_eq!(production.value("concurrency"), (json!(9), "config/sancho.toml:18".into()));
}

#[test]
fn all_that_is_wrong_is_said_with_its_line_and_what_is_right() {
    let text = "concurency: 5\ntimeout: soon\nconcurrency: [1]\nqueues: [[a, many], {}]\nlog: {levle: info, format: xml}\n\
                capsules:\n  one: {slot: 1, concurrency: 0}\n  default: {queues: [a]}\n  two: 2\n\
                classes: {Mail: {retries: 3, queue: '', runs: slowly}}\nstaging: {tiemout: 3}\nburst: true\ntag: a\n:tag: b\n";
    let errors = Bench::ours(text)
        .variables([("SANCHO_TIMEOUT", "5 minutes"), ("SANCHO_PROBES", "here")])
        .options(|options| options.order = Some("alphabetical".into()))
        .errors();
    let want = [
        "config/sancho.yml:1: concurency: there is no such key: did you mean concurrency?",
        "config/sancho.yml:2: timeout: \"soon\" is no span: write seconds, such as 25, or a unit, such as 500ms, 90s, 5m, 2h or 3d",
        "config/sancho.yml:3: concurrency: one value is wanted, and this is a list",
        "config/sancho.yml:4: queues: the weight of a: \"many\" is no whole number from 0 to 4294967295",
        "config/sancho.yml:5: log.levle: there is no such key: did you mean level?",
        "config/sancho.yml:5: log.format: \"xml\" is none of auto, pretty, json, logfmt",
        "config/sancho.yml:7: capsules.one.slot: there is no such key: did you mean slots?",
        "config/sancho.yml:7: capsules.one.concurrency: \"0\" is no whole number from 1 to 1000",
        "config/sancho.yml:8: capsules.default: this capsule is what stands at the top: write its concurrency and queues there",
        "config/sancho.yml:9: capsules.two: a mapping of concurrency, slots, queues, order, strict is wanted, and this is one value",
        "config/sancho.yml:10: classes.Mail.retries: there is no such key: did you mean retry?",
        "config/sancho.yml:10: classes.Mail.queue: the queue name is empty",
        "config/sancho.yml:10: classes.Mail.runs: unknown variant `slowly`",
        "config/sancho.yml:12: burst: no file has this: write --burst on the command line",
        "config/sancho.yml:14: tag: this was said before, in line 13: keep one of them",
        "config/sancho.yml:11: tiemout: there is no such key: did you mean timeout?",
        "$SANCHO_TIMEOUT: timeout: \"5 minutes\" is no span",
        "$SANCHO_PROBES: probes: \"here\" is no address to listen at",
        "--order: order: \"alphabetical\" is none of strict, weighted, random, mixed",
    ];
    for (have, want) in errors.iter().zip(want) {
        assert!(have.starts_with(want), "\n{have}\n{want}");
    }
    assert_eq!(errors.len(), want.len(), "{errors:#?}");
}

#[test]
fn a_file_that_is_none_is_refused() {
    let huge = "a: 1\n".repeat(300_000);
    for (text, said) in [
        (b"concurrency: 5\n\xff\xfe".as_slice(), "config/sancho.yml:2: it is not UTF-8"),
        (huge.as_bytes(), "config/sancho.yml: it has more than 1048576 bytes"),
        (
            b"- a\n- b\n",
            "config/sancho.yml:1: a configuration is a mapping, such as concurrency: 10, and this is a list",
        ),
        (
            b"concurrency: <%= Rails.env %>",
            "config/sancho.yml:1: \"Rails.env\" is not understood, as Ruby is not executed",
        ),
        (b"\x00\x01\x02\x03", "config/sancho.yml:1: "),
    ] {
        let errors = Bench::new().file("config/sancho.yml", text).errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(said), "{said}: {errors:?}");
    }
    let toml = Bench::new().file("config/sancho.toml", "concurrency = 5\ntimeout = \n").errors();
    assert!(toml[0].starts_with("config/sancho.toml:2: this is not TOML"), "{toml:?}");
    let nested = format!("a = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let deep = Bench::new().file("config/sancho.toml", nested).errors();
    assert_eq!(deep.len(), 1, "{deep:?}");
    let missing = Bench::new().options(|options| options.config = Some("nowhere.yml".into())).errors();
    assert!(missing[0].starts_with("nowhere.yml: it cannot be read"), "{missing:?}");
    let folder = Bench::new().options(|options| options.config = Some("config".into())).errors();
    assert!(folder[0].starts_with("config: it is a folder"), "{folder:?}");
}

#[test]
fn a_file_with_a_byte_order_mark_or_nothing_in_it_is_read() {
    assert_eq!(Bench::ours("\u{feff}concurrency: 5").value("concurrency").0, json!(5));
    assert_eq!(Bench::ours("").value("concurrency").0, json!(25));
    assert_eq!(Bench::ours("# nothing\n").value("concurrency").0, json!(25));
    assert_eq!(Bench::ours("concurrency:\nqueues: ~\nlog:\n").value("concurrency").0, json!(25));
}

#[test]
fn a_thread_number_of_rails_counts_when_nothing_else_does() {
    let alone = Bench::new().variables([("RAILS_MAX_THREADS", "7")]);
    assert_eq!(alone.value("concurrency"), (json!(7), "$RAILS_MAX_THREADS".into()));
    let beside = Bench::ours("concurrency: 5").variables([("RAILS_MAX_THREADS", "7")]);
    assert_eq!(beside.value("concurrency"), (json!(5), "config/sancho.yml:1".into()));
    let by_erb =
        Bench::ours("concurrency: <%= ENV.fetch('RAILS_MAX_THREADS', 3) %>").variables([("RAILS_MAX_THREADS", "7")]);
    assert_eq!(by_erb.value("concurrency"), (json!(7), "config/sancho.yml:1".into()));
}

#[test]
fn a_shorthand_yields_to_what_is_said_at_length_in_the_same_place_alone() {
    let both = Bench::ours("log: {level: warn}\nverbose: true\nstrict: true\n");
    assert_eq!(both.value("log.level"), (json!("warn"), "config/sancho.yml:1".into()));
    assert_eq!(both.value("order"), (json!("strict"), "config/sancho.yml:3".into()));
    let flagged = both.options(|options| options.verbose = true);
    assert_eq!(flagged.value("log.level"), (json!("debug"), "-v, --verbose".into()));
    assert_eq!(Bench::ours("log: warn\nverbose: false").value("log.level").0, json!("warn"));
}

#[test]
fn the_first_file_is_read_and_another_is_named() {
    let both =
        Bench::ours("tag: yml").file("config/sancho.toml", "tag = 'toml'").file("config/sidekiq.yml", "tag: kiq");
    assert_eq!(both.value("tag").0, json!("yml"));
    let warnings: Vec<String> = both.load().warnings().collect();
    assert!(warnings[0].contains("config/sancho.toml is not"), "{warnings:?}");
    assert_eq!(warnings.len(), 1, "Sidekiq's file beside ours is no mistake: {warnings:?}");
    let named = both.options(|options| options.config = Some("config/sidekiq.yml".into()));
    assert_eq!(named.value("tag").0, json!("kiq"));
}

#[test]
fn a_variable_that_nobody_reads_is_named_if_it_is_near() {
    let bench =
        Bench::new().variables([("SANCHO_CONCURENCY", "5"), ("SANCHO_JID", "x"), ("SANCHO_SOMETHING_ELSE", "y")]);
    let warnings: Vec<String> = bench.load().warnings().collect();
    assert_eq!(
        warnings,
        ["$SANCHO_CONCURENCY: warning: nothing reads this variable: did you mean SANCHO_CONCURRENCY?"]
    );
}

#[test]
fn the_number_of_problems_has_a_bound() {
    let text: String = (0..1_000).map(|n| format!("unknown{n}: 1\n")).collect();
    assert_eq!(Bench::ours(&text).errors().len(), limits::PROBLEMS_MAX);
}

#[test]
fn the_guide_lists_every_key_and_no_other() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/configuration.md");
    let guide = fs::read_to_string(guide).expect("the guide is there");
    let rows: Vec<Vec<String>> = guide
        .lines()
        .skip_while(|line| !line.starts_with("| key |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    let code = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    for (key, row) in KEYS.iter().zip(&rows) {
        let variables: Vec<&str> = key.variables.iter().chain(key.stand_ins).copied().collect();
        let flags: Vec<&str> = key.flags.split(", ").filter(|flag| !flag.is_empty()).collect();
        let want = [code(&[key.name]), code(key.other_names), code(&variables), code(&flags), key.default.to_owned()];
        assert_eq!(row[..5], want, "the row of {}", key.name);
        assert!(!row[5].is_empty(), "{} is explained", key.name);
    }
    assert_eq!(rows.len(), KEYS.len(), "each key has a row, in the order of the code");
    for name in keys::CLASS_KEYS.iter().chain(&keys::CAPSULE_KEYS).chain(keys::UNNEEDED.iter().map(|(name, _)| name)) {
        assert!(guide.contains(&format!("`{name}`")), "the guide says nothing of {name}");
    }
}

#[test]
fn the_guide_has_the_examples_file_and_the_exit_codes() {
    let page = |path: &str| fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).expect(path);
    let guide = page("docs/guides/configuration.md");
    assert!(guide.contains(&format!("```yaml\n{}```", page("examples/config/sancho.yml"))));
    let codes =
        crate::cli::CODES.lines().skip(1).map(|line| line.trim().split_once("  ").expect("a code and its meaning"));
    for (code, meaning) in codes {
        assert!(guide.contains(&format!("| {code} | {meaning} |")), "{code}: {meaning}");
    }
    let toml = guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("TOML");
    let have = Bench::new().file("config/sancho.toml", toml).load();
    assert_eq!(have.errors().collect::<Vec<_>>(), Vec::<String>::new());
    let erb = guide.split("```yaml\n").nth(2).and_then(|rest| rest.split("```").next()).expect("YAML with ERB");
    let bench = Bench::ours(erb);
    assert_eq!(bench.value("concurrency").0, json!(10));
    assert_eq!(bench.value("tag").0, json!("shop"));
    assert_eq!(bench.value("timeout").0, json!("25s"));
}
