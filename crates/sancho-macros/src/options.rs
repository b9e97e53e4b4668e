//! `#[job(…)]`: the options of a class.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, Lit, LitInt, LitStr, Path, Result, Token, parenthesized, parse_quote};

use crate::nearest::nearest;

/// The options as they stand in the attribute.
pub(crate) struct Options {
    pub(crate) class: Option<LitStr>,
    pub(crate) krate: Path,
    /// What the key is made of.
    pub(crate) key: Option<LitStr>,
    /// Statements that change a variable `options`, with paths that begin in a variable crate.
    pub(crate) settings: Vec<Setting>,
}

/// One setting, as the text of a field and the value that it gets.
pub(crate) enum Setting {
    Queue(LitStr),
    Retry(Often),
    RetryForMillis(u64),
    RetryQueue(LitStr),
    Dead(bool),
    Backtrace(Often),
    TimeoutMillis(u64),
    ExpiresInMillis(u64),
    Blocking,
    Tags(Vec<LitStr>),
    Log(&'static str),
    Aliases(Vec<LitStr>),
}

/// A value that is a number, or a yes or no.
pub(crate) enum Often {
    Times(u32),
    Flag(bool),
}

/// Every option.
const KNOWN: [&str; 15] = [
    "queue",
    "retry",
    "retry_for",
    "retry_queue",
    "dead",
    "backtrace",
    "tags",
    "timeout",
    "expires_in",
    "key",
    "blocking",
    "log",
    "aliases",
    "class",
    "crate",
];

/// The levels at which the log tells of a job, each with the variant that it is.
const LEVELS: [(&str, &str); 6] =
    [("off", "Off"), ("error", "Error"), ("warn", "Warn"), ("info", "Info"), ("debug", "Debug"), ("trace", "Trace")];

/// The longest window of retries: core refuses a longer one.
const RETRY_FOR_MILLIS_MAX: u64 = 1_000_000_000_000;

/// Tags of one job: core refuses more.
const TAGS_MAX: usize = 32;

impl Options {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Options { class: None, krate: parse_quote!(::sancho), key: None, settings: Vec::new() };
        let mut seen = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("job")) {
            attribute.parse_nested_meta(|meta| {
                let Some(name) = meta.path.get_ident().map(ToString::to_string) else {
                    return Err(meta.error(format!("this is no option of a job: {}", known())));
                };
                if seen.contains(&name) {
                    return Err(meta.error(format!("`{name}` is given twice")));
                }
                options.read_one(&name, &meta)?;
                if options.has_count() && options.has_window() {
                    let message = "`retry` and `retry_for` answer one question, how often or how long: remove one";
                    return Err(meta.error(message));
                }
                seen.push(name);
                Ok(())
            })?;
        }
        Ok(options)
    }

    fn has_count(&self) -> bool {
        let is_count = |setting: &Setting| matches!(setting, Setting::Retry(Often::Times(_) | Often::Flag(false)));
        self.settings.iter().any(is_count)
    }

    fn has_window(&self) -> bool {
        self.settings.iter().any(|setting| matches!(setting, Setting::RetryForMillis(_)))
    }

    fn read_one(&mut self, name: &str, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let setting = match name {
            "class" => {
                self.class = Some(named(meta, 512)?);
                return Ok(());
            }
            "crate" => {
                self.krate = meta.value()?.parse::<LitStr>()?.parse()?;
                return Ok(());
            }
            "key" => {
                self.key = Some(meta.value()?.parse()?);
                return Ok(());
            }
            "queue" => Setting::Queue(named(meta, 255)?),
            "retry" => Setting::Retry(often(meta)?),
            "retry_for" => Setting::RetryForMillis(window(meta)?),
            "retry_queue" => Setting::RetryQueue(named(meta, 255)?),
            "dead" => Setting::Dead(flag(meta)?),
            "backtrace" => Setting::Backtrace(often(meta)?),
            "timeout" => Setting::TimeoutMillis(span(meta, "a timeout")?.0),
            "expires_in" => Setting::ExpiresInMillis(span(meta, "a lifetime")?.0),
            "blocking" => Setting::Blocking,
            "tags" => Setting::Tags(tags(meta)?),
            "log" => Setting::Log(level(meta)?),
            "aliases" => Setting::Aliases(aliases(meta)?),
            _ => {
                let meant = nearest(name, KNOWN).map(|known| format!("did you mean `{known}`? "));
                let message = format!("`{name}` is no option of a job: {}{}", meant.unwrap_or_default(), known());
                return Err(meta.error(message));
            }
        };
        self.settings.push(setting);
        Ok(())
    }
}

impl Setting {
    /// The statement that makes it.
    pub(crate) fn statement(&self, krate: &Path) -> TokenStream {
        let core = quote!(#krate::core);
        match self {
            Setting::Queue(name) => quote!(options.queue = #name;),
            Setting::Retry(Often::Times(limit)) => quote!(options.retry = #core::Retry::Limit(#limit);),
            Setting::Retry(Often::Flag(true)) => quote!(options.retry = #core::Retry::Default;),
            Setting::Retry(Often::Flag(false)) => quote!(options.retry = #core::Retry::Never;),
            Setting::Backtrace(Often::Times(lines)) => quote!(options.backtrace = #core::Backtrace::Lines(#lines);),
            Setting::Backtrace(Often::Flag(true)) => quote!(options.backtrace = #core::Backtrace::All;),
            Setting::Backtrace(Often::Flag(false)) => quote!(options.backtrace = #core::Backtrace::None;),
            Setting::TimeoutMillis(millis) => spanned("timeout", *millis),
            Setting::ExpiresInMillis(millis) => spanned("expires_in", *millis),
            Setting::RetryForMillis(millis) => spanned("retry_for", *millis),
            Setting::RetryQueue(name) => quote!(options.retry_queue = ::core::option::Option::Some(#name);),
            Setting::Dead(true) => quote!(options.dead = #core::Bury::Yes;),
            Setting::Dead(false) => quote!(options.dead = #core::Bury::No;),
            Setting::Log(level) => {
                let level = Ident::new(level, Span::call_site());
                quote!(options.log_level = #krate::LogLevel::#level;)
            }
            Setting::Aliases(names) => quote!(options.aliases = &[#(#names),*];),
            Setting::Blocking => quote!(options.runs = #krate::Runs::Blocking;),
            Setting::Tags(tags) => quote!(options.tags = &[#(#tags),*];),
        }
    }
}

/// A name that core would accept: better refused here than at the first push.
fn named(meta: &ParseNestedMeta<'_>, bytes_max: usize) -> Result<LitStr> {
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

fn often(meta: &ParseNestedMeta<'_>) -> Result<Often> {
    let value: Lit = meta.value()?.parse()?;
    match &value {
        Lit::Int(number) => number.base10_parse().map(Often::Times),
        Lit::Bool(flag) => Ok(Often::Flag(flag.value)),
        other => Err(Error::new(other.span(), "this is a whole number, `true` or `false`")),
    }
}

fn flag(meta: &ParseNestedMeta<'_>) -> Result<bool> {
    let value: Lit = meta.value()?.parse()?;
    match &value {
        Lit::Bool(flag) => Ok(flag.value),
        other => Err(Error::new(other.span(), "this is `true` or `false`")),
    }
}

/// A field of the options that is a span.
fn spanned(field: &str, millis: u64) -> TokenStream {
    let field = Ident::new(field, Span::call_site());
    quote!(options.#field = ::core::option::Option::Some(::core::time::Duration::from_millis(#millis));)
}

/// A span over zero, in milliseconds, and where it stands.
fn span(meta: &ParseNestedMeta<'_>, what: &str) -> Result<(u64, Span)> {
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
fn window(meta: &ParseNestedMeta<'_>) -> Result<u64> {
    let (millis, place) = span(meta, "a window of retries")?;
    if millis % 1_000 != 0 || millis > RETRY_FOR_MILLIS_MAX {
        let message = format!("a window of retries has whole seconds, at most {}", RETRY_FOR_MILLIS_MAX / 1_000);
        return Err(Error::new(place, message));
    }
    Ok(millis)
}

fn level(meta: &ParseNestedMeta<'_>) -> Result<&'static str> {
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

fn tags(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    let tags = list(meta, "tags")?;
    match tags.get(TAGS_MAX) {
        Some(tag) => Err(Error::new(tag.span(), format!("a job has at most {TAGS_MAX} tags"))),
        None => Ok(tags),
    }
}

fn aliases(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
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

fn known() -> String {
    let (last, others) = KNOWN.split_last().expect("there are some");
    format!("known are {} and {last}", others.join(", "))
}
