//! The title of the process: what `ps` shows, and what systemd is told.
//!
//! Linux lets a process name itself in 15 bytes (`/proc/self/comm`); the line of its arguments it can only change by
//! writing to its own memory, which Sancho does not do (decision 12). So there are two titles: a short one for `ps` and
//! `top`, and a whole one for `systemctl status`.

use std::time::Duration;

use crate::RunningServer;

/// How often the title is looked at.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// Bytes of a name that Linux keeps.
const SHORT_BYTES_MAX: usize = 15;

/// What a server does at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Title {
    busy: usize,
    slots: usize,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    Quiet,
    Stopping,
}

impl Title {
    /// What this server does now.
    pub(super) fn of(server: &RunningServer) -> Self {
        let (capsules, health) = (server.capsules(), server.health());
        let phase = match (health.stopping, health.quiet) {
            (true, _) => Phase::Stopping,
            (false, true) => Phase::Quiet,
            (false, false) => Phase::Serving,
        };
        let sum = |part: fn(&crate::CapsuleStatus) -> usize| capsules.iter().map(part).sum();
        Title { busy: sum(|capsule| capsule.busy), slots: sum(|capsule| capsule.slots), phase }
    }

    /// Whether the server comes to its end.
    pub(super) fn is_stopping(&self) -> bool {
        self.phase == Phase::Stopping
    }

    /// `sancho 0.1.0 app [3 of 25 busy]`, and `quiet` or `stopping` where it is.
    pub(super) fn whole(&self, tag: &str) -> String {
        let phase = match self.phase {
            Phase::Serving => "",
            Phase::Quiet => "quiet",
            Phase::Stopping => "stopping",
        };
        sentence(tag, &format!("[{} of {} busy]", self.busy, self.slots), phase)
    }

    /// `sancho 3/25`, `sancho quiet 3`, `sancho stop 3`.
    pub(super) fn short(&self) -> String {
        let mut title = match self.phase {
            Phase::Serving => format!("sancho {}/{}", self.busy, self.slots),
            Phase::Quiet => format!("sancho quiet {}", self.busy),
            Phase::Stopping => format!("sancho stop {}", self.busy),
        };
        title.truncate(SHORT_BYTES_MAX);
        title
    }
}

/// What a supervisor of so many processes does: `sancho 0.1.0 app [supervises 4]`.
pub(super) fn of_supervisor(tag: &str, processes: usize) -> String {
    sentence(tag, &format!("[supervises {processes}]"), "")
}

fn sentence(tag: &str, what: &str, phase: &str) -> String {
    // A tag is a word of the application; one that breaks lines would be read as another message.
    let tag = tag.replace(char::is_control, " ");
    let words = [concat!("sancho ", env!("CARGO_PKG_VERSION")), tag.trim(), what, phase];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Keeps the title true until the server has stopped. Elsewhere than on Linux this only waits.
pub(crate) async fn keep(server: RunningServer) {
    let mut shown = None;
    let mut stopped = std::pin::pin!(server.stopped());
    loop {
        let title = Title::of(&server);
        if shown.as_ref() != Some(&title) {
            show(&title.short());
            shown = Some(title);
        }
        tokio::select! {
            biased;
            () = &mut stopped => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Any thread may name the process: this is the name of its first thread.
#[cfg(target_os = "linux")]
fn show(title: &str) {
    // A system without /proc shows the name of the program, and works as well.
    _ = std::fs::write("/proc/self/comm", title);
}

#[cfg(not(target_os = "linux"))]
fn show(_: &str) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_how_many_jobs_run_and_what_the_server_is_about() {
        let title = |phase| Title { busy: 3, slots: 25, phase };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(title(Phase::Serving).whole("shop"), format!("sancho {version} shop [3 of 25 busy]"));
        assert_eq!(title(Phase::Quiet).whole(" "), format!("sancho {version} [3 of 25 busy] quiet"));
        assert_eq!(title(Phase::Stopping).whole("a\nb"), format!("sancho {version} a b [3 of 25 busy] stopping"));
        assert_eq!(title(Phase::Serving).short(), "sancho 3/25");
        assert_eq!(title(Phase::Quiet).short(), "sancho quiet 3");
        assert_eq!(title(Phase::Stopping).short(), "sancho stop 3");
    }

    #[test]
    fn a_short_title_has_the_length_that_the_system_keeps() {
        let title = Title { busy: 1234, slots: 12_345, phase: Phase::Quiet };
        assert_eq!(title.short().len(), SHORT_BYTES_MAX);
    }
}
