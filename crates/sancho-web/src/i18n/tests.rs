use std::collections::BTreeSet;
use std::path::Path;

use super::*;

#[test]
fn every_language_has_every_word_with_the_same_places() {
    for language in Language::ALL {
        let missing: Vec<&str> = keys(Language::English).difference(&keys(language)).copied().collect();
        let further: Vec<&str> = keys(language).difference(&keys(Language::English)).copied().collect();
        assert!(missing.is_empty() && further.is_empty(), "{language:?} lacks {missing:?} and adds {further:?}");
        for (key, text) in words(language).iter() {
            assert!(!text.trim().is_empty() || key == "number.thousands", "{language:?}: {key} is empty");
            for place in ["{}", "{1}", "{2}", "{3}"] {
                let english = words(Language::English).get(key).contains(place);
                assert_eq!(text.contains(place), english, "{language:?}: {key} has {place} as English has it");
            }
        }
    }
}

#[test]
fn every_word_that_a_page_asks_for_is_there_and_every_word_is_asked_for() {
    let source = source();
    let known = keys(Language::English);
    let mut asked = BTreeSet::new();
    for quoted in source.split('"').filter(|quoted| is_key(quoted)) {
        let forms = [format!("{quoted}.one"), format!("{quoted}.other")];
        if known.contains(quoted) {
            asked.insert(quoted.to_owned());
        } else if forms.iter().all(|form| known.contains(form.as_str())) {
            asked.extend(forms);
        } else {
            let first = quoted.split('.').next().unwrap_or_default();
            let is_ours = known.iter().any(|key| key.split('.').next() == Some(first));
            assert!(!is_ours, "a page asks for {quoted:?}, which locales/en.toml does not have");
        }
    }
    let idle: Vec<&&str> = known.iter().filter(|key| !asked.contains(**key)).collect();
    assert!(idle.is_empty(), "nobody asks for {idle:?}");
}

/// Calls by which code and templates ask for words.
const ASKING: [&str; 4] = [".t(\"", ".with(\"", ".with2(\"", ".count(\""];

#[test]
fn every_key_that_is_asked_for_is_in_the_files_whatever_it_looks_like() {
    let (source, known) = (source(), keys(Language::English));
    let mut asked = 0;
    for call in ASKING {
        for rest in source.split(call).skip(1) {
            let key = rest.split('"').next().expect("a text has an end");
            let is_known = known.contains(key) || known.contains(format!("{key}.other").as_str());
            assert!(is_known, "{call}{key}\") asks for a word that no file has");
            asked += 1;
        }
    }
    assert!(asked > 200, "pages ask for words in these ways: {asked}");
}

/// What stands in templates and is the same in every language.
const NO_WORDS: [&str; 9] = ["Sancho", "Enter", "Esc", "j", "k", "x", "p50", "p95", "p99"];

#[test]
fn templates_have_no_words_of_their_own() {
    let said = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.contains(char::is_alphabetic));
        words.filter(|word| !NO_WORDS.contains(word)).map(str::to_owned).collect::<Vec<_>>()
    };
    for (name, template) in files("templates") {
        let html = without(&without(&without(&template, "{#", "#}"), "{%", "%}"), "{{", "}}");
        let text = without(&html, "<", ">").replace("&nbsp;", " ");
        assert!(said(&text).is_empty(), "{name} has words that no language file has: {:?}", said(&text));
        for attribute in [" aria-label=\"", " title=\"", " placeholder=\"", " alt=\""] {
            for value in html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(said(value).is_empty(), "{name} has{attribute}{value}\"");
            }
        }
    }
    assert_eq!(without("a{{ b }}c{{d}}", "{{", "}}"), "a c ");
    assert_eq!(said("<Run now> 7 · p95"), ["Run", "now"]);
}

/// The text with a space in the place of what stands between these two marks, and of the marks.
fn without(text: &str, opens: &str, closes: &str) -> String {
    let mut parts = text.split(opens);
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        left.push(' ');
        left.push_str(part.split_once(closes).map_or("", |(_, behind)| behind));
    }
    left
}

#[test]
fn a_language_is_chosen_as_the_browser_weighs_them() {
    for (header, language) in [
        ("", Language::English),
        ("vi", Language::Vietnamese),
        ("vi-VN,vi;q=0.9,en;q=0.8", Language::Vietnamese),
        ("en-US,en;q=0.9,vi;q=0.8", Language::English),
        ("fr,vi;q=0.3,en;q=0.2", Language::Vietnamese),
        ("de, *;q=0.5", Language::English),
        ("vi;q=nonsense", Language::Vietnamese),
        ("vi;q=0,en;q=0.1", Language::English),
    ] {
        assert_eq!(Language::accepted(header), language, "{header}");
    }
}

fn keys(language: Language) -> BTreeSet<&'static str> {
    words(language).iter().map(|(key, _)| key).collect()
}

fn is_key(text: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    !text.ends_with(".html") && text.contains('.') && text.split('.').all(is_word)
}

/// All templates and all code of this crate.
fn source() -> String {
    let files = files("templates").into_iter().chain(files("src"));
    files.filter(|(name, _)| !name.ends_with("i18n/tests.rs")).map(|(_, text)| text).collect()
}

/// Every file of a folder of this crate, by its path.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of this crate can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).expect("source is text")));
            }
        }
    }
    files
}
