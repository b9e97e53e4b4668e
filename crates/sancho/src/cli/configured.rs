//! A server as its configuration says, over what the program itself says.

use super::Configuration;
use super::settings::Settings;
use crate::{Capsule, Client, Server};

/// The server with all that was said; what was not said stays as the program has it.
pub(super) fn configured<S: Send + Sync + 'static>(mut server: Server<S>, configuration: &Configuration) -> Server<S> {
    let settings = &configuration.settings;
    if configuration.is_said("queues") {
        server = server.queues(&settings.queues);
    }
    if let Some(order) = settings.order {
        server = server.order(order);
    }
    if configuration.is_said("concurrency") {
        server = server.slots(settings.concurrency);
    }
    for (name, capsule) in &settings.capsules {
        let mut wanted = Capsule::new(name).slots(capsule.concurrency).queues(&capsule.queues);
        if let Some(order) = capsule.order {
            wanted = wanted.order(order);
        }
        server = server.capsule(wanted);
    }
    if let Some(threads) = settings.blocking_threads {
        server = server.blocking_threads(threads);
    }
    if configuration.is_said("log.args") {
        server = server.log_args(settings.log_args);
    }
    if settings.burst {
        server = server.burst();
    }
    if configuration.is_said("timeout") {
        server = server.stop_timeout(settings.timeout);
    }
    if configuration.is_said("max_retries") {
        server = server.max_retries(settings.max_retries);
    }
    if configuration.is_said("retention") {
        server = server.retention(settings.retention.clone());
    }
    if configuration.is_said("tag") {
        server = server.tag(&settings.tag);
    }
    if configuration.is_said("labels") {
        server = server.labels(&settings.labels);
    }
    server
}

/// A client that knows what was said of classes: the server's, and that of the program's state, so that jobs which the
/// program pushes are as configured too.
pub(super) fn class_settings(client: Client, settings: &Settings) -> Client {
    let with = |client: Client, (class, said): (&String, &super::settings::Class)| {
        client.with_class_settings(class, said.settings.clone())
    };
    settings.classes.iter().fold(client, with)
}
