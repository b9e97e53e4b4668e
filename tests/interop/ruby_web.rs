//! Sidekiq's own pages, and somebody who looks at them and presses their buttons.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::home::{Home, PATIENCE};
use crate::ruby;

/// The pages, and one browser's session with them. They are gone when it is dropped.
#[derive(Debug)]
pub(crate) struct RubyWeb {
    _child: Child,
    port: u16,
    cookie: Option<String>,
    token: Option<String>,
}

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) body: String,
    location: Option<String>,
}

impl Page {
    /// The addresses on the page that begin so, each once.
    pub(crate) fn links(&self, prefix: &str) -> Vec<String> {
        let mut links: Vec<String> = self
            .body
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .map(|(link, _)| link.to_owned())
            .filter(|link| link.starts_with(prefix))
            .collect();
        links.sort();
        links.dedup();
        links
    }

    /// # Panics
    /// When one of the texts is not on the page as a browser would show it.
    pub(crate) fn shows(&self, texts: &[&str]) {
        for text in texts {
            let escaped = escape_html(text);
            let content = self.body.split_once("id=\"page\"").map_or(self.body.as_str(), |(_, content)| content);
            assert!(content.contains(&escaped), "the page does not show {text}:\n{content}");
        }
    }
}

impl RubyWeb {
    /// Starts them on a free port.
    ///
    /// # Panics
    /// When Ruby or a gem is missing, or they do not start.
    pub(crate) async fn start(home: &Home) -> Self {
        let mut ruby = ruby::command("ruby", "ruby", home);
        ruby.arg(ruby::file("web.rb")).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = ruby.spawn().expect("ruby is installed, and so it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut errors = child.stderr.take().expect("a pipe");
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the pages start in time");
        let Some(line) = line.expect("a line of text") else {
            let mut words = String::new();
            errors.read_to_string(&mut words).await.expect("text");
            ruby::explain_missing_gem(&words);
            panic!("the pages ended at once:\n{words}");
        };
        tokio::spawn(async move {
            // Ruby's warnings go where a failing test shows them; nobody waits for them.
            let mut words = String::new();
            if errors.read_to_string(&mut words).await.is_ok() && !words.is_empty() {
                eprintln!("the pages said:\n{words}");
            }
        });
        let port = line.strip_prefix("port ").and_then(|port| port.parse().ok());
        RubyWeb { _child: child, port: port.expect("the script prints its port"), cookie: None, token: None }
    }

    /// Opens a page that must be there.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let page = self.request("GET", path, "").await;
        assert_eq!(page.status, 200, "GET {path}: {page:?}");
        page
    }

    /// Opens what may also be elsewhere, or nowhere.
    pub(crate) async fn try_open(&mut self, path: &str) -> Page {
        self.request("GET", path, "").await
    }

    /// Presses a button: sends these fields and the authenticity token of the last page; goes where it leads.
    pub(crate) async fn press(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.token.clone().expect("a page with a form was opened before");
        let mut form = format!("authenticity_token={}", escape_form(&token));
        for (name, value) in fields {
            form.push_str(&format!("&{}={}", escape_form(name), escape_form(value)));
        }
        let answer = self.request("POST", path, &form).await;
        assert_eq!(answer.status, 302, "POST {path}: {answer:?}");
        let location = answer.location.expect("a redirection says where");
        let path =
            location.split_once("://").map_or(location.as_str(), |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
        self.open(path).await
    }

    /// A form without a token, as another site would send it; answers the status.
    pub(crate) async fn forge(&mut self, path: &str, form: &str) -> u16 {
        self.request("POST", path, form).await.status
    }

    async fn request(&mut self, method: &str, path: &str, form: &str) -> Page {
        let asked = tokio::time::timeout(PATIENCE, self.ask(method, path, form)).await;
        let bytes = asked.expect("a page is answered in time").expect("the pages can be reached");
        let text = String::from_utf8(bytes).expect("the pages are UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let header = |wanted: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned()).next()
        };
        if let Some(cookie) = header("set-cookie") {
            self.cookie = cookie.split(';').next().map(ToOwned::to_owned);
        }
        if let Some((_, rest)) = body.split_once("name='authenticity_token' value='") {
            self.token = rest.split('\'').next().map(ToOwned::to_owned);
        }
        Page { status, location: header("location"), body: body.to_owned() }
    }

    async fn ask(&self, method: &str, path: &str, form: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let length = form.len();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n{cookie}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n",
            self.port
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(form.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// As Rack escapes text for a page.
fn escape_html(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&#x27;"),
            '"' => escaped.push_str("&quot;"),
            '/' => escaped.push_str("&#x2F;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn escape_form(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte))
        } else {
            escaped.push_str(&format!("%{byte:02X}"))
        }
    }
    escaped
}
