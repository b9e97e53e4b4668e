//! `sancho web`, as a program that listens.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The program, killed when the test is over.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may be gone already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sancho(directory: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sancho"));
    command.current_dir(directory.path()).env_remove("SANCHO_URL").env_remove("SANCHO_WEB_AUTH");
    command
}

/// A directory with a store in it.
fn stocked() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let pushed = sancho(&directory).args(["push", "Mailer", "[7]"]).status().expect("the command runs");
    assert!(pushed.success());
    directory
}

/// Starts it at a free port; answers with the address that it says.
fn serve(command: &mut Command) -> (Serving, String) {
    let child = command.args(["web", "--bind", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn();
    let mut serving = Serving(child.expect("the command starts"));
    let mut line = String::new();
    BufReader::new(serving.0.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
    let address = address.unwrap_or_else(|| panic!("it says where it listens: {line:?}")).to_owned();
    (serving, address)
}

fn ask(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(stream, "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn what_is_pushed_over_http_stands_in_the_file_in_canonical_form() {
    let directory = stocked();
    let (mut serving, address) = serve(&mut sancho(&directory));
    let push = "POST /api/v1/jobs HTTP/1.1\r\nContent-Type: application/json\r\nIdempotency-Key: order-7";
    let body = r#"{"class": "Charge", "args": [ 1e2, "\u00e9" ]}"#;
    let pushed = ask(&address, push, body);
    assert!(pushed.starts_with("HTTP/1.1 201") && pushed.contains(r#""answer":"added""#), "{pushed}");
    let again = ask(&address, push, body);
    assert!(again.starts_with("HTTP/1.1 200") && again.contains(r#""answer":"repeated""#), "{again}");
    let page = ask(&address, "GET / HTTP/1.1", "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<html"), "{page}");

    let shown = sancho(&directory).args(["--json", "show", "push:order-7"]).output().expect("the command runs");
    let shown = String::from_utf8(shown.stdout).expect("text");
    assert!(shown.contains(r#""args":[100.0,"é"]"#), "{shown}");

    let pid = rustix::process::Pid::from_child(&serving.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be told to stop");
    assert!(serving.0.wait().expect("it ends").success());
}

/// How long what has to happen may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn connections_that_say_nothing_more_are_closed_and_keep_nobody_out_meanwhile() {
    let directory = stocked();
    let (mut serving, address) = serve(&mut sancho(&directory));
    let silent: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(&address).expect("it listens");
            let half = if number % 2 == 0 { "" } else { "GET / HTTP/1.1\r\nHost: loc" };
            stream.write_all(half.as_bytes()).expect("it takes what is said");
            stream.set_read_timeout(Some(PATIENCE)).expect("a span");
            stream
        })
        .collect();
    let page = ask(&address, "GET / HTTP/1.1", "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<html"), "{page}");
    for mut stream in silent {
        let mut said = Vec::new();
        // One that is reset is closed, too; one that stays open is not.
        let open = stream.read_to_end(&mut said).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(!open, "it is closed");
    }

    // Somebody who watches is no reason to go on.
    let mut watching = TcpStream::connect(&address).expect("it listens");
    write!(watching, "GET /live HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("it reads");
    watching.read_exact(&mut [0; 12]).expect("it answers");
    let pid = rustix::process::Pid::from_child(&serving.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be told to stop");
    assert!(serving.0.wait().expect("it ends").success());
}

#[test]
fn who_has_no_credentials_gets_nothing_where_some_are_asked_for() {
    let directory = stocked();
    let (_serving, address) =
        serve(sancho(&directory).env("SANCHO_WEB_AUTH", "viewer bearer reader 0123456789abcdef0123456789"));
    let stats = "GET /api/v1/stats HTTP/1.1";
    let nobody = ask(&address, stats, "");
    assert!(nobody.starts_with("HTTP/1.1 401") && nobody.contains("problem+json"), "{nobody}");
    let token = "Authorization: Bearer 0123456789abcdef0123456789";
    assert!(ask(&address, &format!("{stats}\r\n{token}"), "").starts_with("HTTP/1.1 200"));
    let act = format!("POST /api/v1/queues/default/pause HTTP/1.1\r\n{token}");
    assert!(ask(&address, &act, "").starts_with("HTTP/1.1 403"));
}

#[test]
fn an_address_that_others_reach_needs_credentials() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = sancho(&directory).args(["web", "--bind", "0.0.0.0:0"]).output().expect("the command runs");
    let said = String::from_utf8(refused.stderr).expect("text");
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("--auth-file"), "{said}");
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = sancho(&directory).args(["web", "--bind", "127.0.0.1:0"]).output().expect("the command runs");
    let said = String::from_utf8(refused.stderr).expect("text");
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(1), &b""[..]), "{said}");
    for part in ["there is no store at sancho.db", "--store", "SANCHO_URL", "push a job to make it", "[open]"] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    assert_eq!(directory.path().read_dir().expect("it is there").count(), 0, "nothing was made");
}

#[test]
fn the_help_says_where_it_listens_and_who_comes_in() {
    let directory = tempfile::tempdir().expect("a directory");
    let help = sancho(&directory).args(["help", "web"]).output().expect("the command runs");
    let help = String::from_utf8(help.stdout).expect("text");
    for part in ["127.0.0.1:7420", "--auth-file", "SANCHO_WEB_AUTH", "--trust-origin", "/api/v1/openapi.json"] {
        assert!(help.contains(part), "{part:?} in {help}");
    }
}

#[test]
fn pages_and_api_answer_for_a_redis_on_redis() {
    let server = sancho_testkit::RedisServer::start();
    let directory = tempfile::tempdir().expect("a directory");
    let (_serving, address) = serve(sancho(&directory).env("SANCHO_URL", server.fresh_url()));
    let push = "POST /api/v1/jobs HTTP/1.1\r\nContent-Type: application/json";
    let pushed = ask(&address, push, r#"{"class": "Charge", "args": [7]}"#);
    assert!(pushed.starts_with("HTTP/1.1 201"), "{pushed}");
    for (path, said) in [
        ("/", "<html"),
        ("/queues/default", "Charge"),
        ("/api/v1/stats", r#""enqueued":1"#),
        ("/api/v1/store", r#""kind":"redis""#),
        ("/api/v1/queues/default/jobs?order=backward", r#""class":"Charge","args":[7]"#),
    ] {
        let answer = ask(&address, &format!("GET {path} HTTP/1.1"), "");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(said), "{path}: {answer}");
    }
}
