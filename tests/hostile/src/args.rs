//! Any bytes as the arguments of a job: a push refuses them clearly, or writes them once and for all.

use std::sync::LazyLock;

use sancho::__private::ArgsReader;
use sancho::{Client, PushError, Raw, Wire, testing};
use sancho_core::limits;
use serde_json::Value;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime needs nothing here"));

pub(crate) fn check(bytes: &[u8]) {
    for wire in [Wire::Any, Wire::Eight] {
        match pushed(bytes, wire) {
            Ok(args) => {
                assert!(args.len() <= limits::PAYLOAD_BYTES_MAX);
                assert_eq!(pushed(args.as_bytes(), wire).as_ref(), Ok(&args), "the canonical form is its own");
                let text = std::str::from_utf8(bytes).expect("what is pushed is UTF-8");
                let value = |text| serde_json::from_str::<Value>(text).expect("what is pushed is JSON");
                assert!(same(&value(text), &value(&args)), "the arguments mean what they meant: {text} and {args}");
            }
            Err(said) => assert!(!said.is_empty()),
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        read_each(text);
    }
}

/// The arguments as they stand in the payload, or what is wrong with them.
fn pushed(bytes: &[u8], wire: Wire) -> Result<String, String> {
    let client: Client = testing::memory().with_wire(wire);
    let rows = RUNTIME.block_on(async {
        match client.push(Raw::text("A", bytes)).await {
            Ok(_) => Ok(testing::waiting(&client).await.expect("the memory answers")),
            Err(PushError::Invalid(error)) => Err(error.to_string()),
            Err(PushError::Args(error)) => Err(error.to_string()),
            Err(error) => panic!("a job that is wrong is not the store's affair: {error}"),
        }
    });
    let rows = rows?;
    let [row] = &rows[..] else { panic!("one job was pushed: {rows:?}") };
    Ok(row.payload.envelope().expect("what is pushed is readable").args().to_owned())
}

/// Whether two values are the same, with a zero that is negative the same as one that is not.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
        }
        _ => one == other,
    }
}

/// Reads arguments as fields of several types do.
fn read_each(text: &str) {
    for field in ["", "size"] {
        let Ok(mut reader) = ArgsReader::new(text) else { return };
        let answers = [
            reader.required::<i64>(field).map(drop),
            reader.required::<String>(field).map(drop),
            reader.required::<Option<Vec<f64>>>(field).map(drop),
            reader.defaulted::<Value>(field, Default::default).map(drop),
        ];
        for (place, answer) in answers.into_iter().enumerate() {
            if let Err(error) = answer {
                assert!(error.to_string().contains(&format!("argument {}", place + 1)), "{error}");
            }
        }
    }
}
