//! A proxy on loopback that forwards, and on demand delays, cuts in the middle, or goes silent.
//!
//! It knows nothing of what it forwards; who does know may rewrite what clients send. A cut is made at a number of bytes: of what clients send, in the middle of
//! a command; of what the server sends, in the middle of a reply.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a blocked read waits before it looks whether the proxy is still wanted.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A proxy in front of one port of this machine.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

/// Turns what one connection has sent into what is sent on in its stead; what it does not answer yet it keeps, for the
/// next piece. `None` cuts the connection.
pub(crate) type Rewrite = Box<dyn FnMut(&[u8]) -> Option<Vec<u8>> + Send>;

/// Makes the rewriting of each new connection.
type Rewriting = Box<dyn Fn() -> Rewrite + Send + Sync>;

struct State {
    rewriting: Option<Rewriting>,
    server: AtomicU64,
    over: AtomicBool,
    refusing: AtomicBool,
    delay_ms: AtomicU64,
    /// How many bytes of each direction pass before everything is cut; `u64::MAX` for no cut.
    passes: [AtomicU64; 2],
    cuts: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

/// Which way bytes flow.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// What clients send: commands.
    ToServer,
    /// What the server sends: replies.
    ToClient,
}

impl Proxy {
    /// Starts one in front of this port.
    ///
    /// # Panics
    /// When no loopback port is free.
    pub fn start(server_port: u16) -> Self {
        Self::start_with(server_port, None)
    }

    /// Starts one that sends on what `rewriting` makes of what each connection sends.
    pub(crate) fn start_rewriting(server_port: u16, rewriting: impl Fn() -> Rewrite + Send + Sync + 'static) -> Self {
        Self::start_with(server_port, Some(Box::new(rewriting)))
    }

    fn start_with(server_port: u16, rewriting: Option<Rewriting>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let state = Arc::new(State {
            rewriting,
            server: AtomicU64::new(server_port.into()),
            over: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
            delay_ms: AtomicU64::new(0),
            passes: [const { AtomicU64::new(u64::MAX) }; 2],
            cuts: AtomicU64::new(0),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&state);
        std::thread::spawn(move || accept(&listener, &accepting));
        Proxy { port, state }
    }

    /// The port on 127.0.0.1 at which it takes connections.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Forwards new connections to another port from now on.
    pub fn point_at(&self, server_port: u16) {
        self.state.server.store(server_port.into(), Ordering::SeqCst);
    }

    /// Lets this many more bytes pass that way, counted over all connections, then cuts every connection, once.
    pub fn cut_after(&self, way: Way, bytes: u64) {
        self.state.passes[way as usize].store(bytes, Ordering::SeqCst);
    }

    /// How many times it has cut because of [`cut_after`](Self::cut_after).
    pub fn cuts(&self) -> u64 {
        self.state.cuts.load(Ordering::SeqCst)
    }

    /// Cuts every connection now; new ones are taken.
    pub fn cut(&self) {
        self.state.cut();
    }

    /// Whether new connections are closed at once.
    pub fn refuse(&self, refusing: bool) {
        self.state.refusing.store(refusing, Ordering::SeqCst);
    }

    /// Holds each piece back for this long, in both directions.
    pub fn delay(&self, delay: Duration) {
        self.state.delay_ms.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        self.state.cut();
        // The thread that accepts is woken by a last connection, and sees that it is over.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("server", &self.server).field("cuts", &self.cuts).finish_non_exhaustive()
    }
}

impl State {
    fn cut(&self) {
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // One that is closed already needs no closing.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many of these bytes may pass; fewer than all is a cut.
    fn pass(&self, way: Way, bytes: usize) -> usize {
        let passes = &self.passes[way as usize];
        let taken = passes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            u64::MAX => None,
            left if left < bytes as u64 => Some(u64::MAX),
            left => Some(left - bytes as u64),
        });
        match taken {
            Ok(left) if left < bytes as u64 => usize::try_from(left).unwrap_or(bytes),
            _ => bytes,
        }
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    for client in listener.incoming() {
        if state.over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        if state.refusing.load(Ordering::SeqCst) {
            continue;
        }
        let port = u16::try_from(state.server.load(Ordering::SeqCst)).unwrap_or_default();
        // A server that is away closes the client's connection, as a refusal would.
        let Ok(server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) else { continue };
        for (from, to, way) in [(&client, &server, Way::ToServer), (&server, &client, Way::ToClient)] {
            let (Ok(from), Ok(to), Ok(open)) = (from.try_clone(), to.try_clone(), from.try_clone()) else { continue };
            state.open.lock().unwrap_or_else(PoisonError::into_inner).push(open);
            let state = Arc::clone(state);
            std::thread::spawn(move || forward(from, to, way, &state));
        }
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, way: Way, state: &State) {
    let _ = (from.set_nodelay(true), to.set_nodelay(true), from.set_read_timeout(Some(LOOK_EVERY)));
    let mut rewrite = state.rewriting.as_ref().filter(|_| matches!(way, Way::ToServer)).map(|make| make());
    let mut piece = vec![0; 16 * 1024];
    while !state.over.load(Ordering::SeqCst) {
        let read = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        let delay = state.delay_ms.load(Ordering::SeqCst);
        if delay > 0 {
            std::thread::park_timeout(Duration::from_millis(delay));
        }
        let rewritten: Vec<u8>;
        let bytes = match &mut rewrite {
            None => &piece[..read],
            Some(rewrite) => {
                let Some(made) = rewrite(&piece[..read]) else { break };
                rewritten = made;
                &rewritten
            }
        };
        let passes = state.pass(way, bytes.len());
        if to.write_all(&bytes[..passes]).is_err() {
            break;
        }
        if passes < bytes.len() {
            // Counted first: whoever sees a cut connection finds it counted.
            state.cuts.fetch_add(1, Ordering::SeqCst);
            state.cut();
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(3) {
                let mut stream = stream.unwrap();
                std::thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut stream));
            }
        });
        port
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    #[test]
    fn it_forwards_and_cuts_where_it_is_told_to() {
        let proxy = Proxy::start(echo());
        let mut stream = connect(&proxy);
        stream.write_all(b"hello").unwrap();
        let mut echoed = [0; 5];
        stream.read_exact(&mut echoed).unwrap();
        assert_eq!((&echoed, proxy.cuts()), (b"hello", 0));

        proxy.cut_after(Way::ToClient, 3);
        stream.write_all(b"hello").unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert_eq!((rest.as_slice(), proxy.cuts()), (&b"hel"[..], 1));

        // A cut is made once: the next connection passes everything.
        let mut stream = connect(&proxy);
        stream.write_all(b"again").unwrap();
        stream.read_exact(&mut echoed).unwrap();
        assert_eq!(&echoed, b"again");
    }
}
