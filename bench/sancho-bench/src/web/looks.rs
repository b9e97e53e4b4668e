//! Every page, every look of the API, and the stream: once as the first, then several times more.

use anyhow::{Context, Result, bail, ensure};

use super::Course;
use super::backlog::{Backlog, DEEP, Part};
use super::line::{Bound, Line};

/// What a page may take, in milliseconds.
const PAGE_MS_MAX: f64 = 100.0;

/// Pages after which looking for a job is given up: no store of a run takes as many.
const LOOKS_MAX: usize = 10_000;

pub async fn take(course: &mut Course<'_>, backlog: &Backlog, tries: u64) -> Result<()> {
    for path in PAGES {
        visit(course, path, path, tries).await?;
    }
    for set in [format!("queues/{DEEP}"), "sets/retries".to_owned(), "sets/dead".to_owned()] {
        let page = format!("/{}", set.trim_start_matches("sets/"));
        let far = far_into(course, &set).await?;
        visit(course, &format!("{page}?after=(half-way)"), &format!("{page}?after={far}"), tries).await?;
        for filter in ["tag:needle", "class:ResizeImage"] {
            visit(course, &format!("{page}?q={filter}"), &format!("{page}?q={}", escaped(filter)), tries).await?;
        }
        let jid = listed(course, &set, &far).await?;
        visit(course, &format!("/jobs/(listed half-way in {page})"), &format!("/jobs/{jid}"), tries).await?;
    }
    for part in [Part::Retries, Part::Scheduled] {
        let jid = backlog.jid(part, backlog.size(part) / 2);
        visit(course, &format!("/jobs/(id of a job in {part:?})"), &format!("/jobs/{jid}"), tries).await?;
    }
    for path in API {
        visit(course, path, &format!("/api/v1/{path}"), tries).await?;
    }
    let mut line = Line::new(course.name, "the first look of a stream", Bound::Median(PAGE_MS_MAX));
    for _ in 0..tries {
        line.add(course.visitor.first_look().await?);
    }
    course.finish(line)?;
    unlisted(course, backlog).await
}

const PAGES: [&str; 18] = [
    "/",
    "/?days=180",
    "/busy",
    "/queues",
    "/queues/deep",
    "/queues/deep?rows=200",
    "/queues/queue-07",
    "/scheduled",
    "/retries",
    "/dead",
    "/held",
    "/retries?by=error",
    "/dead?by=error",
    "/metrics",
    "/metrics?minutes=480",
    "/metrics?minutes=1440",
    "/metrics?minutes=4320",
    "/metrics?minutes=480&class=App%3A%3AJobs%3A%3ANumber07",
];

/// Below `/api/v1/`.
const API: [&str; 20] = [
    "stats",
    "history",
    "store",
    "checkup",
    "queues",
    "queues/deep",
    "queues/deep/jobs",
    "queues/deep/count",
    "queues/deep/groups",
    "sets/retries/jobs?limit=200",
    "sets/retries/count",
    "sets/retries/groups",
    "sets/dead/groups",
    "sets/scheduled/jobs",
    "sets/held/jobs",
    "sets/busy/jobs",
    "paused",
    "processes",
    "metrics",
    "deploys",
];

async fn visit(course: &mut Course<'_>, what: &str, path: &str, tries: u64) -> Result<()> {
    let mut line = Line::new(course.name, what, Bound::Median(PAGE_MS_MAX));
    for round in 0..=tries {
        let answer = course.visitor.get(path).await?;
        ensure!(answer.status == 200, "{path} answers {}", answer.status);
        match round {
            0 => line.first = Some(answer.took.as_secs_f64() * 1e3),
            _ => line.add(answer.took),
        }
    }
    course.finish(line)
}

/// A job whose id somebody brings along, from a log: where no index has it, each page looks through a part of the store,
/// and leads to the next until it is met.
async fn unlisted(course: &mut Course<'_>, backlog: &Backlog) -> Result<()> {
    let what = "/jobs/(id of a job in Dead that was not listed): a step";
    let mut line = Line::new(course.name, what, Bound::Max(PAGE_MS_MAX));
    let jid = backlog.jid(Part::Dead, backlog.size(Part::Dead) / 3);
    let mut path = format!("/jobs/{jid}");
    for _ in 0..LOOKS_MAX {
        let answer = course.visitor.get(&path).await?;
        ensure!(answer.status == 200, "{path} answers {}", answer.status);
        line.add(answer.took);
        let page = String::from_utf8_lossy(&answer.body);
        match further(&page) {
            Some(after) => path = format!("/jobs/{jid}?after={after}"),
            None => {
                ensure!(page.contains("class=\"facts\""), "{path} is not the job's page");
                return course.finish(line);
            }
        }
    }
    bail!("looking for {jid} has no end")
}

/// Where a page goes on that still looks, as the query of its link has it.
fn further(page: &str) -> Option<&str> {
    let (_, link) = page.split_once("rel=\"next\" href=\"")?;
    let (_, after) = link.split_once('"')?.0.split_once("after=")?;
    after.split('&').next()
}

/// The id of a job that a page of the API lists.
async fn listed(course: &Course<'_>, set: &str, cursor: &str) -> Result<String> {
    let page = course.visitor.get(&format!("/api/v1/{set}/jobs?cursor={cursor}")).await?.json()?;
    let jid = page["jobs"][7]["jid"].as_str().or(page["jobs"][7]["id"].as_str());
    jid.map(str::to_owned).with_context(|| format!("the page of {set} has no jobs"))
}

/// A cursor that is half a set away from its beginning, or as far as a hundred pages of the API's largest steps lead.
async fn far_into(course: &Course<'_>, set: &str) -> Result<String> {
    const STEPS: usize = 300;
    let mut cursor = String::new();
    for _ in 0..STEPS {
        let after = if cursor.is_empty() { String::new() } else { format!("&cursor={}", escaped(&cursor)) };
        // Nothing matches, so each step goes as far as one may.
        let path = format!("/api/v1/{set}/count?filter=tag%3Anothing{after}");
        let answer = course.visitor.get(&path).await?;
        ensure!(answer.status == 200, "{path} answers {}", answer.status);
        match answer.json()?["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    ensure!(!cursor.is_empty(), "{set} is too small to have a middle");
    Ok(escaped(&cursor))
}

/// A cursor as a query holds it.
pub fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

impl Course<'_> {
    /// Keeps a line, with what Redis noted of it.
    pub fn finish(&mut self, mut line: Line) -> Result<()> {
        if let Some(slowlog) = &mut self.slowlog {
            line.slow = slowlog.take().context("failed to read the slow log")?;
        }
        eprintln!("{}: {} {:.1} ms", self.name, line.what, line.samples.median());
        self.lines.add(line);
        Ok(())
    }
}
