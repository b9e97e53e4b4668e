//! What all pages share: the store, the clock, and what the application has chosen.

use std::ops::Deref;
use std::sync::Arc;

use sancho_core::{Clock, Finding, Inspect, Pusher, Store, UnknownClass};

use crate::api::StorePusher;
use crate::extend::Added;
use crate::live::Hub;
use crate::safety::Safety;
use crate::shared::Shared;

/// The pages as an application wants them: which store they show, and how.
#[derive(Clone, Debug)]
#[must_use = "nothing is served until it is made a router"]
pub struct Web {
    /// For pushes.
    pub(crate) pusher: Arc<dyn Pusher>,
    /// For everything that is shown, and for every action.
    pub(crate) inspect: Arc<dyn Inspect>,
    /// Where `now` comes from.
    pub(crate) clock: Arc<dyn Clock>,
    /// Who may come in, and what they see.
    pub(crate) safety: Safety,
    /// What is live.
    pub(crate) hub: Hub,
    /// What the application adds to the pages.
    pub(crate) added: Added,
    /// What was found out for everybody.
    pub(crate) lately: Arc<Lately>,
}

impl Web {
    /// The pages of the store that an application's client pushes to; what the JSON API pushes goes through that client,
    /// with its middleware and in its form.
    ///
    /// `sancho::Client` is such a [`Pusher`], so that an application nests the pages by one line:
    /// `app.nest_service("/jobs", sancho_web::router(Web::of(client.clone())))`.
    pub fn of(client: impl Pusher) -> Self {
        let (inspect, clock) = (Arc::clone(client.inspect()), Arc::clone(client.clock()));
        let hub = Hub::new(Arc::clone(&inspect), Arc::clone(&clock));
        let pusher = Arc::new(client);
        Web { pusher, inspect, clock, safety: Safety::default(), hub, added: Added::default(), lately: Arc::default() }
    }

    /// The pages of a store, where there is no client. `store` and `inspect` are two faces of the same one.
    ///
    /// What the JSON API pushes is written for [`Wire::Any`](sancho_core::Wire::Any): where a Redis is said to be read
    /// by version 8 alone, take [`Web::of`] with a client that knows of it.
    pub fn new(store: Arc<dyn Store>, inspect: Arc<dyn Inspect>, clock: Arc<dyn Clock>) -> Self {
        Web::of(StorePusher::new(store, inspect, clock))
    }
}

/// What is dear to find out, and shared by all who look.
#[derive(Debug, Default)]
pub(crate) struct Lately {
    /// What the store says of its health, and the classes that processes do not know.
    pub(crate) health: Shared<(Vec<Finding>, Vec<UnknownClass>)>,
}

/// [`Web`] as handlers share it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Site(Arc<Web>);

impl Site {
    pub(crate) fn new(web: Web) -> Self {
        Site(Arc::new(web.shielded()))
    }
}

impl Deref for Site {
    type Target = Web;

    fn deref(&self) -> &Web {
        &self.0
    }
}
