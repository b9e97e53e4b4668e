//! The router as a whole: addresses, languages, assets.

mod support;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};

use support::crawl::crawl;
use support::store::sample;
use support::{Visit, router_of, send};

#[tokio::test]
async fn a_page_answers_without_a_redirect_wherever_it_is_mounted() {
    let router = support::router();
    for (at, link) in [("/", "href=\"./busy\""), ("/nothing/here", "href=\"../busy\"")] {
        let answer = router.get(at).await;
        assert!(answer.text.contains(link), "{at}: {}", answer.text);
    }
    let nested = axum::Router::new().nest_service("/jobs", support::router());
    for (at, link) in
        [("/jobs", "href=\"./jobs/busy\""), ("/jobs/", "href=\"./busy\""), ("/jobs/busy", "href=\"./dead\"")]
    {
        let answer = nested.get(at).await;
        assert_eq!(answer.status, StatusCode::OK, "{at}");
        assert!(answer.text.contains(link), "{at}: {}", answer.text);
    }
    let nothing = nested.get("/jobs/nothing/").await;
    assert!(
        nothing.status == StatusCode::NOT_FOUND && nothing.text.contains("There is nothing here"),
        "{}",
        nothing.text
    );
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

#[tokio::test]
async fn every_link_leads_to_a_page_wherever_they_are_mounted() {
    let pages = router_of(&sample().await);
    let nested = axum::Router::new().nest("/admin/jobs", pages.clone());
    let mounted = axum::Router::new().nest_service("/admin/jobs", pages.clone());
    for (router, start, lang) in [
        (&pages, "/", ""),
        (&nested, "/admin/jobs", ""),
        (&mounted, "/admin/jobs/", ""),
        (&mounted, "/admin/jobs?lang=vi", "<html lang=\"vi\">"),
    ] {
        let visited = crawl(router, start).await;
        for (address, answer) in &visited {
            assert_eq!(answer.status, StatusCode::OK, "{address}, reached from {start}");
            assert!(!answer.text.contains('⟦'), "{address} has a word that is not there");
            if answer.header("content-type").starts_with("text/html") && !address.contains("lang=en") {
                assert!(answer.text.contains(lang), "{address} keeps the language");
            }
        }
        let mount = start.split('?').next().unwrap_or_default().trim_end_matches('/');
        for page in ["/busy", "/queues", "/queues/low%2Fa%20b", "/scheduled", "/retries", "/dead", "/held", "/metrics"]
            .into_iter()
            .chain(["/jobs/retry-1", "/jobs/unreadable-1", "/jobs/running-1"])
        {
            let address = format!("{mount}{page}");
            let found = visited.keys().any(|visited| visited.split('?').next() == Some(address.as_str()));
            assert!(found, "{address} is linked: {:?}", visited.keys());
        }
    }
}

#[tokio::test]
async fn pages_hold_no_script_or_style_of_their_own() {
    for (address, answer) in crawl(&router_of(&sample().await), "/").await {
        if answer.header("content-type").starts_with("text/html") {
            for banned in [" style=\"", "<style", "javascript:", " onclick", " onload"] {
                assert!(!answer.text.contains(banned), "{address} has {banned}");
            }
            for escaped in ["lt;svg", "#60;svg", "lt;time", "#60;time"] {
                assert!(!answer.text.contains(escaped), "{address} shows HTML of ours as text");
            }
            let scripts = answer.text.matches("<script").count();
            assert_eq!(scripts, answer.text.matches("<script type=\"module\" src=").count(), "{address}");
        }
    }
}

/// What the first page and all that it loads may take, in bytes as they are sent to a browser: the page as it is, the
/// rest made small.
const FIRST_PAGE_BYTES_MAX: usize = 100_000;

#[tokio::test]
async fn the_first_page_is_small_with_everything_that_it_loads() {
    for address in ["/", "/metrics", "/?days=180&lang=vi"] {
        let router = router_of(&sample().await);
        let page = router.get(address).await;
        let mut loaded = BTreeMap::from([(address.to_owned(), page.text.len())]);
        let (_, assets) = page.text.split_once("assets/").expect("a page has assets");
        let hash = assets.split('/').next().expect("a hash").to_owned();
        let named = |text: &str| -> Vec<String> {
            let names = text.split(['"', '/']).filter(|part| part.ends_with(".js") || part.ends_with(".css"));
            names.chain(text.split(['"', '/']).filter(|part| part.ends_with(".svg"))).map(str::to_owned).collect()
        };
        let mut ahead = named(&page.text);
        while let Some(name) = ahead.pop() {
            if loaded.contains_key(&name) {
                continue;
            }
            let asset = router.get(&format!("/assets/{hash}/{name}")).await;
            assert_eq!(asset.status, StatusCode::OK, "{name}");
            assert!(asset.header("content-encoding").is_empty() && asset.header("vary") == "accept-encoding", "{name}");
            let small = Request::get(format!("/assets/{hash}/{name}")).header("accept-encoding", "gzip, deflate, br");
            let small = send(&router, small.body(Body::empty()).expect("a request")).await;
            assert_eq!(small.header("content-encoding"), "deflate", "{name}");
            loaded.insert(name.clone(), small.size);
            // What a script imports, whether at once or later.
            if name != "uplot.js" {
                ahead.extend(named(&asset.text));
            }
        }
        for part in ["style.css", "app.js", "charts.js", "uplot.js", "uplot.css"] {
            assert!(loaded.contains_key(part), "{address} loads {part}: {loaded:#?}");
        }
        let all: usize = loaded.values().sum();
        assert!(all < FIRST_PAGE_BYTES_MAX, "{address} takes {all} bytes: {loaded:#?}");
    }
}

#[tokio::test]
async fn a_chart_has_its_numbers_as_a_table_and_is_drawn_without_scripts() {
    let page = router_of(&sample().await).get("/metrics").await.text;
    let figure = page.split("<figure class=\"plot\" data-plot=\"bars\"").nth(1).expect("a chart of executions");
    let figure = figure.split("</figure>").next().expect("its end");
    assert!(figure.contains("<svg class=\"chart\"") && figure.contains("<path class=\"good\""), "{figure}");
    let minute = "<time datetime=\"2026-11-21T02:00:00Z\">2026-11-21 02:00</time></th><td class=\"num\">5</td><td class=\"num\">1</td>";
    assert!(figure.contains(minute), "the beat told of five runs and a failure: {figure}");
    assert!(figure.contains("Time (UTC)"), "without scripts times are of UTC, and say so: {figure}");
}

#[tokio::test]
async fn percentiles_of_one_class_reach_eight_hours_back_and_those_of_all_classes_one() {
    let router = router_of(&sample().await);
    let told = async |address: &str| {
        let page = router.get(address).await.text;
        assert!(page.contains("<td class=\"num\">5</td><td class=\"num\">1</td>"), "{address}: {page}");
        page.contains("<span class=\"word\">p95</span>")
    };
    assert!(told("/metrics").await && told("/metrics?minutes=480&class=Mailer").await);
    assert!(!told("/metrics?minutes=480").await && !told("/metrics?minutes=1440").await);
}
