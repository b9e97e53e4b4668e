//! Refusals and errors of ours are sentences in the language of the page; what comes from elsewhere is marked as English.

mod support;

use axum::http::StatusCode;

use support::store::sample;
use support::{Answer, Visit, router_of};

/// Every text of the language's file.
fn sentences() -> Vec<String> {
    let file = include_str!("../locales/vi.toml");
    let quoted = file.lines().flat_map(|line| line.split_once(" = ").map(|(_, text)| text));
    let texts = quoted.flat_map(|text| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    texts.filter(|text| text.contains(' ')).collect()
}

/// What the page says, as people read it.
fn said(answer: &Answer) -> (String, String) {
    let plain = |text: String| text.replace("&#34;", "\"").replace("&#39;", "'");
    (plain(answer.between("<h1>", "</h1>")), plain(answer.between("</h1>\n<p>", "</p>")))
}

#[tokio::test]
async fn every_refusal_says_in_the_language_of_the_page_what_happened_and_what_to_do() {
    let router = router_of(&sample().await);
    let sentences = sentences();
    let is_ours = |text: &str| {
        sentences.iter().any(|ours| match ours.split_once("{}") {
            Some((before, behind)) => text.starts_with(before) && text.ends_with(behind),
            None => text == ours,
        })
    };
    for (address, form, status) in [
        ("/jobs/running-1", "act=delete&sure=yes", StatusCode::CONFLICT),
        ("/jobs/dead-1", "act=kill&sure=yes", StatusCode::CONFLICT),
        ("/jobs/dead-1", "act=dance", StatusCode::BAD_REQUEST),
        ("/jobs/dead-1", "act=cancel", StatusCode::BAD_REQUEST),
        ("/jobs/nobody", "act=run", StatusCode::NOT_FOUND),
        ("/jobs/retry-1", "act=reschedule&in=7", StatusCode::BAD_REQUEST),
        ("/jobs/retry-1", "act=reschedule&at=soon", StatusCode::BAD_REQUEST),
        ("/jobs/retry-1", "act=reschedule&at=2020-01-01T00%3A00", StatusCode::BAD_REQUEST),
        ("/retries", "act=run&scope=picked", StatusCode::BAD_REQUEST),
        ("/retries", "run=%00", StatusCode::BAD_REQUEST),
        ("/dead", "act=kill&scope=all&sure=yes", StatusCode::BAD_REQUEST),
        ("/retries", "act=run&scope=all&sure=yes&q=clas%3AMailer", StatusCode::BAD_REQUEST),
        ("/retries", "act=run&scope=all&sure=yes&cursor=nonsense", StatusCode::BAD_REQUEST),
        ("/busy", "act=cancel&jid=running-1", StatusCode::BAD_REQUEST),
        ("/busy", "act=dance", StatusCode::BAD_REQUEST),
        ("/busy", "act=stop&process=nobody&sure=yes", StatusCode::NOT_FOUND),
        ("/queues", "act=sell&queue=low", StatusCode::BAD_REQUEST),
        ("/queues", "act=pause", StatusCode::BAD_REQUEST),
        ("/queues", "act=pause&queue=%01", StatusCode::BAD_REQUEST),
        ("/queue?name=", "act=delete", StatusCode::NOT_FOUND),
    ] {
        let join = if address.contains('?') { '&' } else { '?' };
        let answer = router.post(&format!("{address}{join}lang=vi"), form).await;
        assert_eq!(answer.status, status, "{address} {form}: {}", answer.text);
        let (title, sentence) = said(&answer);
        assert!(is_ours(&title), "{address} {form}: {title:?}");
        assert!(is_ours(&sentence), "{address} {form}: {sentence:?}");
    }
    for address in ["/nothing", "/jobs/nobody", "/queue?name=", "/retries?after=nonsense"] {
        let join = if address.contains('?') { '&' } else { '?' };
        let answer = router.get(&format!("{address}{join}lang=vi")).await;
        assert!(answer.status.is_client_error(), "{address}: {}", answer.status);
        assert!(is_ours(&said(&answer).0), "{address}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_refused_form_leads_back_to_where_it_was() {
    let router = router_of(&sample().await);
    let answer = router.post("/retries?rows=25&lang=vi", "act=run&scope=picked").await;
    let back = answer.between("class=\"button\" href=\"", "\"");
    assert!(back.contains("retries?rows=25") && back.contains("lang=vi"), "{back}");
    assert_eq!(router.get(back.trim_start_matches('.')).await.status, StatusCode::OK);
}
