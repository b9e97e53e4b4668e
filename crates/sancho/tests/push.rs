//! What a push does: places, options, order, keys, batches.

use std::time::Duration;

use sancho::core::Action;
use sancho::testing::{ManualClock, memory_at, waiting};
use sancho::{
    ActError, Backtrace, Client, ClientMiddleware, ClientVerdict, Draft, Enqueue, Job, OnConflict, PushError, Pushed,
    Raw, State, Timestamp,
};

#[derive(Job, Clone)]
#[job(queue = "mailers", retry = 10, tags("mail"))]
struct WelcomeEmail {
    user_id: u64,
}

fn client() -> (Client, ManualClock) {
    let clock = ManualClock::default();
    (memory_at(&clock, 1), clock)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

async fn payloads(client: &Client) -> Vec<String> {
    let rows = waiting(client).await.expect("the model answers");
    rows.into_iter().map(|row| row.payload.to_text_lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_job_goes_to_its_class_queue_with_its_class_options() {
    let (client, _) = client();
    let pushed = client.push(WelcomeEmail { user_id: 7 }).await.expect("pushed");
    assert_eq!(pushed.answer, Pushed::Added);
    assert_eq!(
        payloads(&client).await,
        [format!(
            r#"{{"retry":10,"queue":"mailers","tags":["mail"],"args":[7],"class":"WelcomeEmail","jid":"{}","created_at":1795000000.0,"enqueued_at":1795000000.0}}"#,
            pushed.jid
        )]
    );
}

#[tokio::test]
async fn a_push_overrides_the_options_of_the_class() {
    let (client, clock) = client();
    let push = client
        .push(WelcomeEmail { user_id: 7 })
        .queue("low")
        .retry(false)
        .tags(["a", "b"])
        .backtrace(Backtrace::All)
        .key("welcome:7")
        .jid("of-my-own")
        .after(secs(60))
        .expires_in(secs(30))
        .member("tenant", &("blue", 1.0));
    clock.advance(secs(5));
    push.await.expect("pushed");
    assert_eq!(
        payloads(&client).await,
        [
            r#"{"retry":false,"queue":"low","backtrace":true,"tags":["a","b"],"key":"welcome:7","expires_at":1795000095.0,"tenant":["blue",1.0],"args":[7],"class":"WelcomeEmail","jid":"of-my-own","created_at":1795000005.0}"#
        ]
    );
}

#[tokio::test]
async fn a_time_in_the_future_schedules_and_any_other_enqueues() {
    let (client, clock) = client();
    let now = sancho::Clock::now(&clock);
    for (at, state) in [
        (now + secs(1), State::Scheduled),
        (now, State::Enqueued),
        (now.before(secs(1)), State::Enqueued),
        (Timestamp::EPOCH, State::Enqueued),
    ] {
        let jid = client.push(Raw::new("A", [0; 0])).at(at).await.expect("pushed").jid;
        assert_eq!(client.find(&jid).await.expect("answered").expect("there").state, state, "{at:?}");
    }
}

#[tokio::test]
async fn sidekiqs_words_push_too() {
    let (client, clock) = client();
    let job = WelcomeEmail { user_id: 7 };
    let now = sancho::Clock::now(&clock);
    let jids = [
        job.clone().perform_async(&client).await.expect("pushed").jid,
        job.clone().perform_in(&client, secs(60)).await.expect("pushed").jid,
        job.perform_at(&client, now + secs(90)).await.expect("pushed").jid,
    ];
    let mut found = Vec::new();
    for jid in &jids {
        let row = client.find(jid).await.expect("answered").expect("there");
        found.push((row.state, row.at.expect("the store knows").since(now)));
    }
    assert_eq!(found, [(State::Enqueued, secs(0)), (State::Scheduled, secs(60)), (State::Scheduled, secs(90))]);
}

#[tokio::test]
async fn jobs_of_one_queue_keep_the_order_of_their_pushes() {
    let (client, _) = client();
    for n in 0..3 {
        client.push(Raw::new("A", [n])).await.expect("pushed");
    }
    client.push_bulk((3..6).map(|n| Raw::new("A", [n]))).await.expect("pushed");
    let rows = waiting(&client).await.expect("answered");
    let args: Vec<_> = rows.iter().map(|row| row.payload.envelope().expect("readable").args()).collect();
    assert_eq!(args, ["[0]", "[1]", "[2]", "[3]", "[4]", "[5]"]);
}

#[tokio::test]
async fn the_same_seed_and_clock_give_the_same_payloads() {
    let (one, two) = (client().0, client().0);
    for client in [&one, &two] {
        client.push_bulk((0..3).map(|n| Raw::new("A", [n]))).await.expect("pushed");
    }
    assert_eq!(payloads(&one).await, payloads(&two).await);
}

#[tokio::test]
async fn a_bulk_push_has_one_time_or_one_for_each_job() {
    let (client, clock) = client();
    let now = sancho::Clock::now(&clock);
    let jobs = |n: u32| (0..n).map(|n| Raw::new("A", [n]));
    client.push_bulk(jobs(2)).queue("low").at(now + secs(9)).await.expect("pushed");
    client.push_bulk(jobs(2)).at_each(vec![now + secs(1), now]).await.expect("pushed");
    let rows = waiting(&client).await.expect("answered");
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.queue.as_str(), row.state, row.at.expect("the store knows").since(now).as_secs()))
        .collect();
    assert_eq!(
        seen,
        [
            ("default", State::Enqueued, 0),
            ("default", State::Scheduled, 1),
            ("low", State::Scheduled, 9),
            ("low", State::Scheduled, 9)
        ]
    );
    let error = client.push_bulk(jobs(2)).at_each(vec![now]).await.expect_err("one short");
    assert_eq!(error.to_string(), "there are 1 times for 2 jobs: give one for each job");
    assert!(client.push_bulk(jobs(0)).await.expect("pushed").is_empty());
}

#[tokio::test]
async fn a_batch_with_one_bad_job_pushes_none() {
    let (client, _) = client();
    let error = client.push_bulk([Raw::new("A", [1.0]), Raw::new("A", [f64::INFINITY])]).await.expect_err("infinite");
    assert_eq!(error.to_string(), "args[0] is infinite: JSON has no such number");
    let drafts = vec![client.draft("A", "[1]"), client.draft("A", "1")];
    assert!(matches!(client.push_drafts(drafts).await, Err(PushError::Invalid(_))));
    assert!(payloads(&client).await.is_empty());
}

#[tokio::test]
async fn a_taken_key_is_answered_as_on_conflict_says() {
    let (client, _) = client();
    let push = |on_conflict| client.push(Raw::new("A", [1])).key("k").after(secs(60)).on_conflict(on_conflict);
    let first = push(OnConflict::Keep).await.expect("pushed").jid;
    let kept = push(OnConflict::Keep).await.expect("kept");
    assert_eq!(kept.answer, Pushed::Kept { holder: first.clone(), state: State::Scheduled });
    let error = push(OnConflict::Refuse).await.expect_err("refused");
    assert_eq!(error.to_string(), format!("the key k is taken by job {first}, which is scheduled"));
    let replaced = push(OnConflict::Replace).await.expect("replaced");
    assert_eq!(replaced.answer, Pushed::Replaced { holder: first.clone() });
    assert_eq!(client.find_key("k").await.expect("answered").expect("there").jid, replaced.jid);
    assert!(client.find(&first).await.expect("answered").is_none());
}

#[tokio::test]
async fn a_job_is_found_rescheduled_and_cancelled_by_jid_and_by_key() {
    let (client, clock) = client();
    let later = sancho::Clock::now(&clock) + secs(3_600);
    let jid = client.push(Raw::new("A", [1])).key("k").await.expect("pushed").jid;
    client.reschedule_key("k", later).await.expect("rescheduled");
    let row = client.find(&jid).await.expect("answered").expect("there");
    assert_eq!((row.state, row.at), (State::Scheduled, Some(later)));
    client.reschedule(&jid, later + secs(1)).await.expect("rescheduled");
    client.cancel_key("k").await.expect("cancelled");
    assert!(matches!(client.cancel_key("k").await, Err(ActError::NotFound)));
    assert!(matches!(client.cancel(&jid).await, Err(ActError::NotFound)));
    assert!(matches!(client.reschedule(&jid, later).await, Err(ActError::NotFound)));
    assert!(matches!(client.find_key("").await, Err(ActError::Invalid(_))));
    assert!(client.find_key("k").await.expect("answered").is_none());
}

#[tokio::test]
async fn what_cannot_be_done_to_a_job_is_refused_with_the_reason() {
    let (client, clock) = client();
    let jid = client.push(Raw::new("A", [1])).await.expect("pushed").jid;
    let selection = sancho::core::Selection::Jid(jid.clone());
    let now = sancho::Clock::now(&clock);
    client.inspect().apply(&Action::Kill, &selection, 1, now).await.expect("killed");
    let error = client.cancel(&jid).await.expect_err("dead");
    assert_eq!(error.to_string(), "it is dead, where this has no meaning");
}

struct Tag(&'static str);

impl ClientMiddleware for Tag {
    fn push(&self, draft: &mut Draft) -> ClientVerdict {
        draft.tags.push(self.0.to_owned());
        if draft.class == "Unwanted" { ClientVerdict::Stop } else { ClientVerdict::Push }
    }
}

#[tokio::test]
async fn middleware_runs_in_order_and_may_change_or_stop_a_job() {
    let (bare, _) = client();
    let client = bare.clone().with_middleware(Tag("first")).with_middleware(Tag("second"));
    let jid = client.push(Raw::new("A", [1])).await.expect("pushed").jid;
    let row = client.find(&jid).await.expect("answered").expect("there");
    assert_eq!(row.payload.envelope().expect("readable").tags(), ["first", "second"]);

    assert!(matches!(client.push(Raw::new("Unwanted", [1])).await, Err(PushError::Stopped)));
    let pushed = client.push_bulk([Raw::new("Unwanted", [1]), Raw::new("A", [2])]).await.expect("pushed");
    assert_eq!(pushed.len(), 1, "the stopped one is left out");
    assert_eq!(payloads(&client).await.len(), 2);
    bare.push(Raw::new("Unwanted", [1])).await.expect("the client before has no middleware");
}

#[test]
fn a_client_is_shared_among_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Client>();
}
