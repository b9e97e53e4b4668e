//! The router as a whole: addresses, languages, assets.

mod support;

use axum::http::StatusCode;

use support::Visit;

#[tokio::test]
async fn a_page_answers_without_a_redirect_wherever_it_is_mounted() {
    let router = support::router();
    for (at, link) in [("/", "href=\"./busy\""), ("/nothing/here", "href=\"../busy\"")] {
        let answer = router.get(at).await;
        assert!(answer.text.contains(link), "{at}: {}", answer.text);
    }
    let nested = axum::Router::new().nest("/jobs", support::router());
    let answer = nested.get("/jobs").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("href=\"jobs/busy\""), "{}", answer.text);
}

#[tokio::test]
async fn assets_are_kept_for_as_long_as_they_do_not_change() {
    let router = support::router();
    let page = router.get("/").await.text;
    let start = page.find("assets/").expect("the page has a style");
    let style = page[start..].split('"').find(|part| part.ends_with(".css")).map(str::to_owned);
    let style = style.or_else(|| page.split('"').find(|part| part.ends_with("style.css")).map(str::to_owned));
    let style = style.expect("the page names its style");
    let answer = router.get(style.trim_start_matches('.')).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(answer.header("cache-control").contains("immutable"));
    let other = router.get("/assets/0123456789abcdef/style.css").await;
    assert_eq!((other.status, other.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(router.get("/assets/0123456789abcdef/other.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_speaks_the_language_that_was_chosen_and_its_links_carry_it_on() {
    let router = support::router();
    let answer = router.get("/?lang=vi").await;
    assert!(answer.text.contains("<html lang=\"vi\">") && answer.text.contains("Hàng đợi"), "{}", answer.text);
    assert!(answer.text.contains("href=\"./queues?lang=vi\""), "{}", answer.text);
    assert!(router.get("/").await.text.contains("href=\"./queues\""));
}

#[tokio::test]
async fn an_address_without_a_page_says_so_in_a_page() {
    let answer = support::router().get("/nothing").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text.contains("There is nothing here"), "{}", answer.text);
}
