//! A server that is half a millisecond away: a proxy on loopback that delays what passes, and limits nothing else.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long everything is on its way, in each direction: a round trip takes a millisecond more than without.
pub const ONE_WAY: Duration = Duration::from_micros(500);

/// The largest piece that is forwarded in one, and how many pieces of a direction are on their way at most. What half
/// a millisecond of a fast network holds is far below, so the bound delays nobody.
const PIECE_BYTES: usize = 64 * 1024;
const PIECES_MAX: usize = 1_024;

/// Connections of one run at most.
const CONNECTIONS_MAX: usize = 1_024;

/// A proxy in front of one port of this machine, gone on drop, with its connections.
#[derive(Debug)]
pub struct Far {
    port: u16,
    open: Arc<Open>,
}

/// Its connections, and whether it is over.
#[derive(Debug, Default)]
struct Open {
    over: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

/// Bytes, and when they arrive.
type Piece = (Instant, Vec<u8>);

impl Far {
    /// Starts one in front of this port.
    pub fn start(server_port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("failed to listen on loopback")?;
        let port = listener.local_addr()?.port();
        let open = Arc::new(Open::default());
        let accepting = Arc::clone(&open);
        thread::spawn(move || accept(&listener, server_port, &accepting));
        Ok(Far { port, open })
    }

    /// The address of a Redis behind it.
    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.open.over.store(true, Ordering::SeqCst);
        for stream in self.open.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // One that is closed already needs no closing.
            _ = stream.shutdown(Shutdown::Both);
        }
        // The thread that accepts is woken by a last connection, and sees that it is over.
        _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn accept(listener: &TcpListener, server_port: u16, open: &Open) {
    for client in listener.incoming().take(CONNECTIONS_MAX) {
        if open.over.load(Ordering::SeqCst) {
            return;
        }
        // Whoever cannot be connected sees a connection that closes, as behind any proxy.
        let Ok(client) = client else { continue };
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)) else { continue };
        let ways = [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))];
        for (from, to) in ways {
            let (Ok(from), Ok(to)) = (from, to) else { continue };
            if let Ok(stream) = from.try_clone() {
                open.streams.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
            }
            let (sender, receiver) = sync_channel(PIECES_MAX);
            thread::spawn(move || depart(from, &sender));
            thread::spawn(move || arrive(to, &receiver));
        }
    }
}

/// Reads what departs, until the connection closes or nobody takes it any longer.
fn depart(mut from: TcpStream, pieces: &SyncSender<Piece>) {
    let mut bytes = vec![0; PIECE_BYTES];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if pieces.send((Instant::now() + ONE_WAY, bytes[..read].to_vec())).is_err() {
            break;
        }
    }
}

/// Writes what arrives, each piece at its time, until nothing departs any longer.
fn arrive(mut to: TcpStream, pieces: &Receiver<Piece>) {
    _ = to.set_nodelay(true);
    while let Ok((at, bytes)) = pieces.recv() {
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    _ = to.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets from one connection.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            std::io::copy(&mut stream.try_clone().unwrap(), &mut stream)
        });
        port
    }

    #[test]
    fn it_delays_both_ways_and_keeps_order() {
        let far = Far::start(echo()).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, far.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let sent: Vec<u8> = (0..200_000_u32).flat_map(u32::to_be_bytes).collect();
        let began = Instant::now();
        let (mut writing, bytes) = (stream.try_clone().unwrap(), sent.clone());
        let writer = thread::spawn(move || writing.write_all(&bytes));
        let mut echoed = vec![0; sent.len()];
        stream.read_exact(&mut echoed).unwrap();
        writer.join().unwrap().unwrap();
        assert!(echoed == sent, "bytes were lost or swapped");
        // It cannot be faster than its delays, however slow the machine is.
        assert!(began.elapsed() >= 2 * ONE_WAY);

        drop(far);
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)), "the connection outlives its proxy");
    }
}
