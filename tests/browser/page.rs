//! A page of the browser, in a window of its own, and a person before it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::driver::Driver;
use crate::site::Site;

/// Who looks, and by which means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor {
    /// What their browser asks for, as `en-US`.
    pub(crate) language: &'static str,
    pub(crate) javascript: bool,
    pub(crate) look: Look,
    /// A name and a password that they know.
    pub(crate) credentials: Option<(&'static str, &'static str)>,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) dark: bool,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Look {
    pub(crate) const WIDE: Look = Look { dark: false, width: 1280, height: 900 };
    pub(crate) const PHONE: Look = Look { dark: false, width: 390, height: 844 };

    pub(crate) fn dark(self) -> Look {
        Look { dark: true, ..self }
    }
}

impl Default for Visitor {
    fn default() -> Self {
        Visitor { language: "en-US", javascript: true, look: Look::WIDE, credentials: None }
    }
}

/// Where the browser came to.
#[derive(Debug, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) status: u16,
    pub(crate) address: String,
}

/// What a program in the page was answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// A page. Whatever goes wrong in it — a word in the console, a request that fails, a status that nobody expects —
/// fails the test at its next step. The places are CSS selectors; of several the first is meant.
#[derive(Debug)]
pub(crate) struct Page {
    id: u64,
}

impl Page {
    /// Opens an empty page, for one site.
    pub(crate) async fn of(site: &Site, visitor: Visitor) -> Page {
        Page::among(&[&site.origin], visitor).await
    }

    /// Opens an empty page for whatever is at these origins. Addresses without one lead to the first.
    pub(crate) async fn among(origins: &[&str], visitor: Visitor) -> Page {
        let Visitor { language, javascript, look, credentials } = visitor;
        let page = Page { id: Driver::shared().number() };
        let (name, password) = credentials.unzip();
        let window = json!({
            "origins": origins, "language": language, "javascript": javascript,
            "dark": look.dark, "width": look.width, "height": look.height, "name": name, "password": password,
        });
        page.does("new", window).await;
        page
    }

    /// Goes on at another site, as somebody who was at none before.
    pub(crate) async fn moves(&self, site: &Site) {
        self.does("move", json!({ "origins": [site.origin] })).await;
    }

    /// Goes to an address, such as `/queues`.
    pub(crate) async fn open(&self, path: &str) -> Arrival {
        self.asks("open", json!({ "path": path })).await
    }

    /// Clicks on what does not lead to another page.
    pub(crate) async fn click(&self, at: &str) {
        self.does("click", json!({ "at": at })).await;
    }

    /// Clicks on what leads to a page, such as a link or the button of a form, and waits until that is there.
    pub(crate) async fn follow(&self, at: &str) -> Arrival {
        self.asks("follow", json!({ "at": at })).await
    }

    /// Clicks on the button of an act, by the name that forms have for it, and waits for the page that follows.
    pub(crate) async fn act(&self, act: &str) -> Arrival {
        self.follow(&format!("main button[name=act][value={act}]")).await
    }

    /// Agrees, on a page that asks whether one is sure.
    pub(crate) async fn agree(&self) -> Arrival {
        assert_eq!(self.count("form:has(input[name=sure][value=yes])").await, 1, "the page asks first");
        self.follow("form:has(input[name=sure]) button").await
    }

    /// Ticks a box.
    pub(crate) async fn check(&self, at: &str) {
        self.does("check", json!({ "at": at })).await;
    }

    /// Selects a job of a list.
    pub(crate) async fn pick(&self, jid: &str) {
        self.check(&format!("input[name=jid][value='{jid}']")).await;
    }

    /// Writes into a field.
    pub(crate) async fn fill(&self, at: &str, text: &str) {
        self.does("fill", json!({ "at": at, "text": text })).await;
    }

    /// Chooses one of the values that there are.
    pub(crate) async fn select(&self, at: &str, value: &str) {
        self.does("select", json!({ "at": at, "value": value })).await;
    }

    /// Presses a key that does not lead to another page.
    pub(crate) async fn press(&self, key: &str) {
        self.does("press", json!({ "key": key })).await;
    }

    /// Presses a key that leads to a page, and waits until that is there.
    pub(crate) async fn strike(&self, key: &str) -> Arrival {
        self.asks("strike", json!({ "key": key })).await
    }

    /// What is read at a place.
    pub(crate) async fn text(&self, at: &str) -> String {
        self.asks("text", json!({ "at": at })).await
    }

    /// What is read at each such place.
    pub(crate) async fn texts(&self, at: &str) -> Vec<String> {
        self.asks("texts", json!({ "at": at })).await
    }

    /// How many such places there are.
    pub(crate) async fn count(&self, at: &str) -> usize {
        self.asks("count", json!({ "at": at })).await
    }

    /// Whether something can be seen.
    pub(crate) async fn sees(&self, at: &str) -> bool {
        self.asks("seen", json!({ "at": at })).await
    }

    /// Waits until something can be seen.
    pub(crate) async fn appears(&self, at: &str) {
        self.does("appears", json!({ "at": at })).await;
    }

    /// Waits until a place, or one inside of it, says exactly this.
    pub(crate) async fn says(&self, at: &str, text: &str) {
        self.does("says", json!({ "at": at, "text": text })).await;
    }

    /// Waits until the address has this part.
    pub(crate) async fn leads(&self, part: &str) {
        self.does("leads", json!({ "part": part })).await;
    }

    /// Where the browser is.
    pub(crate) async fn address(&self) -> String {
        self.asks("address", json!({})).await
    }

    /// What an expression of JavaScript is in this page.
    pub(crate) async fn evaluate<T: DeserializeOwned>(&self, script: &str) -> T {
        self.asks("evaluate", json!({ "script": script })).await
    }

    /// Asks as a program in this page would, by `fetch` with these options.
    pub(crate) async fn fetch(&self, path: &str, options: Value) -> Fetched {
        self.asks("fetch", json!({ "path": path, "options": options })).await
    }

    /// From now on these statuses are no faults, and all others are again.
    pub(crate) async fn expects(&self, statuses: &[u16]) {
        self.does("expect", json!({ "statuses": statuses })).await;
    }

    /// From now on what goes wrong with one of these words in it is no fault.
    pub(crate) async fn pardons(&self, parts: &[&str]) {
        self.does("pardon", json!({ "parts": parts })).await;
    }

    /// Looks at the page in another way.
    pub(crate) async fn looks(&self, look: Look) {
        self.does("look", json!({ "dark": look.dark, "width": look.width, "height": look.height })).await;
    }

    /// Carries out a command that has no name here.
    pub(crate) async fn asks<T: DeserializeOwned>(&self, what: &str, with: Value) -> T {
        let value = self.does(what, with).await;
        serde_json::from_value(value).unwrap_or_else(|error| panic!("the answer to {what} is another: {error}"))
    }

    async fn does(&self, what: &str, mut with: Value) -> Value {
        with["do"] = what.into();
        with["page"] = self.id.into();
        let said = with.to_string();
        let answer = Driver::shared().ask(with).await;
        assert!(answer.faults.is_empty(), "something went wrong by {said}: {:#?}", answer.faults);
        if let Some(error) = answer.error {
            panic!("the browser could not do {said}: {error}");
        }
        answer.value
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        Driver::shared().tell(&json!({ "id": 0, "page": self.id, "do": "close" }));
    }
}
