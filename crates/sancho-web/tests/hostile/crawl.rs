//! Follows every link of the pages.

use std::collections::BTreeMap;

use axum::Router;
use html5gum::{Token, Tokenizer};

use crate::support::{Answer, Visit};

/// Pages of one crawl: more than there are, so that one which breeds links is found out.
const PAGES_MAX: usize = 2_000;

/// Bytes of an address: servers and proxies take no longer ones.
const ADDRESS_BYTES_MAX: usize = 8_000;

/// Every page that links lead to from the first one, in each language, by address.
pub(crate) async fn all(router: &Router) -> BTreeMap<String, Answer> {
    let mut pages = BTreeMap::new();
    let mut ahead = vec!["/".to_owned()];
    while let Some(address) = ahead.pop() {
        // A stream has no end, and English is the language of those who chose none.
        if pages.contains_key(&address) || address.starts_with("/live") || address.contains("lang=en") {
            continue;
        }
        assert!(pages.len() < PAGES_MAX, "the links have no end: {address}");
        assert!(address.len() <= ADDRESS_BYTES_MAX, "a link of {} bytes: {}…", address.len(), &address[..200]);
        let answer = router.get(&address).await;
        if answer.header("content-type").starts_with("text/html") {
            ahead.extend(links(&answer.text).iter().filter_map(|link| from(&address, link)));
        }
        pages.insert(address, answer);
    }
    pages
}

fn links(html: &str) -> Vec<String> {
    let tags = Tokenizer::new(html).filter_map(|token| match token.expect("a text is read to its end") {
        Token::StartTag(tag) if *tag.name == b"a" => {
            tag.attributes.get(b"href".as_slice()).map(|href| String::from_utf8_lossy(href).into_owned())
        }
        _ => None,
    });
    tags.collect()
}

/// Where a link leads from a page; `None` for a place in the page itself.
fn from(page: &str, link: &str) -> Option<String> {
    let link = link.split('#').next().unwrap_or_default();
    if link.is_empty() {
        return None;
    }
    let path = page.split('?').next().unwrap_or_default();
    if link.starts_with('?') {
        return Some(format!("{path}{link}"));
    }
    let (target, query) = link.split_once('?').map_or((link, None), |(target, query)| (target, Some(query)));
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
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
        ("/dead", "?cursor=1", "/dead?cursor=1"),
        ("/dead", "./", "/"),
    ] {
        assert_eq!(from(page, link).as_deref(), Some(leads), "{page} {link}");
    }
    assert_eq!(from("/", "#main"), None);
}
