//! The languages that a snippet may be written in.

/// A language: what forms send, what people read, and what the highlighter looks its grammar up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Language {
    /// The value in forms and in the database.
    pub(crate) tag: &'static str,
    /// The name that people read.
    pub(crate) name: &'static str,
    /// The file extension by which the highlighter knows the grammar.
    pub(crate) extension: &'static str,
}

impl Language {
    /// Every language, in the order of the form's list.
    pub(crate) const ALL: &[Language] = &[
        Language { tag: "rust", name: "Rust", extension: "rs" },
        Language { tag: "ruby", name: "Ruby", extension: "rb" },
        Language { tag: "python", name: "Python", extension: "py" },
        Language { tag: "javascript", name: "JavaScript", extension: "js" },
        Language { tag: "go", name: "Go", extension: "go" },
        Language { tag: "c", name: "C", extension: "c" },
        Language { tag: "cpp", name: "C++", extension: "cpp" },
        Language { tag: "java", name: "Java", extension: "java" },
        Language { tag: "html", name: "HTML", extension: "html" },
        Language { tag: "css", name: "CSS", extension: "css" },
        Language { tag: "sql", name: "SQL", extension: "sql" },
        Language { tag: "bash", name: "Shell", extension: "sh" },
        Language { tag: "json", name: "JSON", extension: "json" },
        Language { tag: "markdown", name: "Markdown", extension: "md" },
        Language { tag: "text", name: "Plain text", extension: "txt" },
    ];

    /// The language of a tag, a name or an extension, in any case.
    pub(crate) fn find(word: &str) -> Option<Language> {
        let word = word.trim();
        let is = |known: &str| known.eq_ignore_ascii_case(word);
        Language::ALL.iter().copied().find(|l| is(l.tag) || is(l.name) || is(l.extension))
    }
}
