//! Ways to Redis: hosts, sockets, TLS, Sentinels; who is let in, and who is not.

mod common;
#[path = "common/raw.rs"]
mod raw;
#[path = "common/steady.rs"]
mod steady;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::Redis;
use raw::{raw, say};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use redis::Value;
use sancho_core::{ErrorKind, Store, StoreError};
use sancho_redis::RedisStore;
use sancho_testkit::redis_server::RedisSentinel;
use sancho_testkit::{RedisServer, at, job};
use steady::{each_is_there_once, push_surely};

/// How often the tests ask whether something has come about, and what lies between.
const ASKS_MAX: usize = 3_000;
const ASK_EVERY: Duration = Duration::from_millis(20);

async fn refused(url: &str) -> StoreError {
    RedisStore::connect(url).await.expect_err("it is not let in")
}

async fn pushes_to(store: &RedisStore, url: &str) {
    store.push(&[job("0").build()], at(0)).await.expect("push");
    each_is_there_once(url, 1);
}

#[tokio::test]
async fn the_database_of_the_address_is_used() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&format!("redis://localhost:{}/7", server.port())).await.unwrap();
    pushes_to(&store, &format!("redis://127.0.0.1:{}/7", server.port())).await;
    assert_eq!(say(&server.url(), &["DBSIZE"]), Value::Int(0));
    let error = refused(&format!("redis://127.0.0.1:{}/99999", server.port())).await;
    assert!(error.kind == ErrorKind::Invalid && error.to_string().contains("no such database"), "{error}");
}

#[tokio::test]
async fn connections_have_a_name_and_nothing_is_warned_of() {
    let redis = Redis::default();
    let url = redis.url();
    let store = RedisStore::connect(&url).await.unwrap();
    let clients = format!("{:?}", say(&url, &["CLIENT", "LIST"]));
    assert!(clients.contains("name=sancho"), "{clients}");
    assert_eq!(store.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redis_that_evicts_is_warned_of() {
    let server = RedisServer::start_with(&["--maxmemory-policy", "allkeys-lru", "--save", ""]);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let warnings = store.warnings();
    assert!(matches!(&warnings[..], [one] if one.contains("allkeys-lru; set it to noeviction")), "{warnings:?}");
}

#[tokio::test]
async fn nobody_there_is_an_outage_and_says_where() {
    let url = RedisServer::start().url();
    let error = refused(&url).await;
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.to_string().contains(url.strip_prefix("redis://").unwrap().split('/').next().unwrap()), "{error}");
}

#[tokio::test]
async fn a_password_is_wanted_right() {
    let server = RedisServer::start_with(&["--requirepass", "s/cr@t", "--save", ""]);
    let url = |login: &str| format!("redis://{login}127.0.0.1:{}/3", server.port());
    let store = RedisStore::connect(&url(":s%2Fcr%40t@")).await.unwrap();
    pushes_to(&store, &url(":s%2Fcr%40t@")).await;

    let none = refused(&url("")).await;
    assert!(none.kind == ErrorKind::Invalid && none.to_string().contains("wants a password"), "{none}");
    let wrong = refused(&url(":hunter2@")).await;
    assert!(wrong.kind == ErrorKind::Invalid && wrong.to_string().contains("the user \"default\""), "{wrong}");
    assert!(!format!("{wrong} {wrong:?}").contains("hunter2"), "{wrong:?}");
}

#[tokio::test]
async fn a_user_does_what_its_rights_allow() {
    let server = RedisServer::start();
    for user in [
        &["ACL", "SETUSER", "anna", "on", ">secret", "~*", "&*", "+@all", "-@dangerous"][..],
        &["ACL", "SETUSER", "bert", "on", ">secret", "~*", "+@all", "-evalsha"][..],
    ] {
        say(&server.url(), user);
    }
    let url = |user: &str| format!("redis://{user}:secret@127.0.0.1:{}/0", server.port());
    // Without the right to INFO nothing is known of memory, and that is said.
    let anna = RedisStore::connect(&url("anna")).await.unwrap();
    pushes_to(&anna, &server.url()).await;
    let warnings = anna.warnings();
    assert!(matches!(&warnings[..], [one] if one.contains("does not say")), "{warnings:?}");

    let bert = RedisStore::connect(&url("bert")).await.unwrap();
    let error = bert.push(&[job("1").build()], at(0)).await.expect_err("no right to scripts");
    assert!(error.kind == ErrorKind::Invalid && error.to_string().contains("ACL SETUSER bert"), "{error}");
    assert_eq!(refused(&url("carl")).await.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn a_unix_socket_is_a_way_too() {
    let server = RedisServer::start_with(&["--unixsocket", "redis.sock", "--requirepass", "secret", "--save", ""]);
    let socket = server.socket();
    let url = |pass: &str| format!("redis+unix://{}?db=5&user=default&pass={pass}", socket.display());
    let store = RedisStore::connect(&url("secret")).await.unwrap();
    pushes_to(&store, &format!("redis://:secret@127.0.0.1:{}/5", server.port())).await;
    assert_eq!(refused(&url("hunter2")).await.kind, ErrorKind::Invalid);
    assert_eq!(refused("redis+unix:///nowhere/redis.sock").await.kind, ErrorKind::Unavailable);
}

/// An authority, and what it has certified, as files.
struct Certificates {
    directory: PathBuf,
}

impl Certificates {
    fn make(directory: &Path) -> Self {
        std::fs::create_dir_all(directory).expect("a directory can be made");
        let certificates = Certificates { directory: directory.to_owned() };
        let mut params = CertificateParams::new(Vec::new()).expect("no names are fine");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key can be made"))
            .expect("an authority certifies itself");
        std::fs::write(certificates.file("ca.pem"), authority.pem()).expect("a file can be written");
        let key = KeyPair::generate().expect("a key can be made");
        let mut params =
            CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("the names are fine");
        params.distinguished_name.push(DnType::CommonName, "somebody");
        let certificate = params.signed_by(&key, &authority).expect("an authority certifies");
        std::fs::write(certificates.file("cert.pem"), certificate.pem()).expect("a file can be written");
        std::fs::write(certificates.file("key.pem"), key.serialize_pem()).expect("a file can be written");
        certificates
    }

    fn file(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// A server that speaks nothing but TLS on its second port, and wants certificates of its clients or does not.
    fn serve(&self, clients: &str) -> (RedisServer, u16) {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let port = free.local_addr().expect("a bound listener has an address").port();
        drop(free);
        let [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| self.file(name));
        let server = RedisServer::start_with(&[
            "--tls-port",
            &port.to_string(),
            "--tls-ca-cert-file",
            &ca,
            "--tls-cert-file",
            &cert,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            clients,
            "--save",
            "",
        ]);
        (server, port)
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn certificates(name: &str) -> Certificates {
    Certificates::make(&std::env::temp_dir().join(format!("sancho-tls-{name}-{}", std::process::id())))
}

#[tokio::test]
async fn tls_trusts_the_authority_that_is_named() {
    let ours = certificates("ours");
    let (server, port) = ours.serve("no");
    for host in ["localhost", "127.0.0.1"] {
        let store = RedisStore::connect(&format!("rediss://{host}:{port}/1?ca={}", ours.file("ca.pem"))).await.unwrap();
        say(&server.url(), &["FLUSHALL"]);
        pushes_to(&store, &format!("redis://127.0.0.1:{}/1", server.port())).await;
    }
}

#[tokio::test]
async fn tls_refuses_whom_it_cannot_trust() {
    let (ours, others) = (certificates("trusted"), certificates("other"));
    let (_server, port) = ours.serve("no");
    // By the system's certificates, and by another authority's.
    for query in [String::new(), format!("?ca={}", others.file("ca.pem"))] {
        let error = refused(&format!("rediss://localhost:{port}{query}")).await;
        assert!(error.kind == ErrorKind::Invalid && error.to_string().contains("not trusted"), "{error}");
    }
    for (query, file) in
        [("ca=/nowhere/ca.pem", "/nowhere/ca.pem"), ("cert=/nowhere/c.pem&key=/nowhere/k.pem", "k.pem")]
    {
        let error = refused(&format!("rediss://localhost:{port}?{query}")).await;
        assert!(error.kind == ErrorKind::Invalid && error.to_string().contains(file), "{error}");
    }
    let no_certificate = format!("rediss://localhost:{port}?ca={}", ours.file("key.pem"));
    assert_eq!(refused(&no_certificate).await.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn a_server_may_want_a_certificate_of_its_clients() {
    let ours = certificates("mutual");
    let (server, port) = ours.serve("yes");
    let [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| ours.file(name));
    let store = RedisStore::connect(&format!("rediss://localhost:{port}?ca={ca}&cert={cert}&key={key}")).await.unwrap();
    pushes_to(&store, &server.url()).await;
    let error = refused(&format!("rediss://localhost:{port}?ca={ca}")).await;
    assert!(error.kind == ErrorKind::Invalid && error.to_string().contains("?cert=FILE&key=FILE"), "{error}");
}

/// A master, its replica, and Sentinels that know both.
struct Watched {
    master: RedisServer,
    replica: RedisServer,
    sentinels: Vec<RedisSentinel>,
}

impl Watched {
    fn start(sentinels: u32) -> Self {
        let master = RedisServer::start();
        let port = master.port().to_string();
        let replica = RedisServer::start_with(&[
            "--replicaof",
            "127.0.0.1",
            &port,
            "--save",
            "",
            "--repl-diskless-sync-delay",
            "0",
        ]);
        let quorum = sentinels / 2 + 1;
        let sentinels = (0..sentinels).map(|_| RedisSentinel::watch("mymaster", &master, quorum)).collect();
        let watched = Watched { master, replica, sentinels };
        eventually("the Sentinels know the replica and each other", || {
            watched.sentinels.iter().all(|sentinel| {
                let url = format!("redis://127.0.0.1:{}", sentinel.port());
                let master = format!("{:?}", say(&url, &["SENTINEL", "MASTER", "mymaster"]));
                let replicas = format!("{:?}", say(&url, &["SENTINEL", "REPLICAS", "mymaster"]));
                let others = watched.sentinels.len() - 1;
                let knows = format!("bulk-string('\"num-other-sentinels\"'), bulk-string('\"{others}\"')");
                replicas.contains("master-link-status\"'), bulk-string('\"ok") && master.contains(&knows)
            })
        });
        watched
    }

    fn url(&self) -> String {
        let hosts: Vec<String> =
            self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port())).collect();
        format!("redis+sentinel://{}/mymaster/0", hosts.join(","))
    }

    /// Whether the replica has all that the master has.
    fn is_level(&self) -> bool {
        let offset = |url: &str| {
            let info: String =
                redis::cmd("INFO").arg("replication").query(&mut raw(url)).expect("redis-server answers");
            let line = info.lines().find_map(|line| line.strip_prefix("master_repl_offset:").map(str::to_owned));
            line.expect("INFO has it")
        };
        offset(&self.master.url()) == offset(&self.replica.url())
    }

    fn say_to_sentinel(&self, words: &[&str]) -> redis::RedisResult<Value> {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).query(&mut raw(&format!("redis://127.0.0.1:{}", self.sentinels[0].port())))
    }
}

fn role(server: &RedisServer) -> String {
    let role: Vec<Value> = redis::cmd("ROLE").query(&mut raw(&server.url())).expect("redis-server answers");
    redis::from_redis_value(role[0].clone()).expect("redis-server answers")
}

#[track_caller]
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..ASKS_MAX {
        if is_so() {
            return;
        }
        std::thread::park_timeout(ASK_EVERY);
    }
    panic!("it never came about that {what}");
}

/// Pushes jobs with ever higher numbers until it is told to stop; how many were acknowledged.
struct Pusher {
    acknowledged: Arc<AtomicUsize>,
    enough: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Pusher {
    fn start(store: RedisStore) -> Self {
        let (acknowledged, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(usize::MAX)));
        let (done, until) = (Arc::clone(&acknowledged), Arc::clone(&enough));
        let task = tokio::spawn(async move {
            for number in 0.. {
                if number >= until.load(Ordering::SeqCst) {
                    return;
                }
                push_surely(&store, &number.to_string()).await;
                done.store(number + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Pusher { acknowledged, enough, task }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Waits for so many more.
    fn goes_on(&self, more: usize) {
        let from = self.acknowledged();
        eventually("pushes are acknowledged", || self.acknowledged() >= from + more || self.task.is_finished());
    }

    async fn stop(self) -> usize {
        self.enough.store(self.acknowledged() + 1, Ordering::SeqCst);
        self.task.await.expect("every push was acknowledged in the end");
        self.acknowledged.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinated_failover_loses_nothing_that_was_acknowledged() {
    let watched = Watched::start(1);
    let pusher = Pusher::start(RedisStore::connect(&watched.url()).await.unwrap());
    pusher.goes_on(50);
    // The master hands over once the replica has everything; then the Sentinels are told to follow.
    say(&watched.master.url(), &["FAILOVER"]);
    eventually("the roles are changed", || role(&watched.replica) == "master" && role(&watched.master) == "slave");
    eventually("the Sentinel follows", || watched.say_to_sentinel(&["SENTINEL", "FAILOVER", "mymaster"]).is_ok());
    pusher.goes_on(50);
    let count = pusher.stop().await;
    each_is_there_once(&watched.replica.url(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_dies_is_replaced_and_the_store_follows() {
    let mut watched = Watched::start(3);
    let store = RedisStore::connect(&watched.url()).await.unwrap();
    for number in 0..50 {
        push_surely(&store, &number.to_string()).await;
    }
    eventually("the replica has everything", || watched.is_level());
    watched.master.kill();
    for number in 50..100 {
        push_surely(&store, &number.to_string()).await;
    }
    assert_eq!(role(&watched.replica), "master");
    each_is_there_once(&watched.replica.url(), 100);
}

#[tokio::test]
async fn sentinels_that_are_away_or_do_not_know_the_name_are_told_apart() {
    let watched = Watched::start(1);
    let unknown = watched.url().replace("mymaster", "another");
    let error = refused(&unknown).await;
    assert!(error.kind == ErrorKind::Invalid && error.to_string().contains("does not know the name"), "{error}");
    let (_, known) = watched.url().split_once("://").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let away = RedisServer::start().port();
    // One Sentinel that is away does not matter where another answers.
    RedisStore::connect(&format!("redis+sentinel://127.0.0.1:{away},{known}")).await.unwrap();
    let error = refused(&format!("redis+sentinel://127.0.0.1:{away}/mymaster")).await;
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let sentinel = format!("redis://127.0.0.1:{}", watched.sentinels[0].port());
    let error = refused(&sentinel).await;
    assert!(error.kind == ErrorKind::Unsupported && error.to_string().contains("redis+sentinel://"), "{error}");
}
