//! The program of examples/telemetry.rs, run to its end: the spans that it prints hang below one another.

use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_spans_of_the_jobs_hang_below_the_request() {
    let test = std::env::current_exe().expect("this test is a file");
    let folder = test.parent().and_then(Path::parent).expect("it stands in target/debug/deps");
    let program = folder.join("examples/telemetry");
    assert!(program.exists(), "build it first: cargo build -p sancho-examples --example telemetry");
    let ran = Command::new(program).stdin(Stdio::null()).output().expect("the program starts");
    let printed = String::from_utf8(ran.stdout).expect("UTF-8");
    assert!(ran.status.success(), "{printed}{}", String::from_utf8_lossy(&ran.stderr));

    // "span ID below ID: NAME (STATUS)"
    let spans: Vec<(&str, &str, &str)> = printed
        .lines()
        .filter_map(|line| {
            let (id, rest) = line.strip_prefix("span ")?.split_once(" below ")?;
            let (parent, name) = rest.split_once(": ")?;
            Some((id, parent, name))
        })
        .collect();
    let [request, invoice, archive] = spans[..] else { panic!("three spans: {printed}") };
    assert!(request.2.starts_with("POST /orders") && invoice.2.starts_with("perform default"), "{printed}");
    assert_eq!((invoice.1, archive.1), (request.0, invoice.0));
    assert!(archive.2.contains("no room for order 7") && printed.contains("ArchiveInvoice died"), "{printed}");
}
