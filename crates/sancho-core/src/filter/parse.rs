//! Reading a filter: terms with spaces between them.

use std::iter::Peekable;
use std::str::Chars;

use super::field::Field;
use super::pattern::Pattern;
use super::span;
use super::term::{Comparison, Sign, Term, Test};
use crate::{Invalid, Timestamp};

/// Characters of a filter: more is a slip, such as a file pasted into a search box.
const CHARS_MAX: usize = 10_000;

/// Every term, in order.
pub(super) fn terms(text: &str, now: Timestamp) -> Result<Vec<Term>, Invalid> {
    if text.chars().count() > CHARS_MAX {
        return Err(Invalid::new(format!("the filter has more than {CHARS_MAX} characters: shorten it")));
    }
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (term, behind) = one(rest, now)?;
        terms.push(term);
        rest = behind.trim_start();
    }
    Ok(terms)
}

/// The first term, and what stands behind it.
fn one(text: &str, now: Timestamp) -> Result<(Term, &str), Invalid> {
    let (sign, unsigned) = match text.strip_prefix(['-', '!']) {
        Some(behind) => (Sign::Without, behind),
        None => (Sign::With, text),
    };
    if unsigned.is_empty() || unsigned.starts_with(char::is_whitespace) {
        return Err(Invalid::new("a sign stands right before what is to be left out, such as -class:Mail*"));
    }
    let (test, behind) = match field(unsigned)? {
        Some((field, sign, value)) => about(field, sign, value, now)?,
        None => bare(unsigned)?,
    };
    Ok((Term { sign, test }, behind))
}

/// The field at the start, its sign, and what stands behind; `None` where the text is bare.
fn field(text: &str) -> Result<Option<(Field, &str, &str)>, Invalid> {
    let name = &text[..text.bytes().take_while(|byte| byte.is_ascii_lowercase() || *byte == b'_').count()];
    let behind = &text[name.len()..];
    let Some(sign) = ["~", ">=", "<=", ">", "<", ":", "="].into_iter().find(|sign| behind.starts_with(sign)) else {
        return Ok(None);
    };
    match Field::named(name) {
        Some(field) => Ok(Some((field, sign, &behind[sign.len()..]))),
        // A path of Rust or C++ is text, such as in the name of an error.
        None if name.is_empty() || behind.starts_with("::") => Ok(None),
        None => {
            let meant = match Field::nearest(name) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}.", Field::names()),
            };
            let whole = text.split_whitespace().next().unwrap_or(text);
            Err(Invalid::new(format!("no term is named {name:?}: {meant} To search for text, quote it: \"{whole}\"")))
        }
    }
}

/// A term about a field.
fn about<'a>(field: Field, sign: &str, text: &'a str, now: Timestamp) -> Result<(Test, &'a str), Invalid> {
    let (value, behind) = value(text)?;
    if value.is_empty() {
        let (name, example) = (field.name(), field.example());
        return Err(Invalid::new(format!("{name}{sign} has nothing behind it: write it as in {example}")));
    }
    let refused =
        |what: &str| Invalid::new(format!("{}{sign}{value}: {what}, as in {}", field.name(), field.example()));
    let comparison = Comparison::SIGNS.iter().find(|(known, _)| *known == sign).map(|(_, comparison)| *comparison);
    let test = match (field, comparison) {
        (Field::Word(word), Some(Comparison::Equal)) => Test::Is(word, value),
        (Field::Word(word), None) => Test::Has(word, value.to_lowercase()),
        (Field::Word(_), Some(_)) => return Err(refused("this has no size: use : for the whole, or ~ for a part")),
        (Field::Attempts, Some(comparison)) => {
            let number = value.as_literal().and_then(|text| text.parse().ok());
            Test::Attempts(comparison, number.ok_or_else(|| refused("attempts are a whole number"))?)
        }
        (Field::Moment(_), None | Some(Comparison::Equal)) => {
            return Err(refused("a time is never met exactly: use < or >"));
        }
        (Field::Moment(moment), Some(comparison)) => {
            let span = value.as_literal().and_then(span::read);
            let span = span.ok_or_else(|| refused("give a span with its unit, s, m, h, d or w"))?;
            Test::Moment { moment, comparison, span, now }
        }
        (Field::Attempts, None) => return Err(refused("attempts are compared: use <, > or :")),
    };
    Ok((test, behind))
}

/// Text that stands somewhere in the payload.
fn bare(text: &str) -> Result<(Test, &str), Invalid> {
    let (value, behind) = value(text)?;
    let raw = &text[..text.len() - behind.len()];
    if let Some(field) = Field::named(raw.trim_end()) {
        // In a shell, `age>1h` without quotes writes to a file `1h` and leaves `age`: never to be taken as text.
        return Err(Invalid::new(format!(
            "{raw} what? Write it as in {example}; in a shell put the term into quotes: '{example}'. To search for \
             the text itself: '\"{raw}\"'",
            raw = raw.trim_end(),
            example = field.example()
        )));
    }
    if value.is_empty() {
        return Err(Invalid::new("\"\" is no text to search for: leave it out"));
    }
    Ok((Test::Text(value), behind))
}

/// A value up to the next space outside quotes, and what stands behind it.
fn value(text: &str) -> Result<(Pattern, &str), Invalid> {
    let mut pattern = Pattern::new();
    let mut chars = text.chars().peekable();
    let mut taken = 0;
    while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
        taken += c.len_utf8();
        match c {
            '*' => pattern.push_star(),
            '"' => taken += quoted(&mut chars, &mut pattern)?,
            c => pattern.push(c),
        }
    }
    Ok((pattern, &text[taken..]))
}

/// Reads on to the closing quote; answers the bytes read.
fn quoted(chars: &mut Peekable<Chars<'_>>, pattern: &mut Pattern) -> Result<usize, Invalid> {
    let mut taken = 0;
    while let Some(c) = chars.next() {
        taken += c.len_utf8();
        match c {
            '"' => return Ok(taken),
            '\\' => match chars.next_if(|next| matches!(next, '"' | '\\')) {
                Some(escaped) => {
                    taken += escaped.len_utf8();
                    pattern.push(escaped);
                }
                None => pattern.push(c),
            },
            c => pattern.push(c),
        }
    }
    Err(Invalid::new(
        "a double quote is opened and not closed: close it, or write \\\" inside quotes for the sign itself",
    ))
}
