//! Every page that is reached by links, as a browser would follow them.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;

use super::{Answer, Visit};

/// Pages that a crawl visits at most: links that lead on for ever are a defect.
const PAGES_MAX: usize = 500;

/// Visits `start` and all that it leads to; answers by address.
pub(crate) async fn crawl(router: &Router, start: &str) -> BTreeMap<String, Answer> {
    let (mut waiting, mut seen) = (vec![start.to_owned()], BTreeSet::from([start.to_owned()]));
    let mut pages = BTreeMap::new();
    while let Some(address) = waiting.pop() {
        assert!(pages.len() < PAGES_MAX, "links lead on for ever: {:?}", pages.keys());
        let answer = router.get(&address).await;
        let is_page = answer.header("content-type").starts_with("text/html");
        for link in if is_page { links(&answer.text) } else { Vec::new() } {
            let target = resolved(&address, &link);
            if !link.starts_with('#') && seen.insert(target.clone()) {
                waiting.push(target);
            }
        }
        pages.insert(address, answer);
    }
    pages
}

fn links(html: &str) -> Vec<String> {
    let parts = html.split(" href=\"").skip(1).chain(html.split(" src=\"").skip(1));
    parts.map(|part| part.split('"').next().unwrap_or_default().replace("&amp;", "&").replace("&#38;", "&")).collect()
}

/// A relative address, as seen from a page.
fn resolved(page: &str, link: &str) -> String {
    let (path, query) = link.split_once('?').map_or((link, String::new()), |(path, query)| (path, format!("?{query}")));
    let page = page.split('?').next().unwrap_or_default();
    if path.is_empty() {
        return format!("{page}{query}");
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    let steps: Vec<&str> = path.split('/').collect();
    for (index, step) in steps.iter().enumerate() {
        let is_last = index + 1 == steps.len();
        match *step {
            ".." => {
                parts.pop();
            }
            "." => {}
            step => parts.push(step),
        }
        if is_last && matches!(*step, "." | "..") {
            parts.push("");
        }
    }
    let joined = parts.join("/");
    let rooted = if joined.starts_with('/') { joined } else { format!("/{joined}") };
    format!("{rooted}{query}")
}
