//! The pages, as HTML. Everything that a person wrote goes through [`escape`].

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::escape::escape;
use crate::form::{CODE_BYTES_MAX, SnippetForm};
use crate::language::Language;
use crate::snippet::Snippet;

/// Characters of a snippet's first line in lists.
const TITLE_CHARS_MAX: usize = 72;

/// The first page: the form, as it was sent if it was refused, and the newest snippets.
pub(crate) fn index(form: &SnippetForm, message: Option<&str>, newest: &[Snippet]) -> String {
    let mut options = String::new();
    let chosen = Language::find(&form.language);
    for language in Language::ALL {
        let selected = if chosen == Some(*language) { " selected" } else { "" };
        let _ = write!(options, r#"<option value="{}"{selected}>{}</option>"#, language.tag, escape(language.name));
    }
    let list = if newest.is_empty() {
        r#"<p class="quiet">Nothing yet. Yours is the first.</p>"#.to_owned()
    } else {
        format!(r#"<ul class="list">{}</ul>"#, newest.iter().map(item).collect::<String>())
    };
    // A browser drops one line break at the start of a text area: this one, not the snippet's own.
    let main = format!(
        r#"<h1>Share a snippet</h1>
{note}
<form method="post" action="/snippets" class="card">
<label>Language <select name="language">{options}</select></label>
<label class="wide">Code
<textarea name="code" rows="12" maxlength="{CODE_BYTES_MAX}" spellcheck="false" required autofocus>
{code}</textarea></label>
<label>Publish later <small data-zone>(UTC, optional)</small>
<input type="datetime-local" name="publish_at" step="1" value="{publish_at}"></label>
<button>Save and highlight</button>
</form>
<h2>Newest</h2>
{list}
<p class="quiet"><a href="/jobs">The jobs behind them</a>, for whoever runs this.</p>"#,
        note = note(message),
        code = escape(&form.code),
        publish_at = escape(&kept_time(&form.publish_at)),
    );
    layout("Snippets", &main)
}

/// One snippet, its state, and the forms about its publication.
pub(crate) fn snippet(snippet: &Snippet, message: Option<&str>) -> String {
    let id = snippet.id;
    let code = match &snippet.html {
        Some(html) => html.clone(),
        None => escape(&snippet.code),
    };
    let main = format!(
        r#"<p><a href="/">← All snippets</a></p>
<h1>Snippet {id}</h1>
{note}
<div id="live" data-json="/snippets/{id}.json" data-highlighted="{highlighted}" data-published="{published}">
<p class="state" role="status">{language} · {badges}</p>
<pre class="code hl-code"><code>{code}</code></pre>
</div>
{forms}"#,
        note = note(message),
        highlighted = snippet.highlighted(),
        published = snippet.published,
        language = escape(snippet.language.name),
        badges = badges(snippet),
        forms = publication(snippet),
    );
    layout(&format!("Snippet {id}"), &main)
}

/// A page that says why there is none.
pub(crate) fn problem(message: &str) -> String {
    layout("Sorry", &format!(r#"<h1>Sorry</h1><p>{}</p><p><a href="/">← All snippets</a></p>"#, escape(message)))
}

fn publication(snippet: &Snippet) -> String {
    let id = snippet.id;
    if snippet.published {
        return String::new();
    }
    let (word, value, cancel) = match snippet.planned_at() {
        Some(at) => (
            "Reschedule",
            field_time(at),
            format!(
                r#"<form method="post" action="/snippets/{id}/cancel"><button class="plain">Cancel the publication</button></form>"#
            ),
        ),
        None => ("Publish at this time", String::new(), String::new()),
    };
    format!(
        r#"<section id="publication" class="card" aria-label="Publication">
<form method="post" action="/snippets/{id}/publish">
<label>Publish at <small data-zone>(UTC)</small>
<input type="datetime-local" name="publish_at" step="1" value="{value}" required></label>
<button>{word}</button>
</form>{cancel}
</section>"#
    )
}

fn badges(snippet: &Snippet) -> String {
    let highlighted = match snippet.highlighted() {
        true => r#"<span class="badge done">highlighted</span>"#,
        false => r#"<span class="badge wait">being highlighted …</span>"#,
    };
    let published = match (snippet.published, snippet.publish_at) {
        (true, _) => r#" <span class="badge done">published</span>"#.to_owned(),
        (false, Some(at)) => format!(r#" <span class="badge wait">to be published {}</span>"#, moment(at)),
        (false, None) => r#" <span class="badge">draft</span>"#.to_owned(),
    };
    format!("{highlighted}{published}")
}

fn item(snippet: &Snippet) -> String {
    let first = snippet.code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let title: String = first.chars().take(TITLE_CHARS_MAX).collect();
    format!(
        r#"<li><a href="/snippets/{id}"><code>{title}</code></a> <small>{language} · {badges}</small></li>"#,
        id = snippet.id,
        title = escape(&title),
        language = escape(snippet.language.name),
        badges = badges(snippet),
    )
}

/// A time as the form's field holds it; what is no time is kept as it was sent.
fn kept_time(text: &str) -> String {
    text.parse::<Timestamp>().map(field_time).unwrap_or_else(|_| text.to_owned())
}

fn field_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn moment(at: Timestamp) -> String {
    format!(r#"<time datetime="{at}">{} UTC</time>"#, at.strftime("%Y-%m-%d %H:%M:%S"))
}

fn note(message: Option<&str>) -> String {
    message.map(|text| format!(r#"<p class="note" role="alert">{}</p>"#, escape(text))).unwrap_or_default()
}

fn layout(title: &str, main: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/highlight.css">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/live.js"></script>
</head>
<body>
<main>
{main}
</main>
</body>
</html>
"#,
        title = escape(title),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</textarea></code><script>alert(1)</script>";

    fn saved(html: Option<&str>) -> Snippet {
        Snippet {
            id: 7,
            language: Language::ALL[0],
            code: HOSTILE.into(),
            html: html.map(str::to_owned),
            publish_at: None,
            published: false,
        }
    }

    #[test]
    fn hostile_code_stays_text_on_every_page() {
        let form = SnippetForm { language: HOSTILE.into(), code: HOSTILE.into(), publish_at: HOSTILE.into() };
        for page in
            [snippet(&saved(None), Some(HOSTILE)), index(&form, Some(HOSTILE), &[saved(None)]), problem(HOSTILE)]
        {
            assert!(!page.contains("<script>"), "{page}");
            assert!(page.contains("&lt;script&gt;"), "{page}");
        }
    }

    #[test]
    fn a_refused_form_is_kept() {
        let form = SnippetForm { language: "ruby".into(), code: "puts 1".into(), publish_at: "never".into() };
        let page = index(&form, Some("Give a date."), &[]);
        assert!(page.contains(r#"<option value="ruby" selected>"#));
        assert!(page.contains("\nputs 1</textarea>") && page.contains(r#"value="never""#));
        assert!(page.contains("Give a date."));
    }

    #[test]
    fn the_page_shows_the_code_until_its_html_is_there() {
        assert!(snippet(&saved(None), None).contains(r#"data-highlighted="false""#));
        let page = snippet(&saved(Some(r#"<span class="hl-x">ok</span>"#)), None);
        assert!(page.contains(r#"data-highlighted="true""#) && page.contains(r#"<span class="hl-x">ok</span>"#));
    }

    #[test]
    fn a_planned_publication_can_be_moved_and_cancelled_and_a_past_one_cannot() {
        let mut planned = saved(None);
        planned.publish_at = Some(Timestamp::from_second(1_800_000_000).unwrap());
        let page = snippet(&planned, None);
        assert!(page.contains("/snippets/7/cancel") && page.contains("Reschedule"));
        assert!(page.contains(r#"value="2027-01-15T08:00:00""#));
        planned.published = true;
        assert!(!snippet(&planned, None).contains("<form"));
    }
}
