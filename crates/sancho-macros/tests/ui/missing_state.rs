use sancho::{Context, Job, JobResult, Perform};

#[derive(Job)]
struct Email {
    user_id: u64,
}

struct App;
struct OtherApp;

impl Perform<OtherApp> for Email {
    async fn perform(self, _: &Context<OtherApp>) -> JobResult {
        Ok(())
    }
}

fn register<J: Perform<App>>() {}

fn main() {
    register::<Email>();
}
