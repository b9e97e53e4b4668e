//! Hostile requests to every operation of the API.

use axum::body::Body;
use axum::http::Request;
use sancho_core::model::ModelStore;
use sancho_web::OPENAPI;
use serde_json::json;

use crate::support::crawl::encoded;
use crate::support::router_of;
use crate::tour::asked;
use crate::{BROKEN, stock};

#[tokio::test]
async fn every_operation_takes_hostile_names_and_values_and_answers_in_json() {
    let store = ModelStore::new();
    let router = router_of(&store);
    let file: serde_json::Value = serde_json::from_str(OPENAPI).expect("the file is JSON");
    let paths = file["paths"].as_object().expect("the file has paths");
    let mut requests = 0;
    let texts = stock::TEXTS.iter().map(|text| (encoded(text), Some(*text)));
    for (text, plain) in texts.chain(BROKEN.iter().map(|text| ((*text).to_owned(), None))) {
        for (path, item) in paths {
            let parts = path.split('/').map(|part| if part.starts_with('{') { text.as_str() } else { part });
            let address = format!("/api/v1{}", parts.collect::<Vec<_>>().join("/"));
            if item.get("get").is_some() {
                let query: Vec<String> = ["filter", "cursor", "limit", "since", "days", "class", "lang", "as_of"]
                    .iter()
                    .map(|name| format!("{name}={text}"))
                    .collect();
                for query in [String::new(), query.join("&"), query[0].clone(), query[1].clone()] {
                    let request = Request::get(format!("{address}?{query}")).body(Body::empty()).expect("an address");
                    asked(&router, request).await;
                    requests += 1;
                }
            }
            if item.get("post").is_some() {
                let plain = plain.unwrap_or("\u{fffd}");
                let members = json!({
                    "class": plain, "args": [plain, { plain: plain }], "queue": plain, "key": plain, "tags": [plain],
                    "action": plain, "jids": [plain], "filter": plain, "cursor": plain, "label": plain, "order": plain,
                });
                let bodies = [
                    members.to_string().into_bytes(),
                    json!({ plain: plain }).to_string().into_bytes(),
                    text.clone().into_bytes(),
                    b"\xff\xfe{\x00}".to_vec(),
                ];
                for body in bodies {
                    let request = Request::post(&address).header("content-type", "application/json");
                    asked(&router, request.body(Body::from(body)).expect("an address")).await;
                    requests += 1;
                }
            }
        }
    }
    assert!(requests > 1_000, "{requests}");
}
