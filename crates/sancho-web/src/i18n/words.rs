//! The words of one language, read from its file.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// Texts by key, such as `nav.busy`.
#[derive(Debug)]
pub(crate) struct Words(BTreeMap<String, String>);

impl Words {
    /// Reads a file of tables of texts.
    ///
    /// # Panics
    /// When it is none: the files are compiled in, and a test reads them.
    pub(super) fn read(toml: &str) -> Words {
        let table = DeTable::parse(toml).unwrap_or_else(|error| panic!("a file of words is not TOML: {error}"));
        let mut words = BTreeMap::new();
        gather(table.into_inner(), "", &mut words);
        Words(words)
    }

    /// The text of a key. One that is not there is shown as such, since a page with a hole is better than none.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("⟦?⟧", String::as_str)
    }

    /// The text of a key in the form that a number asks for.
    pub(crate) fn plural(&self, key: &str, number: u64) -> &str {
        let form = if number == 1 { "one" } else { "other" };
        self.get(&format!("{key}.{form}"))
    }

    /// Every key with its text.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }
}

fn gather(table: DeTable<'_>, above: &str, words: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = format!("{above}{}", name.get_ref());
        match value.into_inner() {
            DeValue::String(text) => {
                words.insert(key, text.into_owned());
            }
            DeValue::Table(table) => gather(table, &format!("{key}."), words),
            other => panic!("a word is a text, but {key} is {other:?}"),
        }
    }
}
