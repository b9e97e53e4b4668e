//! What `derive(Job)` writes.

use std::collections::BTreeMap;
use std::time::Duration;

use sancho::{Backtrace, IntoDraft, Job, Redact, Retry, Runs, assert_wire};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Priority {
    Low,
    At { hour: u8 },
    Of(u8),
    Pair(u8, u8),
}

#[derive(Job, Debug, PartialEq, Serialize, Deserialize)]
struct Report {
    user_id: u64,
    r#type: String,
    priority: Priority,
    #[serde(default)]
    parts: Vec<u8>,
    #[serde(default = "ten")]
    limit: u32,
    note: Option<String>,
}

fn ten() -> u32 {
    10
}

#[derive(Job, Debug, PartialEq)]
struct Pair(u8, BTreeMap<u8, f64>);

#[derive(Job, Debug, PartialEq)]
struct Nothing;

#[derive(Job)]
#[job(queue = "mailers", retry = 10, backtrace = 5, timeout = "30s", blocking, tags("a", "b"), class = "Old::Name")]
struct Everything {}

#[derive(Job)]
#[job(retry = false, backtrace = true, timeout = 90)]
struct Never;

#[derive(Job, Debug, PartialEq)]
struct Generic<T> {
    inner: T,
}

fn report() -> Report {
    Report { user_id: 7, r#type: "é".into(), priority: Priority::Low, parts: vec![1], limit: 3, note: None }
}

#[test]
fn arguments_are_written_field_by_field_in_order() {
    assert_wire!(report(), [7, "é", "Low", [1], 3, null]);
    assert_wire!(Report { priority: Priority::At { hour: 3 }, ..report() }, [7, "é", {"At": {"hour": 3}}, [1], 3, null]);
    assert_wire!(Report { priority: Priority::Of(3), ..report() }, [7, "é", {"Of": 3}, [1], 3, null]);
    assert_wire!(Report { priority: Priority::Pair(1, 2), ..report() }, [7, "é", {"Pair": [1, 2]}, [1], 3, null]);
    assert_wire!(Pair(1, BTreeMap::from([(2, 0.5)])), [1, {"2": 0.5}]);
    assert_wire!(Nothing, []);
    assert_wire!(Generic { inner: "x".to_owned() }, ["x"]);
}

#[test]
fn trailing_defaults_and_options_may_be_missing() {
    let read = Report::from_args(r#"[7,"é","Low"]"#).expect("readable");
    assert_eq!(read, Report { parts: vec![], limit: 10, ..report() });
    let read = Report::from_args(r#"[7,"é","Low",[1],3]"#).expect("readable");
    assert_eq!(read, report());
}

#[test]
fn extra_arguments_are_ignored() {
    assert_eq!(Nothing::from_args("[1,2]"), Ok(Nothing));
    assert_eq!(Pair::from_args("[1,{},null]"), Ok(Pair(1, BTreeMap::new())));
}

#[test]
fn an_argument_that_cannot_be_read_is_named() {
    for (args, said) in [
        ("[7]", "argument 2 (type) is missing"),
        ("[]", "argument 1 (user_id) is missing"),
        (r#"["x"]"#, "argument 1 (user_id): invalid type: string \"x\", expected u64"),
        (r#"[7,null]"#, "argument 2 (type): invalid type: null, expected a string"),
        (r#"[7,"a","High"]"#, "argument 3 (priority): unknown variant `High`"),
        (r#"[7,"a","Low",null]"#, "argument 4 (parts): invalid type: null"),
        ("{}", "the arguments are not a JSON array: invalid type: map"),
        ("7", "the arguments are not a JSON array"),
        ("[7", "the arguments are not a JSON array: EOF"),
    ] {
        let error = Report::from_args(args).expect_err(args).to_string();
        assert!(error.starts_with(said), "{args}: {error}");
    }
    assert_eq!(Pair::from_args("[]").expect_err("empty").to_string(), "argument 1 is missing");
}

#[test]
fn a_value_without_a_form_in_json_is_named_by_its_path() {
    #[derive(Job)]
    struct Priced {
        id: u8,
        items: Vec<BTreeMap<String, f64>>,
    }
    let job = Priced { id: 1, items: vec![BTreeMap::new(), BTreeMap::from([("price".to_owned(), f64::NAN)])] };
    let error = job.to_args().expect_err("NaN").to_string();
    assert_eq!(error, "args[1][1].price is NaN: JSON has no such number");
    assert_eq!(job.id, 1);
}

#[test]
fn options_are_those_of_the_attribute() {
    let options = Everything::options();
    assert_eq!(Everything::CLASS, "Old::Name");
    assert_eq!(options.queue, "mailers");
    assert_eq!(options.retry, Retry::Limit(10));
    assert_eq!(options.backtrace, Backtrace::Lines(5));
    assert_eq!(options.timeout, Some(Duration::from_secs(30)));
    assert_eq!(options.runs, Runs::Blocking);
    assert_eq!(options.tags, ["a", "b"]);
    let options = Never::options();
    assert_eq!((options.retry, options.backtrace), (Retry::Never, Backtrace::All));
    assert_eq!(options.timeout, Some(Duration::from_secs(90)));
}

#[test]
fn without_an_attribute_the_class_is_the_structs_name_and_options_are_defaults() {
    let options = Nothing::options();
    assert_eq!((Nothing::CLASS, options.queue), ("Nothing", "default"));
    assert_eq!((options.retry, options.runs, options.timeout), (Retry::Default, Runs::Async, None));
}

#[test]
fn what_a_class_hides_is_in_its_payloads() {
    #[derive(Job)]
    #[job(redact)]
    struct SignUp {
        email: String,
    }
    #[derive(Job)]
    #[job(redact(number, errors))]
    struct Charge {
        customer: u64,
        number: String,
    }
    #[derive(Job)]
    #[job(redact(1, 0))]
    struct Both(u8, u8, u8);
    let member = |draft: Result<sancho::Draft, _>| {
        let draft: sancho::Draft = draft.map_err(|error: sancho::PushError| error.to_string()).expect("a draft");
        let job = draft.into_job(sancho::Timestamp::EPOCH, sancho::core::WireTime::Millis).expect("a job");
        job.payload.members().expect("a payload").get("redact").map(str::to_owned)
    };
    let jid = || sancho::Jid::new("j1").expect("a jid");
    assert_eq!(member(SignUp { email: "a@b".to_owned() }.into_draft(jid())).as_deref(), Some("true"));
    assert_eq!(
        member(Charge { customer: 1, number: "2".to_owned() }.into_draft(jid())).as_deref(),
        Some(r#"[1,"errors"]"#)
    );
    assert_eq!(member(Both(1, 2, 3).into_draft(jid())).as_deref(), Some("[0,1]"));
    assert_eq!(member(Nothing.into_draft(jid())), None);
    assert_eq!((Nothing::REDACT, SignUp::REDACT), (Redact::NOTHING, Redact::EVERYTHING));
}
