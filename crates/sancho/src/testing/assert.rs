//! What was pushed, as jobs again, and assertions about it.

use std::fmt::Write;
use std::ops::Deref;

use sancho_core::{JobRow, State};

use super::waiting;
use crate::{Client, Job};

/// A job that waits, read again from what the store keeps. It derefs to the job.
#[derive(Clone, Debug)]
pub struct Enqueued<J> {
    /// The job.
    pub job: J,
    /// How it is kept: its id, queue, state, time, key and payload.
    pub row: JobRow,
}

impl<J> Deref for Enqueued<J> {
    type Target = J;

    fn deref(&self) -> &J {
        &self.job
    }
}

/// The jobs of one class that wait, enqueued or scheduled, in the order of [`waiting`].
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use sancho::{Job, testing};
///
/// #[derive(Job)]
/// struct WelcomeEmail {
///     user_id: u64,
/// }
///
/// let client = testing::memory();
/// client.push(WelcomeEmail { user_id: 7 }).queue("mailers").await.unwrap();
/// let pushed = testing::enqueued::<WelcomeEmail>(&client).await;
/// assert_eq!((pushed[0].user_id, pushed[0].row.queue.as_str()), (7, "mailers"));
/// # });
/// ```
///
/// # Panics
/// When the store fails, or a job of the class waits whose arguments cannot be read.
pub async fn enqueued<J: Job>(client: &Client) -> Vec<Enqueued<J>> {
    let rows = waiting(client).await.expect("the store answers");
    rows.into_iter().filter(|row| class(row) == J::CLASS).map(read).collect()
}

fn read<J: Job>(row: JobRow) -> Enqueued<J> {
    let args = row.payload.envelope().expect("its class was read").args();
    let job = J::from_args(args);
    let job = job.unwrap_or_else(|error| panic!("{} was pushed with {args}, which is no such job: {error}", J::CLASS));
    Enqueued { job, row }
}

fn class(row: &JobRow) -> String {
    row.payload.envelope().map(|envelope| envelope.class().to_owned()).unwrap_or_default()
}

/// Asserts that a job waits, enqueued or scheduled, that a pattern matches, and answers the first one.
///
/// The second argument is the name of a class, or a pattern of it, with a guard if need be. With `times = n`, exactly so
/// many match, and all of them are answered. To be called in an `async` function: it awaits the store.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::time::Duration;
/// use sancho::{Job, assert_enqueued, assert_not_enqueued, testing};
///
/// #[derive(Job)]
/// struct WelcomeEmail {
///     user_id: u64,
///     locale: String,
/// }
///
/// let client = testing::memory();
/// let job = WelcomeEmail { user_id: 7, locale: "vi".into() };
/// client.push(job).after(Duration::from_secs(60)).await.unwrap();
///
/// assert_enqueued!(client, WelcomeEmail);
/// assert_enqueued!(client, WelcomeEmail { user_id: 1..=9, locale } if locale == "vi");
/// assert_enqueued!(client, WelcomeEmail { user_id: 7, .. }, times = 1);
/// let welcome = assert_enqueued!(client, WelcomeEmail { .. });
/// assert_eq!(welcome.row.queue.as_str(), "default");
/// assert_not_enqueued!(client, WelcomeEmail { user_id: 8, .. });
/// # });
/// ```
///
/// # Panics
/// When none matches, or another number than was asked for: the message lists what waits.
#[macro_export]
macro_rules! assert_enqueued {
    ($client:expr, $job:path { $($fields:tt)* } $(if $guard:expr)?, times = $times:expr $(,)?) => {{
        let found = $crate::__enqueued!($client, $job { $($fields)* } $(if $guard)?);
        if found.len() != $times {
            let wanted = ::core::stringify!($job { $($fields)* } $(if $guard)?);
            $crate::testing::__one_enqueued(&$client, wanted, $times, found.len()).await;
        }
        found
    }};
    ($client:expr, $job:path { $($fields:tt)* } $(if $guard:expr)? $(,)?) => {{
        let found = $crate::__enqueued!($client, $job { $($fields)* } $(if $guard)?);
        match found.into_iter().next() {
            ::core::option::Option::Some(first) => first,
            ::core::option::Option::None => {
                let wanted = ::core::stringify!($job { $($fields)* } $(if $guard)?);
                $crate::testing::__one_enqueued(&$client, wanted, 1, 0).await
            }
        }
    }};
    ($client:expr, $job:path $(, times = $times:expr)? $(,)?) => {
        $crate::assert_enqueued!($client, $job { .. } $(, times = $times)?)
    };
}

/// Asserts that no job waits that a pattern matches; the pattern is as for [`assert_enqueued!`].
///
/// # Panics
/// When one matches: the message lists what waits.
#[macro_export]
macro_rules! assert_not_enqueued {
    ($client:expr, $job:path { $($fields:tt)* } $(if $guard:expr)? $(,)?) => {{
        let found = $crate::__enqueued!($client, $job { $($fields)* } $(if $guard)?);
        if !found.is_empty() {
            let wanted = ::core::stringify!($job { $($fields)* } $(if $guard)?);
            $crate::testing::__nothing_enqueued(&$client, wanted, found.len()).await;
        }
    }};
    ($client:expr, $job:path $(,)?) => {
        $crate::assert_not_enqueued!($client, $job { .. })
    };
}

/// The jobs that wait and that a pattern matches.
#[doc(hidden)]
#[macro_export]
macro_rules! __enqueued {
    ($client:expr, $job:path { $($fields:tt)* } $(if $guard:expr)?) => {{
        let mut found = $crate::testing::enqueued::<$job>(&$client).await;
        found.retain(|enqueued| ::core::matches!(&enqueued.job, $job { $($fields)* } $(if $guard)?));
        found
    }};
}

/// What [`assert_enqueued!`] says when the number is wrong.
///
/// # Panics
/// Always.
#[doc(hidden)]
pub async fn __one_enqueued(client: &Client, wanted: &str, times: usize, found: usize) -> ! {
    let waiting = listed(client).await;
    panic!("{wanted} is to wait {times} time(s), and waits {found} time(s). What waits:{waiting}");
}

/// What [`assert_not_enqueued!`] says when there is one.
///
/// # Panics
/// Always.
#[doc(hidden)]
pub async fn __nothing_enqueued(client: &Client, unwanted: &str, found: usize) -> ! {
    let waiting = listed(client).await;
    panic!("{unwanted} is not to wait, and waits {found} time(s). What waits:{waiting}");
}

/// What waits, one job a line.
async fn listed(client: &Client) -> String {
    let rows = waiting(client).await.expect("the store answers");
    if rows.is_empty() {
        return " nothing".to_owned();
    }
    let now = client.clock().now();
    let mut list = String::new();
    for row in rows {
        let args = row.payload.envelope().map_or_else(|_| "?".to_owned(), |envelope| envelope.args().to_owned());
        let when = match (row.state, row.at) {
            (State::Scheduled, Some(at)) => format!(", due in {:?}", at.since(now)),
            _ => String::new(),
        };
        _ = write!(list, "\n  {} {args} in {}{when}", class(&row), row.queue);
    }
    list
}
