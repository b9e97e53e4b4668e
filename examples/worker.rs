//! A program that performs jobs, and takes everything else from its configuration, its environment and its flags.
//!
//! ```sh
//! cd examples
//! cargo run --example worker -- -C config/sancho.yml -q critical,6 -q default,1
//! cargo run --example worker -- --check-config
//! sancho push Greet '["Ada"]'
//! ```

use std::process::ExitCode;

use sancho::cli::{self, App};
use sancho::{Client, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

/// What jobs work with: connections, clients of other services, settings.
struct Shop {
    /// To push jobs from jobs.
    jobs: Client,
}

impl Shop {
    async fn new(jobs: Client) -> std::io::Result<Self> {
        Ok(Shop { jobs })
    }
}

#[derive(Job, Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl Perform<Shop> for Greet {
    async fn perform(self, cx: &Context<Shop>) -> JobResult {
        println!("hello, {}", self.name);
        cx.state().jobs.push(Note { text: format!("{} was greeted", self.name) }).await?;
        Ok(())
    }
}

#[derive(Job, Serialize, Deserialize)]
#[job(queue = "low")]
struct Note {
    text: String,
}

impl Perform<Shop> for Note {
    async fn perform(self, _: &Context<Shop>) -> JobResult {
        println!("note: {}", self.text);
        Ok(())
    }
}

fn main() -> ExitCode {
    let app = App::new("shop", Shop::new)
        .version(env!("CARGO_PKG_VERSION"))
        .database_pool("primary", 5)
        .register::<Greet>()
        .register::<Note>();
    cli::run(app)
}
