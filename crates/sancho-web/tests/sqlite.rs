//! The pages on a file: its cursors, its times and its refusals.

mod support;

use std::sync::Arc;

use axum::http::StatusCode;
use sancho_core::{Inspect, NewJob, Place, State};
use sancho_sqlite::{Options, SqliteStore};

use support::crawl::crawl;
use support::store::{fill, jid, job, push};
use support::{NOW, Visit, router_over};

struct File {
    store: Arc<SqliteStore>,
    _directory: tempfile::TempDir,
}

impl File {
    async fn filled() -> File {
        let directory = tempfile::tempdir().expect("a directory");
        let store = SqliteStore::open(&directory.path().join("jobs.db"), Options::default()).expect("the file opens");
        fill(&store).await;
        File { store: Arc::new(store), _directory: directory }
    }

    fn router(&self) -> axum::Router {
        router_over(self.store.clone(), self.store.clone())
    }
}

#[tokio::test]
async fn every_link_leads_to_a_page() {
    let file = File::filled().await;
    let visited = crawl(&file.router(), "/?lang=vi").await;
    assert!(visited.keys().any(|address| address.starts_with("/jobs/dead-1")), "{:?}", visited.keys());
    for (address, answer) in visited {
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_list_is_paged_to_its_end_and_all_of_it_is_deleted() {
    let file = File::filled().await;
    let jobs: Vec<NewJob> = (0..120).map(|number| job(&format!("more-{number}"), "Report", Place::Dead)).collect();
    push(&*file.store, &jobs).await;
    let router = file.router();
    let (mut address, mut seen, mut pages) = ("/dead?q=class%3AReport".to_owned(), 0, 0);
    loop {
        let text = router.get(&address).await.text;
        seen += text.matches("name=\"jid\"").count();
        pages += 1;
        assert!(pages <= 10, "the list comes to its end");
        let Some(next) = text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
            break;
        };
        address = next.trim_start_matches('.').replace("&#38;", "&").replace("&amp;", "&");
    }
    assert_eq!((seen, pages), (120, 3));
    let asked = router.post("/dead", "act=delete&scope=all&q=class%3AReport").await;
    assert!(asked.text.contains("Delete 120 jobs for good?"), "{}", asked.text);
    let done = router.post("/dead", "act=delete&scope=all&q=class%3AReport&sure=yes").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(file.store.stats(NOW).await.expect("stats").dead, 2, "those of other classes stay");
}

#[tokio::test]
async fn a_retry_runs_from_its_own_page() {
    let file = File::filled().await;
    assert_eq!(file.router().post("/jobs/retry-1", "act=run").await.status, StatusCode::SEE_OTHER);
    let row = file.store.find(&jid("retry-1")).await.expect("the store finds").expect("it is there");
    assert_eq!(row.state, State::Enqueued);
}
