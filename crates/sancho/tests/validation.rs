//! What a push refuses, and how it says so. Nothing is pushed then.

use std::collections::BTreeMap;
use std::time::Duration;

use sancho::core::limits;
use sancho::testing::{memory, waiting};
use sancho::{Client, Draft, Push, Raw};

/// Asserts that each push is refused with a message that has this text, and that nothing was pushed.
async fn refused(client: &Client, pushes: Vec<(Push, &str)>) {
    for (push, said) in pushes {
        let shown = format!("{push:.60?}");
        match push.await {
            Ok(pushed) => panic!("{said}: pushed as {pushed:?}: {shown}"),
            Err(error) => assert!(error.to_string().contains(said), "{said} is not in: {error}"),
        }
    }
    assert!(waiting(client).await.expect("the model answers").is_empty());
}

#[tokio::test]
async fn arguments_that_are_no_array_of_json_are_refused() {
    let client = memory();
    let text = |args: &[u8]| client.push(Raw::text("A", args));
    let drafted = |args: &str| client.push(client.draft("A", args));
    refused(
        &client,
        vec![
            (client.push(Raw::new("A", 7)), "must be a JSON array, such as [7, \"blue\"]: put brackets around them"),
            (client.push(Raw::new("A", BTreeMap::from([("a", 1)]))), "must be a JSON array"),
            (client.push(Raw::new("A", ())), "must be a JSON array"),
            (text(b"{\"a\":1}"), "must be a JSON array"),
            (text(b""), "are not JSON: EOF"),
            (text(b"[1"), "are not JSON: EOF"),
            (text(b"[1] [2]"), "are not JSON: trailing characters"),
            (text(b"[1,]"), "are not JSON"),
            (text(b"[NaN]"), "are not JSON"),
            (text(b"[Infinity]"), "are not JSON"),
            (text(b"[1e400]"), "the number 1e400 is too large for a float"),
            (text(b"[\"\xff\"]"), "the arguments of A are not UTF-8: invalid utf-8 sequence of 1 bytes from index 2"),
            (text(br#"["\ud800"]"#), "a string is no Unicode text"),
            (drafted("1"), "must be a JSON array"),
            (drafted("nonsense"), "are not JSON"),
        ],
    )
    .await;
}

#[tokio::test]
async fn numbers_without_a_form_in_json_are_refused_by_their_path() {
    let client = memory();
    let push = |value: (u8, Vec<BTreeMap<&'static str, f64>>)| client.push(Raw::new("A", value));
    refused(
        &client,
        vec![
            (
                push((0, vec![BTreeMap::from([("price", f64::NAN)])])),
                "args[1][0].price is NaN: JSON has no such number",
            ),
            (push((0, vec![BTreeMap::from([("price", f64::NEG_INFINITY)])])), "args[1][0].price is minus infinite"),
            (client.push(Raw::new("A", [f32::INFINITY])), "args[0] is infinite"),
            (client.push(Raw::new("A", [BTreeMap::from([(true, 1)])])), "args[0] has a key that is a boolean"),
            (client.push(Raw::new("A", [BTreeMap::from([((1, 2), 1)])])), "args[0] has a key that is an array"),
            (client.push(Raw::new("A", [1])).member("tenant", &f64::NAN), "tenant is NaN"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_too_large_or_too_deep_is_refused() {
    let client = memory();
    let nested = |levels: usize| Raw::text("A", format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    // The payload itself is a level, and leaves this many to the arguments.
    let levels_max = limits::PAYLOAD_DEPTH_MAX - 1;
    let tags: Vec<String> = (0..=limits::TAGS_MAX).map(|n| n.to_string()).collect();
    refused(
        &client,
        vec![
            (client.push(nested(levels_max + 1)), "nest too deep: a payload has at most 100 levels"),
            (client.push(nested(100_000)), "nest too deep"),
            (client.push(Raw::new("A", ["x".repeat(limits::PAYLOAD_BYTES_MAX)])), "over the limit of 4194304"),
            (client.push(Raw::new("A", [1])).tags(tags), "at most 32 are allowed"),
            (client.push(Raw::new("x".repeat(limits::CLASS_BYTES_MAX + 1), [1])), "the class name has 513 bytes"),
        ],
    )
    .await;
    client.push(nested(levels_max)).await.expect("the deepest that is allowed");
}

#[tokio::test]
async fn names_that_break_a_rule_are_refused_and_the_first_is_reported() {
    let client = memory();
    let push = || client.push(Raw::new("A", [1]));
    refused(
        &client,
        vec![
            (push().queue(""), "the queue name is empty"),
            (push().queue("a\nb"), "has a control character"),
            (push().queue("x".repeat(256)), "the queue name has 256 bytes"),
            (push().key(""), "a key has 1 to 512 bytes, this one has 0"),
            (push().key("x".repeat(513)), "this one has 513"),
            (push().jid(""), "a jid has 1 to 255 bytes"),
            (push().member("args", &1), "the member \"args\" has a setting of its own"),
            (push().member("jid", &1), "the member \"jid\" has a setting of its own"),
            (push().queue("").key("").after(Duration::from_secs(1)), "the queue name is empty"),
            (client.push(Raw::new("", [1])), "class"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_batch_over_the_limit_is_refused_whole() {
    let client = memory();
    let drafts = |count: usize| -> Vec<Draft> { (0..count).map(|_| client.draft("A", "[]")).collect() };
    let error = client.push_drafts(drafts(limits::JOBS_PER_PUSH_MAX + 1)).await.expect_err("one too many");
    assert_eq!(error.to_string(), "10001 jobs are too many for one push: push at most 10000 at a time");
    assert!(waiting(&client).await.expect("the model answers").is_empty());
    assert_eq!(client.push_drafts(drafts(limits::JOBS_PER_PUSH_MAX)).await.expect("pushed").len(), 10_000);
}

#[tokio::test]
async fn text_comes_to_its_canonical_form_and_big_numbers_stay() {
    let client = memory();
    let text = r#" [ 123456789012345678901234567890 , 1E20, "\u00e9", { "a" : -0 } ] "#;
    client.push(Raw::text("A", text)).await.expect("pushed");
    let rows = waiting(&client).await.expect("the model answers");
    let envelope = rows[0].payload.envelope().expect("readable");
    assert_eq!(envelope.args(), r#"[123456789012345678901234567890,1.0e+20,"é",{"a":0}]"#);
}
