//! The canonical form of arguments: another reader sees the same values in it.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sancho::core::{Draft, Jid, Payload};
use sancho::testing::{memory, waiting};
use sancho::{ClientMiddleware, ClientVerdict, IntoDraft, Job, Raw, Wire};
use serde_json::{Map, Value};

fn args(value: impl serde::Serialize) -> String {
    Raw::new("A", value).into_draft(Jid::new("j").expect("a jid")).expect("writable").args
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Value::from),
        (-1e18..1e18_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The same cases in each run.
fn config() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::with_cases(512) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn another_reader_sees_the_same_value(value in any_json()) {
        let text = args([&value]);
        prop_assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), Value::from(vec![value]), "{}", text);
    }

    #[test]
    fn floats_read_back_to_the_same_bits(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = args([value]);
        let read: f64 = text[1..text.len() - 1].parse().expect("a float");
        prop_assert_eq!(read.to_bits(), bits, "{}", text);
        prop_assert!(text.contains('.'), "a float keeps the form of one: {}", text);
    }

    #[test]
    fn strings_are_raw_but_for_controls_quotes_and_backslashes(text in any::<String>()) {
        let written = args([&text]);
        prop_assert_eq!(serde_json::from_str::<(String,)>(&written).expect("JSON").0, text);
        prop_assert!(written.chars().all(|c| c as u32 >= 0x20), "{}", written);
    }

    #[test]
    fn integers_of_128_bits_are_exact(signed in any::<i128>(), unsigned in any::<u128>()) {
        prop_assert_eq!(args((signed, unsigned)), format!("[{signed},{unsigned}]"));
    }
}

#[test]
fn a_value_that_is_json_text_already_is_taken_over() {
    let raw = serde_json::value::RawValue::from_string(r#"{ "a" : 1E2 }"#.to_owned()).expect("JSON");
    assert_eq!(args([&*raw]), r#"[{"a":100.0}]"#);
}

#[test]
fn maps_are_written_in_their_own_order_with_keys_as_strings() {
    assert_eq!(args([std::collections::BTreeMap::from([(-1, "a"), (2, "b")])]), r#"[{"-1":"a","2":"b"}]"#);
    assert_eq!(args([('c', b"ab".as_slice(), Some(()), None::<u8>)]), r#"[["c",[97,98],null,null]]"#);
}

#[tokio::test]
async fn floats_stand_in_payloads_as_json_2_6_writes_them() {
    #[derive(Job)]
    struct Measure(Vec<f64>, f32);

    let client = memory();
    let floats = vec![100.0, 0.0001, 1e14, 1e15, 1e-5, 1.5e-7, 1e20, -0.0];
    client.push(Measure(floats, 0.1)).await.expect("pushed");
    let rows = waiting(&client).await.expect("the model answers");
    let payload: &Payload = &rows[0].payload;
    assert_eq!(
        payload.envelope().expect("readable").args(),
        "[[100.0,0.0001,100000000000000.0,1.0e+15,1.0e-05,1.5e-07,1.0e+20,-0.0],0.1]"
    );
}

#[tokio::test]
async fn for_8_floats_stand_in_payloads_as_newer_json_writes_them() {
    #[derive(Job)]
    struct Measure(Vec<f64>, f32);

    let client = memory().with_wire(Wire::Eight);
    let floats = vec![100.0, 0.0001, 1e14, 1e15, 1e-5, 1.5e-7, 1e-10, 1e20, -0.0];
    client.push(Measure(floats, 0.000_01)).member("size", &1e20).await.expect("pushed");
    let rows = waiting(&client).await.expect("the model answers");
    let payload: &Payload = &rows[0].payload;
    assert_eq!(
        payload.envelope().expect("readable").args(),
        "[[100.0,0.0001,100000000000000.0,1e+15,0.00001,0.00000015,1e-10,1e+20,-0.0],0.00001]"
    );
    assert_eq!(payload.members().expect("readable").get("size"), Some("1e+20"));
}

#[tokio::test]
async fn members_that_middleware_adds_come_to_the_canonical_form() {
    struct Tenant;

    impl ClientMiddleware for Tenant {
        fn push(&self, draft: &mut Draft) -> ClientVerdict {
            draft.extra.push(("tenant".to_owned(), r#"{ "size": 1.10, "name": "\u00e9\/", "e": 1E-7 }"#.to_owned()));
            ClientVerdict::Push
        }
    }

    let client = memory().with_middleware(Tenant);
    client.push(Raw::new("A", [1])).await.expect("pushed");
    let rows = waiting(&client).await.expect("the model answers");
    let text = rows[0].payload.to_text_lossy().into_owned();
    assert!(text.contains(r#""tenant":{"size":1.1,"name":"é/","e":1.0e-07}"#), "{text}");
}
