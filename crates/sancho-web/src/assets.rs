//! Style and scripts: compiled in, and kept by browsers for as long as they do not change.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::site::Site;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
}

/// uPlot as it is published, in front of which stands its license, and behind it what makes it a module.
const UPLOT: &str = concat!(
    "/*! uPlot\n",
    include_str!("../assets/uplot/LICENSE"),
    "*/\n",
    include_str!("../assets/uplot/uPlot.iife.min.js"),
    "\nexport default uPlot;\n"
);

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

const ASSETS: &[Asset] = &[
    Asset { name: "style.css", media_type: STYLE, text: include_str!("../assets/style.css") },
    Asset { name: "app.js", media_type: SCRIPT, text: include_str!("../assets/app.js") },
    Asset { name: "charts.js", media_type: SCRIPT, text: include_str!("../assets/charts.js") },
    Asset { name: "goingon.js", media_type: SCRIPT, text: include_str!("../assets/goingon.js") },
    Asset { name: "keep.js", media_type: SCRIPT, text: include_str!("../assets/keep.js") },
    Asset { name: "keys.js", media_type: SCRIPT, text: include_str!("../assets/keys.js") },
    Asset { name: "lists.js", media_type: SCRIPT, text: include_str!("../assets/lists.js") },
    Asset { name: "live.js", media_type: SCRIPT, text: include_str!("../assets/live.js") },
    Asset { name: "rates.js", media_type: SCRIPT, text: include_str!("../assets/rates.js") },
    Asset { name: "times.js", media_type: SCRIPT, text: include_str!("../assets/times.js") },
    Asset { name: "uplot.js", media_type: SCRIPT, text: UPLOT },
    Asset { name: "uplot.css", media_type: STYLE, text: include_str!("../assets/uplot/uPlot.min.css") },
    Asset { name: "icon.svg", media_type: IMAGE, text: include_str!("../assets/icon.svg") },
];

/// One hash over all of them is part of each address: scripts may import each other by their plain names.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let bytes = ASSETS.iter().flat_map(|asset| asset.name.bytes().chain(asset.text.bytes()));
    // FNV-1a: it only has to differ from one build to the next.
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
});

/// Where an asset is, from the root of the pages.
pub(crate) fn address(name: &str) -> String {
    format!("assets/{}/{name}", *HASH)
}

/// The routes of the assets.
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/{hash}/{name}", get(asset))
}

async fn asset(Path((hash, name)): Path<(String, String)>, asked: HeaderMap) -> Response {
    let Some(index) = ASSETS.iter().position(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let asset = &ASSETS[index];
    // A page of another build asks for its own: it gets what there is, but does not keep it.
    let kept = if hash == *HASH { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers =
        [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, kept), (header::VARY, "accept-encoding")];
    if !takes_deflated(&asked) {
        return (headers, asset.text).into_response();
    }
    (headers, [(header::CONTENT_ENCODING, "deflate")], &*DEFLATED[index]).into_response()
}

/// How hard they are made small: as hard as can be, since it is done once.
const LEVEL: u8 = 9;

/// The assets in the format of zlib, which HTTP calls `deflate`: all browsers read it. Pages are sent as they are, since
/// what a stranger wrote must not stand in one stream with what others may read.
static DEFLATED: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| ASSETS.iter().map(|asset| compress_to_vec_zlib(asset.text.as_bytes(), LEVEL)).collect());

/// Whether whoever asks reads `deflate`.
fn takes_deflated(asked: &HeaderMap) -> bool {
    let ranges = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| HeaderValue::to_str(value).ok());
    ranges.flat_map(|value| value.split(',')).any(|range| {
        let (coding, weight) = range.split_once(';').unwrap_or((range, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        coding.trim().eq_ignore_ascii_case("deflate") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_small_is_the_same_and_comes_to_those_who_read_it() {
        for (asset, small) in ASSETS.iter().zip(&*DEFLATED) {
            let whole = miniz_oxide::inflate::decompress_to_vec_zlib(small).expect("it was made by the same hand");
            assert_eq!(whole, asset.text.as_bytes(), "{}", asset.name);
        }
        for (asked, takes) in [
            ("gzip, deflate, br", true),
            ("Deflate;q=0.5", true),
            ("gzip, deflate;q=0", false),
            ("gzip;q=1.0, *;q=0", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(asked))]);
            assert_eq!(takes_deflated(&headers), takes, "{asked}");
        }
        assert!(!takes_deflated(&HeaderMap::new()));
    }
}
