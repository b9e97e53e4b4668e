//! Sending forms: each kind of form by each of its buttons, and with each choice that it offers.

use std::collections::BTreeSet;

use serde_json::json;

use super::links::{Form, Links, Survey};
use super::{route, words};
use crate::page::{Arrival, Page, Visitor};
use crate::site::{Home, Site};

/// What is looked for in searches.
const ASKED: &str = "class:Mailer";

/// Questions that a form leads to, one after the other, at most.
const QUESTIONS_MAX: usize = 5;

/// One way to send one form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    /// The page that has the form.
    page: String,
    form: Shape,
    choice: Option<(String, String)>,
    button: usize,
}

/// What makes two forms one kind: they go to one route, with fields and buttons of the same names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    method: String,
    route: String,
    fields: Vec<String>,
    buttons: Vec<(String, String)>,
}

impl Shape {
    fn of(form: &Form) -> Shape {
        let path = form.action.splitn(4, '/').nth(3).unwrap_or_default();
        Shape {
            method: form.method.clone(),
            route: route(&format!("/{path}")),
            fields: form.fields.clone(),
            buttons: form.buttons.clone(),
        }
    }
}

/// Sends every kind of form that the pages have, in each way; answers with the acts that were done.
pub(super) async fn send_each(home: &Home, visitor: Visitor, links: &Links) -> BTreeSet<String> {
    let mut acts = BTreeSet::new();
    let mut at = None;
    for way in ways(links) {
        acts.extend(way.form.buttons.get(way.button).map(|(_, value)| value.clone()));
        // What one form has done may leave nothing to the next one: then there is a store filled anew.
        let (site, page) = match at.take() {
            Some((site, page)) => (site, page),
            None => fresh(home, visitor).await,
        };
        at = if send(&page, &way, visitor).await {
            Some((site, page))
        } else {
            drop(page);
            let (site, page) = fresh(home, visitor).await;
            assert!(send(&page, &way, visitor).await, "the form is not where it was: {way:?}");
            Some((site, page))
        };
    }
    acts
}

async fn fresh(home: &Home, visitor: Visitor) -> (Site, Page) {
    let site = home.stocked().await;
    let page = Page::of(&site, visitor).await;
    (site, page)
}

/// Each kind of form once, on the first page that has it.
fn ways(links: &Links) -> Vec<Way> {
    let mut known = BTreeSet::new();
    let mut ways = Vec::new();
    for (page, survey) in &links.pages {
        for form in survey.forms.iter().filter(|form| form.method != "dialog") {
            let mut choices: Vec<_> = form.choices.iter().cloned().map(Some).collect();
            if choices.is_empty() {
                choices.push(None);
            }
            for choice in choices {
                for button in 0..form.buttons.len() {
                    let shape = Shape::of(form);
                    if known.insert((shape.clone(), choice.clone(), button)) {
                        ways.push(Way { page: page.clone(), form: shape, choice: choice.clone(), button });
                    }
                }
            }
        }
    }
    ways
}

/// Sends a form, and agrees to whatever is asked then; `false` where the page has no such form any more.
async fn send(page: &Page, way: &Way, visitor: Visitor) -> bool {
    page.expects(&[404]).await;
    let arrival = page.open(&way.page).await;
    page.expects(&[]).await;
    if arrival.status == 404 {
        return false;
    }
    let Some(form) = forms(page).await.into_iter().find(|form| Shape::of(form) == way.form) else { return false };
    let choices: Vec<_> = way.choice.iter().collect();
    arrived(page, &form, way.button, json!(choices), visitor).await;
    for _ in 0..QUESTIONS_MAX {
        // Those that go on by themselves where there is JavaScript do so without us.
        let Some(question) = forms(page).await.into_iter().find(|form| form.is_sure) else { return true };
        arrived(page, &question, 0, json!([]), visitor).await;
    }
    panic!("one question leads to the next: {way:?}");
}

async fn arrived(page: &Page, form: &Form, button: usize, choices: serde_json::Value, visitor: Visitor) {
    let sent = json!({ "form": form.index, "button": button, "choices": choices, "text": ASKED });
    let arrival: Arrival = page.asks("submit", sent).await;
    assert_eq!(arrival.status, 200, "{form:?} leads to {}", arrival.address);
    words::check(page, visitor).await;
}

async fn forms(page: &Page) -> Vec<Form> {
    page.asks::<Survey>("survey", json!({})).await.forms
}
