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
            for place in ["{}", "{1}", "{2}"] {
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
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![home.join("templates"), home.join("src")];
    let mut source = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of this crate can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                source.push_str(&std::fs::read_to_string(path).expect("source is text"));
            }
        }
    }
    source
}
