//! Whether a request is this machine's own.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::Version;
use axum::http::request::Parts;

/// What proxies add to say for whom they ask.
const TOLD_BY_PROXIES: [&str; 7] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-real-ip"];

/// Why a request is not believed to be this machine's; `None` when it is.
pub(super) fn from_elsewhere(request: &Parts) -> Option<&'static str> {
    if request.extensions.get::<ConnectInfo<SocketAddr>>().is_some_and(|peer| !is_here(peer.0.ip())) {
        return Some("it comes from another address");
    }
    if TOLD_BY_PROXIES.iter().any(|name| request.headers.contains_key(*name)) {
        return Some("a proxy says that it comes from elsewhere");
    }
    // Browsers have not spoken it for decades; proxies do, and tell nothing else of themselves.
    if request.version < Version::HTTP_11 {
        return Some("its HTTP is of a version that only proxies speak");
    }
    // A page elsewhere can have its own name lead to this machine, and then ask in the same origin.
    match host(request) {
        None => None,
        Some(host) if names_here(&host) => None,
        Some(_) => Some("it asks by a name that is not this machine's own"),
    }
}

/// The host that a request is for, with its port, in lower case: as its line or its header names it.
pub(super) fn host(request: &Parts) -> Option<String> {
    if let Some(authority) = request.uri.authority() {
        let authority = authority.as_str();
        // A browser never sends what stands before an at sign.
        return Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase());
    }
    let host = request.headers.get(axum::http::header::HOST)?;
    // What cannot be read is a name that is nobody's.
    Some(host.to_str().unwrap_or("?").to_ascii_lowercase())
}

fn names_here(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return is_here(address.ip());
    }
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return is_here(address);
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

fn is_here(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn from(request: axum::http::request::Builder) -> Option<&'static str> {
        from_elsewhere(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn names_of_this_machine_are_believed() {
        for host in [
            "localhost",
            "LOCALHOST:7420",
            "localhost.",
            "jobs.localhost:80",
            "127.0.0.1",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert_eq!(from(Request::get("/").header("host", host)), None, "{host}");
        }
        assert_eq!(from(Request::get("/")), None, "no browser leaves the host away");
        assert_eq!(from(Request::get("http://localhost:80/")), None);
    }

    #[test]
    fn names_that_lead_here_are_not() {
        for host in [
            "evil.example",
            "evil.example:7420",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "0.0.0.0",
            "192.168.0.7:80",
            "localhost@evil.example",
            "",
            "\u{ff}",
        ] {
            let host = axum::http::HeaderValue::from_bytes(host.as_bytes()).expect("a value");
            assert!(from(Request::get("/").header("host", &host)).is_some(), "{host:?}");
        }
        assert!(from(Request::get("http://evil.example/").header("host", "localhost")).is_some());
    }

    #[test]
    fn what_proxies_tell_is_heard() {
        for name in TOLD_BY_PROXIES {
            assert!(from(Request::get("/").header("host", "localhost").header(name, "127.0.0.1")).is_some(), "{name}");
        }
        assert!(from(Request::get("/").version(Version::HTTP_10)).is_some());
        assert!(from(Request::get("/").version(Version::HTTP_2)).is_none());
    }

    #[test]
    fn the_other_end_of_the_connection_counts() {
        let peer = |address: &str| ConnectInfo(address.parse::<SocketAddr>().expect("an address"));
        assert!(from(Request::get("/").extension(peer("10.0.0.7:1234"))).is_some());
        assert!(from(Request::get("/").extension(peer("[::ffff:127.0.0.1]:1234"))).is_none());
    }
}
