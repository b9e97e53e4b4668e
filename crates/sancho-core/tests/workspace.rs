//! The shape of the workspaces: which crate may see which, the oldest compiler that all of them take, and where
//! unsafe code is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn crates_see_only_those_that_the_architecture_lets_them_see() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("sancho-core", [].as_slice()),
        ("sancho-macros", &[]),
        ("sancho-sqlite", &["sancho-core"]),
        ("sancho-redis", &["sancho-core"]),
        ("sancho-web", &["sancho-core"]),
        ("sancho-testkit", &["sancho", "sancho-core"]),
        ("sancho", &["sancho-core", "sancho-macros", "sancho-redis", "sancho-sqlite"]),
    ]);
    let metadata = metadata();
    let names: BTreeSet<&str> = members(&metadata).map(|member| text(member, "name")).collect();
    for member in members(&metadata) {
        let Some(may_see) = allowed.get(text(member, "name")) else { continue };
        for dependency in array(member, "dependencies") {
            let name = text(dependency, "name");
            // Tests may see more than the crate itself: they are not part of it.
            if dependency["kind"] != "dev" && names.contains(name) {
                assert!(may_see.contains(&name), "{} may not depend on {name}", text(member, "name"));
            }
        }
    }
    assert!(names.contains("sancho-core") && names.contains("sancho-sqlite"), "the workspace was read: {names:?}");
}

#[test]
fn every_dependency_takes_the_oldest_compiler_that_the_workspace_promises() {
    let metadata = metadata();
    let promised = members(&metadata).map(|member| text(member, "rust_version")).collect::<BTreeSet<_>>();
    assert_eq!(promised.len(), 1, "one rust-version for every crate: {promised:?}");
    let promised = version(promised.first().expect("one"));
    let packages = array(&metadata, "packages");
    assert!(packages.len() > members(&metadata).count(), "the dependencies were read");
    for package in packages {
        if let Some(wanted) = package["rust_version"].as_str() {
            assert!(version(wanted) <= promised, "{} wants Rust {wanted}", text(package, "name"));
        }
    }
}

#[test]
fn clippy_checks_the_standard_library_against_the_same_compiler() {
    let metadata = metadata();
    let promised = members(&metadata).map(|member| text(member, "rust_version")).next().expect("a member");
    let clippy = include_str!("../../../clippy.toml");
    assert!(clippy.contains(&format!("msrv = \"{promised}\"")), "clippy.toml says msrv = \"{promised}\"");
}

#[test]
fn the_root_of_each_crate_forbids_unsafe_code_or_says_why_it_cannot() {
    let (mut forbidding, mut lacking) = (0, Vec::new());
    for workspace in workspaces() {
        for member in members(&shape(&workspace)) {
            for target in array(member, "targets").iter().filter(|target| !is_covered_by_lints(target)) {
                let root = text(target, "src_path");
                let code = std::fs::read_to_string(root).expect("the root of a crate can be read");
                if code.lines().any(|line| line == "#![forbid(unsafe_code)]") {
                    forbidding += 1;
                } else if !code.lines().any(|line| line.starts_with("//! # ") && line.to_lowercase().contains("unsafe"))
                {
                    lacking.push(root.to_owned());
                }
            }
        }
    }
    assert!(
        lacking.is_empty(),
        "these need #![forbid(unsafe_code)], or a part of their docs with \"unsafe\" in its heading that says why: {lacking:#?}"
    );
    assert!(forbidding >= 10, "the crates were read: {forbidding}");
}

/// Tests and examples are roots too; the lints of the workspace, which every member takes, hold for them.
fn is_covered_by_lints(target: &Value) -> bool {
    array(target, "kind").iter().any(|kind| matches!(kind.as_str(), Some("test" | "example" | "bench")))
}

#[test]
fn each_crate_takes_the_lints_of_the_workspace() {
    let metadata = metadata();
    for member in members(&metadata) {
        let manifest = std::fs::read_to_string(text(member, "manifest_path")).expect("a manifest can be read");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} takes them", text(member, "name"));
    }
    let root = std::fs::read_to_string(home().join("Cargo.toml")).expect("the root's manifest can be read");
    assert!(root.contains("unsafe_code = \"forbid\""), "unsafe code is among them");
}

#[test]
fn each_workspace_has_its_versions_locked() {
    let workspaces = workspaces();
    assert!(workspaces.len() >= 2, "the root's and the bench's at least: {workspaces:?}");
    for workspace in workspaces {
        assert!(workspace.join("Cargo.lock").is_file(), "{} has a Cargo.lock", workspace.display());
    }
}

#[test]
fn scripts_build_with_locked_versions() {
    let mut builds = 0;
    for script in std::fs::read_dir(home().join("bench")).expect("the scripts can be listed") {
        let script = script.expect("an entry can be read").path();
        let Ok(text) = std::fs::read_to_string(&script) else { continue };
        for line in text.lines().filter(|line| line.trim_start().starts_with("cargo build")) {
            assert!(line.contains(" --locked"), "{}: {line}", script.display());
            builds += 1;
        }
    }
    assert!(builds >= 3, "the scripts were read: {builds}");
}

/// The directory of the repository.
fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate stands in the repository")
}

/// The directories of the repository that are workspaces: its own, and those of tools beside it.
fn workspaces() -> Vec<PathBuf> {
    let home = home();
    let entries = std::fs::read_dir(&home).expect("the repository can be listed");
    let beside = entries.map(|entry| entry.expect("an entry can be read").path());
    let is_one = |path: &PathBuf| {
        std::fs::read_to_string(path.join("Cargo.toml"))
            .is_ok_and(|manifest| manifest.lines().any(|line| line.starts_with("[workspace]")))
    };
    beside.chain([home.clone()]).filter(is_one).collect()
}

/// The members of a workspace, without what they depend on.
fn shape(workspace: &Path) -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
    serde_json::from_str(&run(cargo.current_dir(workspace))).expect("cargo metadata is JSON")
}

/// What Cargo knows of the workspace, as it is locked, for this machine.
fn metadata() -> Value {
    let host = run(Command::new(env!("CARGO")).args(["-vV"]));
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo -vV names the host");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", host]);
    serde_json::from_str(&run(cargo.current_dir(env!("CARGO_MANIFEST_DIR")))).expect("cargo metadata is JSON")
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let ids = array(metadata, "workspace_members");
    array(metadata, "packages").iter().filter(|package| ids.contains(&package["id"]))
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().expect("an array")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("a text: {name}"))
}

/// Major, minor and patch; absent ones are zero.
fn version(text: &str) -> [u32; 3] {
    let mut parts = text.split('.').map(|part| part.parse().expect("a number"));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}
