//! Any text as the address of a Redis: it is read, or refused without a word of what was given.

use sancho_redis::readers;

/// A word that stands in no message of ours.
const SECRET: &str = "xyzzy-s3cr3t";

pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    read(&text);
    read(&format!("redis://{text}"));
    read(&format!("redis+sentinel://{text}"));
    if text.contains(SECRET) {
        return;
    }
    // Wherever a password stands, it is not repeated.
    for hidden in [
        format!("redis://user:{SECRET}@{text}"),
        format!("redis://:{SECRET}{text}@host"),
        format!("redis+unix:///run/redis.sock?pass={SECRET}&{text}"),
        format!("redis+sentinel://h/master?sentinel_pass={SECRET}{text}"),
    ] {
        let said = read(&hidden);
        assert!(!said.contains(SECRET), "{said}");
    }
}

/// The address as it is shown, or what is wrong with it.
fn read(text: &str) -> String {
    // The environment says the same as the caller.
    let named = readers::address("redis", |name| (name == "REDIS_URL").then(|| text.to_owned()));
    let given = readers::address(text, |_| None);
    if !text.is_empty() && text != "redis" {
        assert_eq!(given.is_ok(), named.is_ok(), "{text}");
    }
    let said = match given {
        Ok(shown) => shown,
        Err(error) => error.to_string(),
    };
    assert!(!said.is_empty());
    said
}
