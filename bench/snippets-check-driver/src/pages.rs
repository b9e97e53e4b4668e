//! The application, as it is seen over HTTP.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use serde::Deserialize;
use tokio::task::JoinSet;

/// How long one request may take.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// Posts at the same time.
const POSTERS: u64 = 16;

/// The pages of one application; clones share their connections.
#[derive(Clone)]
pub(crate) struct Pages {
    http: reqwest::Client,
    address: String,
}

/// What `/counts.json` says.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Counts {
    /// Snippets saved.
    pub(crate) snippets: u64,
    /// Snippets highlighted.
    pub(crate) highlighted: u64,
    /// The highlighting service's own record.
    pub(crate) service: Seen,
}

/// What the highlighting service has seen.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Seen {
    /// Different snippets answered with HTML.
    pub(crate) distinct: u64,
    /// Calls answered.
    pub(crate) calls: u64,
    /// Calls being worked on.
    pub(crate) in_hand: u64,
}

#[derive(Deserialize)]
struct SnippetState {
    highlighted: bool,
}

impl Pages {
    /// The pages on a port of this machine.
    pub(crate) fn new(port: u16) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).timeout(REQUEST_TIME_MAX).no_proxy().build();
        let http = http.expect("a client without TLS has nothing to fail at");
        Pages { http, address: format!("http://127.0.0.1:{port}") }
    }

    /// What has happened so far.
    pub(crate) async fn counts(&self) -> anyhow::Result<Counts> {
        let answer = self.http.get(format!("{}/counts.json", self.address)).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Posts this many snippets, several at a time, and answers their addresses.
    pub(crate) async fn post_all(self, count: u64) -> anyhow::Result<Vec<String>> {
        let mut posters = JoinSet::new();
        for poster in 0..POSTERS {
            let pages = self.clone();
            posters.spawn(async move {
                let mut addresses = Vec::new();
                for number in (poster..count).step_by(POSTERS as usize) {
                    addresses.push(pages.post(number).await?);
                }
                anyhow::Ok(addresses)
            });
        }
        let mut all = Vec::new();
        while let Some(addresses) = posters.join_next().await {
            all.extend(addresses??);
        }
        Ok(all)
    }

    /// Asks for each snippet by itself and counts those that are highlighted.
    pub(crate) async fn count_highlighted(&self, addresses: &[String]) -> anyhow::Result<u64> {
        let mut highlighted = 0;
        for address in addresses {
            let answer = self.http.get(format!("{}{address}.json", self.address)).send().await?;
            let state: SnippetState = answer.error_for_status()?.json().await?;
            highlighted += u64::from(state.highlighted);
        }
        Ok(highlighted)
    }

    async fn post(&self, number: u64) -> anyhow::Result<String> {
        let code = format!("fn answer() -> u64 {{\n    {number}\n}}\n");
        let form = [("language", "rust"), ("code", code.as_str())];
        let answer = self.http.post(format!("{}/snippets", self.address)).form(&form).send().await?;
        anyhow::ensure!(answer.status() == StatusCode::SEE_OTHER, "a post was answered {}", answer.status());
        let location = answer.headers().get(LOCATION).context("a post was answered without an address")?;
        Ok(location.to_str()?.to_owned())
    }
}
