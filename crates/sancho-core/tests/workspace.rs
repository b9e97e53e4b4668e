//! The shape of the workspace: which crate may see which, and the oldest compiler that all of them take.

use std::collections::{BTreeMap, BTreeSet};
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
