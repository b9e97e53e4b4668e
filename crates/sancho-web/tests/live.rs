//! The stream of numbers, over HTTP and over a socket.

mod support;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use futures_util::StreamExt;
use sancho_core::model::ModelStore;
use sancho_web::Web;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use support::{NOW, Still};

fn web() -> Web {
    let store = Arc::new(ModelStore::new());
    Web::new(store.clone(), store, Arc::new(Still(NOW)))
}

async fn part(stream: &mut BodyDataStream) -> String {
    let part = stream.next().await.expect("the stream goes on").expect("a part");
    String::from_utf8(part.to_vec()).expect("events are text")
}

async fn listen(router: &axum::Router) -> axum::response::Response {
    let request = Request::get("/live").body(Body::empty()).expect("a request");
    router.clone().oneshot(request).await.expect("a router always answers")
}

#[tokio::test(start_paused = true)]
async fn numbers_come_as_events_until_the_hub_ends() {
    let web = web();
    let hub = web.hub();
    let router = sancho_web::router(web);
    let answer = listen(&router).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let mut stream = answer.into_body().into_data_stream();
    assert_eq!(part(&mut stream).await, ": live\nretry: 3000\n\n");
    for _ in 0..2 {
        let event = part(&mut stream).await;
        let data = event.strip_prefix("event: look\ndata: ").expect("a look").trim_end();
        let look: serde_json::Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(look["enqueued"], 0);
    }
    hub.end();
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_no_seat_is_told_to_come_again() {
    let web = web();
    let hub = web.hub();
    let router = sancho_web::router(web);
    let mut seated = Vec::new();
    let refused = loop {
        assert!(seated.len() <= 10_000, "there is no bound");
        let answer = listen(&router).await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
        seated.push(answer);
    };
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "30");
    drop(seated);
    assert_eq!(hub.listeners(), 0, "who goes away gives up the seat");
    assert_eq!(listen(&router).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_those_who_watch() {
    let web = web();
    let hub = web.hub();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        let stopped = async move {
            let _ = stopped.await;
            hub.end();
        };
        axum::serve(listener, sancho_web::router(web)).with_graceful_shutdown(stopped).await
    });
    let mut watcher = tokio::net::TcpStream::connect(address).await.expect("a connection");
    watcher.write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("a request");
    let mut heard = vec![0; 4_096];
    let mut text = String::new();
    while !text.contains("event: look") {
        let read = watcher.read(&mut heard).await.expect("an answer");
        assert!(read > 0, "the stream ended: {text}");
        text.push_str(&String::from_utf8_lossy(&heard[..read]));
    }
    stop.send(()).expect("the server runs");
    let ended = tokio::time::timeout(Duration::from_secs(30), served).await.expect("the server stops");
    ended.expect("no panic").expect("no error");
}
