//! Reads a page as a browser does, and says what in it could come alive.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// What stands in every hostile text, where it would be a part of the page's own code.
pub(crate) const MARKER: &str = "x0sancho";

/// Bytes of a page: with payloads of a megabyte it is still one that a phone loads.
const PAGE_BYTES_MAX: usize = 800_000;

/// Elements that no page of ours has: they bring code, style, frames or addresses from elsewhere.
const NEVER: [&str; 12] = [
    "style",
    "iframe",
    "frame",
    "object",
    "embed",
    "applet",
    "base",
    "template",
    "math",
    "foreignobject",
    "use",
    "plaintext",
];

/// Attributes in which a payload's text may stand; it is escaped there, and means nothing.
const FOR_TEXT: [&str; 12] = [
    "href",
    "action",
    "formaction",
    "title",
    "value",
    "aria-label",
    "alt",
    "content",
    "placeholder",
    "datetime",
    "aria-description",
    "label",
];

/// Addresses.
const ADDRESSES: [&str; 6] = ["href", "src", "action", "formaction", "xlink:href", "poster"];

pub(crate) fn assert_inert(page: &str, html: &str) {
    let faults = faults(html);
    assert!(faults.is_empty(), "{page} is not inert: {:#?}", &faults[..faults.len().min(10)]);
}

/// What could come alive, each in words.
pub(crate) fn faults(html: &str) -> Vec<String> {
    let mut emitter = DefaultEmitter::default();
    // As a browser: what stands in a script or a title is no markup.
    emitter.naively_switch_states(true);
    let mut faults = Vec::new();
    if html.len() > PAGE_BYTES_MAX {
        faults.push(format!("it has {} bytes", html.len()));
    }
    let mut in_script = false;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let token: Token = token.expect("a text is read to its end");
        match token {
            Token::StartTag(tag) => {
                let name = text(&tag.name);
                let attributes: Vec<(String, String)> =
                    tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                in_script = name == "script";
                element(&name, &attributes, &mut faults);
            }
            Token::EndTag(tag) => {
                in_script = false;
                marked(&text(&tag.name), "the name of an end tag", &mut faults);
            }
            Token::String(string) => {
                let string = text(&string);
                if in_script && !string.trim().is_empty() {
                    faults.push(format!("a script inside the page: {string}"));
                }
                seen(&string, "text", &mut faults);
            }
            Token::Comment(comment) => marked(&text(&comment), "a comment", &mut faults),
            Token::Doctype(doctype) => marked(&format!("{doctype:?}"), "the doctype", &mut faults),
            Token::Error(_) => {}
        }
    }
    faults
}

fn element(name: &str, attributes: &[(String, String)], faults: &mut Vec<String>) {
    marked(name, "the name of a tag", faults);
    if NEVER.contains(&name) {
        faults.push(format!("an element <{name}>"));
    }
    if name == "script" && !attributes.iter().any(|(name, _)| name == "src") {
        faults.push("a script without a file".to_owned());
    }
    for (attribute, value) in attributes {
        let here = format!("<{name} {attribute}>");
        marked(attribute, "the name of an attribute", faults);
        if attribute.starts_with("on") || ["style", "srcdoc", "http-equiv"].contains(&attribute.as_str()) {
            faults.push(format!("{here}: {value}"));
        }
        if ADDRESSES.contains(&attribute.as_str()) && leads_away(value) {
            faults.push(format!("{here} leads away: {value}"));
        }
        if !FOR_TEXT.contains(&attribute.as_str()) && !attribute.starts_with("data-") {
            marked(value, &here, faults);
        }
        // A form hands a value back as it was: it has to be the same.
        if attribute != "value" {
            seen(value, &here, faults);
        }
    }
}

/// Whether an address is of another scheme or another host. A browser leaves spaces and line ends in it away.
fn leads_away(address: &str) -> bool {
    let address: String = address.chars().filter(|character| *character > ' ').collect();
    let address = address.replace('\\', "/");
    let first = address.split(['/', '?', '#']).next().unwrap_or_default();
    address.starts_with("//") || first.contains(':')
}

fn marked(text: &str, place: &str, faults: &mut Vec<String>) {
    if text.to_ascii_lowercase().contains(MARKER) {
        faults.push(format!("{place} is a stranger's: {text}"));
    }
}

/// Whether everything in a text can be seen, and turns nothing around.
fn seen(text: &str, place: &str, faults: &mut Vec<String>) {
    let hidden = |character: &char| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    if let Some(character) = text.chars().find(hidden) {
        faults.push(format!("{place} has U+{:04X}", u32::from(character)));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
