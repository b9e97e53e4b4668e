use super::*;

fn plain(name: &str, port: u16) -> Target {
    Target::Host(Host { name: name.to_owned(), port })
}

fn login_as(user: Option<&str>, password: &str) -> Option<Login> {
    Some(Login { user: user.map(str::to_owned), password: password.to_owned() })
}

#[test]
fn a_host_has_a_port_a_database_and_a_login() {
    for (text, target, login, database) in [
        ("redis://localhost", plain("localhost", 6379), None, 0),
        ("redis://localhost/", plain("localhost", 6379), None, 0),
        ("redis://10.0.0.1:7000/12", plain("10.0.0.1", 7000), None, 12),
        ("redis://[::1]:7000/1", plain("::1", 7000), None, 1),
        ("redis://[::1]", plain("::1", 6379), None, 0),
        ("redis://:secret@db/2/", plain("db", 6379), login_as(None, "secret"), 2),
        ("redis://anna:p%40ss%2Fw%3Ard@db", plain("db", 6379), login_as(Some("anna"), "p@ss/w:rd"), 0),
        ("redis://anna:a:b@db", plain("db", 6379), login_as(Some("anna"), "a:b"), 0),
        ("redis://anna:a@b@db", plain("db", 6379), login_as(Some("anna"), "a@b"), 0),
        ("redis://:@db", plain("db", 6379), None, 0),
    ] {
        let address = Address::parse(text).expect(text);
        assert_eq!(address, Address { target, login, database, tls: None, wire: Wire::default() }, "{text}");
    }
}

#[test]
fn tls_takes_certificates() {
    let tls = |text: &str| Address::parse(text).expect(text).tls;
    assert_eq!(tls("redis://db"), None);
    assert_eq!(tls("rediss://db"), Some(TlsFiles::default()));
    assert_eq!(
        tls("rediss://db:6380/1?ca=/etc/a%20b.pem&cert=c.pem&key=k.pem"),
        Some(TlsFiles { authority: Some("/etc/a b.pem".into()), own: Some(("c.pem".into(), "k.pem".into())) })
    );
}

#[test]
fn a_unix_socket_is_a_path_with_parameters() {
    let address = Address::parse("redis+unix:///run/a%20b.sock?db=3&user=anna&pass=s%26").expect("it is one");
    assert_eq!(address.target, Target::Unix("/run/a b.sock".into()));
    assert_eq!((address.database, &address.login), (3, &login_as(Some("anna"), "s&")));
}

#[test]
fn sentinels_have_a_master_and_a_login_of_their_own() {
    let text = "rediss+sentinel://anna:one@a,b:7,[::1]:8/my%2Fmaster/4?sentinel_user=s&sentinel_pass=two";
    let address = Address::parse(text).expect(text);
    let host = |name: &str, port| Host { name: name.to_owned(), port };
    let hosts = vec![host("a", 26379), host("b", 7), host("::1", 8)];
    let target = Target::Sentinel { hosts, master: "my/master".to_owned(), login: login_as(Some("s"), "two") };
    assert_eq!(
        address,
        Address {
            target,
            login: login_as(Some("anna"), "one"),
            database: 4,
            tls: Some(TlsFiles::default()),
            wire: Wire::default()
        }
    );
}

#[test]
fn nothing_that_is_shown_has_a_password() {
    for (text, shown) in [
        ("redis://anna:hunter2@db:1/2", "redis://db:1/2"),
        ("rediss://:hunter2@[::1]?ca=x", "rediss://[::1]:6379/0"),
        ("redis+unix:///a.sock?user=anna&pass=hunter2", "redis+unix:///a.sock?db=0"),
        ("redis+sentinel://:hunter2@a,b/m?sentinel_pass=hunter2", "redis+sentinel://a:26379,b:26379/m/0"),
    ] {
        let address = Address::parse(text).expect(text);
        assert_eq!((address.to_string(), format!("{address:?}")), (shown.to_owned(), shown.to_owned()));
    }
}

#[test]
fn every_kind_of_address_says_which_sidekiq_reads() {
    for (text, wire) in [
        ("redis://db", Wire::Any),
        ("redis://db/1?wire=7", Wire::Seven),
        ("redis://db/1?wire=8", Wire::Eight),
        ("rediss://db?ca=a.pem&wire=8", Wire::Eight),
        ("redis+unix:///a.sock?wire=8&db=1", Wire::Eight),
        ("redis+sentinel://a,b/m/0?wire=8", Wire::Eight),
    ] {
        assert_eq!(Address::parse(text).expect(text).wire, wire, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_without_what_was_given() {
    for (text, reason) in [
        ("hunter2", "it is none of"),
        ("http://hunter2", "it is none of"),
        ("redis://", "no host"),
        ("redis://:hunter2@/0", "no host"),
        ("redis://db:hunter2", "the port"),
        ("redis://db:0", "the port"),
        ("redis://db:70000", "the port"),
        ("redis://::1:6379", "no host"),
        ("redis://a::1", "the port"),
        ("redis://[hunter2]", "IPv6"),
        ("redis://[::1", "ends with ]"),
        ("redis://[::1]6379", "the port"),
        ("redis://db/hunter2", "the database"),
        ("redis://db/-1", "the database"),
        ("redis://db/+1", "the database"),
        ("redis://db/1/2", "the database"),
        ("redis://db/99999999999", "the database"),
        ("redis://hunter2@db", "a user without a password"),
        ("redis://:hun/ter2@db", "write / as %2F"),
        ("redis://:hun?ter2@db", "no host"),
        ("redis://anna:hunter2@db?ter2@db", "a ? in a password"),
        ("redis://a,b/0", "several hosts"),
        ("redis://db?ca=hunter2", "a parameter"),
        ("redis://db?wire=hunter2", "wire=7 or wire=8"),
        ("redis://db?db=1", "a parameter"),
        ("redis://:%ff@db", "not UTF-8"),
        ("rediss://db?cert=hunter2", "both cert=FILE and key=FILE"),
        ("rediss://db?verify=hunter2", "a parameter"),
        ("redis+unix://hunter2.sock", "its absolute path"),
        ("redis+unix:///a.sock?db=hunter2", "the database"),
        ("redis+unix:///a.sock?user=hunter2", "a user without a password"),
        ("redis+sentinel://:hunter2@a,b", "no master"),
        ("redis+sentinel://a,b//0", "no master"),
        ("redis+sentinel://a,,b/m", "no host"),
        ("redis+sentinel://a/m/hunter2", "the database"),
        ("redis+sentinel://a/m?sentinel_user=hunter2", "a user without a password"),
    ] {
        let error = Address::parse(text).expect_err(text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
        assert!(!error.contains("hunter2") && !error.contains("ter2"), "{text}: {error}");
    }
}

#[test]
fn the_bare_word_is_what_the_environment_names() {
    let resolve = |variables: &[(&str, &str)]| {
        let find = |name: &str| variables.iter().find(|(have, _)| *have == name).map(|(_, value)| (*value).to_owned());
        Address::resolve("redis", find).map(|address| address.to_string()).map_err(|error| error.to_string())
    };
    for (variables, address) in [
        (&[][..], "redis://localhost:6379/0"),
        (&[("REDIS_URL", "")], "redis://localhost:6379/0"),
        (&[("REDIS_URL", "redis://a/1")], "redis://a:6379/1"),
        (&[("REDIS_PROVIDER", "CLOUD"), ("CLOUD", "redis://b"), ("REDIS_URL", "redis://a")], "redis://b:6379/0"),
        (&[("REDIS_PROVIDER", "CLOUD"), ("REDIS_URL", "redis://a")], "redis://a:6379/0"),
        (&[("REDIS_PROVIDER", ""), ("REDIS_URL", "redis://a")], "redis://a:6379/0"),
    ] {
        assert_eq!(resolve(variables).as_deref(), Ok(address), "{variables:?}");
    }
    let error = resolve(&[("REDIS_PROVIDER", "redis://:hunter2@a")]).expect_err("an address");
    assert!(error.contains("the name of the variable") && !error.contains("hunter2"), "{error}");
    let error = resolve(&[("REDIS_URL", "hunter2")]).expect_err("no address");
    assert!(error.starts_with("the variable REDIS_URL: it is none of") && !error.contains("hunter2"), "{error}");
    assert_eq!(
        Address::resolve("redis://x", |_| panic!("nothing is read")).expect("one").to_string(),
        "redis://x:6379/0"
    );
}
