//! The bounds of a request to the API, each with its unit and its reason.

use sancho_core::limits;

/// Bytes of a request's body: a payload as large as they may be, and a batch of small ones.
pub(super) const BODY_BYTES_MAX: usize = 2 * limits::PAYLOAD_BYTES_MAX;

/// Jobs of one page, unless the request says so.
pub(super) const JOBS_PER_PAGE: usize = 25;

/// Jobs of one page at most: each may bring some kilobytes.
pub(super) const JOBS_PER_PAGE_MAX: usize = 200;

/// Jobs that one action names at most: each is a move of its own.
pub(super) const JOBS_NAMED_MAX: usize = 100;

/// Jobs that are counted, grouped or acted upon in one step, whose payloads are read for that.
pub(super) const JOBS_PER_STEP_MAX: usize = limits::JOBS_PER_MOVE_MAX;

/// Jobs of one bulk push.
pub(super) const JOBS_PER_BULK_MAX: usize = limits::JOBS_PER_MOVE_MAX;

/// Bytes of a job's arguments that a list shows; more are left out, and shown with the job alone.
pub(super) const ARGS_BYTES_LISTED: usize = 4 * 1024;

/// Characters of a text that another program wrote, such as an error's message, that a list shows.
pub(super) const CHARS_LISTED: usize = 1_000;

/// Bytes of a filter: a person types less.
pub(super) const FILTER_BYTES_MAX: usize = 4 * 1024;

/// Characters of an idempotency key: a UUID has 36.
pub(super) const IDEMPOTENCY_KEY_CHARS_MAX: usize = 200;

/// Seconds of a span that a push names: whoever gives more gives a time, and means a member for times.
pub(super) const SPAN_SECS_MAX: f64 = 1e9;

/// Days of history that one look shows: longer than six months, the longest that the pages draw.
pub(super) const HISTORY_DAYS_MAX: u32 = 366;

/// The text, cut to so many characters.
pub(super) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((index, _)) => text[..index].to_owned(),
        None => text.to_owned(),
    }
}
