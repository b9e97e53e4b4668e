//! What an attacker tries at the door, besides guessing who may come in.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::request::{Builder, Parts};
use axum::http::{Method, Request, StatusCode};
use futures_util::{StreamExt, stream};
use sancho_core::{Inspect, Place, Store};
use sancho_web::{Access, Admission, Fragment, Person, Role, Tab, Web};

use crate::support::store::{job, raw, sample};
use crate::support::{Answer, NOW, Still, Visit, router_of, send};
use crate::{ANN, dead, delete, deletion, guarded, one_dead, web};

async fn ask(router: &Router, request: Builder) -> Answer {
    send(router, request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn old_browsers_are_believed_by_what_they_say_of_where_a_form_was() {
    let store = one_dead().await;
    let router = guarded(&store);
    let from = |headers: &[(&'static str, &'static str)]| {
        let request = deletion().header("host", "jobs.example.com").header("authorization", ANN);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for headers in [
        &[("referer", "https://evil.example/")] as &[_],
        &[("referer", "https://evil.example/?https://jobs.example.com/")],
        &[("referer", "data:text/html,x")],
        &[("origin", "null"), ("referer", "https://jobs.example.com/dead")],
        &[("origin", "https://jobs.example.com.evil.example")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "Same-Origin")],
    ] {
        let answer = delete(&router, from(headers)).await;
        assert_eq!((answer.status, dead(&store).await), (StatusCode::FORBIDDEN, 1), "{headers:?}");
    }
    let own = from(&[("referer", "https://jobs.example.com/dead?q=1")]);
    assert_eq!((delete(&router, own).await.status, dead(&store).await), (StatusCode::SEE_OTHER, 0));
}

#[tokio::test]
async fn no_other_method_stands_for_the_one_that_was_sent() {
    let store = one_dead().await;
    let router = sancho_web::router(web(&store));
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        for address in ["/dead?act=delete&jid=dead1&sure=yes&_method=POST", "/jobs/dead1?act=delete&_method=post"] {
            for method in ["GET", "HEAD"] {
                let request = Request::builder().method(method).uri(address).header(name, "POST");
                let answer = ask(&router, request).await;
                assert_eq!((answer.status, dead(&store).await), (StatusCode::OK, 1), "{method} {address}");
            }
        }
    }
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        for address in ["/dead", "/jobs/dead1", "/live", "/api/v1/stats", "/api/v1/jobs/dead1/actions"] {
            let request =
                Request::builder().method(method).uri(address).body(Body::from("act=delete&jid=dead1&sure=yes"));
            let answer = send(&router, request.expect("a request")).await;
            assert_eq!((answer.status, dead(&store).await), (StatusCode::METHOD_NOT_ALLOWED, 1), "{method} {address}");
        }
    }
}

#[tokio::test]
async fn no_other_origin_is_given_leave_to_read() {
    let router = sancho_web::router(web(&one_dead().await));
    for (method, address) in [
        (Method::OPTIONS, "/api/v1/jobs"),
        (Method::OPTIONS, "/dead"),
        (Method::GET, "/live"),
        (Method::GET, "/api/v1/stats"),
        (Method::GET, "/assets/0/app.js"),
    ] {
        for site in [None, Some("cross-site"), Some("same-site")] {
            let request = Request::builder()
                .method(method.clone())
                .uri(address)
                .header("host", "localhost")
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type");
            let request = site.into_iter().fold(request, |request, site| {
                request
                    .header("sec-fetch-site", site)
                    .header("sec-fetch-mode", "cors")
                    .header("sec-fetch-dest", "empty")
            });
            let answer = ask(&router, request).await;
            let open = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(open, None, "{method} {address} {site:?}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{method} {address}");
            let is_asset = address.starts_with("/assets");
            assert_eq!(answer.status == StatusCode::FORBIDDEN, !is_asset, "{method} {address}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn no_name_that_leads_here_is_this_machine() {
    let store = one_dead().await;
    let router = sancho_web::router(web(&store));
    for host in
        ["rebound.evil.example", "127.0.0.1.nip.io", "localhost.evil.example:80", "0.0.0.0:7420", "[::]:7420", ""]
    {
        for address in ["/dead", "/live", "/api/v1/jobs/dead1", "/x/any"] {
            let answer = ask(&router, Request::get(address).header("host", host)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host} {address}");
            assert!(!answer.text.contains("Mailer"), "{host} {address}");
        }
        // The page of such a name is of the same origin as itself, and says so.
        let own = deletion().header("host", host).header("sec-fetch-site", "same-origin");
        assert_eq!((delete(&router, own).await.status, dead(&store).await), (StatusCode::FORBIDDEN, 1), "{host}");
    }
}

#[tokio::test]
async fn every_way_to_write_a_path_passes_the_gate() {
    let store = one_dead().await;
    let nested = Router::new().nest("/admin/jobs", guarded(&store));
    for path in [
        "/admin/jobs",
        "/admin/jobs/",
        "/admin/jobs//",
        "/admin/jobs//dead",
        "/admin/jobs/dead/",
        "/admin/jobs/dead/.",
        "/admin/jobs/assets/../dead",
        "/admin/jobs/assets/%2e%2e/dead",
        "/admin/jobs/assets/0/..%2f..%2fdead",
        "/admin/jobs/assets/%2e%2e%2fdead/x",
        "/admin/jobs/api/v1/../../dead",
        "/admin/jobs/dead;x=1",
        "/admin/jobs/%64ead",
        "/admin//jobs/dead",
        "/admin/%6aobs/dead",
        "//admin/jobs/dead",
        "/ADMIN/jobs/dead",
    ] {
        for method in ["GET", "POST", "HEAD"] {
            let answer = ask(&nested, Request::builder().method(method).uri(path)).await;
            assert!(matches!(answer.status.as_u16(), 401 | 404 | 405), "{method} {path}: {}", answer.status);
            assert!(!answer.text.contains("Mailer"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn links_and_redirects_lead_to_these_pages_and_nowhere_else() {
    let store = sample().await;
    let pages = |mount: &str| Router::new().nest(mount, router_of(&store));
    for mount in ["/jobs", "/javascript:alert(1)", "/app:jobs", "/t/{tenant}"] {
        let router = pages(mount);
        let address = mount.replace("{tenant}", "javascript:alert(2)");
        for path in
            ["", "/", "/dead", "/jobs/dead-1", "/nothing", "//evil.example/x", "/%2f%2fevil.example", "/\\evil.example"]
        {
            for query in
                ["", "?lang=vi", "?from=//evil.example&next=https://evil.example&did=run.1.0%0d%0aset-cookie:x"]
            {
                let address = format!("{address}{path}{query}");
                if address.contains('\\') {
                    continue;
                }
                let answer = router.get(&address).await;
                for link in answer.text.split("href=\"").skip(1).chain(answer.text.split("action=\"").skip(1)) {
                    let link = link.split('"').next().unwrap_or_default();
                    let first = link.split(['/', '?', '#']).next().unwrap_or_default();
                    assert!(!link.starts_with('/') && !first.contains(':'), "{address}: {link}");
                }
                assert!(!answer.headers.contains_key("set-cookie"), "{address}");
            }
        }
        let form = "act=run&scope=picked&jid=retry-1&q=%0d%0aset-cookie:x%0d%0a&from=//evil.example&lang=%0d%0ax:y";
        let answer = router.post(&format!("{address}/retries?from=//evil.example"), form).await;
        let location = answer.header("location");
        assert!(
            !location.contains("//") && !location.starts_with('/') && !location.contains(['\r', '\n']),
            "{location}"
        );
        assert!(!answer.headers.contains_key("set-cookie"), "{:?}", answer.headers);
        store.push(&[job("retry-1", "Mailer", Place::Retries { at: NOW })], NOW).await.expect("a push");
    }
}

#[tokio::test]
async fn a_cache_keeps_no_page_and_no_reader_gets_what_another_asked_for() {
    let router = sancho_web::router(web(&one_dead().await));
    for address in [
        "/",
        "/dead",
        "/jobs/dead1",
        "/jobs/dead1/style.css",
        "/dead/x.js",
        "/api/v1/stats",
        "/api/v1/openapi.json",
        "/nothing",
    ] {
        let poisoned = Request::get(address)
            .header("host", "localhost")
            .header("x-original-url", "/assets/0/app.js")
            .header("x-rewrite-url", "/busy")
            .header("x-forwarded-prefix", "//evil.example")
            .header("accept-language", "vi\"><script>x0sancho");
        let answer = ask(&router, poisoned).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{address}");
        assert!(
            !answer.text.contains("evil.example") && !answer.text.contains("x0sancho"),
            "{address}: {}",
            answer.text
        );
    }
    let unknown = router.get("/assets/0/style.css").await;
    assert_eq!(unknown.header("cache-control"), "no-store", "a name that is not this build's is kept by nobody");
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_anything_is_done() {
    let store = sample().await;
    let router = router_of(&store);
    let before = store.stats(NOW).await.expect("totals");
    for address in ["/dead?q=", "/jobs/", "/api/v1/sets/dead/jobs?filter=", "/x/"] {
        let answer = router.get(&format!("{address}{}", "x".repeat(9_000))).await;
        assert_eq!(answer.status, StatusCode::URI_TOO_LONG, "{address}");
        assert!(answer.text.len() < 40_000, "{address}: {} bytes", answer.text.len());
    }
    let fields = "jid=dead-1&".repeat(100_000);
    let answer = router.post("/dead", &format!("act=delete&sure=yes&{fields}")).await;
    assert_eq!((answer.status, store.stats(NOW).await.expect("totals")), (StatusCode::PAYLOAD_TOO_LARGE, before));
    let many = router.post("/dead", &format!("act=delete&sure=yes&scope=picked&{}", "jid=gone&".repeat(20_000))).await;
    assert_eq!(many.status, StatusCode::SEE_OTHER, "{}", many.text);
    let huge = Request::post("/api/v1/jobs").header("content-type", "application/json");
    let huge = send(&router, huge.body(Body::from(vec![b' '; 20_000_000])).expect("a request")).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", huge.text);
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    let router = router_of(&sample().await);
    for (address, kind) in [("/dead", "application/x-www-form-urlencoded"), ("/api/v1/jobs", "application/json")] {
        for encoding in ["gzip", "br", "deflate", "zstd"] {
            let packed = Request::post(address).header("content-type", kind).header("content-encoding", encoding);
            // The beginning of a bomb: what it unpacks to does not matter, since nobody unpacks it.
            let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3][..], &[0; 1_000]].concat();
            let answer = send(&router, packed.body(Body::from(bomb)).expect("a request")).await;
            assert!(answer.status.is_client_error(), "{address} {encoding}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn a_backtrace_that_unpacks_to_gigabytes_is_no_backtrace() {
    let store = sample().await;
    let zeros = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'['; 4_000_000], 9);
    let bomb = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, zeros);
    let payload = format!(r#"{{"class":"Bomb","args":[],"error_class":"E","error_backtrace":"{bomb}"}}"#);
    store.push(&[raw("bomb", Place::Dead, payload.as_bytes())], NOW).await.expect("a push");
    let router = router_of(&store);
    for address in ["/dead", "/jobs/bomb", "/api/v1/jobs/bomb"] {
        let answer = router.get(address).await;
        assert!(answer.status.is_success() && answer.text.len() < 500_000, "{address}: {}", answer.text.len());
    }
}

/// A body that sends a byte now and then, and never ends.
fn dripping() -> Body {
    let drips = stream::repeat(Bytes::from_static(b"a")).then(|byte| async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok::<_, Infallible>(byte)
    });
    Body::from_stream(drips)
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_byte_by_byte_is_not_waited_for() {
    let router = router_of(&sample().await);
    for (address, kind) in [("/dead", "application/x-www-form-urlencoded"), ("/api/v1/jobs", "application/json")] {
        let request = Request::post(address).header("content-type", kind).body(dripping()).expect("a request");
        let began = tokio::time::Instant::now();
        let answer = send(&router, request).await;
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{address}: {}", answer.text);
        assert_eq!(began.elapsed().as_secs(), 30, "{address}");
        assert!(answer.text.contains("nothing was done"), "{address}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_defect_costs_one_request() {
    let store = Arc::new(sample().await);
    let broken = Tab::page("broken", "Broken", async || -> Fragment { panic!("a defect of the application") });
    let access = Access::doorkeeper(|request: &Parts| {
        assert!(!request.headers.contains_key("x-panic"), "the doorkeeper panics");
        Admission::Granted(Person::new("ann", Role::Operator))
    });
    let web = Web::new(store.clone(), store, Arc::new(Still(NOW))).access(access).tab(broken).expect("a tab");
    let router = sancho_web::router(web);
    let panicking = router.get("/x/broken").await;
    assert_eq!(panicking.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        panicking.text.contains("<h1>") && !panicking.text.contains("a defect of the application"),
        "{}",
        panicking.text
    );
    assert_eq!(panicking.header("x-frame-options"), "DENY");
    for (address, kind) in [("/dead", "text/html; charset=utf-8"), ("/api/v1/stats", "application/problem+json")] {
        let answer = ask(&router, Request::get(address).header("x-panic", "1")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::INTERNAL_SERVER_ERROR, kind),
            "{address}"
        );
        assert_eq!(router.get(address).await.status, StatusCode::OK, "others go on");
    }
}
