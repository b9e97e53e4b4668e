//! The effective configuration, for people and for programs.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::configuration::Configuration;
use super::keys::{KEYS, SetBy, order_word};
use super::settings::CapsuleSettings;

/// A value, and where it came from.
struct Row {
    key: String,
    value: Value,
    from: String,
    /// What holds where there is no value, in words.
    default: &'static str,
}

impl Row {
    fn in_words(&self) -> String {
        match in_words(&self.value) {
            said if said.is_empty() => self.default.replace('`', ""),
            said => said,
        }
    }
}

impl Configuration {
    /// A table of every key, its value, and where that came from. Passwords are left out.
    pub fn table(&self) -> String {
        let head = ["key", "value", "from"].map(str::to_owned);
        let cells = |row: Row| {
            let value = row.in_words();
            [row.key, value, row.from].map(|text| visible(&text))
        };
        let rows = self.rows().into_iter().map(cells);
        let rows: Vec<[String; 3]> = std::iter::once(head).chain(rows).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let (first, second) = (width(0), width(1).min(60));
        let mut table = String::new();
        for [key, value, from] in rows {
            // Writing to a text cannot fail.
            _ = writeln!(table, "{key:first$}  {value:second$}  {from}");
        }
        table
    }

    /// The same as one object, with what is wrong: `{"settings":{KEY:{"value":…,"from":…}},"errors":[…],"warnings":[…]}`.
    pub fn json(&self) -> Value {
        let rows = self.rows().into_iter().map(|row| (row.key, json!({ "value": row.value, "from": row.from })));
        json!({
            "settings": rows.collect::<Map<String, Value>>(),
            "errors": self.errors().collect::<Vec<_>>(),
            "warnings": self.warnings().collect::<Vec<_>>(),
        })
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for key in KEYS {
            match key.kind {
                SetBy::Value { show, .. } => {
                    rows.push(Row { default: key.default, ..self.row(key.name.to_owned(), show(&self.settings)) });
                }
                SetBy::Shorthand { .. } => {}
                SetBy::Capsules => {
                    for (name, capsule) in &self.settings.capsules {
                        let of = |(member, value)| self.row(format!("capsules.{name}.{member}"), value);
                        rows.extend(capsule_members(capsule).map(of));
                    }
                }
                SetBy::Classes => {
                    for (name, class) in &self.settings.classes {
                        let of = |(member, value): (&String, &Value)| {
                            self.row(format!("classes.{name}.{member}"), value.clone())
                        };
                        rows.extend(class.said.iter().map(of));
                    }
                }
            }
        }
        rows
    }

    fn row(&self, key: String, value: Value) -> Row {
        let from = self.origin(&key).to_string();
        Row { key, value, from, default: "" }
    }
}

fn capsule_members(capsule: &CapsuleSettings) -> [(&'static str, Value); 3] {
    [
        ("concurrency", json!(capsule.concurrency)),
        ("queues", json!(capsule.queues)),
        ("order", order_word(capsule.order)),
    ]
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(in_words).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// The text without what steers a terminal.
fn visible(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// An address without the password in it.
pub(super) fn without_password(url: &str) -> String {
    let mut shown = url.to_owned();
    if let Some((scheme, rest)) = url.split_once("://")
        && let Some((credentials, rest)) = rest.rsplit_once('@')
    {
        let user = credentials.split(':').next().unwrap_or_default();
        let hidden = if credentials.contains(':') { ":***" } else { "" };
        shown = format!("{scheme}://{user}{hidden}@{rest}");
    }
    if let Some((before, query)) = shown.split_once('?') {
        let hidden = |parameter: &str| match parameter.split_once('=') {
            Some((name @ ("pass" | "password"), _)) => format!("{name}=***"),
            _ => parameter.to_owned(),
        };
        shown = format!("{before}?{}", query.split('&').map(hidden).collect::<Vec<_>>().join("&"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            ("redis://user:secret@host:6379/0", "redis://user:***@host:6379/0"),
            ("redis://:se@cret@host", "redis://:***@host"),
            ("redis+unix:///run/redis.sock?db=1&pass=secret", "redis+unix:///run/redis.sock?db=1&pass=***"),
            ("sqlite://jobs.db?durability=normal", "sqlite://jobs.db?durability=normal"),
            ("redis", "redis"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_sent() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
    }
}
