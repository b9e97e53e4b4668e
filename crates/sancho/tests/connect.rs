//! Opening a store by its address.

use sancho::{ConnectError, connect};

#[tokio::test]
async fn an_address_that_is_not_understood_says_what_would_be() {
    for (url, said) in [
        ("mysql://:secret@localhost/0", "stores of the kind \"mysql\" are not supported: use sqlite://FILE"),
        ("postgres://x", "stores of the kind \"postgres\" are not supported: use sqlite://FILE"),
        ("sancho.db", "it names no kind of store: use sqlite://FILE"),
        ("", "it names no kind of store: use sqlite://FILE"),
        ("sqlite://", "it names no file"),
        ("sqlite://a.db?durability=none", "the only option is durability=full or durability=normal"),
    ] {
        let error = connect(url).await.expect_err(url);
        assert!(matches!(error, ConnectError::Address { .. }), "{url}");
        let text = error.to_string();
        assert!(text.contains(said), "{url}: {text}");
        assert!(!text.contains("secret"), "credentials are not repeated: {text}");
    }
}

#[tokio::test]
async fn an_address_of_redis_is_not_repeated() {
    for (url, said) in [
        ("redis://:secret@localhost:secret", "the port is no number"),
        ("redis+unix://secret", "its absolute path"),
        ("redis+sentinel://:secret@localhost", "no master"),
    ] {
        let text = connect(url).await.expect_err(url).to_string();
        assert!(text.contains(said), "{url}: {text}");
        assert!(!text.contains("secret"), "credentials are not repeated: {text}");
    }
}
