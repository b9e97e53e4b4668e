//! Following links.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::page::Page;

/// Pages of one crawl at most: links that lead on for ever are a defect.
const PAGES_MAX: usize = 1_500;

/// What a page has, as it tells itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Survey {
    pub(crate) links: Vec<String>,
    pub(crate) forms: Vec<Form>,
    pub(crate) address: String,
    pub(crate) language: String,
    pub(crate) title: String,
    /// Every text that a person reads.
    pub(crate) words: Vec<String>,
}

impl Survey {
    /// What the page that is open has.
    pub(super) async fn of(page: &Page) -> Survey {
        page.asks("survey", json!({})).await
    }
}

/// A form of a page.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Form {
    /// Its place among the forms of the page.
    pub(crate) index: usize,
    pub(crate) method: String,
    /// The address that it is sent to.
    pub(crate) action: String,
    /// The names of its fields.
    pub(crate) fields: Vec<String>,
    /// The names and values of its radio buttons.
    pub(crate) choices: Vec<(String, String)>,
    /// Whether it says that one is sure.
    pub(crate) is_sure: bool,
    /// Its buttons that can be pressed.
    pub(crate) buttons: Vec<Button>,
}

/// A button of a form.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Button {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// What an address answers with.
#[derive(Debug, Deserialize)]
struct InLanguage {
    status: u16,
    language: String,
}

/// All pages that links lead to from the first one.
#[derive(Debug)]
pub(crate) struct Links {
    /// By path and query, without the language.
    pub(crate) pages: BTreeMap<String, Survey>,
    /// Links to a page in a language that is named.
    with_language: BTreeSet<String>,
}

impl Links {
    /// Goes wherever links lead that are worth it, by their addresses, and looks at each page once.
    pub(crate) async fn followed(
        page: &Page,
        origin: &str,
        is_worth_it: impl Fn(&str) -> bool,
        mut look: impl AsyncFnMut(&str, &Survey),
    ) -> Links {
        let mut found = Links { pages: BTreeMap::new(), with_language: BTreeSet::new() };
        let mut ahead = vec!["/".to_owned()];
        while let Some(path) = ahead.pop() {
            if found.pages.contains_key(&path) || !is_worth_it(&path) {
                continue;
            }
            assert!(found.pages.len() < PAGES_MAX, "the links have no end: {path}");
            let arrival = page.open(&path).await;
            assert_eq!(arrival.status, 200, "a link leads to {path}");
            let survey = Survey::of(page).await;
            assert!(!survey.title.trim().is_empty(), "{path} has a title");
            look(&path, &survey).await;
            for link in &survey.links {
                let Some(to) = link.strip_prefix(origin) else { panic!("{path} leads away, to {link}") };
                let to = to.split('#').next().unwrap_or_default();
                if to.contains("lang=") {
                    found.with_language.insert(to.to_owned());
                }
                ahead.push(without_language(to));
            }
            found.pages.insert(path, survey);
        }
        found
    }

    /// Whether each page is there in each language that a link names.
    pub(crate) async fn in_other_languages(&self, page: &Page) {
        assert!(self.with_language.len() >= self.pages.len(), "each page links to itself in another language");
        let answers: Vec<InLanguage> = page.asks("languages", json!({ "paths": self.with_language })).await;
        assert_eq!(answers.len(), self.with_language.len());
        for (path, answer) in self.with_language.iter().zip(answers) {
            let language = path.split("lang=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default();
            assert_eq!(answer.status, 200, "a link leads to {path}");
            assert_eq!(answer.language, language, "the language of {path}");
        }
    }
}

/// An address without what chooses its language.
fn without_language(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[test]
fn the_language_is_no_part_of_an_address() {
    for (path, without) in [
        ("/", "/"),
        ("/dead?lang=vi", "/dead"),
        ("/dead?q=a&lang=vi", "/dead?q=a"),
        ("/dead?lang=vi&by=error", "/dead?by=error"),
    ] {
        assert_eq!(without_language(path), without);
    }
}
