//! How much of a long work one request does: the rest is for those that follow.

use std::time::Duration;

use crate::site::Site;

/// How long a request goes on beginning steps: with the last of them it stays near a tenth of a second, so that a
/// person sees progress, and others get their turn at the store.
const BUDGET: Duration = Duration::from_millis(60);

/// The steps of one request.
pub(crate) struct Pace<'a> {
    site: &'a Site,
    /// When it began, by the clock of uptime.
    began: Duration,
    steps_left: usize,
    is_begun: bool,
}

impl<'a> Pace<'a> {
    /// At most so many steps from now on.
    pub(crate) fn new(site: &'a Site, steps_max: usize) -> Self {
        Pace { site, began: site.clock.uptime(), steps_left: steps_max, is_begun: false }
    }

    /// Whether another step is to be made. The first one always is: else nothing would ever come to an end.
    pub(crate) fn goes_on(&mut self) -> bool {
        let is_late = self.is_begun && self.site.clock.uptime().saturating_sub(self.began) >= BUDGET;
        self.is_begun = true;
        let goes_on = !is_late && self.steps_left > 0;
        self.steps_left = self.steps_left.saturating_sub(1);
        goes_on
    }
}
