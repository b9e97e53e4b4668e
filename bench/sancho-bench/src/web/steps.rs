//! What takes many requests: a filter whose only match is the last job, counts, actions on all that match, and clearing.
//! Each step is a request, and goes on where the one before ended.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::Course;
use super::backlog::{Backlog, DEEP, Part};
use super::line::{Bound, Line};
use super::looks::escaped;

/// What a step may take, in milliseconds.
const STEP_MS_MAX: f64 = 100.0;

/// Steps after which a course is given up: none of these takes as many.
const STEPS_MAX: usize = 100_000;

pub async fn take(course: &mut Course<'_>, backlog: &Backlog) -> Result<()> {
    let deep = format!("queues/{DEEP}");
    find_last(course, &deep).await?;
    find_last(course, "sets/retries").await?;
    count(course, &deep, "class:ResizeImage").await?;
    count(course, "sets/retries", "class:ResizeImage").await?;
    ask_before(course, "/retries", "run").await?;
    ask_before(course, &format!("/{deep}"), "delete").await?;
    act_by_form(course, "/held").await?;

    let step = Bound::Max(STEP_MS_MAX);
    let rare = backlog.size(Part::Deep).div_euclid(1_000);
    let later = json!({"action": "reschedule", "at": 4_000_000_000_u64, "filter": "tag:rare"});
    act(course, "sets/retries", later, rare, step).await?;
    let (dead, scheduled) = (backlog.size(Part::Dead), backlog.size(Part::Scheduled));
    act(course, "sets/dead", json!({"action": "delete", "filter": ""}), dead, step).await?;
    act(course, "sets/scheduled", json!({"action": "run", "filter": ""}), scheduled, step).await?;
    // A list of Redis is read on from one end to each of these.
    let far = if course.slowlog.is_some() { Bound::None } else { step };
    act(course, &deep, json!({"action": "delete", "filter": "tag:rare"}), rare, far).await?;
    clear(course).await
}

/// A filter whose only match is the last job of a set.
async fn find_last(course: &mut Course<'_>, set: &str) -> Result<()> {
    let what = format!("{set}: a step of a filter that only the last job matches");
    let mut line = Line::new(course.name, what, Bound::Max(STEP_MS_MAX));
    let mut cursor: Option<String> = None;
    let mut found = 0;
    for _ in 0..STEPS_MAX {
        let after = cursor.map(|cursor| format!("&cursor={}", escaped(&cursor))).unwrap_or_default();
        let answer = course.visitor.get(&format!("/api/v1/{set}/jobs?filter=tag%3Aneedle{after}")).await?;
        line.add(answer.took);
        let page = answer.json()?;
        found += page["jobs"].as_array().context("the page has no jobs")?.len();
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    ensure!(found == 1 && cursor.is_none(), "{found} jobs match in {set}, and not the last alone");
    course.finish(line)
}

/// Counts jobs that match.
async fn count(course: &mut Course<'_>, set: &str, filter: &str) -> Result<()> {
    let mut line = Line::new(course.name, format!("{set}: a step of counting {filter}"), Bound::Max(STEP_MS_MAX));
    let mut cursor: Option<String> = None;
    for _ in 0..STEPS_MAX {
        let after = cursor.map(|cursor| format!("&cursor={}", escaped(&cursor))).unwrap_or_default();
        let answer = course.visitor.get(&format!("/api/v1/{set}/count?filter={}{after}", escaped(filter))).await?;
        line.add(answer.took);
        cursor = answer.json()?["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return course.finish(line);
        }
    }
    bail!("counting {set} has no end")
}

/// The page that asks before something is done to all that match: it counts them.
async fn ask_before(course: &mut Course<'_>, path: &str, act: &str) -> Result<()> {
    let mut line = Line::new(course.name, format!("{path}: the question before {act}"), Bound::Median(STEP_MS_MAX));
    for _ in 0..3 {
        let answer = course.visitor.send_form(path, &format!("act={act}&scope=all&q=class%3AResizeImage")).await?;
        ensure!(answer.status == 200, "{path} answers {}", answer.status);
        line.add(answer.took);
    }
    course.finish(line)
}

/// One request of an action on all, as the pages send it.
async fn act_by_form(course: &mut Course<'_>, path: &str) -> Result<()> {
    let mut line = Line::new(course.name, format!("{path}: a step of delete, by form"), Bound::Median(STEP_MS_MAX));
    for _ in 0..3 {
        let answer = course.visitor.send_form(path, "act=delete&scope=all&sure=yes&q=").await?;
        ensure!(answer.status == 200, "{path} answers {}", answer.status);
        line.add(answer.took);
    }
    course.finish(line)
}

/// An action on all jobs of a set that match.
async fn act(course: &mut Course<'_>, set: &str, mut body: Value, least: u64, bound: Bound) -> Result<()> {
    let verb = body["action"].as_str().unwrap_or_default().to_owned();
    let filter = body["filter"].as_str().filter(|filter| !filter.is_empty()).unwrap_or("all").to_owned();
    let what = format!("{set}: a step of {verb}, {filter}");
    let mut line = Line::new(course.name, what, bound);
    let mut done = 0;
    for _ in 0..STEPS_MAX {
        let answer = course.visitor.send_json(&format!("/api/v1/{set}/actions"), &body).await?;
        line.add(answer.took);
        let answer = answer.json()?;
        done += answer["done"].as_u64().unwrap_or(0);
        match answer["next"].as_str() {
            Some(next) => body["cursor"] = json!(next),
            None => {
                ensure!(done >= least, "{verb} was done to {done} jobs of {set} and not to {least}");
                return course.finish(line);
            }
        }
    }
    bail!("{verb} on {set} has no end")
}

/// Clears the deep queue, as far as a hundred steps go.
async fn clear(course: &mut Course<'_>) -> Result<()> {
    let mut line = Line::new(course.name, format!("queues/{DEEP}: a step of clearing"), Bound::Max(STEP_MS_MAX));
    for _ in 0..100 {
        let answer = course.visitor.send_json(&format!("/api/v1/queues/{DEEP}/clear"), &json!({})).await?;
        line.add(answer.took);
    }
    course.finish(line)
}
