//! A panel that an application adds to a page of ours.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use sancho_core::{BoxFuture, JobRow};
use tokio::time::timeout;

use super::fragment::Fragment;
use super::title::Title;
use super::view::View;
use crate::frame::Frame;

/// How long a panel may take: the page waits for the slowest.
const DRAWN_WITHIN: Duration = Duration::from_secs(2);

/// A panel on the dashboard, or on the page of each job.
///
/// Panels of a page are drawn at the same time, each time that the page is asked for. One that takes longer than two
/// seconds, or panics, is left out with a word, and leaves a line in the log: it never takes the page away.
#[derive(Clone)]
pub struct Panel {
    title: Title,
    place: Place,
    draw: Arc<Draw>,
}

type Draw = dyn Fn(View, Option<JobRow>) -> BoxFuture<'static, Option<Fragment>> + Send + Sync;

/// Which page a panel is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Dashboard,
    Job,
}

/// A panel as a template shows it.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) title: String,
    /// The application's own HTML; nothing where it could not be drawn.
    pub(crate) html: Option<String>,
}

impl Panel {
    /// A panel on the dashboard, below our own.
    pub fn on_dashboard<F, D>(title: impl Into<Title>, draw: F) -> Self
    where
        F: Fn(View) -> D + Send + Sync + 'static,
        D: Future<Output = Fragment> + Send + 'static,
    {
        let draw = move |view, _| -> BoxFuture<'static, _> { Box::pin(draw(view).map(Some)) };
        Panel { title: title.into(), place: Place::Dashboard, draw: Arc::new(draw) }
    }

    /// A panel on the page of a job; `None` where it has nothing to say of that one.
    ///
    /// It is given the job as this person sees it: what is redacted is not there.
    pub fn on_job<F, D>(title: impl Into<Title>, draw: F) -> Self
    where
        F: Fn(View, JobRow) -> D + Send + Sync + 'static,
        D: Future<Output = Option<Fragment>> + Send + 'static,
    {
        let draw = move |view, job: Option<JobRow>| -> BoxFuture<'static, _> {
            match job {
                Some(job) => Box::pin(draw(view, job)),
                None => Box::pin(std::future::ready(None)),
            }
        };
        Panel { title: title.into(), place: Place::Job, draw: Arc::new(draw) }
    }

    async fn drawn(&self, f: &Frame, job: Option<&JobRow>) -> Option<Drawn> {
        let title = self.title.text(f.language).to_owned();
        let view = View::new(f.clone());
        // The call itself may panic, before there is a future.
        let drawing = AssertUnwindSafe(async { (self.draw)(view, job.cloned()).await }).catch_unwind();
        let html = match timeout(DRAWN_WITHIN, drawing).await {
            Ok(Ok(fragment)) => Some(fragment?.as_html().to_owned()),
            Ok(Err(panic)) => {
                tracing::error!(target: "sancho::web", panel = %title, "failed to draw a panel: {}", said(&*panic));
                None
            }
            Err(_) => {
                tracing::warn!(target: "sancho::web", panel = %title, "failed to draw a panel within {DRAWN_WITHIN:?}");
                None
            }
        };
        Some(Drawn { title, html })
    }
}

/// The panels of a page, drawn side by side.
pub(crate) async fn drawn(panels: &[Panel], place: Place, f: &Frame, job: Option<&JobRow>) -> Vec<Drawn> {
    let here = panels.iter().filter(|panel| panel.place == place);
    join_all(here.map(|panel| panel.drawn(f, job))).await.into_iter().flatten().collect()
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel").field("title", &self.title).field("place", &self.place).finish_non_exhaustive()
    }
}
