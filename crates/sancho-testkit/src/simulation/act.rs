//! The jobs of a simulation: each says in its arguments what it does, run by run.

use std::sync::Arc;
use std::time::Duration;

use sancho::{Backoff, Context, Job, JobError, JobResult, OnConflict, Perform};
use serde::{Deserialize, Serialize};

use super::site::Site;

/// What a job does, run by run: words between blanks, one for each run; a run beyond the last is done at once.
///
/// A word is a number, how many milliseconds the run takes; a letter, how it ends (`d` done, `f` a failure, `r` one that
/// is tried again soon, `p` a panic, `s` a snooze of a second, `x` discarded, `k` killed); and perhaps a sign: `+` when
/// it pushes another job before it ends, `*` when it pushes its own key, for after itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Script(String);

/// One run of a script.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    takes: Duration,
    ends: char,
    pushes: Option<char>,
}

impl Script {
    /// The script of this text.
    pub fn new(text: &str) -> Self {
        Script(text.to_owned())
    }

    /// The run with this number, counted from nought.
    fn run(&self, number: usize) -> Run {
        let word = self.0.split_whitespace().nth(number).unwrap_or("0d");
        let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (takes, rest) = word.split_at(digits);
        let mut rest = rest.chars();
        let takes = Duration::from_millis(takes.parse().unwrap_or(0));
        Run { takes, ends: rest.next().unwrap_or('d'), pushes: rest.next() }
    }
}

/// A job that does as its script says.
#[derive(Job, Serialize, Deserialize)]
pub(super) struct Act {
    script: String,
    key: String,
}

/// The same, with a timeout.
#[derive(Job, Serialize, Deserialize)]
#[job(timeout = "400ms")]
pub(super) struct BriefAct {
    script: String,
    key: String,
}

impl Act {
    pub(super) fn new(script: &str, key: Option<&str>) -> Self {
        Act { script: script.to_owned(), key: key.unwrap_or_default().to_owned() }
    }
}

impl BriefAct {
    pub(super) fn new(script: &str, key: Option<&str>) -> Self {
        BriefAct { script: script.to_owned(), key: key.unwrap_or_default().to_owned() }
    }
}

impl Perform<Arc<Site>> for Act {
    async fn perform(self, cx: &Context<Arc<Site>>) -> JobResult {
        perform(&Script(self.script), &self.key, cx).await
    }
}

impl Perform<Arc<Site>> for BriefAct {
    async fn perform(self, cx: &Context<Arc<Site>>) -> JobResult {
        perform(&Script(self.script), &self.key, cx).await
    }
}

async fn perform(script: &Script, key: &str, cx: &Context<Arc<Site>>) -> JobResult {
    let site = cx.state();
    let Some((number, _running)) = site.begin_run(cx.jid()) else { return Ok(()) };
    let run = script.run(number);
    if !run.takes.is_zero() {
        tokio::time::sleep(run.takes).await;
    }
    match run.pushes {
        Some('*') if !key.is_empty() => {
            let again = Act::new("1d", Some(key));
            let push = cx.client().push(again).key(key).on_conflict(OnConflict::Keep).after(Duration::from_millis(700));
            site.acknowledge(&push.await?.jid);
        }
        Some(_) => site.acknowledge(&cx.client().push(Act::new("3d", None)).await?.jid),
        None => {}
    }
    match run.ends {
        'f' => Err("told to fail".into()),
        'r' => Err(JobError::from("told to fail").with_backoff(Backoff::After(Duration::from_millis(300)))),
        // Without the hook: a panic that is part of a plan is not told to the terminal.
        'p' => std::panic::resume_unwind(Box::new("told to panic")),
        's' => Err(JobError::snooze(Duration::from_secs(1))),
        'x' => Err(JobError::discard()),
        'k' => Err(JobError::kill("told to be killed")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_word_by_word_and_what_comes_after_is_done_at_once() {
        let script = Script::new("20f 0p+ 700d*");
        let run = |millis, ends, pushes| Run { takes: Duration::from_millis(millis), ends, pushes };
        assert_eq!(script.run(0), run(20, 'f', None));
        assert_eq!(script.run(1), run(0, 'p', Some('+')));
        assert_eq!(script.run(2), run(700, 'd', Some('*')));
        assert_eq!([script.run(9), Script::new("").run(0)], [run(0, 'd', None); 2]);
    }
}
