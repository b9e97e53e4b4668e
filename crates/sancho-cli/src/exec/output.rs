//! What a program prints: read to its end, whatever it is, in bounded memory.

use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of the end of an output that are kept: with fewer characters than a failure's message may have.
const TAIL_BYTES_MAX: usize = 8 * 1024;

/// Bytes of one line that are logged; a longer one is logged in pieces.
const LINE_BYTES_MAX: usize = 4 * 1024;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// The end of an output.
#[derive(Debug, Default)]
pub(super) struct Tail(Mutex<Vec<u8>>);

impl Tail {
    fn add(&self, chunk: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(chunk);
        let over = kept.len().saturating_sub(TAIL_BYTES_MAX);
        kept.drain(..over);
    }

    /// The text, without space around it; what is not UTF-8 is replaced, and a character that was cut is left out.
    pub(super) fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cut =
            if kept.len() < TAIL_BYTES_MAX { 0 } else { kept.iter().take(4).take_while(|b| is_rest(**b)).count() };
        String::from_utf8_lossy(&kept[cut..]).trim().to_owned()
    }

    /// The last line that is not empty.
    pub(super) fn last_line(&self) -> Option<String> {
        self.text().lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    }
}

/// Whether a byte goes on with a character that began before.
fn is_rest(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// Reads all of it: keeps the end, and hands on each line, cut where it is too long.
pub(super) async fn read(mut from: impl AsyncRead + Unpin, tail: &Tail, mut line: impl FnMut(&str)) {
    let (mut chunk, mut begun) = (vec![0; CHUNK_BYTES], Vec::new());
    loop {
        let read = match from.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        tail.add(&chunk[..read]);
        for piece in chunk[..read].split_inclusive(|byte| *byte == b'\n') {
            for piece in piece.chunks(LINE_BYTES_MAX) {
                begun.extend_from_slice(piece);
                if begun.ends_with(b"\n") || begun.len() >= LINE_BYTES_MAX {
                    hand_on(&mut begun, &mut line);
                }
            }
        }
    }
    hand_on(&mut begun, &mut line);
}

fn hand_on(begun: &mut Vec<u8>, line: &mut impl FnMut(&str)) {
    let text = String::from_utf8_lossy(begun);
    let text = text.trim_end();
    if !text.is_empty() {
        line(text);
    }
    begun.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8]) -> (Tail, Vec<String>) {
        let (tail, mut lines) = (Tail::default(), Vec::new());
        read(bytes, &tail, |line| lines.push(line.to_owned())).await;
        (tail, lines)
    }

    #[tokio::test]
    async fn lines_are_handed_on_and_the_end_is_kept() {
        let (tail, lines) = all(b"one\r\n\ntwo\nthree").await;
        assert_eq!(lines, ["one", "two", "three"]);
        assert_eq!(tail.last_line().as_deref(), Some("three"));
        let (tail, lines) = all(b"").await;
        assert_eq!((tail.text().as_str(), tail.last_line(), lines.len()), ("", None, 0));
    }

    #[tokio::test]
    async fn a_flood_is_read_in_bounded_memory() {
        let mut flood = "é".repeat(3_000_000).into_bytes();
        flood.push(b'x');
        let (tail, lines) = all(&flood).await;
        assert!(lines.iter().all(|line| line.chars().count() <= LINE_BYTES_MAX));
        assert!(lines.len() > 1_000);
        let text = tail.text();
        assert!(text.len() <= TAIL_BYTES_MAX && text.len() > TAIL_BYTES_MAX - 8, "{}", text.len());
        assert!(text.ends_with("éx") && !text.contains('\u{fffd}'), "no character is cut");
    }

    #[tokio::test]
    async fn what_is_not_utf_8_is_replaced() {
        let (tail, lines) = all(b"a\xff\xfeb\n").await;
        assert_eq!((tail.text().as_str(), lines.len()), ("a\u{fffd}\u{fffd}b", 1));
    }
}
