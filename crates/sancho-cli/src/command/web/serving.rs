//! Serves a router within bounds: whoever opens connections and says nothing must not keep others out.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use sancho_web::axum::Router;
use sancho_web::axum::extract::ConnectInfo;
use sancho_web::axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a request's head, and of what is read ahead of a body: a search in an address has room many times over.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Connections at a time; more wait in the system's queue.
    pub(super) connections: usize,
    /// How long the head of a request may take, counted from the start of the connection or from the end of the request
    /// before: a connection that idles for longer is closed too.
    pub(super) head_within: Duration,
    /// How long requests under way may take after the signal to stop.
    pub(super) stop_within: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            // Below the 1,024 descriptors that a process customarily has: the store needs some too.
            connections: 900,
            head_within: Duration::from_secs(10),
            stop_within: Duration::from_secs(5),
        }
    }
}

/// Serves the pages until `stopped`, then finishes what is under way. Handlers find the other end of their connection as
/// [`ConnectInfo`].
pub(super) async fn serve(mut listener: TcpListener, pages: Router, bounds: Bounds, stopped: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head_within).max_buf_size(HEAD_BYTES_MAX);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let under_way = GracefulShutdown::new();
    let pages = TowerToHyperService::new(pages);
    tokio::pin!(stopped);
    loop {
        let (place, stream, peer) = tokio::select! {
            biased;
            () = &mut stopped => break,
            next = next(&mut listener, &places) => next,
        };
        let pages = pages.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            pages.call(request)
        });
        let connection = under_way.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // What a client breaks off is the client's own.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // Whoever takes longer is cut off: a slow client must not keep the program.
    let _ = tokio::time::timeout(bounds.stop_within, under_way.shutdown()).await;
}

/// The next connection, once there is a place for it.
async fn next(listener: &mut TcpListener, places: &Arc<Semaphore>) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    // Waits a moment where none can be taken, as when the process has no descriptor left.
    let (stream, peer) = Listener::accept(listener).await;
    (place, stream, peer)
}

#[cfg(test)]
mod tests {
    use sancho_web::axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{mpsc, oneshot};
    use tokio::task::JoinHandle;

    use super::*;

    /// How long what has to happen may take on a machine that does much else.
    const PATIENCE: Duration = Duration::from_secs(60);

    struct Serving {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        served: JoinHandle<()>,
        /// Tells of each request to `/slow`, which is never answered.
        slow: mpsc::UnboundedReceiver<()>,
    }

    async fn serving(bounds: Bounds) -> Serving {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (begun, slow) = mpsc::unbounded_channel();
        let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let wait = move || async move {
            let _ = begun.send(());
            std::future::pending::<()>().await
        };
        let pages = Router::new().route("/", get(peer)).route("/slow", get(wait));
        let (stop, told) = oneshot::channel();
        let stopped = async move {
            let _ = told.await;
        };
        let served = tokio::spawn(serve(listener, pages, bounds, stopped));
        Serving { address, stop, served, slow }
    }

    async fn open(address: SocketAddr, says: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(says.as_bytes()).await.expect("it takes what is said");
        stream
    }

    /// What is said until the connection is closed.
    async fn rest(mut stream: TcpStream) -> String {
        let mut said = Vec::new();
        // One that is reset is closed, too.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("it is closed");
        String::from_utf8(said).expect("text")
    }

    fn ask(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    }

    fn quick() -> Bounds {
        Bounds { connections: 2, head_within: Duration::from_millis(50), stop_within: PATIENCE }
    }

    #[tokio::test]
    async fn a_connection_that_does_not_finish_a_head_is_closed() {
        let serving = serving(quick()).await;
        let kept = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
        for says in ["", "GET / HTTP/1.1\r\nHost: he", &format!("{kept}GET / HT"), kept] {
            let said = rest(open(serving.address, says).await).await;
            assert_eq!(said.contains("127.0.0.1"), says.starts_with(kept), "{says:?}: {said}");
        }
    }

    #[tokio::test]
    async fn more_connections_than_there_are_places_wait_until_one_is_free() {
        let mut serving = serving(Bounds { head_within: PATIENCE, ..quick() }).await;
        let _slow = open(serving.address, &ask("/slow")).await;
        let idle = open(serving.address, &ask("/slow")).await;
        serving.slow.recv().await.expect("it is asked");
        serving.slow.recv().await.expect("it is asked");
        let waits = open(serving.address, &ask("/")).await;
        let mut byte = [0];
        let early = tokio::time::timeout(Duration::from_millis(100), waits.peek(&mut byte)).await;
        assert!(early.is_err(), "both places are taken: {early:?}");
        drop(idle);
        assert!(rest(waits).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn silent_connections_that_take_all_places_keep_others_out_for_a_moment_only() {
        let serving = serving(quick()).await;
        let mut silent = Vec::new();
        for _ in 0..10 {
            silent.push(open(serving.address, "GET / HT").await);
        }
        assert!(rest(open(serving.address, &ask("/")).await).await.ends_with("127.0.0.1"));
    }

    #[tokio::test]
    async fn a_server_that_stops_waits_for_nobody_who_is_silent_and_not_for_ever_for_others() {
        let bounds = Bounds { head_within: PATIENCE, ..quick() };
        let silent = serving(bounds).await;
        let kept = open(silent.address, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
        kept.readable().await.expect("it is answered");
        silent.stop.send(()).expect("it listens");
        tokio::time::timeout(PATIENCE, silent.served).await.expect("it ends").expect("it does not panic");

        let mut slow = serving(Bounds { stop_within: Duration::from_millis(50), ..bounds }).await;
        let _asked = open(slow.address, &ask("/slow")).await;
        slow.slow.recv().await.expect("it is asked");
        slow.stop.send(()).expect("it listens");
        tokio::time::timeout(PATIENCE, slow.served).await.expect("it ends").expect("it does not panic");
    }
}
