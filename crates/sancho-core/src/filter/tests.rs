//! What filters mean, on payloads as they are stored.

use super::*;
use crate::redact::{Hidden, Redact};

/// Noon of some day.
const NOON: Timestamp = Timestamp::from_unix_millis(1_795_226_400_000);

/// A job that was pushed two hours before noon and failed the third time ten minutes before it.
const JOB: &str = r#"{"class":"Mailer","args":[7,"Blue Sky",{"user":9}],"jid":"0a1b","queue":"low","key":"user:7",
    "tags":["eu","big ones"],"created_at":1795219200.0,"failed_at":1795222800.0,"retried_at":1795225800.0,
    "retry_count":2,"error_class":"Net::Timeout","error_message":"it took too \"long\""}"#;

fn passes(filter: &str, payload: &str) -> bool {
    let filter = Filter::parse(filter, NOON).expect(filter);
    filter.matches(&Payload::from_bytes(payload.as_bytes()))
}

#[test]
fn each_term_holds_for_what_it_names() {
    for (filter, want) in [
        ("", true),
        ("class:Mailer", true),
        ("class:Mail*", true),
        ("class:mailer", false),
        ("class=Mailer", true),
        ("class~MAIL", true),
        ("display_class:Mailer", true),
        ("display_class:Mail", false),
        ("display_class~MAIL", true),
        ("queue:low", true),
        ("queue:lo", false),
        ("jid:0a1b", true),
        ("jid:0a*", true),
        ("key:user:7", true),
        ("key:user:*", true),
        ("tag:eu", true),
        ("tag:us", false),
        ("tag:\"big ones\"", true),
        ("tag:big", false),
        ("arg:7", true),
        ("arg:9", false),
        ("arg:\"Blue Sky\"", true),
        ("arg~sky", true),
        ("arg~\"\\\"user\\\":9\"", true),
        ("error~TIMEOUT", true),
        ("error:Net::*", true),
        ("error:\"Net::Timeout: it took too \\\"long\\\"\"", true),
        ("error~nothing", false),
        ("error_class:Net::Timeout", true),
        ("error_class:Net::*", true),
        ("error_class~TIMEOUT", true),
        ("error_class~took", false),
        ("error_class:\"it took too \\\"long\\\"\"", false),
        ("attempts>2", true),
        ("attempts>3", false),
        ("attempts>=3", true),
        ("attempts<=3", true),
        ("attempts<3", false),
        ("attempts:3", true),
        ("age>1h", true),
        ("age>2h", false),
        ("age>=2h", true),
        ("age<2h", false),
        ("age<=2h", true),
        ("age<1d", true),
        ("failed<15m", true),
        ("failed>15m", false),
        ("Blue", true),
        ("blue", false),
        ("\"Blue Sky\"", true),
        ("Blue*Sky", true),
        ("Sky*Blue", false),
        ("Net::Timeout", true),
        ("net::timeout", false),
    ] {
        assert_eq!(passes(filter, JOB), want, "{filter}");
        if !filter.is_empty() {
            assert_eq!(passes(&format!("-{filter}"), JOB), !want, "-{filter}");
            assert_eq!(passes(&format!("!{filter}"), JOB), !want, "!{filter}");
        }
    }
}

#[test]
fn all_terms_have_to_hold() {
    assert!(passes("class:Mail*  queue:low\terror~timeout arg:7 tag:eu age>1h -tag:us Blue", JOB));
    assert!(!passes("class:Mail* queue:high", JOB));
    assert!(!passes("class:Mail* -tag:eu", JOB));
}

#[test]
fn a_wrapped_job_goes_by_each_of_its_names() {
    let job = r#"{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"WelcomeJob","args":[{"arguments":[7]}]}"#;
    for class in ["WelcomeJob", "Sidekiq::ActiveJob::Wrapper", "Welcome*"] {
        assert!(passes(&format!("class:{class}"), job), "{class}");
        assert!(!passes(&format!("-class:{class}"), job), "{class}");
    }
}

#[test]
fn the_class_that_is_shown_is_asked_for_alone() {
    let wrapped = r#"{"class":"Wrapper","wrapped":"WelcomeJob","args":[]}"#;
    let bare = r#"{"class":"Wrapper","args":[]}"#;
    let renamed = r#"{"class":"Wrapper","wrapped":"Charge","display_class":"Charge of ACME","args":[]}"#;
    for (class, which) in [("Wrapper", bare), ("WelcomeJob", wrapped), ("\"Charge of ACME\"", renamed)] {
        for job in [wrapped, bare, renamed] {
            assert_eq!(passes(&format!("display_class:{class}"), job), job == which, "{class} of {job}");
        }
    }
    assert!(!passes("display_class:Charge", renamed) && passes("class:Charge", renamed));
}

#[test]
fn the_class_of_an_error_is_asked_for_apart_from_its_message() {
    let failed = |members: &str| format!(r#"{{"class":"A","args":[],{members}}}"#);
    let boom = failed(r#""error_class":"Boom","error_message":"oh""#);
    let says_boom = failed(r#""error_class":"Other","error_message":"Boom""#);
    assert!(passes("error_class:Boom", &boom) && !passes("error_class:Boom", &says_boom));
    assert!(passes("error:Boom", &says_boom));
    for nameless in [failed(r#""error_message":"Boom""#), failed(r#""error_class":"","error_message":"Boom""#)] {
        assert!(passes("-error_class:* error:*", &nameless), "{nameless}");
    }
}

#[test]
fn what_a_payload_does_not_have_holds_for_nothing_but_its_negation() {
    let bare = r#"{"class":"A"}"#;
    for term in
        ["queue:*", "jid:*", "key:*", "tag:*", "arg:*", "error:*", "error_class:*", "age>0s", "age<9w", "failed<9w"]
    {
        assert!(!passes(term, bare) && passes(&format!("-{term}"), bare), "{term}");
    }
    assert!(passes("attempts:0", bare) && passes("attempts<1", bare));
}

#[test]
fn of_a_payload_that_cannot_be_read_only_the_text_can_be_said() {
    let bytes = "oops { class";
    assert!(passes("oops", bytes) && passes("\"class\"", bytes));
    assert!(!passes("class:*", bytes) && passes("-class:*", bytes));
    assert!(!passes("display_class:*", bytes) && passes("-display_class:*", bytes));
}

#[test]
fn stars_stand_for_any_text_unless_they_are_quoted() {
    let job = |class: &str| format!(r#"{{"class":"{class}"}}"#);
    for (pattern, class, want) in [
        ("Mail*", "Mailer", true),
        ("*er", "Mailer", true),
        ("M*l*r", "Mailer", true),
        ("*", "x", true),
        ("Mail", "Mailer", false),
        ("M*x", "Mailer", false),
        ("a*a", "a", false),
        ("ab*bc", "abc", false),
        ("a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false),
        ("\"M*\"", "Mailer", false),
        ("\"M*\"", "M*", true),
        ("\"M*\"*", "M*ore", true),
    ] {
        assert_eq!(passes(&format!("class:{pattern}"), &job(class)), want, "{pattern} on {class}");
    }
}

#[test]
fn a_filter_is_printed_as_it_can_be_read_again() {
    for (text, printed) in [
        ("  class:Mail*   !tag:eu ", "class:Mail* -tag:eu"),
        ("error~Time*Out", "error~time*out"),
        ("\"two words\" arg:\"a\\\"b\"", "\"two words\" arg:\"a\\\"b\""),
        ("class:\"*\"", "class:\"*\""),
        ("attempts=3 age>=90m failed<2w", "attempts:3 age>=1h30m failed<2w"),
        ("\"class\" \"-x\" \"a:b\"", "\"class\" \"-x\" \"a:b\""),
        ("app::Boom", "\"app::Boom\""),
        ("", ""),
    ] {
        let filter = Filter::parse(text, NOON).expect(text);
        assert_eq!(filter.to_string(), printed, "{text}");
        assert_eq!(Filter::parse(printed, NOON), Ok(filter), "{printed}");
    }
    let by_hand = Filter { class: Some("Mail*".into()), text: Some("a b".into()), ..Filter::all() };
    assert_eq!(by_hand.to_string(), "class:Mail* \"a b\"");
}

#[test]
fn slips_are_refused_with_what_would_be_right() {
    for (text, said) in [
        ("clas:Mailer", "did you mean class?"),
        ("ege>1h", "did you mean age?"),
        ("product:42", "\"product:42\""),
        ("product:42", "class, queue"),
        ("class:", "class:Mail*"),
        ("class:\"\"", "class:Mail*"),
        ("class>3", "use : for the whole"),
        ("display_clas:A", "did you mean display_class?"),
        ("error_class:", "error_class:Net::*"),
        ("attempts>many", "whole number"),
        ("attempts~3", "use <, > or :"),
        ("age:1h", "use < or >"),
        ("age~1h", "use < or >"),
        ("age>1", "with its unit"),
        ("age>1y", "with its unit"),
        ("age", "'age>1h'"),
        ("-class", "'class:Mail*'"),
        ("-", "right before"),
        ("class:A - tag:x", "right before"),
        ("tag:\"open", "not closed"),
        ("\"\"", "leave it out"),
    ] {
        let error = Filter::parse(text, NOON).expect_err(text).to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    assert!(Filter::parse(&"a ".repeat(5_001), NOON).is_err());
}

#[test]
fn through_a_lens_what_is_hidden_is_as_if_it_were_not_there() {
    let mut lens = Lens::default();
    lens.hide("Charge", Hidden::argument(1).and(Redact::NOTHING.and_errors().into()));
    let lens = Arc::new(lens);
    let payload = |class: &str, secret: &str| {
        let text =
            format!(r#"{{"class":"{class}","args":[7,"{secret}"],"error_class":"E","error_message":"no {secret}"}}"#);
        Payload::from_bytes(text.into_bytes())
    };
    let passes = |filter: &str, payload: &Payload| {
        Filter::parse(filter, NOON).expect(filter).through(Arc::clone(&lens)).matches(payload)
    };
    for test in ["arg:4111", "arg~41", "error~4111", "4111"] {
        let negated = format!("-{test}");
        assert!(!passes(test, &payload("Charge", "4111")) && passes(&negated, &payload("Charge", "4111")), "{test}");
        assert!(passes(test, &payload("Open", "4111")) && !passes(&negated, &payload("Open", "4111")), "{test}");
    }
    assert!(passes("class:Charge arg:7 error:E", &payload("Charge", "4111")), "what is shown is found");
    let by_hand = Filter { text: Some("4111".into()), ..Filter::all() }.through(Arc::clone(&lens));
    assert!(!by_hand.matches(&payload("Charge", "4111")));
    let all = Filter::all().through(lens);
    assert!(all.is_all() && all.matches(&payload("Charge", "4111")));
}
