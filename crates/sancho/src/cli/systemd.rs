//! What systemd is told: that the program is ready, that it stops, and that it still lives.

/// The service manager that started the program, if one did.
#[derive(Debug)]
pub(crate) struct Notifier {}

impl Notifier {
    /// The one that the environment names; without one, telling does nothing.
    pub(crate) fn from_environment() -> Self {
        Notifier {}
    }

    /// The server takes jobs.
    pub(crate) fn ready(&self) {}

    /// The server stops.
    pub(crate) fn stopping(&self) {}
}
