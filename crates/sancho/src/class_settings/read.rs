//! How settings are written in configuration.

use std::time::Duration;

use sancho_core::{Backtrace, Bury, QueueName, Retry};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The units of spans, each with its milliseconds.
const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// A number, or a yes or no.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a whole number, `true` or `false`")]
enum Often {
    Flag(bool),
    Times(u32),
}

/// Seconds, or a text with a unit.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a span such as \"90s\" or \"3d\", or whole seconds")]
enum Span {
    Secs(u64),
    Text(String),
}

pub(super) fn queue<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<QueueName>, D::Error> {
    let name: Option<String> = Option::deserialize(deserializer)?;
    name.map(QueueName::new).transpose().map_err(D::Error::custom)
}

pub(super) fn retry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Retry>, D::Error> {
    Ok(Option::<Often>::deserialize(deserializer)?.map(|often| match often {
        Often::Flag(true) => Retry::Default,
        Often::Flag(false) => Retry::Never,
        Often::Times(limit) => Retry::Limit(limit),
    }))
}

pub(super) fn backtrace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Backtrace>, D::Error> {
    Ok(Option::<Often>::deserialize(deserializer)?.map(|often| match often {
        Often::Flag(flag) => flag.into(),
        Often::Times(lines) => lines.into(),
    }))
}

pub(super) fn dead<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bury>, D::Error> {
    Ok(Option::<bool>::deserialize(deserializer)?.map(Bury::from))
}

pub(super) fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let Some(span) = Option::<Span>::deserialize(deserializer)? else { return Ok(None) };
    let read = match &span {
        Span::Secs(secs) => Some(Duration::from_secs(*secs)),
        Span::Text(text) => span_of(text),
    };
    let read = read.filter(|span| !span.is_zero());
    read.map(Some).ok_or_else(|| {
        let text = match span {
            Span::Secs(secs) => secs.to_string(),
            Span::Text(text) => text,
        };
        D::Error::custom(format!(
            "{text:?} is no span over zero: write one such as \"500ms\", \"90s\", \"5m\" or \"3d\""
        ))
    })
}

/// A whole number and its unit.
pub(crate) fn span_of(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use crate::{ClassSettings, LogLevel, Runs};
    use sancho_core::{Backtrace, Bury, Retry};
    use std::time::Duration;

    fn read(text: &str) -> Result<ClassSettings, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_setting_is_read_in_each_of_its_forms() {
        let read_all = read(
            r#"{"queue":"low","retry":3,"retry_for":"3d","retry_queue":"slow","dead":false,"backtrace":5,
                "tags":["a"],"timeout":90,"expires_in":"500ms","runs":"blocking","log_level":"debug"}"#,
        )
        .expect("readable");
        assert_eq!(read_all.queue.as_ref().map(|q| q.as_str()), Some("low"));
        assert_eq!((read_all.retry, read_all.dead), (Some(Retry::Limit(3)), Some(Bury::No)));
        assert_eq!(read_all.retry_for, Some(Duration::from_secs(259_200)));
        assert_eq!(
            (read_all.timeout, read_all.expires_in),
            (Some(Duration::from_secs(90)), Some(Duration::from_millis(500)))
        );
        assert_eq!((read_all.backtrace, read_all.runs), (Some(Backtrace::Lines(5)), Some(Runs::Blocking)));
        assert_eq!(read_all.log_level, Some(LogLevel::Debug));
        for (text, retry) in [("true", Retry::Default), ("false", Retry::Never), ("0", Retry::Limit(0))] {
            assert_eq!(read(&format!("{{\"retry\":{text}}}")).expect(text).retry, Some(retry));
        }
        assert_eq!(read(r#"{"backtrace":true}"#).expect("readable").backtrace, Some(Backtrace::All));
        assert_eq!(read("{}"), Ok(ClassSettings::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, said) in [
            (r#"{"retries":3}"#, "unknown field `retries`"),
            (r#"{"retry":"often"}"#, "a whole number, `true` or `false`"),
            (r#"{"timeout":"soon"}"#, "\"soon\" is no span over zero"),
            (r#"{"timeout":0}"#, "\"0\" is no span over zero"),
            (r#"{"queue":""}"#, "the queue name is empty"),
            (r#"{"log_level":"loud"}"#, "unknown variant `loud`"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
