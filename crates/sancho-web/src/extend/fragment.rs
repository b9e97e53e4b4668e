//! HTML of an application, and how text gets into it.

use std::fmt;

use askama::Template;
use askama::filters::Escaper;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::frame::{Frame, page};
use crate::safety::Seen;

/// A piece of HTML that an application answers with: the layout is put around it.
#[derive(Clone, Debug, Default)]
pub struct Fragment {
    html: String,
    title: Option<String>,
    status: StatusCode,
}

impl Fragment {
    /// HTML, which stands in the page as it is.
    ///
    /// Escaping is the application's own responsibility: whatever came from a stranger, such as an argument of a job,
    /// goes through [`escaped`] or a template that escapes. The content security policy of the pages runs no script
    /// and no style that stands inside of it, but forms and links of a stranger would be shown. Scripts, styles and
    /// pictures are files that the tab's router serves.
    pub fn html(html: impl Into<String>) -> Self {
        Fragment { html: html.into(), ..Fragment::default() }
    }

    /// A paragraph of text: it is escaped.
    pub fn text(text: impl AsRef<str>) -> Self {
        Fragment::html(format!("<p>{}</p>", escaped(text.as_ref())))
    }

    /// The title of the browser's window, instead of the name of the tab. It is escaped.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Fragment { title: Some(title.into()), ..self }
    }

    /// The status of the answer, instead of 200.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Fragment { status, ..self }
    }

    /// Its HTML.
    pub fn as_html(&self) -> &str {
        &self.html
    }

    /// The page with this fragment in it. What else the answer has, its headers, goes with it.
    pub(super) fn framed(self, f: Frame, answer: Response) -> Response {
        let named = f.added_tabs().find(|tab| tab.has(&f.path)).map(|tab| tab.title().text(f.language).to_owned());
        let title = self.title.or(named).unwrap_or_default();
        let mut framed = page(&FragmentPage { f, title, html: self.html });
        if framed.status().is_success() {
            *framed.status_mut() = answer.status();
        }
        framed.headers_mut().extend(answer.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
        framed
    }
}

/// An empty answer that carries the fragment: the layer around all tabs makes a page of it.
impl IntoResponse for Fragment {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "fragment.html")]
struct FragmentPage {
    f: Frame,
    title: String,
    html: String,
}

/// Text, so that it means nothing in HTML, neither between tags nor as the value of an attribute in quotes; characters
/// that hide, or turn others around, are written out.
///
/// ```
/// let html = format!("<b title=\"{0}\">{0}</b>", sancho_web::escaped("\"<script>"));
/// assert_eq!(html, "<b title=\"&#34;&#60;script&#62;\">&#34;&#60;script&#62;</b>");
/// ```
pub fn escaped(text: &str) -> Escaped<'_> {
    Escaped(text)
}

/// Text that means nothing in HTML: [`escaped`] makes it.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Seen.write_escaped_str(f, self.0)
    }
}
