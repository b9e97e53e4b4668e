//! Whether a request was made by a page of another site.
//!
//! Browsers say so themselves: by Fetch Metadata (`Sec-Fetch-Site`) where the connection can be trusted, and by
//! `Origin` everywhere; what is older than that says by `Referer` at least where a form was. Programs send neither, and hold no credentials that a page could use.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use sancho_core::Invalid;

use super::forwarded;
use super::person::looks_only;

/// Other origins whose pages may act here, such as a proxy's own name.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustedOrigins(Vec<String>);

impl TrustedOrigins {
    pub(super) fn add(&mut self, origin: &str) -> Result<(), Invalid> {
        let origin = origin.to_ascii_lowercase();
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).unwrap_or("");
        if host.is_empty() || host.contains(['/', '?', '#', '@', '*', ' ', ',']) {
            return Err(Invalid::new(format!(
                "{origin:?} is no origin: write its scheme and its host, such as https://admin.example.com"
            )));
        }
        self.0.push(origin);
        Ok(())
    }

    fn has(&self, origin: &str) -> bool {
        self.0.iter().any(|trusted| trusted.eq_ignore_ascii_case(origin))
    }
}

/// Whether a page of another site made this request, in a way that is not for it to make. Following a link is for
/// everyone; acting, framing, embedding and fetching are not.
pub(super) fn is_cross_site(request: &Parts, trusted: &TrustedOrigins) -> bool {
    let headers = &request.headers;
    let origin = one(headers, header::ORIGIN);
    if let One::Is(origin) = origin
        && trusted.has(origin)
    {
        return false;
    }
    let looks = looks_only(&request.method);
    match one(headers, HeaderName::from_static("sec-fetch-site")) {
        // Typed, or from a bookmark: no page made it.
        One::Is("same-origin" | "none") => false,
        One::Is(_) => !(looks && follows_a_link(headers)),
        One::Many => true,
        One::None => match origin {
            One::None if looks => false,
            One::None => match one(headers, header::REFERER) {
                One::None => false,
                One::Many => true,
                One::Is(referer) => !is_own_page(referer, request, trusted),
            },
            One::Many => true,
            One::Is(origin) => !is_own(origin, request),
        },
    }
}

/// Whether the browser shows the answer as a page of its own.
fn follows_a_link(headers: &HeaderMap) -> bool {
    let is = |name, value| matches!(one(headers, HeaderName::from_static(name)), One::Is(it) if it == value);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Whether an origin is the one that was asked. Its scheme is not compared: behind a proxy we do not know our own.
fn is_own(origin: &str, request: &Parts) -> bool {
    let host = origin.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    host.is_some_and(|host| forwarded::host(request).is_some_and(|own| own == host))
}

/// Whether a page is one of the origin that was asked, or of one that is trusted.
fn is_own_page(address: &str, request: &Parts, trusted: &TrustedOrigins) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let origin = format!("{scheme}://{host}");
    trusted.has(&origin) || is_own(&origin, request)
}

enum One<'a> {
    None,
    Is(&'a str),
    /// More than one, or one that is no text.
    Many,
}

fn one(headers: &HeaderMap, name: HeaderName) -> One<'_> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => One::None,
        (Some(value), None) => value.to_str().map_or(One::Many, One::Is),
        (Some(_), Some(_)) => One::Many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn refused(method: &str, headers: &[(&str, &str)]) -> bool {
        let mut trusted = TrustedOrigins::default();
        trusted.add("https://Admin.example.com").expect("an origin");
        let request = headers.iter().fold(
            Request::builder().method(method).uri("/").header("host", "jobs.example.com"),
            |request, (name, value)| request.header(*name, *value),
        );
        is_cross_site(&request.body(()).expect("a request").into_parts().0, &trusted)
    }

    #[test]
    fn own_pages_and_programs_act() {
        let allowed: [&[(&str, &str)]; 8] = [
            &[],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://jobs.example.com")],
            &[("origin", "HTTP://JOBS.example.com")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://admin.example.com")],
            &[("referer", "https://jobs.example.com/dead?q=1")],
            &[("referer", "https://admin.example.com/jobs")],
        ];
        for headers in allowed {
            assert!(!refused("POST", headers), "{headers:?}");
        }
    }

    #[test]
    fn pages_of_other_sites_do_not() {
        let refusals: [&[(&str, &str)]; 14] = [
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://jobs.example.com")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "https://jobs.example.com:8443")],
            &[("origin", "https://jobs.example.com.evil.example")],
            &[("origin", "https://jobs.example.com"), ("origin", "https://evil.example")],
            &[("referer", "https://evil.example/jobs.example.com")],
            &[("referer", "https://jobs.example.com@evil.example/")],
            &[("referer", "jobs.example.com")],
            &[("referer", "https://jobs.example.com/"), ("origin", "null")],
        ];
        for headers in refusals {
            for method in ["POST", "DELETE", "PUT", "BREW"] {
                assert!(refused(method, headers), "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn a_link_is_followed_and_nothing_is_embedded() {
        let from = |mode, dest| [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
        assert!(!refused("GET", &from("navigate", "document")));
        for (mode, dest) in [
            ("navigate", "iframe"),
            ("no-cors", "image"),
            ("no-cors", "script"),
            ("cors", "empty"),
            ("navigate", "object"),
        ] {
            assert!(refused("GET", &from(mode, dest)), "{mode} {dest}");
        }
        assert!(refused("GET", &[("origin", "https://evil.example")]), "a stream for another page, without metadata");
    }

    #[test]
    fn only_an_origin_can_be_trusted() {
        for origin in ["", "admin.example.com", "https://", "https://a/b", "https://*.a", "null", "ftp://a"] {
            assert!(TrustedOrigins::default().add(origin).is_err(), "{origin}");
        }
    }
}
