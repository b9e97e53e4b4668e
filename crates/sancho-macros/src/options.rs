//! `#[job(…)]`: the options of a class.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Ident, LitStr, Path, Result, parse_quote};

use crate::nearest::nearest;
use crate::redact::{self, Redacted};
use crate::values::{Often, aliases, flag, level, named, often, span, tags, window};

/// The options as they stand in the attribute.
pub(crate) struct Options {
    pub(crate) class: Option<LitStr>,
    pub(crate) krate: Path,
    /// What the key is made of.
    pub(crate) key: Option<LitStr>,
    /// What is not shown.
    pub(crate) redacted: Option<Redacted>,
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

/// Every option.
const KNOWN: [&str; 16] = [
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
    "redact",
    "blocking",
    "log",
    "aliases",
    "class",
    "crate",
];

impl Options {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let krate = parse_quote!(::sancho);
        let mut options = Options { class: None, krate, key: None, redacted: None, settings: Vec::new() };
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
            "redact" => {
                self.redacted = Some(redact::read(meta)?);
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

/// A field of the options that is a span.
fn spanned(field: &str, millis: u64) -> TokenStream {
    let field = Ident::new(field, Span::call_site());
    quote!(options.#field = ::core::option::Option::Some(::core::time::Duration::from_millis(#millis));)
}

fn known() -> String {
    let (last, others) = KNOWN.split_last().expect("there are some");
    format!("known are {} and {last}", others.join(", "))
}
