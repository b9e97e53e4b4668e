//! What a program performs, and with what: the part of a server that stands in code.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;

use crate::{Client, Job, Perform, Server};

/// Why the state of an application could not be made.
pub(super) type StateError = Box<dyn StdError + Send + Sync>;

type Making<S> = Pin<Box<dyn Future<Output = Result<S, StateError>>>>;

/// What is said of the server beside its configuration.
type More<S> = Box<dyn FnOnce(Server<S>) -> Server<S>>;

/// A program that performs jobs, for [`run`](super::run): its name, how its state is made, and what it performs.
#[must_use = "an app does nothing until it is run"]
pub struct App<S> {
    pub(super) name: &'static str,
    pub(super) version: Option<&'static str>,
    pub(super) state: Box<dyn FnOnce(Client) -> Making<S>>,
    pub(super) server: Vec<More<S>>,
    pub(super) pools: Vec<Pool>,
}

/// A pool of connections that jobs take one each from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) size: usize,
}

impl<S: Send + Sync + 'static> App<S> {
    /// A program of this name, whose state is made by `state` once the store is open, within the program's runtime.
    ///
    /// The state's own error ends the program with exit code 1, and its message.
    pub fn new<F, E>(name: &'static str, state: impl FnOnce(Client) -> F + 'static) -> Self
    where
        F: Future<Output = Result<S, E>> + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let state = Box::new(|client| -> Making<S> {
            let making = state(client);
            Box::pin(async move { making.await.map_err(Into::into) })
        });
        App { name, version: None, state, server: Vec::new(), pools: Vec::new() }
    }

    /// The program's version, for `--version`: as a rule `env!("CARGO_PKG_VERSION")`.
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    /// Performs jobs of this class.
    pub fn register<J: Job + Perform<S>>(self) -> Self {
        self.server(Server::register::<J>)
    }

    /// Says more of the server: middleware, handlers, a fallback, or settings that the program has by itself, which
    /// its configuration may override.
    ///
    /// Each call adds to those before it.
    pub fn server(mut self, more: impl FnOnce(Server<S>) -> Server<S> + 'static) -> Self {
        self.server.push(Box::new(more));
        self
    }

    /// A pool of connections to a database, from which each running job takes one: the program warns at its start
    /// when it has fewer connections than the process has slots.
    pub fn database_pool(mut self, name: impl Into<String>, size: usize) -> Self {
        self.pools.push(Pool { name: name.into(), size });
        self
    }
}

impl<S> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &self.name).field("pools", &self.pools).finish_non_exhaustive()
    }
}
