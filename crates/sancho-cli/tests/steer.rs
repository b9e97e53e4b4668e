//! What every store does alike, on SQLite, and what only a file can.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod harness;
mod scenarios;

use harness::Bench;
use sancho_core::ErrorKind;

macro_rules! on_sqlite {
    ($($scenario:ident)*) => {
        $(
            #[test]
            fn $scenario() {
                scenarios::$scenario(&Bench::new(), "sqlite://jobs.db");
            }
        )*
    };
}

for_each_scenario!(on_sqlite);

#[test]
fn a_file_is_backed_up_while_it_is_in_use() {
    let bench = Bench::new();
    bench.ok(&["demo", "--jobs", "500"]);
    let source = format!("sqlite://{}", bench.path("jobs.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(sancho::connect(&source)).unwrap();
    let copied = bench.json(&["backup", "copy.db"]);
    assert_eq!((&copied["jobs"], &copied["file"]), (&500.into(), &"copy.db".into()));
    runtime.block_on(async { client.push(sancho::Raw::new("After", serde_json::json!([]))).await }).unwrap();
    let on_copy = |args: &[&str]| bench.json(&[&["--store", "sqlite://copy.db"], args].concat());
    assert_eq!(bench.total("enqueued"), 251);
    for (name, count) in [("enqueued", 250), ("scheduled", 100), ("retries", 100), ("dead", 50)] {
        assert_eq!(on_copy(&["stats"])[name], count, "{name}");
    }
    let doctor = bench.run(&["--store", "sqlite://copy.db", "doctor"]);
    assert!(!doctor.out.contains("problem") && doctor.out.contains("pages are sound"), "{}", doctor.out);
}

#[test]
fn a_backup_never_writes_over_a_file_nor_leaves_half_of_one() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    std::fs::write(bench.path("there.db"), "mine").unwrap();
    bench.run(&["backup", "there.db"]).refused(1, &["there.db is there already", "[invalid]"]);
    assert_eq!(std::fs::read_to_string(bench.path("there.db")).unwrap(), "mine");
    bench.run(&["backup", "no/copy.db"]).refused(1, &["the directory no does not exist", "[invalid]"]);
    bench.run(&["backup", "."]).refused(1, &[". is there already"]);
    bench.run(&["--store", "sqlite://nobody.db", "backup", "copy.db"]).refused(1, &["no store at nobody.db", "[open]"]);
    std::fs::write(bench.path("jobs.db"), "this is no database, and never was one; it only has the name").unwrap();
    bench.run(&["backup", "copy.db"]).refused(1, &["not an SQLite database", "[open]"]);
    let names: Vec<_> = std::fs::read_dir(bench.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("copy")), "{names:?}");
}

#[cfg(unix)]
#[test]
fn a_copy_is_as_private_as_its_original() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    std::fs::set_permissions(bench.path("jobs.db"), std::fs::Permissions::from_mode(0o640)).unwrap();
    bench.ok(&["backup", "copy.db"]);
    assert_eq!(std::fs::metadata(bench.path("copy.db")).unwrap().permissions().mode() & 0o777, 0o640);
}

/// Every code that the catalogue has.
fn codes(bench: &Bench) -> Vec<String> {
    let catalogue = bench.json(&["explain"]);
    let codes = catalogue["codes"].as_array().unwrap().iter().map(|entry| entry["code"].as_str().unwrap().to_owned());
    codes.collect()
}

#[test]
fn every_kind_of_error_is_explained() {
    let bench = Bench::new();
    let codes = codes(&bench);
    for kind in ErrorKind::ALL {
        assert!(codes.iter().any(|code| code == kind.code()), "{kind:?} in {codes:?}");
        assert!(bench.ok(&["explain", kind.code()]).contains("What to do: "), "{kind:?}");
    }
    let unique: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!(unique.len(), codes.len(), "{codes:?}");
}

#[test]
fn every_code_that_stands_in_the_sources_is_explained() {
    let bench = Bench::new();
    let codes = codes(&bench);
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = std::collections::BTreeSet::new();
    let mut folders: Vec<_> = ["sancho/src", "sancho-core/src", "sancho-cli/src"].map(|name| crates.join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|it| it.to_str()) {
                None => folders.push(path),
                Some("rs") if !path.ends_with("catalogue.rs") => {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let text = text.split("#[cfg(test)]").next().unwrap();
                    // The classes of errors that a server writes, and the codes that the command ends an error with.
                    for family in ["Sancho::", "Exec::"] {
                        let begun = format!("\"{family}");
                        let names = text.split(&begun).skip(1).map(|rest| rest.split('"').next().unwrap());
                        // A name with a number in it is explained by an example.
                        found.extend(names.filter(|name| !name.contains('{')).map(|name| format!("{family}{name}")));
                    }
                    for call in ["Exit::coded(", "with_code("] {
                        found.extend(text.split(call).skip(1).filter_map(|rest| {
                            let call = rest.split(';').next().unwrap();
                            let word = call.rsplit('"').nth(1)?;
                            let is_code = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                            (is_code && !word.is_empty()).then(|| word.to_owned())
                        }));
                    }
                }
                Some(_) => {}
            }
        }
    }
    for code in ["Sancho::Panic", "Sancho::Poison", "Exec::Lost", "Sancho::ArgsError", "not-found", "open"] {
        assert!(found.contains(code), "the search finds {code}: {found:?}");
    }
    for code in &found {
        assert!(codes.contains(code), "{code} stands in the sources and not in the catalogue {codes:?}");
    }
}

#[test]
fn a_code_is_explained_in_any_case_and_a_slip_is_corrected() {
    let bench = Bench::new();
    assert!(bench.ok(&["explain", "sancho::poison"]).starts_with("Sancho::Poison: "));
    assert_eq!(bench.json(&["explain", "key-taken"])["code"], "key-taken");
    bench.run(&["explain", "key-takn"]).refused(2, &["'key-taken'"]);
    bench.run(&["explan"]).refused(2, &["'explain'"]);
}

#[test]
fn every_command_has_a_page_of_the_manual_and_examples() {
    let bench = Bench::new();
    bench.ok(&["man", "--dir", "pages"]);
    assert!(bench.ok(&["man"]).contains(".TH sancho 1"));
    let help = bench.ok(&["--help"]);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty()))
        .filter(|command| !matches!(*command, "help" | "redis"))
        .collect();
    assert!(commands.len() >= 25, "{commands:?}");
    for command in commands {
        let page = std::fs::read_to_string(bench.path("pages").join(format!("sancho-{command}.1"))).unwrap();
        assert!(page.contains(&format!("sancho {command}")), "{command}");
        assert!(bench.ok(&[command, "--help"]).contains("Examples:\n  sancho"), "{command}");
    }
    for code in 0..=5 {
        assert!(help.contains(&format!("\n  {code}  ")), "the exit code {code} in the help");
    }
}

#[test]
fn shells_are_told_how_to_complete() {
    let bench = Bench::new();
    for (shell, part) in [("bash", "complete -F"), ("zsh", "#compdef sancho"), ("fish", "complete -c sancho")] {
        assert!(bench.ok(&["completions", shell]).contains(part), "{shell}");
    }
    bench.run(&["completions", "cmd"]).refused(2, &["bash"]);
}
