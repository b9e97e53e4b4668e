//! How a record is written: one line, whatever it says.

use std::borrow::Cow;
use std::fmt::Write;

use tracing::Level;

use super::record::{Record, Value};

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people on a terminal, as logfmt elsewhere.
    #[default]
    Auto,
    /// For people: time, process, level, message, fields.
    Pretty,
    /// One JSON object a line, flat.
    Json,
    /// `name=value`, with quotes where they are needed.
    Logfmt,
}

impl LogFormat {
    /// The form that is used, where standard error is a terminal or is not.
    pub(super) fn on(self, terminal: bool) -> LogFormat {
        match (self, terminal) {
            (LogFormat::Auto, true) => LogFormat::Pretty,
            (LogFormat::Auto, false) => LogFormat::Logfmt,
            (chosen, _) => chosen,
        }
    }
}

/// Whether levels have colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Yes,
    No,
}

/// How lines are written here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) format: LogFormat,
    pub(super) color: Color,
}

/// Names that the line itself has; a field of that name gets a line under it.
const OWN_NAMES: [&str; 5] = ["ts", "level", "pid", "target", "msg"];

/// The line of a record, with its line break.
pub(super) fn line(record: &Record, form: Form) -> String {
    let mut line = String::with_capacity(256);
    match form.format {
        LogFormat::Pretty => pretty(&mut line, record, form.color),
        LogFormat::Json => json(&mut line, record),
        LogFormat::Logfmt | LogFormat::Auto => logfmt(&mut line, record),
    }
    line.push('\n');
    line
}

fn pretty(line: &mut String, record: &Record, color: Color) {
    let (paint, dim, plain) = match color {
        Color::Yes => (ansi(record.level), "\u{1b}[2m", "\u{1b}[0m"),
        Color::No => ("", "", ""),
    };
    let (time, pid, level) = (&record.time, std::process::id(), record.level);
    put(line, format_args!("{dim}{time} {pid}{plain} {paint}{level:>5}{plain} {}", visible(&record.message)));
    for (name, value) in record.fields.iter() {
        put(line, format_args!(" {dim}{}={plain}{}", name_of(name), bare(value)));
    }
    left_out(line, record, " ");
}

fn logfmt(line: &mut String, record: &Record) {
    let (time, level, pid) = (&record.time, word(record.level), std::process::id());
    put(line, format_args!("ts={time} level={level} pid={pid} target={}", quoted(&record.target)));
    put(line, format_args!(" msg={}", quoted(&record.message)));
    for (name, value) in record.fields.iter() {
        put(line, format_args!(" {}={}", name_of(name), bare(value)));
    }
    left_out(line, record, " ");
}

fn json(line: &mut String, record: &Record) {
    let (level, pid) = (word(record.level), std::process::id());
    put(line, format_args!("{{\"ts\":\"{}\",\"level\":\"{level}\",\"pid\":{pid}", record.time));
    put(line, format_args!(",\"target\":{},\"msg\":{}", json_text(&record.target), json_text(&record.message)));
    for (name, value) in record.fields.iter() {
        put(line, format_args!(",{}:", json_text(&name_of(name))));
        match value {
            Value::Text(text) => line.push_str(&json_text(text)),
            // JSON has no word for what is no number.
            Value::Float(number) if !number.is_finite() => line.push_str("null"),
            number => line.push_str(&bare(number)),
        }
    }
    if record.fields.left_out > 0 {
        put(line, format_args!(",\"fields_left_out\":{}", record.fields.left_out));
    }
    line.push('}');
}

fn left_out(line: &mut String, record: &Record, before: &str) {
    if record.fields.left_out > 0 {
        put(line, format_args!("{before}fields_left_out={}", record.fields.left_out));
    }
}

fn put(line: &mut String, text: std::fmt::Arguments<'_>) {
    line.write_fmt(text).expect("a string can be written to");
}

/// A name that neither breaks the line's own nor the form of the line.
fn name_of(name: &'static str) -> Cow<'static, str> {
    if OWN_NAMES.contains(&name) {
        return Cow::Owned(format!("{name}_"));
    }
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '=');
    if !name.is_empty() && name.chars().all(is_plain) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().map(|c| if is_plain(c) { c } else { '_' }).chain(name.is_empty().then_some('_')).collect())
}

/// A value outside of JSON.
fn bare(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => quoted(text),
        Value::Unsigned(number) => Cow::Owned(number.to_string()),
        Value::Signed(number) => Cow::Owned(number.to_string()),
        Value::Float(number) => Cow::Owned(number.to_string()),
        Value::Bool(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
    }
}

/// A text as logfmt has it: in quotes, with escapes, unless it is one plain word.
fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_whitespace() && !is_hazard(c) && !matches!(c, '"' | '=' | '\\');
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    shown.push('"');
    for c in text.chars() {
        match c {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            c => escape(&mut shown, c),
        }
    }
    shown.push('"');
    Cow::Owned(shown)
}

/// A text that steers no terminal and stays on its line.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hazard) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| escape(&mut shown, c));
    Cow::Owned(shown)
}

/// A JSON string. Characters that JSON lets stand, and that readers of lines or terminals trip over, are escaped too.
fn json_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    shown.push('"');
    let mut units = [0; 2];
    for c in text.chars() {
        match c {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_hazard(c) => {
                for unit in c.encode_utf16(&mut units) {
                    put(&mut shown, format_args!("\\u{unit:04x}"));
                }
            }
            c => shown.push(c),
        }
    }
    shown.push('"');
    shown
}

fn escape(shown: &mut String, c: char) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        c if is_hazard(c) => put(shown, format_args!("\\u{{{:x}}}", u32::from(c))),
        c => shown.push(c),
    }
}

/// Control characters, and the invisible ones that break lines, or reorder or hide what stands beside them.
fn is_hazard(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}')
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn ansi(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\nb\r\u{1b}[31m\u{85}\u{2028}\u{202e}\0 \"q\" = \\ é🐴";

    fn record(message: &str, value: &str) -> Record {
        Record::of_logs(Level::WARN, message, [("jid", value.to_owned()), ("level", "x".to_owned())])
    }

    fn without_time(line: &str) -> String {
        let (_, rest) = line.split_once('Z').expect("a time");
        rest.replace(&std::process::id().to_string(), "PID")
    }

    #[test]
    fn each_form_has_the_same_in_its_own_way() {
        let record = record("it is done", "a b");
        let form = |format, color| without_time(&line(&record, Form { format, color }));
        assert_eq!(form(LogFormat::Pretty, Color::No), " PID  WARN it is done jid=\"a b\" level_=x\n");
        assert_eq!(
            form(LogFormat::Logfmt, Color::No),
            " level=warn pid=PID target=sancho::logs msg=\"it is done\" jid=\"a b\" level_=x\n"
        );
        assert_eq!(
            form(LogFormat::Json, Color::No),
            "\",\"level\":\"warn\",\"pid\":PID,\"target\":\"sancho::logs\",\"msg\":\"it is done\",\"jid\":\"a b\",\
             \"level_\":\"x\"}\n"
        );
        assert!(form(LogFormat::Pretty, Color::Yes).contains("\u{1b}[33m WARN\u{1b}[0m it is done"));
    }

    #[test]
    fn whatever_is_said_stays_on_one_line_and_steers_nothing() {
        for format in [LogFormat::Pretty, LogFormat::Logfmt, LogFormat::Json] {
            let line = line(&record(HOSTILE, HOSTILE), Form { format, color: Color::No });
            let text = line.strip_suffix('\n').expect("a line break");
            assert!(!text.chars().any(is_hazard), "{format:?}: {text}");
        }
    }

    #[test]
    fn json_means_what_was_said() {
        let line = line(&record(HOSTILE, HOSTILE), Form { format: LogFormat::Json, color: Color::No });
        let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&read["msg"], &read["jid"]), (&HOSTILE.into(), &HOSTILE.into()));
    }

    #[test]
    fn what_is_no_number_is_null_in_json() {
        let mut record = record("m", "j");
        record.fields.add("share", Value::Float(f64::NAN));
        record.fields.add("half", Value::Float(0.5));
        let line = line(&record, Form { format: LogFormat::Json, color: Color::No });
        assert!(line.ends_with(",\"share\":null,\"half\":0.5}\n"), "{line}");
    }
}
