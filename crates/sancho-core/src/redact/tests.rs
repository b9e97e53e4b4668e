use super::*;

fn shown(text: &str) -> String {
    let payload = Payload::from_bytes(text.as_bytes());
    Hidden::said_by(&payload).cut(&payload).to_text_lossy().into_owned()
}

#[test]
fn a_payload_says_itself_what_is_hidden() {
    assert_eq!(
        shown(r#"{"class":"A","args":[1,2],"redact":[1]}"#),
        r#"{"class":"A","args":[1,"[redacted]"],"redact":[1]}"#
    );
    for all in ["true", "\"yes\"", "[-1]", "{}", "[\"word\"]", "1"] {
        let text = shown(&format!(r#"{{"class":"A","args":["secret"],"error_message":"secret","redact":{all}}}"#));
        assert!(!text.contains("secret"), "{text}");
    }
    for none in ["false", "null", "[]"] {
        let text = format!(r#"{{"class":"A","args":["open"],"redact":{none}}}"#);
        assert_eq!(shown(&text), text);
    }
}

#[test]
fn errors_are_hidden_where_they_are_named_and_where_everything_is() {
    let payload = |says: &str| {
        format!(
            r#"{{"class":"A","args":[1,2],"redact":{says},"error_class":"E","error_message":"m","error_backtrace":["b"]}}"#
        )
    };
    assert_eq!(
        shown(&payload(r#"["errors"]"#)),
        r#"{"class":"A","args":[1,2],"redact":["errors"],"error_class":"E","error_message":"[redacted]","error_backtrace":["[redacted]"]}"#
    );
    assert!(shown(&payload("[0]")).contains(r#""args":["[redacted]",2]"#));
    assert!(shown(&payload("[0]")).contains(r#""error_message":"m","error_backtrace":["b"]"#));
    assert!(!shown(&payload("true")).contains("\"m\""));
}

#[test]
fn what_is_written_twice_or_in_escapes_is_hidden_all_the_same() {
    for hostile in [
        r#"{"class":"A","args":["secret"],"args":[1],"redact":true}"#,
        r#"{"class":"A","args":[1],"args":["secret"],"redact":true}"#,
        r#"{"class":"A","args":[1],"\u0061rgs":["secret"],"redact":true}"#,
        r#"{"class":"A","args":["secret"],"\u0072edact":true}"#,
        r#"{"class":"A","args":["secret"],"redact":true,"redact":false}"#,
        r#"{"class":"A","args":"secret","redact":true}"#,
        r#"{"class":"A","args":["secret"],"redact":true"#,
        r#"{"args":["secret"],"redact":true}"#,
    ] {
        assert!(!shown(hostile).contains("secret"), "{hostile}: {}", shown(hostile));
    }
    let deep = format!(r#"{{"class":"A","redact":[0],"args":["secret",{}{}]}}"#, "[".repeat(500), "]".repeat(500));
    assert_eq!(shown(&deep), REDACTED);
    assert_eq!(shown("not JSON"), "not JSON");
}

#[test]
fn what_is_declared_is_what_is_read() {
    for declared in [
        Redact::NOTHING,
        Redact::EVERYTHING,
        Redact::arguments(&[0, 2]),
        Redact::arguments(&[1]).and_errors(),
        Redact::NOTHING.and_errors(),
        Redact::arguments(&[]),
    ] {
        let read = declared.to_member().map_or_else(Hidden::nothing, |member| Hidden::read(&member));
        assert_eq!(read, Hidden::from(declared), "{declared:?}");
    }
    assert_eq!(Redact::EVERYTHING.and_errors(), Redact::EVERYTHING);
}

#[test]
fn what_stays_keeps_its_text() {
    let hidden = Hidden::argument(1);
    assert_eq!(
        hidden.cut_args(r#"[1.50, "4111" ,{"a":[123456789012345678901]}]"#),
        r#"[1.50,"[redacted]",{"a":[123456789012345678901]}]"#
    );
    assert_eq!(hidden.cut_args("\"secret\""), r#"["[redacted]"]"#);
}

#[test]
fn the_fingerprint_of_a_push_is_shown_to_nobody() {
    for says in ["true", "[0]", "[\"errors\"]", "false"] {
        let text = shown(&format!(
            r#"{{"class":"A","args":[1],"{FINGERPRINT}":"secret","redact":{says},"{FINGERPRINT}":"secret"}}"#
        ));
        assert!(!text.contains(FINGERPRINT) && !text.contains("secret"), "{says}: {text}");
        assert!(text.starts_with(r#"{"class":"A","args":["#), "{text}");
    }
    let open = format!(r#"{{"class":"A","args":["{FINGERPRINT}", 1.50]}}"#);
    assert_eq!(shown(&open), open, "all else stays as it is");
}
