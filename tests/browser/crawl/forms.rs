//! Sending forms: each kind of form by each of its buttons, and with each choice that it offers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::links::{Button, Form, Links, Survey};
use super::{route, words};
use crate::page::{Arrival, Page, Visitor};
use crate::site::Home;

/// What is looked for in searches.
const ASKED: &str = "class:Mailer";

/// Questions that a form leads to, one after the other, at most.
const QUESTIONS_MAX: usize = 5;

/// One way to send one form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    form: Shape,
    choice: Option<(String, String)>,
    button: String,
}

/// What makes two forms one kind: they go to one route, with fields and buttons of the same names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    method: String,
    route: String,
    fields: Vec<String>,
    buttons: BTreeSet<String>,
}

impl Shape {
    fn of(form: &Form) -> Shape {
        let path = form.action.splitn(4, '/').nth(3).unwrap_or_default();
        Shape {
            method: form.method.clone(),
            route: route(&format!("/{path}")),
            fields: form.fields.clone(),
            buttons: form.buttons.iter().map(act).collect(),
        }
    }
}

/// What a button does. Those in the rows of a list have its name, and say by their value to which job.
fn act(button: &Button) -> String {
    if button.name == "act" { button.value.clone() } else { button.name.clone() }
}

/// Sends every kind of form that the pages have, in each way; answers with the acts that were done.
pub(super) async fn send_each(home: &Home, visitor: Visitor, links: &Links) -> BTreeSet<String> {
    let mut acts = BTreeSet::new();
    let mut site = home.stocked().await;
    let page = Page::of(&site, visitor).await;
    for (path, way) in ways(links) {
        if !send(&page, &path, &way, visitor).await {
            // What one form has done may leave nothing to the next one: then there is a store filled anew.
            let fresh = home.stocked().await;
            page.moves(&fresh).await;
            site = fresh;
            assert!(send(&page, &path, &way, visitor).await, "{path} had a form that is not there: {way:?}");
        }
        acts.insert(way.button);
    }
    drop(site);
    acts
}

/// Each kind of form once in each way, on the first page that has it.
fn ways(links: &Links) -> Vec<(String, Way)> {
    let mut known = BTreeSet::new();
    let mut ways = Vec::new();
    for (path, survey) in &links.pages {
        for form in survey.forms.iter().filter(|form| form.method != "dialog") {
            let mut choices: Vec<_> = form.choices.iter().cloned().map(Some).collect();
            if choices.is_empty() {
                choices.push(None);
            }
            for (choice, button) in choices.iter().flat_map(|choice| form.buttons.iter().map(move |it| (choice, it))) {
                let way = Way { form: Shape::of(form), choice: choice.clone(), button: act(button) };
                if known.insert(way.clone()) {
                    ways.push((path.clone(), way));
                }
            }
        }
    }
    ways
}

/// Sends a form, and agrees to whatever is asked then; `false` where the page has no such form any more.
async fn send(page: &Page, path: &str, way: &Way, visitor: Visitor) -> bool {
    page.expects(&[404]).await;
    let arrival = page.open(path).await;
    page.expects(&[]).await;
    if arrival.status == 404 {
        return false;
    }
    let forms = Survey::of(page).await.forms;
    let Some(form) = forms.into_iter().find(|form| Shape::of(form) == way.form) else { return false };
    let button = form.buttons.iter().find(|button| act(button) == way.button).expect("forms of a kind have the same");
    let choices: Vec<_> = way.choice.iter().collect();
    let mut forms = arrived(page, &form, button, json!(choices), visitor).await;
    for _ in 0..QUESTIONS_MAX {
        // Those that go on by themselves where there is JavaScript do so without us.
        let Some(question) = forms.into_iter().find(|form| form.is_sure) else { return true };
        let button = question.buttons.first().expect("a question has a button");
        forms = arrived(page, &question, button, json!([]), visitor).await;
    }
    panic!("one question leads to the next: {way:?}");
}

/// Sends a form; answers with those of the page that it leads to.
async fn arrived(page: &Page, form: &Form, button: &Button, choices: Value, visitor: Visitor) -> Vec<Form> {
    let sent = json!({ "form": form.index, "button": button, "choices": choices, "text": ASKED });
    let arrival: Arrival = page.asks("submit", sent).await;
    assert_eq!(arrival.status, 200, "{form:?} leads to {}", arrival.address);
    let survey = Survey::of(page).await;
    words::check(page, visitor, &survey).await;
    survey.forms
}
