//! Every page that is reached by links, as a browser would follow them.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use html5gum::{Token, Tokenizer};

use super::{Answer, Visit};

/// Pages that a crawl visits at most: links that lead on for ever are a defect.
const PAGES_MAX: usize = 4_000;

/// Bytes of an address: servers and proxies take no longer ones.
const ADDRESS_BYTES_MAX: usize = 8_000;

/// Visits `start` and all that it leads to, what pages load too; answers by address.
pub(crate) async fn crawl(router: &Router, start: &str) -> BTreeMap<String, Answer> {
    crawl_where(router, start, |_| true).await
}

/// The same of those addresses alone that are wanted.
pub(crate) async fn crawl_where(
    router: &Router,
    start: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> BTreeMap<String, Answer> {
    let (mut waiting, mut seen) = (vec![start.to_owned()], BTreeSet::from([start.to_owned()]));
    let mut pages = BTreeMap::new();
    while let Some(address) = waiting.pop() {
        assert!(pages.len() < PAGES_MAX, "links lead on for ever: {:?}", pages.keys());
        let bytes = address.len();
        assert!(bytes <= ADDRESS_BYTES_MAX, "a link of {bytes} bytes: {}…", address.get(..200).unwrap_or_default());
        let answer = router.get(&address).await;
        let is_page = answer.header("content-type").starts_with("text/html");
        for link in if is_page { links(&answer.text) } else { Vec::new() } {
            if let Some(target) = resolved(&address, &link)
                && is_wanted(&target)
                && seen.insert(target.clone())
            {
                waiting.push(target);
            }
        }
        pages.insert(address, answer);
    }
    pages
}

/// What a page links to and loads, as a browser reads its tags. Text is passed over: a tokenizer built for tests is slow.
fn links(html: &str) -> Vec<String> {
    let mut links = Vec::new();
    let tags = html.split('<').skip(1).filter(|tag| tag.contains("href") || tag.contains("src"));
    for token in tags.flat_map(|tag| Tokenizer::new(format!("<{tag}").as_str()).collect::<Vec<_>>()) {
        if let Token::StartTag(tag) = token.expect("a text is read to its end") {
            let named = [b"href".as_slice(), b"src"].into_iter().filter_map(|name| tag.attributes.get(name));
            links.extend(named.map(|link| String::from_utf8_lossy(link).into_owned()));
        }
    }
    links
}

/// Where a relative link leads from a page; `None` for a place in the page itself.
pub(crate) fn resolved(page: &str, link: &str) -> Option<String> {
    let link = link.split('#').next().unwrap_or_default();
    let page = page.split('?').next().unwrap_or_default();
    let (path, query) = link.split_once('?').map_or((link, String::new()), |(path, query)| (path, format!("?{query}")));
    if path.is_empty() {
        return (!query.is_empty()).then(|| format!("{page}{query}"));
    }
    let mut parts: Vec<&str> = page.split('/').skip(1).collect();
    parts.pop();
    let mut leads_to_folder = false;
    for step in path.split('/') {
        // Browsers take these for steps however they are written.
        leads_to_folder = true;
        match step.to_ascii_lowercase().replace("%2e", ".").as_str() {
            "." => {}
            ".." => drop(parts.pop()),
            _ => {
                leads_to_folder = false;
                parts.push(step);
            }
        }
    }
    if leads_to_folder {
        parts.push("");
    }
    Some(format!("/{}{query}", parts.join("/")))
}

/// A text as a part of an address.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn links_lead_where_browsers_go() {
    for (page, link, leads) in [
        ("/", "./busy", "/busy"),
        ("/queues/a%2Fb?x=1", "../dead?q=1#top", "/dead?q=1"),
        ("/queues/low", "../", "/"),
        ("/queues/low", "..", "/"),
        ("/queues/low", "../../jobs", "/jobs"),
        ("/queues/low", "../queues/%2e%2E", "/"),
        ("/jobs", "jobs/busy", "/jobs/busy"),
        ("/dead", "?cursor=1", "/dead?cursor=1"),
        ("/dead", "./", "/"),
    ] {
        assert_eq!(resolved(page, link).as_deref(), Some(leads), "{page} {link}");
    }
    assert_eq!(resolved("/", "#main"), None);
}
