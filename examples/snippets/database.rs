//! The application's own database: the snippets, and where the highlighting service listens.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::language::Language;
use crate::snippet::{NewSnippet, Snippet};

/// How long a statement waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

const COLUMNS: &str = "id, language, code, html, publish_at, published";

/// One connection to `snippets.db`; clones share it. Web and worker processes may each have one open.
#[derive(Clone, Debug)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens the file, and creates it and its tables if they are not there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(path).with_context(|| format!("failed to open {}", path.display()))?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.execute_batch(include_str!("schema.sql"))?;
        Ok(Database(Arc::new(Mutex::new(connection))))
    }

    /// Saves a new snippet and answers its id.
    pub(crate) async fn add(&self, new: NewSnippet) -> anyhow::Result<i64> {
        self.with(move |connection| {
            connection
                .prepare_cached("INSERT INTO snippets (language, code, publish_at) VALUES (?1, ?2, ?3) RETURNING id")?
                .query_row(params![new.language.tag, new.code, millis(new.publish_at)], |row| row.get(0))
        })
        .await
    }

    /// The snippet with this id.
    pub(crate) async fn find(&self, id: i64) -> anyhow::Result<Option<Snippet>> {
        self.with(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM snippets WHERE id = ?1");
            connection.prepare_cached(&sql)?.query_row([id], read).optional()
        })
        .await
    }

    /// The newest snippets, newest first.
    pub(crate) async fn newest(&self, limit: usize) -> anyhow::Result<Vec<Snippet>> {
        self.list(format!("SELECT {COLUMNS} FROM snippets ORDER BY id DESC LIMIT {limit}")).await
    }

    /// Snippets that still wait for a job: to be highlighted, or to be published.
    pub(crate) async fn waiting(&self) -> anyhow::Result<Vec<Snippet>> {
        let waits = "html IS NULL OR (publish_at IS NOT NULL AND NOT published)";
        self.list(format!("SELECT {COLUMNS} FROM snippets WHERE {waits} ORDER BY id")).await
    }

    /// How many snippets there are, and how many of them are highlighted.
    pub(crate) async fn counts(&self) -> anyhow::Result<(u32, u32)> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT count(*), count(html) FROM snippets")?
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .await
    }

    /// Saves the highlighted code. Saving it twice is harmless.
    pub(crate) async fn save_html(&self, id: i64, html: String) -> anyhow::Result<()> {
        self.execute("UPDATE snippets SET html = ?2 WHERE id = ?1", (id, html)).await
    }

    /// Notes when the snippet is to be published; `None` when no longer.
    pub(crate) async fn plan(&self, id: i64, publish_at: Option<Timestamp>) -> anyhow::Result<()> {
        self.execute("UPDATE snippets SET publish_at = ?2 WHERE id = ?1", (id, millis(publish_at))).await
    }

    /// Publishes the snippet. Publishing it twice is harmless.
    pub(crate) async fn publish(&self, id: i64) -> anyhow::Result<()> {
        self.execute("UPDATE snippets SET published = 1 WHERE id = ?1", (id,)).await
    }

    /// Removes a snippet that could not be pushed.
    pub(crate) async fn remove(&self, id: i64) -> anyhow::Result<()> {
        self.execute("DELETE FROM snippets WHERE id = ?1", (id,)).await
    }

    /// Records where the highlighting service listens, in place of where it listened before.
    pub(crate) async fn record_highlighter(&self, address: String) -> anyhow::Result<()> {
        self.execute("INSERT OR REPLACE INTO services (name, address) VALUES ('highlighter', ?1)", (address,)).await
    }

    /// Where the highlighting service listens, if one has ever started here.
    pub(crate) async fn highlighter(&self) -> anyhow::Result<Option<String>> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT address FROM services WHERE name = 'highlighter'")?
                .query_row([], |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn list(&self, sql: String) -> anyhow::Result<Vec<Snippet>> {
        self.with(move |connection| connection.prepare_cached(&sql)?.query_map([], read)?.collect()).await
    }

    async fn execute(&self, sql: &'static str, values: impl rusqlite::Params + Send + 'static) -> anyhow::Result<()> {
        self.with(move |connection| connection.prepare_cached(sql)?.execute(values).map(drop)).await
    }

    /// SQLite blocks; the runtime must not.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let shared = self.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Every piece of work is one statement: a panic leaves nothing half done behind.
            work(&shared.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await?.context("failed to use snippets.db")
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Snippet> {
    let tag: String = row.get("language")?;
    let publish_at: Option<i64> = row.get("publish_at")?;
    Ok(Snippet {
        id: row.get("id")?,
        language: Language::find(&tag).unwrap_or(Language { tag: "text", name: "Plain text", extension: "txt" }),
        code: row.get("code")?,
        html: row.get("html")?,
        publish_at: publish_at.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        published: row.get("published")?,
    })
}

fn millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(code: &str, publish_at: Option<Timestamp>) -> NewSnippet {
        NewSnippet { language: Language::ALL[0], code: code.into(), publish_at }
    }

    #[tokio::test]
    async fn two_processes_see_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snippets.db");
        let (web, worker) = (Database::open(&path).unwrap(), Database::open(&path).unwrap());
        assert_eq!(worker.highlighter().await.unwrap(), None);
        web.record_highlighter("http://127.0.0.1:1".into()).await.unwrap();
        web.record_highlighter("http://127.0.0.1:2".into()).await.unwrap();
        assert_eq!(worker.highlighter().await.unwrap().as_deref(), Some("http://127.0.0.1:2"));

        let id = web.add(new("fn main() {}", None)).await.unwrap();
        worker.save_html(id, "<span>fn</span>".into()).await.unwrap();
        assert!(web.find(id).await.unwrap().unwrap().highlighted());
        assert_eq!(web.counts().await.unwrap(), (1, 1));
    }

    #[tokio::test]
    async fn a_snippet_waits_until_it_is_highlighted_and_published() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("snippets.db")).unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let id = database.add(new("1", Some(at))).await.unwrap();
        assert_eq!(database.find(id).await.unwrap().unwrap().planned_at(), Some(at));

        database.save_html(id, "1".into()).await.unwrap();
        assert_eq!(database.waiting().await.unwrap().len(), 1);
        database.publish(id).await.unwrap();
        assert!(database.waiting().await.unwrap().is_empty());
        assert_eq!(database.find(id).await.unwrap().unwrap().planned_at(), None);
    }
}
