//! What clients send to Redis, cut into requests.

/// A line that tells a length is no longer than this: a longer one is of another language.
const HEADER_MAX: usize = 32;

/// The words of one request.
pub(super) type Words = Vec<Vec<u8>>;

/// Bytes that have come, whole requests first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    bytes: Vec<u8>,
}

/// A request that cannot be read: no array of bulk strings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Requests {
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next request that has come whole; `None` while there is none.
    pub(super) fn next(&mut self) -> Result<Option<Words>, Unreadable> {
        let mut at = 0;
        let Some(count) = self.header(b'*', &mut at)? else { return Ok(None) };
        let mut words = Vec::new();
        for _ in 0..count {
            let Some(length) = self.header(b'$', &mut at)? else { return Ok(None) };
            let Some(word) = self.bytes.get(at..at + length) else { return Ok(None) };
            if self.bytes.len() < at + length + 2 {
                return Ok(None);
            }
            words.push(word.to_vec());
            at += length + 2;
        }
        self.bytes.drain(..at);
        Ok(Some(words))
    }

    /// The number behind a sign, and the line's end; `None` while the line has not come whole.
    fn header(&self, sign: u8, at: &mut usize) -> Result<Option<usize>, Unreadable> {
        let rest = &self.bytes[(*at).min(self.bytes.len())..];
        let Some(end) = rest.iter().take(HEADER_MAX).position(|byte| *byte == b'\r') else {
            return if rest.len() < HEADER_MAX { Ok(None) } else { Err(Unreadable) };
        };
        if rest.len() < end + 2 {
            return Ok(None);
        }
        let digits = rest[..end].strip_prefix(&[sign]).and_then(|digits| std::str::from_utf8(digits).ok());
        let number = digits.and_then(|digits| digits.parse().ok()).ok_or(Unreadable)?;
        *at += end + 2;
        Ok(Some(number))
    }
}

/// Writes a request as a client does.
pub(super) fn write(words: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.as_ref().len()).as_bytes());
        bytes.extend_from_slice(word.as_ref());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_in_pieces_of_any_size() {
        let sent = [write(&["SCRIPT", "LOAD", "return 1\r\n"]), write(&["PING"])].concat();
        for size in 1..sent.len() {
            let (mut requests, mut read) = (Requests::default(), Vec::new());
            for piece in sent.chunks(size) {
                requests.add(piece);
                while let Some(words) = requests.next().unwrap() {
                    read.push(write(&words));
                }
            }
            assert_eq!(read.concat(), sent, "in pieces of {size}");
            assert_eq!(read.len(), 2);
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for sent in ["PING\r\n", "*x\r\n", "*1\r\n+OK\r\n", "*1234567890123456789012345678901234567890"] {
            let mut requests = Requests::default();
            requests.add(sent.as_bytes());
            assert_eq!(requests.next(), Err(Unreadable), "{sent}");
        }
    }
}
