//! The language: the browser's, until the person chooses another one.

use crate::page::{Page, Visitor};
use crate::site::Home;

on_each_store!(the_browser_chooses_the_language, the_person_chooses_another_language_and_keeps_it);

const LANGUAGE: &str = "document.documentElement.lang";

async fn the_browser_chooses_the_language(home: Home) {
    let site = home.stocked().await;
    for (language, shown) in [("vi-VN", "vi"), ("en-GB", "en"), ("de-DE", "en")] {
        let page = Page::of(&site, Visitor { language, ..Visitor::default() }).await;
        page.open("/queues").await;
        assert_eq!(page.evaluate::<String>(LANGUAGE).await, shown);
    }
}

async fn the_person_chooses_another_language_and_keeps_it(home: Home) {
    let site = home.stocked().await;
    let page = Page::of(&site, Visitor::default()).await;
    page.open("/retries?q=class%3AMailer").await;
    let english = page.text("main h1").await;
    page.follow("a[hreflang=vi]").await;
    assert_eq!(page.evaluate::<String>(LANGUAGE).await, "vi");
    assert_ne!(page.text("main h1").await, english);
    assert_eq!(page.count("input[name=jid]").await, 2, "it is the same search");
    page.pick("retry-1").await;
    page.act("kill").await;
    assert_eq!(page.evaluate::<String>(LANGUAGE).await, "vi", "the question is asked in it");
    page.agree().await;
    assert_eq!(page.evaluate::<String>(LANGUAGE).await, "vi", "and the answer is told in it");
    page.follow("header nav a[href*='busy']").await;
    assert_eq!(page.evaluate::<String>(LANGUAGE).await, "vi", "links keep it");
    page.follow("header nav a[href*='dead']").await;
    page.fill("input[type=search]", "class:Mailer").await;
    page.strike("Enter").await;
    assert_eq!(page.evaluate::<String>(LANGUAGE).await, "vi", "searching keeps it");
    page.follow("a[hreflang=en]").await;
    assert_eq!(page.evaluate::<String>(LANGUAGE).await, "en");
}
