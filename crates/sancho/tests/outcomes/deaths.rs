//! Who is told of failures and deaths.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::core::lifecycle::Verdict;
use sancho::core::{End, NewJob, Payload, Place};
use sancho::{Client, DeadJob, Death, FailedJob, QueueName, Raw};
use serde_json::json;

use super::home;
use crate::jobs::Act;
use crate::orphans::orphan_three_times;
use crate::stage::{Stage, dead};

/// What handlers were told.
struct Told<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone + Send + 'static> Told<T> {
    fn new() -> Self {
        Told(Arc::default())
    }

    fn listener(&self) -> impl Fn(&T) + Send + Sync + 'static {
        let told = Arc::clone(&self.0);
        move |what| told.lock().expect("no handler has failed under it").push(what.clone())
    }

    fn all(&self) -> Vec<T> {
        self.0.lock().expect("no handler has failed under it").clone()
    }
}

#[tokio::test]
async fn every_death_is_told_with_its_cause() {
    let client = home().await;
    orphaned(&client).await;
    known_to_be_unknown_for_a_day(&client, "Stranger").await;
    let unreadable = push_unreadable(&client).await;
    let deaths = Told::new();
    let mut stage = Stage::with(&client, |server| server.on_death(deaths.listener())).await;
    for (how, retry) in [("fail exhausted", true), ("fail never", false), ("kill", true), ("fail and discard", true)] {
        let push = client.push(Act::new(how));
        let push = if retry { push.retry(0) } else { push.retry(false) };
        push.await.expect("pushed");
    }
    client.push(Raw::new("Stranger", json!([1]))).await.expect("pushed");
    let mut died = 0;
    while died < 7 {
        died += usize::from(stage.settled().await == Verdict::Died);
    }
    stage.stop().await;
    let mut told: Vec<(Death, bool, String)> =
        deaths.all().iter().map(|dead: &DeadJob| (dead.cause, dead.is_kept, dead.class.clone())).collect();
    told.sort_by_key(|(cause, ..)| format!("{cause:?}"));
    let of = |cause, is_kept, class: &str| (cause, is_kept, class.to_owned());
    assert_eq!(
        told,
        [
            of(Death::Exhausted, true, "Act"),
            of(Death::Killed, true, "Act"),
            of(Death::Killed, false, "Act"),
            of(Death::NotRetried, false, "Act"),
            of(Death::Poison, true, "Act"),
            of(Death::UnknownClass, true, "Stranger"),
            of(Death::Unreadable, true, ""),
        ]
    );
    let all = deaths.all();
    let with = |cause| all.iter().find(|dead| dead.cause == cause).expect("told");
    assert_eq!(with(Death::Unreadable).payload, unreadable, "byte for byte");
    let exhausted = with(Death::Exhausted);
    let envelope = exhausted.payload.envelope().expect("readable");
    assert_eq!(envelope.error_message().as_deref(), Some("told to fail exhausted"), "the payload has its error");
    assert_eq!(exhausted.error.as_ref().map(|(_, message)| message.as_str()), Some("told to fail exhausted"));
    assert_eq!(exhausted.jid.as_ref().map(|jid| jid.as_str()), envelope.jid().as_deref());
}

async fn orphaned(client: &Client) {
    client.push(Act::new("poison")).await.expect("pushed");
    orphan_three_times(client).await;
}

/// Processes have met the class for more than a day, again and again.
async fn known_to_be_unknown_for_a_day(client: &Client, class: &str) {
    let met = [(class.to_owned(), QueueName::default())];
    for tenths_ago in (0..=250_u32).rev().step_by(5) {
        let when = client.clock().now().before(Duration::from_secs(360) * tenths_ago);
        client.store().meet_unknown(&met, when).await.expect("the store answers");
    }
}

async fn push_unreadable(client: &Client) -> Payload {
    let now = client.clock().now();
    let mut new: NewJob = client.draft("any", "[]").into_job(now, Default::default()).expect("a job");
    new.payload = Payload::from_bytes(b"{\"class\":".to_vec());
    new.place = Place::Queue { queue: QueueName::default(), end: End::Back };
    client.store().push(std::slice::from_ref(&new), now).await.expect("the store answers");
    new.payload
}

#[tokio::test]
async fn every_failed_try_is_told_and_a_handler_that_panics_keeps_it_from_nobody() {
    let client = home().await;
    let (failures, deaths) = (Told::new(), Told::new());
    let mut stage = Stage::with(&client, |server| {
        server
            .on_error(|_| panic!("the handler falls over"))
            .on_error(failures.listener())
            .on_death(|_| panic!("the handler falls over"))
            .on_death(deaths.listener())
    })
    .await;
    client.push(Act::new("fail always")).retry(1).tags(["eu"]).await.expect("pushed");
    let Verdict::Retried { at, .. } = stage.settled().await else { panic!("a try is left") };
    assert_eq!(stage.settled().await, Verdict::Died);
    client.push(Raw::new("Act", json!([7]))).retry(0).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Died);
    // The one that comes again by itself is the last, so that nothing is settled between the others.
    for how in ["discard", "kill", "snooze"] {
        client.push(Act::new(how)).await.expect("pushed");
        stage.settled().await;
    }
    stage.stop().await;
    let told: Vec<_> = failures.all();
    let tries: Vec<_> = told.iter().map(|failed: &FailedJob| (failed.attempt, failed.next_try)).collect();
    assert_eq!(tries, [(1, Some(at)), (2, None), (1, None)], "a wish is no failure");
    assert_eq!(told[0].payload.envelope().expect("readable").tags(), ["eu"]);
    assert_eq!(told[0].payload.envelope().expect("readable").failed_at(), None, "as it was claimed");
    assert_eq!((told[0].class.as_str(), told[0].error_message.as_str()), ("Act", "told to fail always"));
    assert_eq!(told[2].error_class, "Sancho::ArgsError");
    let causes: Vec<_> = deaths.all().iter().map(|dead: &DeadJob| dead.cause).collect();
    assert_eq!(causes, [Death::Exhausted, Death::Exhausted, Death::Killed]);
}

/// The first job of a class has a task of its own; the loop that claims for all polls the next, once they are known to be
/// quick.
#[tokio::test]
async fn an_error_that_panics_as_it_is_told_is_a_failure_of_its_job_alone() {
    let client = home().await;
    let mut stage = Stage::of(&client).await;
    client.push(Act::new("go")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done);
    client.push(Act::new("say nothing")).retry(0).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Died);
    client.push(Act::new("go on")).await.expect("pushed");
    assert_eq!(stage.settled().await, Verdict::Done, "the server lives");
    stage.stop().await;
    let dead = dead(&client).await;
    let error_class = dead[0].payload.envelope().expect("readable").error_class().expect("it failed").into_owned();
    assert_eq!(error_class, "Sancho::Panic");
}
