//! The values of options, as they stand in `#[job(…)]`, checked as core would check them.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Error, Lit, LitInt, LitStr, Result, Token, parenthesized};

/// The levels at which the log tells of a job, each with the variant that it is.
const LEVELS: [(&str, &str); 6] =
    [("off", "Off"), ("error", "Error"), ("warn", "Warn"), ("info", "Info"), ("debug", "Debug"), ("trace", "Trace")];

/// The longest window of retries: core refuses a longer one.
const RETRY_FOR_MILLIS_MAX: u64 = 1_000_000_000_000;

/// Tags of one job: core refuses more.
const TAGS_MAX: usize = 32;

/// A value that is a number, or a yes or no.
pub(crate) enum Often {
    Times(u32),
    Flag(bool),
}

/// A name that core would accept: better refused here than at the first push.
pub(crate) fn named(meta: &ParseNestedMeta<'_>, bytes_max: usize) -> Result<LitStr> {
    let text: LitStr = meta.value()?.parse()?;
    check_name(&text, bytes_max)?;
    Ok(text)
}

fn check_name(text: &LitStr, bytes_max: usize) -> Result<()> {
    let value = text.value();
    if value.is_empty() {
        return Err(Error::new(text.span(), "this name is empty: leave the option out to use the default"));
    }
    if value.len() > bytes_max || value.chars().any(char::is_control) {
        let rule = format!("a name has at most {bytes_max} bytes and no control character");
        return Err(Error::new(text.span(), rule));
    }
    Ok(())
}

pub(crate) fn often(meta: &ParseNestedMeta<'_>) -> Result<Often> {
    let value: Lit = meta.value()?.parse()?;
    match &value {
        Lit::Int(number) => number.base10_parse().map(Often::Times),
        Lit::Bool(flag) => Ok(Often::Flag(flag.value)),
        other => Err(Error::new(other.span(), "this is a whole number, `true` or `false`")),
    }
}

pub(crate) fn flag(meta: &ParseNestedMeta<'_>) -> Result<bool> {
    let value: Lit = meta.value()?.parse()?;
    match &value {
        Lit::Bool(flag) => Ok(flag.value),
        other => Err(Error::new(other.span(), "this is `true` or `false`")),
    }
}

/// A span over zero, in milliseconds, and where it stands.
pub(crate) fn span(meta: &ParseNestedMeta<'_>, what: &str) -> Result<(u64, Span)> {
    let value: Lit = meta.value()?.parse()?;
    let millis = match &value {
        Lit::Int(secs) => secs.base10_parse::<u64>()?.checked_mul(1_000),
        Lit::Str(text) => span_millis(&text.value()),
        _ => None,
    };
    millis.filter(|millis| *millis > 0).map(|millis| (millis, value.span())).ok_or_else(|| {
        let rule = format!(
            "{what} is a whole number with a unit, such as \"500ms\", \"30s\", \"5m\", \"2h\" or \"3d\", or whole \
             seconds, such as 30; it is over zero"
        );
        Error::new(value.span(), rule)
    })
}

/// A window of retries: payloads have it in whole seconds.
pub(crate) fn window(meta: &ParseNestedMeta<'_>) -> Result<u64> {
    let (millis, place) = span(meta, "a window of retries")?;
    if millis % 1_000 != 0 || millis > RETRY_FOR_MILLIS_MAX {
        let message = format!("a window of retries has whole seconds, at most {}", RETRY_FOR_MILLIS_MAX / 1_000);
        return Err(Error::new(place, message));
    }
    Ok(millis)
}

pub(crate) fn level(meta: &ParseNestedMeta<'_>) -> Result<&'static str> {
    let text: LitStr = meta.value()?.parse()?;
    let level = LEVELS.iter().find(|(name, _)| *name == text.value());
    level.map(|(_, variant)| *variant).ok_or_else(|| {
        let names: Vec<&str> = LEVELS.iter().map(|(name, _)| *name).collect();
        Error::new(text.span(), format!("this is no level of the log: levels are {}", names.join(", ")))
    })
}

fn span_millis(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let millis_per_unit = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(millis_per_unit)
}

pub(crate) fn tags(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    let tags = list(meta, "tags")?;
    match tags.get(TAGS_MAX) {
        Some(tag) => Err(Error::new(tag.span(), format!("a job has at most {TAGS_MAX} tags"))),
        None => Ok(tags),
    }
}

pub(crate) fn aliases(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    let names = list(meta, "aliases")?;
    for (at, name) in names.iter().enumerate() {
        check_name(name, 512)?;
        if names[..at].iter().any(|other| other.value() == name.value()) {
            return Err(Error::new(name.span(), "this alias is given twice"));
        }
    }
    Ok(names)
}

/// Texts in parentheses.
fn list(meta: &ParseNestedMeta<'_>, name: &str) -> Result<Vec<LitStr>> {
    if meta.input.peek(LitInt) || !meta.input.peek(syn::token::Paren) {
        return Err(meta.error(format!("write {name} as {name}(\"one\", \"two\")")));
    }
    let content;
    parenthesized!(content in meta.input);
    let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(texts.into_iter().collect())
}
