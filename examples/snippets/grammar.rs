//! Code to HTML, and the style sheet that belongs to it.

use syntect::highlighting::ThemeSet;
use syntect::html::{ClassStyle, ClassedHTMLGenerator, css_for_theme_with_class_style};
use syntect::parsing::SyntaxSet;
use syntect::util::LinesWithEndings;

use crate::language::Language;

/// Classes rather than colors: the page decides between light and dark, and needs no inline styles.
const CLASSES: ClassStyle = ClassStyle::SpacedPrefixed { prefix: "hl-" };

/// The grammars of every language.
#[derive(Debug)]
pub(crate) struct Grammars(SyntaxSet);

impl Grammars {
    /// Unpacks the grammars; takes some milliseconds.
    pub(crate) fn load() -> Self {
        Grammars(SyntaxSet::load_defaults_newlines())
    }

    /// The code as HTML: text is escaped, words are spans with classes.
    pub(crate) fn highlight(&self, language: Language, code: &str) -> anyhow::Result<String> {
        let syntax = self.0.find_syntax_by_extension(language.extension);
        let syntax = syntax.unwrap_or_else(|| self.0.find_syntax_plain_text());
        let mut html = ClassedHTMLGenerator::new_with_class_style(syntax, &self.0, CLASSES);
        for line in LinesWithEndings::from(code) {
            html.parse_html_for_line_which_includes_newline(line)?;
        }
        Ok(html.finalize())
    }
}

/// The colors of highlighted code, by day and by night.
pub(crate) fn style_sheet() -> anyhow::Result<String> {
    let themes = ThemeSet::load_defaults().themes;
    let css = |name: &str| css_for_theme_with_class_style(&themes[name], CLASSES);
    let (light, dark) = (css("InspiredGitHub")?, css("base16-ocean.dark")?);
    // Each theme names other classes: a rule of the one must not show through the other.
    Ok(format!(
        "@media not all and (prefers-color-scheme: dark) {{\n{light}\n}}\n\
         @media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_grammar() {
        let grammars = Grammars::load();
        for language in Language::ALL {
            assert!(grammars.0.find_syntax_by_extension(language.extension).is_some(), "{}", language.name);
        }
    }

    #[test]
    fn hostile_code_stays_text_in_every_language() {
        let grammars = Grammars::load();
        for language in Language::ALL {
            let html = grammars.highlight(*language, "<script>alert('&')</script>\n\"<img src=x onerror=1>\"").unwrap();
            assert!(!html.contains("<script") && !html.contains("<img"), "{}: {html}", language.name);
        }
    }

    #[test]
    fn keywords_have_classes() {
        let html = Grammars::load().highlight(Language::ALL[0], "fn main() {}\n").unwrap();
        assert!(html.contains("hl-storage"), "{html}");
        assert!(style_sheet().unwrap().contains(".hl-storage"));
    }
}
