//! Whoever asks for pages: plain HTTP over loopback, a connection for each request.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    port: u16,
}

/// An answer, and how long it took from the connection's opening to its last byte.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub took: Duration,
}

impl Answer {
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }
}

impl Visitor {
    pub fn of(port: u16) -> Self {
        Visitor { port }
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.ask(&self.head("GET", path, ""), b"").await.with_context(|| format!("GET {path}"))
    }

    /// Sends a form, as a browser's page does.
    pub async fn send_form(&self, path: &str, fields: &str) -> Result<Answer> {
        let kind = "content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin\r\n";
        let head = self.head("POST", path, &format!("{kind}content-length: {}\r\n", fields.len()));
        self.ask(&head, fields.as_bytes()).await.with_context(|| format!("POST {path}"))
    }

    pub async fn send_json(&self, path: &str, body: &Value) -> Result<Answer> {
        let body = body.to_string();
        let kind = "content-type: application/json\r\n";
        let head = self.head("POST", path, &format!("{kind}content-length: {}\r\n", body.len()));
        let answer = self.ask(&head, body.as_bytes()).await.with_context(|| format!("POST {path}"))?;
        ensure!(answer.status == 200, "POST {path} answers {}: {}", answer.status, shown(&answer.body));
        Ok(answer)
    }

    /// How long it takes until a stream tells of a first look.
    pub async fn first_look(&self) -> Result<Duration> {
        let began = Instant::now();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(self.head("GET", "/live", "").as_bytes()).await?;
        let mut heard = Vec::new();
        let listening = async {
            while !heard.windows(11).any(|some| some == b"event: look") {
                ensure!(stream.read_buf(&mut heard).await? > 0, "the stream has ended: {}", shown(&heard));
            }
            Ok(began.elapsed())
        };
        timeout(PATIENCE, listening).await.context("no look was told")?
    }

    fn head(&self, method: &str, path: &str, more: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\naccept-language: en\r\nconnection: close\r\n{more}\r\n",
            self.port
        )
    }

    async fn ask(&self, head: &str, body: &[u8]) -> Result<Answer> {
        let began = Instant::now();
        let asking = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(&[head.as_bytes(), body].concat()).await?;
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await?;
            anyhow::Ok(heard)
        };
        let heard = timeout(PATIENCE, asking).await.context("no answer came")??;
        let took = began.elapsed();
        let status = heard.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        let status = status.context("the answer is not HTTP")?;
        let end = heard.windows(4).position(|some| some == b"\r\n\r\n").context("the answer has no end of its head")?;
        Ok(Answer { status, body: heard[end + 4..].to_vec(), took })
    }
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned()
}
