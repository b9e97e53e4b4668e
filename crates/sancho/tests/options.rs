//! Options of a job, in the three places that say them: the class, the configuration, the push.

use std::time::Duration;

use sancho::core::lifecycle::Failure;
use sancho::testing::{ManualClock, memory, memory_at, waiting};
use sancho::{
    Bury, ClassSettings, Client, Context, Event, Heart, Job, JobResult, LogLevel, OnConflict, Perform, PushError,
    Pushed, QueueName, Raw, Retry, Runs, Server,
};

/// A class that says everything.
#[derive(Job, Clone)]
#[job(
    queue = "products",
    retry_for = "3d",
    retry_queue = "slow",
    dead = false,
    backtrace = 5,
    tags("shop", "eu"),
    timeout = "30s",
    expires_in = "1h",
    key = "product:{product_id}:{{{size}}}",
    blocking,
    log = "debug",
    aliases("ResizeImage", "Old::Resize")
)]
struct Resize {
    product_id: u64,
    size: String,
}

#[derive(Job)]
struct Plain;

#[derive(Job)]
#[job(retry = 3, key = "pair:{0}-{1}")]
struct Pair(u8, String);

#[derive(Job)]
#[job(key = "of:{inner}")]
struct Generic<T> {
    inner: T,
}

fn resize() -> Resize {
    Resize { product_id: 42, size: "s".into() }
}

fn client() -> Client {
    memory_at(&ManualClock::default(), 1)
}

async fn payload(client: &Client) -> String {
    let rows = waiting(client).await.expect("the model answers");
    assert_eq!(rows.len(), 1);
    rows[0].payload.to_text_lossy().into_owned()
}

/// What is behind the options is the same for all.
fn payload_of(options: &str, class: &str, args: &str, client: &[sancho::JobRow]) -> String {
    let jid = &client[0].jid;
    format!(
        "{{{options},\"args\":{args},\"class\":\"{class}\",\"jid\":\"{jid}\",\"created_at\":1795000000.0,\
         \"enqueued_at\":1795000000.0}}"
    )
}

#[tokio::test]
async fn what_the_attribute_says_is_written_as_sidekiq_writes_it() {
    let client = client();
    client.push(resize()).await.expect("pushed");
    let rows = waiting(&client).await.expect("answered");
    let options = r#""retry":true,"queue":"products","retry_for":259200,"retry_queue":"slow","backtrace":5,"dead":false,"tags":["shop","eu"],"key":"product:42:{s}","expires_at":1795003600.0"#;

    assert_eq!(resize().key().as_deref(), Some("product:42:{s}"));
    assert_eq!(payload(&client).await, payload_of(options, "Resize", r#"[42,"s"]"#, &rows));
}

#[tokio::test]
async fn a_class_that_says_nothing_has_nothing_written_but_what_is_always_there() {
    let client = client();
    client.push(Plain).await.expect("pushed");
    let rows = waiting(&client).await.expect("answered");
    assert_eq!(payload(&client).await, payload_of(r#""retry":true,"queue":"default""#, "Plain", "[]", &rows));
    let options = Plain::options();
    assert_eq!((options.log_level, options.dead, options.retry_for), (LogLevel::Info, Bury::Yes, None));
    assert!(options.aliases.is_empty() && options.retry_queue.is_none() && Plain.key().is_none());
}

#[test]
fn what_belongs_to_a_run_stands_in_the_options_of_the_class() {
    let options = Resize::options();
    assert_eq!((options.timeout, options.runs), (Some(Duration::from_secs(30)), Runs::Blocking));
    assert_eq!((options.log_level, options.aliases), (LogLevel::Debug, &["ResizeImage", "Old::Resize"][..]));
    assert_eq!(options.retry_queue, Some("slow"));
}

#[test]
fn a_key_is_made_of_fields_by_name_or_by_number() {
    assert_eq!(Pair(7, "x y".into()).key().as_deref(), Some("pair:7-x y"));
    assert_eq!(Generic { inner: 1.5 }.key().as_deref(), Some("of:1.5"));
}

#[tokio::test]
async fn a_key_of_the_class_is_taken_like_any_other_and_a_push_may_give_another() {
    let client = client();
    let first = client.push(Pair(1, "a".into())).await.expect("pushed").jid;
    let again = client.push(Pair(1, "a".into())).await.expect("answered").answer;
    assert_eq!(again, Pushed::Kept { holder: first.clone(), state: sancho::State::Enqueued });
    let refused = client.push(Pair(1, "a".into())).on_conflict(OnConflict::Refuse).await.expect_err("taken");
    assert!(matches!(refused, PushError::KeyTaken { holder, .. } if holder == first), "by the first");
    let other = client.push(Pair(1, "a".into())).key("another").await.expect("pushed").jid;
    assert_eq!(client.find_key("another").await.expect("answered").expect("there").jid, other);
    let long = client.push(Pair(1, "x".repeat(600))).await.expect_err("too long");
    assert!(long.to_string().contains("a key has 1 to 512 bytes"), "{long}");
}

#[tokio::test]
async fn a_push_goes_before_the_configuration_and_that_before_the_class() {
    let settings = ClassSettings::new().queue(QueueName::new("configured").expect("a name")).retry(7);
    let settings = settings.tags(["configured"]).dead(true).expires_in(Duration::from_secs(60));
    let client = client().with_class_settings("Resize", settings);
    client.push(resize()).tags(["pushed"]).backtrace(false).await.expect("pushed");
    let rows = waiting(&client).await.expect("answered");
    // The window of the class gives way to the count of the configuration.
    let options = r#""retry":7,"queue":"configured","retry_queue":"slow","backtrace":false,"dead":true,"tags":["pushed"],"key":"product:42:{s}","expires_at":1795000060.0"#;
    assert_eq!(payload(&client).await, payload_of(options, "Resize", r#"[42,"s"]"#, &rows));
}

#[tokio::test]
async fn everything_can_be_said_at_a_push_of_one_and_of_many() {
    let (one, many) = (client(), client());
    let (hour, day) = (Duration::from_secs(3_600), Duration::from_secs(86_400));
    let push = one.push(Plain).queue("low").retry(3).retry_for(day).retry_queue("slow").dead(false).backtrace(2);
    push.tags(["a"]).expires_in(hour).member("tenant", "blue").await.expect("pushed");
    let bulk = many.push_bulk([Plain]).queue("low").retry_for(day).retry_queue("slow").dead(false).backtrace(2);
    bulk.tags(["a"]).expires_in(hour).member("tenant", "blue").await.expect("pushed");
    let rows = waiting(&one).await.expect("answered");
    let options = r#""retry":true,"queue":"low","retry_for":86400,"retry_queue":"slow","backtrace":2,"dead":false,"tags":["a"],"expires_at":1795003600.0,"tenant":"blue""#;
    assert_eq!(payload(&one).await, payload_of(options, "Plain", "[]", &rows));
    assert_eq!(payload(&many).await, payload(&one).await);
}

#[tokio::test]
async fn a_number_of_retries_and_a_window_replace_each_other_at_a_push() {
    for (retry, written) in [(Retry::Limit(4), r#"{"retry":4,"queue""#), (Retry::Never, r#"{"retry":false,"queue""#)] {
        let client = client();
        client.push(resize()).retry(retry).await.expect("pushed");
        let payload = payload(&client).await;
        assert!(payload.starts_with(written) && !payload.contains("retry_for"), "{payload}");
    }
    let client = client();
    client.push(Pair(1, "a".into())).retry_for(Duration::from_secs(60)).await.expect("pushed");
    assert!(payload(&client).await.starts_with(r#"{"retry":true,"queue":"default","retry_for":60,"#));
}

#[tokio::test]
async fn the_configuration_holds_for_classes_of_other_programs_and_leaves_drafts_made_by_hand() {
    let settings = ClassSettings::new().queue(QueueName::new("ruby").expect("a name"));
    let client = client().with_class_settings("HardWorker", settings);
    client.push(Raw::new("HardWorker", [1])).await.expect("pushed");
    let mut draft = client.draft("HardWorker", "[2]");
    assert_eq!(draft.queue.as_str(), "ruby", "a draft begins with what is configured");
    draft.queue = QueueName::default();
    client.push_drafts(vec![draft.clone()]).await.expect("pushed");
    draft.jid = client.draft("any", "[]").jid;
    client.push(draft).await.expect("pushed");
    let rows = waiting(&client).await.expect("answered");
    let queues: Vec<_> = rows.iter().map(|row| row.queue.as_str()).collect();
    assert_eq!(queues, ["default", "default", "ruby"]);
}

/// Declares a class with aliases.
macro_rules! class {
    ($name:ident, $class:literal, $($alias:literal),*) => {
        #[derive(Job)]
        #[job(class = $class, aliases($($alias),*))]
        struct $name;

        impl Perform<()> for $name {
            async fn perform(self, _: &Context<()>) -> JobResult {
                Ok(())
            }
        }
    };
}

class!(Blue, "Blue", "Azure", "Red");
class!(Red, "Red",);
class!(Navy, "Navy", "Azure");

#[tokio::test]
async fn a_name_that_means_two_classes_keeps_a_server_from_starting() {
    let server = || Server::new(memory(), ());
    let taken = server().register::<Blue>().register::<Red>().start().await.expect_err("Red is taken");
    assert_eq!(
        taken.to_string(),
        "failed to start the server: Blue has the alias Red, and a class of that name is registered too: remove the \
         alias, or do not register Red"
    );
    let shared = server().register::<Navy>().register::<Blue>().start().await.expect_err("Azure is shared");
    assert!(shared.to_string().contains("Navy and Blue both have the alias Azure"), "{shared}");
    let twice = server().register::<Navy>().register::<Navy>().heart(Heart::Runtime).start().await;
    twice.expect("a class may be registered twice").stop().await;
}

/// Fails, and then never comes to an end of its last words.
#[derive(Job)]
#[job(retry = 0)]
struct Talker;

impl Perform<()> for Talker {
    async fn perform(self, _: &Context<()>) -> JobResult {
        Err("it fails".into())
    }

    async fn on_exhausted(self, _: &Context<()>, _: &Failure) {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn last_words_that_never_end_are_cut_short() {
    let client = memory();
    let server = Server::new(client.clone(), ()).register::<Talker>().heart(Heart::Runtime);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(Talker).await.expect("pushed");
    let settled = |event: &Event| matches!(event, Event::Settled { .. }).then_some(());
    // Time is paused, and goes on as soon as nothing else does.
    let patience = sancho::core::limits::LAST_WORDS_FOR * 10;
    tokio::time::timeout(patience, events.wait_for(settled)).await.expect("in time").expect("the server lives");
    server.stop().await;
    let stats = client.inspect().stats(client.clock().now()).await.expect("answered");
    assert_eq!((stats.dead, stats.busy), (1, 0));
}
