//! Style and scripts: compiled in, and kept by browsers for as long as they do not change.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

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

async fn asset(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A page of another build asks for its own: it gets what there is, but does not keep it.
    let kept = if hash == *HASH { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, kept)], asset.text).into_response()
}
