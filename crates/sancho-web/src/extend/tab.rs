//! A tab that an application adds.

use std::fmt;

use axum::Router;
use axum::handler::Handler;
use axum::routing::get;
use sancho_core::Invalid;

use super::title::Title;
use crate::site::Site;

/// Characters of a segment.
const SEGMENT_CHARS_MAX: usize = 40;

/// A tab in the navigation, with pages of the application under `/x/SEGMENT`.
#[derive(Clone)]
pub struct Tab {
    segment: String,
    title: Title,
    router: Router,
}

impl Tab {
    /// A tab whose pages are this router's: its `/` is shown at `/x/SEGMENT`, its `/new` at `/x/SEGMENT/new`.
    ///
    /// Handlers answer with a [`Fragment`](crate::Fragment), which gets the layout around it, or with anything else,
    /// which goes out as it is: a redirect, a picture, a script from this same address. They may take a
    /// [`View`](crate::View). A POST is for operators; whatever else it needs, its handler checks.
    pub fn new(segment: impl Into<String>, title: impl Into<Title>, router: Router) -> Self {
        Tab { segment: segment.into(), title: title.into(), router }
    }

    /// A tab of one page that is only looked at.
    ///
    /// ```
    /// use sancho_web::{Fragment, Tab, View};
    ///
    /// let tab = Tab::page("stock", "Stock", |view: View| async move {
    ///     Fragment::text(format!("as of {:?}", view.now()))
    /// });
    /// # let _ = tab;
    /// ```
    pub fn page<H, T>(segment: impl Into<String>, title: impl Into<Title>, handler: H) -> Self
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        Tab::new(segment, title, Router::new().route("/", get(handler)))
    }

    /// Its part of the address.
    pub fn segment(&self) -> &str {
        &self.segment
    }

    pub(crate) fn title(&self) -> &Title {
        &self.title
    }

    /// Its address, from the root of the pages.
    pub(crate) fn address(&self) -> String {
        format!("x/{}", self.segment)
    }

    /// Whether a page belongs to it. `path` stands from the root of the pages, with its slash in front.
    pub(crate) fn has(&self, path: &str) -> bool {
        let below = path.strip_prefix("/x/").and_then(|path| path.strip_prefix(&self.segment));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(super) fn router(&self) -> Router<Site> {
        self.router.clone().with_state(())
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.segment.is_empty() || self.segment.len() > SEGMENT_CHARS_MAX || !self.segment.bytes().all(plain) {
            return Err(Invalid::new(format!(
                "the segment of a tab is one to {SEGMENT_CHARS_MAX} lower-case letters, digits and dashes, such as \
                 \"orders\": {:?} is none",
                self.segment
            )));
        }
        Ok(())
    }
}

impl fmt::Debug for Tab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tab").field("segment", &self.segment).field("title", &self.title).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_a_plain_part_of_an_address() {
        let check = |segment: &str| Tab::new(segment, "Title", Router::new()).check();
        for plain in ["orders", "a", "2026-report"] {
            check(plain).expect(plain);
        }
        for other in ["", "Orders", "a/b", "{id}", "a b", "đơn", &"a".repeat(41)] {
            assert!(check(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_page_belongs_to_the_tab_whose_segment_is_whole() {
        let tab = Tab::new("order", "Orders", Router::new());
        for (path, has) in [("/x/order", true), ("/x/order/7", true), ("/x/orders", false), ("/order", false)] {
            assert_eq!(tab.has(path), has, "{path}");
        }
    }
}
