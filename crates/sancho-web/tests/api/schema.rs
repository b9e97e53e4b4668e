//! The file that describes the API, and whether an answer is as it says.
//!
//! The schemas use a dozen of the words of JSON Schema, and a validator of all of them would be more code than the rest
//! of the tests: a word that is not known here fails, so that none is passed over.

use std::collections::BTreeSet;

use serde_json::Value;

use super::read;
use super::support::Answer;

/// `openapi.json`, as programs get it.
pub(crate) struct File(pub(crate) Value);

impl File {
    pub(crate) fn read() -> Self {
        File(serde_json::from_str(sancho_web::OPENAPI).expect("the file is JSON"))
    }

    /// What a reference leads to, if it is one.
    pub(crate) fn target<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(name) => self.0.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("there is no {name}")),
            None => value,
        }
    }

    pub(crate) fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.0["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is described");
        operation
    }

    /// Every operation: its method and its path.
    pub(crate) fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.0["paths"].as_object().expect("the file has paths");
        let of = |(path, item): (&String, &Value)| {
            let methods = item.as_object().expect("a path has methods").keys().filter(|key| *key != "parameters");
            methods.map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of).collect()
    }

    /// The schema of the body that an operation takes, if it takes one.
    pub(crate) fn body(&self, method: &str, path: &str) -> Option<&Value> {
        let body = self.operation(method, path).get("requestBody")?;
        Some(self.target(&self.target(body)["content"]["application/json"]["schema"]))
    }

    /// Checks an answer against the operation that it is for.
    #[track_caller]
    pub(crate) fn describes(&self, method: &str, path: &str, answer: &Answer) {
        let (status, kind) = (answer.status.as_u16().to_string(), answer.header("content-type"));
        let response = self.target(&self.operation(method, path)["responses"][&status]);
        let content = response["content"].get(kind);
        let content =
            content.unwrap_or_else(|| panic!("{method} {path}: {status} {kind} is not described: {}", answer.text));
        self.check(&content["schema"], &read(answer)).unwrap_or_else(|wrong| panic!("{method} {path}{wrong}"));
    }

    /// Whether a value is as a schema says; else what is wrong, behind its place.
    pub(crate) fn check(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.target(schema);
        for (word, said) in schema.as_object().expect("a schema is an object") {
            self.word(word, said, schema, value)?;
        }
        Ok(())
    }

    fn word(&self, word: &str, said: &Value, schema: &Value, value: &Value) -> Result<(), String> {
        let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{word} is a number"));
        let length = |length: usize| length as f64;
        let fits = match word {
            "description" | "default" | "example" | "properties" => true,
            "type" => kinds(said).iter().any(|kind| is(kind, value)),
            "enum" => said.as_array().expect("a list").contains(value),
            "const" => said == value,
            "anyOf" => said.as_array().expect("a list").iter().any(|one| self.check(one, value).is_ok()),
            "minimum" => value.as_f64().is_none_or(|have| have >= number(said)),
            "maximum" => value.as_f64().is_none_or(|have| have <= number(said)),
            "minLength" => value.as_str().is_none_or(|text| length(text.chars().count()) >= number(said)),
            "maxLength" => value.as_str().is_none_or(|text| length(text.chars().count()) <= number(said)),
            "minItems" => value.as_array().is_none_or(|items| length(items.len()) >= number(said)),
            "maxItems" => value.as_array().is_none_or(|items| length(items.len()) <= number(said)),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(said, item).map_err(|wrong| format!("[{index}]{wrong}"))?;
                }
                true
            }
            "required" => {
                let absent = |name: &&str| value.is_object() && value.get(name).is_none();
                if let Some(name) = said.as_array().expect("a list").iter().filter_map(Value::as_str).find(absent) {
                    return Err(format!(": {name} is absent"));
                }
                true
            }
            "additionalProperties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    match schema["properties"].get(name) {
                        Some(schema) => self.check(schema, member).map_err(|wrong| format!(".{name}{wrong}"))?,
                        None if *said == false => return Err(format!(": {name} is not described")),
                        None => {}
                    }
                }
                true
            }
            other => panic!("the word {other:?} is not known to this test"),
        };
        if fits { Ok(()) } else { Err(format!(": {value} is not as {word} says: {said}")) }
    }
}

fn kinds(said: &Value) -> Vec<&str> {
    match said {
        Value::String(one) => vec![one],
        many => many.as_array().expect("a list of types").iter().filter_map(Value::as_str).collect(),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known to this test"),
    }
}

#[test]
fn every_object_of_the_file_says_what_it_has_and_nothing_else() {
    fn walk(value: &Value, at: &str, objects: &mut usize) {
        if value["type"] == "object" {
            *objects += 1;
            assert_eq!(value["additionalProperties"], false, "{at} is closed, so that its members are checked");
        }
        let parts: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        parts.into_iter().for_each(|(name, value)| walk(value, &format!("{at}/{name}"), objects));
    }
    let mut objects = 0;
    walk(&File::read().0["components"]["schemas"], "", &mut objects);
    assert!(objects > 30, "the schemas were read: {objects}");
}

#[test]
fn what_is_not_as_the_file_says_is_seen() {
    let file = File::read();
    let paused = serde_json::json!({"$ref": "#/components/schemas/Paused"});
    let progress = serde_json::json!({"$ref": "#/components/schemas/Progress"});
    for (schema, value, said) in [
        (&paused, serde_json::json!({"paused": true, "more": 1}), ": more is not described"),
        (&paused, serde_json::json!({}), ": paused is absent"),
        (&paused, serde_json::json!({"paused": null}), ".paused: null is not as type says"),
        (&progress, serde_json::json!({"done": -1, "total": 2}), ".done: -1 is not as minimum says"),
    ] {
        let wrong = file.check(schema, &value).expect_err("it is wrong");
        assert!(wrong.contains(said), "{wrong}");
    }
}
