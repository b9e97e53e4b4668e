//! `#[job(…)]`: the options of a class.

use proc_macro2::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Lit, LitInt, LitStr, Path, Result, Token, parenthesized, parse_quote};

/// The options as they stand in the attribute.
pub(crate) struct Options {
    pub(crate) class: Option<LitStr>,
    pub(crate) krate: Path,
    /// Statements that change a variable `options`, with paths that begin in a variable crate.
    pub(crate) settings: Vec<Setting>,
}

/// One setting, as the text of a field and the value that it gets.
pub(crate) enum Setting {
    Queue(LitStr),
    Retry(Often),
    Backtrace(Often),
    TimeoutMillis(u64),
    Blocking,
    Tags(Vec<LitStr>),
}

/// A value that is a number, or a yes or no.
pub(crate) enum Often {
    Times(u32),
    Flag(bool),
}

const KNOWN: &str = "known are queue, retry, backtrace, timeout, blocking, tags, class and crate";

impl Options {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Options { class: None, krate: parse_quote!(::sancho), settings: Vec::new() };
        let mut seen = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("job")) {
            attribute.parse_nested_meta(|meta| {
                let Some(name) = meta.path.get_ident().map(ToString::to_string) else {
                    return Err(meta.error(format!("this is no option of a job: {KNOWN}")));
                };
                if seen.contains(&name) {
                    return Err(meta.error(format!("`{name}` is given twice")));
                }
                options.read_one(&name, &meta)?;
                seen.push(name);
                Ok(())
            })?;
        }
        Ok(options)
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
            "queue" => Setting::Queue(named(meta, 255)?),
            "retry" => Setting::Retry(often(meta)?),
            "backtrace" => Setting::Backtrace(often(meta)?),
            "timeout" => Setting::TimeoutMillis(timeout(meta)?),
            "blocking" => Setting::Blocking,
            "tags" => Setting::Tags(tags(meta)?),
            _ => return Err(meta.error(format!("`{name}` is no option of a job: {KNOWN}"))),
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
            Setting::TimeoutMillis(millis) => quote! {
                options.timeout = ::core::option::Option::Some(::core::time::Duration::from_millis(#millis));
            },
            Setting::Blocking => quote!(options.runs = #krate::Runs::Blocking;),
            Setting::Tags(tags) => quote!(options.tags = &[#(#tags),*];),
        }
    }
}

/// A name that core would accept: better refused here than at the first push.
fn named(meta: &ParseNestedMeta<'_>, bytes_max: usize) -> Result<LitStr> {
    let text: LitStr = meta.value()?.parse()?;
    let value = text.value();
    if value.is_empty() {
        return Err(Error::new(text.span(), "this name is empty: leave the option out to use the default"));
    }
    if value.len() > bytes_max || value.chars().any(char::is_control) {
        let rule = format!("a name has at most {bytes_max} bytes and no control character");
        return Err(Error::new(text.span(), rule));
    }
    Ok(text)
}

fn often(meta: &ParseNestedMeta<'_>) -> Result<Often> {
    let value: Lit = meta.value()?.parse()?;
    match &value {
        Lit::Int(number) => number.base10_parse().map(Often::Times),
        Lit::Bool(flag) => Ok(Often::Flag(flag.value)),
        other => Err(Error::new(other.span(), "this is a whole number, `true` or `false`")),
    }
}

fn timeout(meta: &ParseNestedMeta<'_>) -> Result<u64> {
    let value: Lit = meta.value()?.parse()?;
    let millis = match &value {
        Lit::Int(secs) => secs.base10_parse::<u64>()?.checked_mul(1_000),
        Lit::Str(text) => span_millis(&text.value()),
        _ => None,
    };
    millis.filter(|millis| *millis > 0).ok_or_else(|| {
        let rule = "a timeout is a whole number with a unit, such as \"500ms\", \"30s\", \"5m\" or \"2h\", or whole \
                    seconds, such as 30; it is over zero";
        Error::new(value.span(), rule)
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
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(millis_per_unit)
}

fn tags(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    if meta.input.peek(LitInt) || !meta.input.peek(syn::token::Paren) {
        return Err(meta.error("write tags as tags(\"one\", \"two\")"));
    }
    let content;
    parenthesized!(content in meta.input);
    let tags = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(tags.into_iter().collect())
}
