//! Every page, every look of the API, and the stream: once as the first, then several times more.

use anyhow::{Context, Result, ensure};

use super::Course;
use super::backlog::{Backlog, DEEP, Part};
use super::line::{Bound, Line};

/// What a page may take, in milliseconds.
const PAGE_MS_MAX: f64 = 100.0;

pub async fn take(course: &mut Course<'_>, backlog: &Backlog, tries: u64) -> Result<()> {
    for path in pages(course, backlog).await? {
        visit(course, &path, tries).await?;
    }
    let mut line = Line::new(course.name, "the first look of a stream", Bound::Median(PAGE_MS_MAX));
    for _ in 0..tries {
        line.add(course.visitor.first_look().await?);
    }
    course.finish(line)
}

async fn visit(course: &mut Course<'_>, path: &str, tries: u64) -> Result<()> {
    let mut line = Line::new(course.name, path, Bound::Median(PAGE_MS_MAX));
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

/// What is asked for: pages, then looks of the API.
async fn pages(course: &Course<'_>, backlog: &Backlog) -> Result<Vec<String>> {
    let middle = |part| backlog.jid(part, backlog.size(part) / 2);
    let mut paths: Vec<String> = ["/", "/?days=180", "/busy", "/queues", "/scheduled", "/retries", "/dead", "/held"]
        .map(str::to_owned)
        .to_vec();
    paths.push(format!("/queues/{DEEP}"));
    paths.push(format!("/queues/{DEEP}?rows=200"));
    paths.push("/queues/queue-07".to_owned());
    for set in [format!("queues/{DEEP}"), "sets/retries".to_owned(), "sets/dead".to_owned()] {
        let page = set.trim_start_matches("sets/");
        paths.push(format!("/{page}?after={}", far_into(course, &set).await?));
        paths.push(format!("/{page}?q=tag%3Aneedle"));
        paths.push(format!("/{page}?q=class%3AResizeImage"));
    }
    paths.extend(["/retries?by=error", "/dead?by=error"].map(str::to_owned));
    paths.extend(["/metrics", "/metrics?minutes=480", "/metrics?minutes=1440", "/metrics?minutes=4320"].map(str::to_owned));
    paths.push("/metrics?minutes=480&class=App%3A%3AJobs%3A%3ANumber07".to_owned());
    for part in [Part::Retries, Part::Scheduled, Part::Dead, Part::Held, Part::Deep, Part::Others] {
        paths.push(format!("/jobs/{}", middle(part)));
    }
    let api = [
        "stats", "history", "store", "checkup", "queues", "queues/deep", "queues/deep/jobs", "queues/deep/count",
        "queues/deep/groups", "sets/retries/jobs?limit=200", "sets/retries/count", "sets/retries/groups",
        "sets/dead/groups", "sets/scheduled/jobs", "sets/held/jobs", "sets/busy/jobs", "paused", "processes", "metrics",
        "deploys", "keys/none",
    ];
    paths.extend(api.iter().filter(|path| !path.starts_with("keys/")).map(|path| format!("/api/v1/{path}")));
    paths.push(format!("/api/v1/jobs/{}", middle(Part::Retries)));
    Ok(paths)
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
