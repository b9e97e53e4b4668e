//! What every page has: who looks, in which language, from where, and when.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

use askama::Template;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use sancho_core::Timestamp;

use crate::extend;
use crate::failure::Failure;
use crate::i18n::{self, Language, Words};
use crate::safety::Person;
use crate::site::Site;
use crate::text::{Lent, Number};
use crate::when::{self, When};
use crate::{assets, text};

/// Which tab a page belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// None of them.
    #[default]
    None,
    Dashboard,
    Busy,
    Queues,
    Scheduled,
    Retries,
    Dead,
    Held,
    Metrics,
}

impl Tab {
    /// Every tab, as they stand side by side.
    pub(crate) const ALL: [Tab; 8] =
        [Tab::Dashboard, Tab::Busy, Tab::Queues, Tab::Scheduled, Tab::Retries, Tab::Dead, Tab::Held, Tab::Metrics];

    /// Its address, from the root of the pages.
    pub(crate) fn address(self) -> &'static str {
        match self {
            Tab::None | Tab::Dashboard => "",
            Tab::Busy => "busy",
            Tab::Queues => "queues",
            Tab::Scheduled => "scheduled",
            Tab::Retries => "retries",
            Tab::Dead => "dead",
            Tab::Held => "held",
            Tab::Metrics => "metrics",
        }
    }

    /// The key of the word for a job that is in it.
    pub(crate) fn state_word(self) -> &'static str {
        match self {
            Tab::Queues => "job.is_enqueued",
            tab => tab.word(),
        }
    }

    /// The key of its name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Tab::None | Tab::Dashboard => "nav.dashboard",
            Tab::Busy => "nav.busy",
            Tab::Queues => "nav.queues",
            Tab::Scheduled => "nav.scheduled",
            Tab::Retries => "nav.retries",
            Tab::Dead => "nav.dead",
            Tab::Held => "nav.held",
            Tab::Metrics => "nav.metrics",
        }
    }
}

/// What every page has. Templates know it as `f`.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Who looks.
    pub(crate) person: Person,
    /// When.
    pub(crate) now: Timestamp,
    /// The language of the page.
    pub(crate) language: Language,
    /// The path of the page, from the root of the pages, with its slash in front.
    pub(crate) path: String,
    /// The query as it was asked, without the language.
    pub(crate) query: Vec<(String, String)>,
    /// The tab that is open.
    pub(crate) tab: Tab,
    /// How the page names the root of the pages: relative, with a slash at its end.
    root: String,
    /// How the page names the dashboard: an application that mounts the pages at `/jobs` answers there, not at `/jobs/`.
    home: String,
    /// Whether the person chose the language, so that links carry it on.
    chosen: bool,
    /// For what the application has added.
    site: Site,
}

impl FromRequestParts<Site> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        let OriginalUri(original) = OriginalUri::from_request_parts(parts, site).await?;
        let person = Person::from_request_parts(parts, site).await?;
        let asked = parts.uri.query().unwrap_or_default();
        let query: Vec<(String, String)> = text::query(asked);
        let chosen = query.iter().find(|(name, _)| name == "lang").and_then(|(_, tag)| Language::of(tag));
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Frame {
            person,
            now: site.clock.now(),
            language: chosen.unwrap_or_else(|| Language::accepted(accepted.unwrap_or_default())),
            path: parts.uri.path().to_owned(),
            query: query.into_iter().filter(|(name, _)| name != "lang").collect(),
            tab: Tab::None,
            root: root(original.path(), parts.uri.path()),
            home: home(original.path(), parts.uri.path()),
            chosen: chosen.is_some(),
            site: site.clone(),
        })
    }
}

/// How a page at `original` names the root of the pages, where `path` is the part of it behind the mount point.
///
/// Relative, so that it holds behind a proxy that takes a part of the path away, too.
fn root(original: &str, path: &str) -> String {
    let below = path.bytes().filter(|byte| *byte == b'/').count().saturating_sub(1);
    if below > 0 {
        return "../".repeat(below);
    }
    match original.rsplit('/').next() {
        // Mounted at `/jobs`, and asked for as that: the browser takes `jobs` for a page beside others.
        // What has a colon in it would be taken for the scheme of an address, but for the dot.
        Some(last) if path == "/" && !last.is_empty() => format!("./{last}/"),
        _ => "./".to_owned(),
    }
}

/// How a page at `original` names the dashboard.
fn home(original: &str, path: &str) -> String {
    let mount = original.strip_suffix(path).unwrap_or(original);
    let name = mount.rsplit('/').next().unwrap_or_default();
    match (root(original, path), name) {
        (root, "") => root,
        (_, name) if path == "/" && !original.ends_with('/') => format!("./{name}"),
        (root, name) => format!("{root}../{name}"),
    }
}

impl Frame {
    /// The frame of a page on this tab.
    pub(crate) fn on(mut self, tab: Tab) -> Self {
        self.tab = tab;
        self
    }

    fn words(&self) -> &'static Words {
        i18n::words(self.language)
    }

    /// The word of a key.
    pub(crate) fn t(&self, key: &str) -> &'static str {
        self.words().get(key)
    }

    /// The sentence of a key, with something in the place of `{}`.
    pub(crate) fn with(&self, key: &str, what: impl Display) -> String {
        self.t(key).replacen("{}", &what.to_string(), 1)
    }

    /// The sentence of a key, with two things in the places of `{1}` and `{2}`.
    pub(crate) fn with2(&self, key: &str, first: impl Display, second: impl Display) -> String {
        self.with_all(key, &[first.to_string(), second.to_string()])
    }

    /// The sentence of a key, with these things in the places of `{1}` and so on.
    pub(crate) fn with_all(&self, key: &str, values: &[String]) -> String {
        text::filled(self.t(key), values)
    }

    /// So many of something, in the form that the number asks for: `key.one` or `key.other`.
    pub(crate) fn count(&self, key: &str, number: impl Number) -> String {
        let number = number.whole();
        self.words().plural(key, number).replacen("{}", &self.number(number), 1)
    }

    /// A number, with its thousands apart.
    pub(crate) fn number(&self, number: impl Number) -> String {
        text::number(number.whole(), self.t("number.thousands"))
    }

    /// A time: in words, with the exact one beside it.
    pub(crate) fn at(&self, at: impl Lent<Timestamp>) -> When {
        let at = at.value();
        When { exact: when::exact(at), words: when::in_words(self, at) }
    }

    /// A span in its largest unit.
    pub(crate) fn span(&self, span: impl Lent<Duration>) -> String {
        when::length(self, span.value())
    }

    /// Bytes, in the unit that shows their digits.
    pub(crate) fn bytes(&self, bytes: impl Number) -> String {
        text::bytes(bytes.whole(), self.t("number.point"))
    }

    /// A number with so many digits behind the point.
    pub(crate) fn decimal(&self, number: f64, digits: usize) -> String {
        text::decimal(number, digits, self.t("number.point"))
    }

    /// The address of a page, as this page names it. `path` stands from the root of the pages, and may have a query.
    pub(crate) fn to(&self, path: &str) -> String {
        let lang = match (self.chosen, path.contains('?')) {
            (false, _) => String::new(),
            (true, false) => format!("?lang={}", self.language.tag()),
            (true, true) => format!("&lang={}", self.language.tag()),
        };
        let root = if path.is_empty() || path.starts_with('?') { &self.home } else { &self.root };
        format!("{root}{path}{lang}")
    }

    /// The address of a page, without a query: for forms that make one of their fields.
    pub(crate) fn to_path(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// The address of a queue's page.
    pub(crate) fn to_queue(&self, name: &str) -> String {
        self.to(&text::queue_address(name))
    }

    /// The language that the person chose, for forms to carry on.
    pub(crate) fn chosen_tag(&self) -> Option<&'static str> {
        self.chosen.then(|| self.language.tag())
    }

    /// Whether the page shows what changes anything.
    pub(crate) fn may_act_here(&self) -> bool {
        self.person.may_act()
    }

    /// Refuses those who may only look.
    pub(crate) fn may_act(&self) -> Result<(), Failure> {
        if self.person.may_act() {
            return Ok(());
        }
        Err(Failure::viewer())
    }

    /// The address of this page in another language.
    pub(crate) fn in_language(&self, language: impl Borrow<Language>) -> String {
        let language = *language.borrow();
        let mut query = self.query.clone();
        query.push(("lang".to_owned(), language.tag().to_owned()));
        let root = if self.path == "/" { &self.home } else { &self.root };
        format!("{root}{}?{}", self.path.trim_start_matches('/'), text::to_query(&query))
    }

    /// The address of this page with other members of the query; an empty text takes one away.
    pub(crate) fn here<'a>(&self, changes: impl AsRef<[(&'a str, &'a str)]>) -> String {
        let changes = changes.as_ref();
        let unchanged = self.query.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let mut query: Vec<(String, String)> = unchanged.cloned().collect();
        let said = changes.iter().filter(|(_, value)| !value.is_empty());
        query.extend(said.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let path = self.path.trim_start_matches('/');
        match text::to_query(&query) {
            query if query.is_empty() => self.to(path),
            query => self.to(&format!("{path}?{query}")),
        }
    }

    /// The address of an asset, as this page names it.
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("{}{}", self.root, assets::address(name))
    }

    /// The tabs, in order.
    pub(crate) fn tabs(&self) -> [Tab; 8] {
        Tab::ALL
    }

    /// The tabs that the application has added, behind ours.
    pub(crate) fn added_tabs(&self) -> impl Iterator<Item = &extend::Tab> {
        self.site.added.tabs.iter()
    }

    /// The name of something that the application has added.
    pub(crate) fn titled<'a>(&self, title: &'a extend::Title) -> &'a str {
        title.text(self.language)
    }

    /// The languages that there are.
    pub(crate) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }
}

/// A template as a page.
pub(crate) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => ([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(target: "sancho::web", "failed to write a page: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_root_from_where_it_is() {
        for (original, path, named, dashboard) in [
            ("/", "/", "./", "./"),
            ("/busy", "/busy", "./", "./"),
            ("/queues/a%2Fb", "/queues/a%2Fb", "../", "../"),
            ("/jobs", "/", "./jobs/", "./jobs"),
            ("/admin/jobs", "/", "./jobs/", "./jobs"),
            ("/javascript:x", "/", "./javascript:x/", "./javascript:x"),
            ("/jobs/queues/low", "/queues/low", "../", "../../jobs"),
            ("/jobs/busy", "/busy", "./", "./../jobs"),
            ("/jobs/a/b/c", "/a/b/c", "../../", "../../../jobs"),
        ] {
            assert_eq!(root(original, path), named, "{original}");
            assert_eq!(home(original, path), dashboard, "{original}");
        }
    }
}
