//! The expressions of Ruby that a configuration may have: a variable, its default, and its number.
//!
//! ```text
//! any     = value ( "||" value )*
//! value   = first ( ".to_i" | ".to_s" | ".presence" )*
//! first   = ENV "[" text "]"
//!         | ENV ".fetch(" text ( "," any )? ")" ( "{" any "}" )?
//!         | "Integer(" any ")" | "(" any ")" | text | number | "nil" | "true" | "false"
//! ```

use crate::cli::limits;
use crate::cli::variables::Variables;

/// What may be written.
pub(super) const FORMS: &str =
    "write <%= ENV[\"X\"] %>, <%= ENV.fetch(\"X\", \"default\") %> or <%= (ENV[\"X\"] || 10).to_i %>";

/// A value of Ruby; `None` is `nil`.
type Value = Option<String>;

/// What an expression comes to, as ERB would print it.
pub(super) fn evaluate(code: &str, variables: &Variables) -> Result<String, String> {
    let mut reader = Reader { rest: code, variables, depth: 0 };
    let value = reader.any()?;
    if !reader.rest.is_empty() {
        return Err(reader.not_understood());
    }
    Ok(value.unwrap_or_default())
}

struct Reader<'a> {
    /// What is not read yet, without space before it.
    rest: &'a str,
    variables: &'a Variables,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > limits::EXPRESSION_DEPTH_MAX {
            return Err(format!("this expression stands more than {} deep", limits::EXPRESSION_DEPTH_MAX));
        }
        let mut value = self.value()?;
        while self.take("||") {
            let other = self.value()?;
            // `false` is no more than `nil` to Ruby's `||`.
            value = value.filter(|value| value != "false").or(other);
        }
        self.depth -= 1;
        Ok(value)
    }

    fn value(&mut self) -> Result<Value, String> {
        let mut value = self.first()?;
        loop {
            if self.take(".to_i") {
                value = Some(leading_number(value.as_deref().unwrap_or_default()));
            } else if self.take(".to_s") {
                value = Some(value.unwrap_or_default());
            } else if self.take(".presence") {
                value = value.filter(|value| !value.trim().is_empty());
            } else {
                return Ok(value);
            }
        }
    }

    fn first(&mut self) -> Result<Value, String> {
        if self.take("ENV[") {
            let name = self.text()?;
            self.expect("]")?;
            return Ok(self.variables.get(&name).map(str::to_owned));
        }
        if self.take("ENV.fetch(") {
            return self.fetch();
        }
        if self.take("Integer(") {
            let value = self.any()?.unwrap_or_default();
            self.expect(")")?;
            let number = value.trim().replace('_', "");
            return match number.parse::<i64>() {
                Ok(number) => Ok(Some(number.to_string())),
                Err(_) => Err(format!("{value:?} is no whole number")),
            };
        }
        if self.take("(") {
            let value = self.any()?;
            self.expect(")")?;
            return Ok(value);
        }
        for (word, value) in [("nil", None), ("true", Some("true")), ("false", Some("false"))] {
            if self.take(word) {
                return Ok(value.map(str::to_owned));
            }
        }
        if self.rest.starts_with(['"', '\'']) {
            return self.text().map(Some);
        }
        let digits = self.rest.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.').unwrap_or(self.rest.len());
        // `5.to_i` is a number and a method.
        let digits = self.rest[..digits].trim_end_matches('.').len();
        if digits == 0 {
            return Err(self.not_understood());
        }
        let number = self.rest[..digits].replace('_', "");
        self.skip(digits);
        Ok(Some(number))
    }

    /// What stands behind `ENV.fetch(`.
    fn fetch(&mut self) -> Result<Value, String> {
        let name = self.text()?;
        let mut default = None;
        if self.take(",") {
            default = Some(self.any()?);
        }
        self.expect(")")?;
        if self.take("{") {
            default = Some(self.any()?);
            self.expect("}")?;
        }
        match (self.variables.get(&name), default) {
            (Some(value), _) => Ok(Some(value.to_owned())),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!(
                "the variable {name} is not set, and ENV.fetch has no default: set it, or write ENV.fetch({name:?}, \
                 \"default\")"
            )),
        }
    }

    /// A text in quotes, without escapes or interpolation.
    fn text(&mut self) -> Result<String, String> {
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Err(self.not_understood());
        };
        let Some(end) = self.rest[1..].find(quote) else { return Err(self.not_understood()) };
        let text = &self.rest[1..=end];
        if text.contains('\\') || (quote == '"' && text.contains("#{")) {
            return Err(self.not_understood());
        }
        let text = text.to_owned();
        self.skip(end + 2);
        Ok(text)
    }

    fn take(&mut self, sign: &str) -> bool {
        let taken = self.rest.starts_with(sign);
        if taken {
            self.skip(sign.len());
        }
        taken
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { Err(self.not_understood()) }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest[bytes..].trim_start();
    }

    fn not_understood(&self) -> String {
        let shown: String = self.rest.chars().take(40).collect();
        match shown.is_empty() {
            true => format!("the expression ends too early: {FORMS}"),
            false => format!("{shown:?} is not understood, as Ruby is not executed: {FORMS}"),
        }
    }
}

/// What Ruby's `to_i` makes of a text: the number that it begins with, else zero.
fn leading_number(text: &str) -> String {
    let text = text.trim_start();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let digits = &digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())];
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { "0".into() } else { format!("{sign}{digits}") }
}
