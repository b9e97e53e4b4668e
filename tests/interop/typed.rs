//! Jobs with fields, as applications derive them, against Ruby's positional arguments.

use std::collections::BTreeMap;

use sancho::core::lifecycle::Verdict;
use sancho::{Context, Enqueue, Event, Job, JobResult, Perform, Server};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

use crate::home::{Home, PATIENCE};
use crate::ruby_server::RubyServer;

/// The first field is what Ruby's half of the class does.
#[derive(Clone, Debug, PartialEq, Job, Serialize, Deserialize)]
#[job(class = "Proof", queue = "typed", retry = 3, tags("one", "two"), backtrace = 4)]
struct Typed {
    how: String,
    count: u64,
    balance: i128,
    ratio: f64,
    note: Option<String>,
    list: Vec<Vec<f64>>,
    by_name: BTreeMap<String, Option<bool>>,
    flag: bool,
}

/// Where the performed jobs go.
type Out = mpsc::UnboundedSender<Typed>;

impl Perform<Out> for Typed {
    async fn perform(self, cx: &Context<Out>) -> JobResult {
        cx.state().send(self)?;
        Ok(())
    }
}

fn typed() -> Typed {
    Typed {
        how: "do".into(),
        count: u64::MAX,
        balance: 1 << 70,
        ratio: 1e20,
        note: None,
        list: vec![vec![1.0, 1.5e-7], vec![]],
        by_name: BTreeMap::from([("z".into(), Some(true)), ("é".into(), None)]),
        flag: false,
    }
}

const ON_THE_WIRE: &str = "[\"do\",18446744073709551615,1180591620717411303424,1.0e+20,null,[[1.0,1.5e-07],[]],\
                           {\"z\":true,\"é\":null},false]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ruby_gets_fields_as_positional_arguments_and_the_options_of_the_class() {
    let home = Home::new().await;
    let jid = typed().perform_async(&home.client).await.expect("pushed").jid.to_string();
    let script = "job = Sidekiq::Queue.new('typed').first
        [job.klass, job['retry'], job.tags, job['backtrace'], job.display_class]";
    assert_eq!(home.ruby_value(script, &[]).await, json!(["Proof", 3, ["one", "two"], 4, "Proof"]));
    let ruby = RubyServer::start(&home, &["typed"], 1, 20).await;
    let performed = home.until_performed(&jid, 1).await;
    drop(ruby);
    assert_eq!((performed[0].by.as_str(), performed[0].args.as_str()), ("ruby", ON_THE_WIRE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ruby_pushed_by_its_class_fills_the_fields() {
    let home = Home::new().await;
    let script = "Proof.set(queue: 'typed').perform_async(*JSON.parse(ARGV[0]))
        Proof.set(queue: 'typed').perform_in(0.5, *JSON.parse(ARGV[0]))
        Sidekiq::Client.push('class' => 'Proof', 'queue' => 'typed', 'args' => JSON.parse(ARGV[1]))";
    // One argument too many is no failure; one too few is, and says so.
    let too_many = ON_THE_WIRE.replacen(",false]", ",false,\"more\"]", 1);
    home.ruby(script, &[ON_THE_WIRE, &too_many]).await;
    let (out, mut performed) = mpsc::unbounded_channel();
    let server = Server::new(home.client.clone(), out).register::<Typed>().queues(["typed"]).slots(2);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for _ in 0..3 {
        let job = tokio::time::timeout(PATIENCE, performed.recv()).await.expect("in time");
        assert_eq!(job, Some(typed()));
    }
    home.ruby("Proof.set(queue: 'typed', retry: 0).perform_async('do', 1)", &[]).await;
    let died = |event: &Event| matches!(event, Event::Settled { verdict: Verdict::Died, .. }).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(died)).await.expect("in time").expect("the server lives");
    server.stop().await;
    let dead =
        home.ruby_value("Sidekiq::DeadSet.new.map { |job| [job['error_class'], job['error_message']] }", &[]).await;
    assert_eq!(dead[0][0], "Sancho::ArgsError");
    assert!(dead[0][1].as_str().is_some_and(|message| message.contains("argument 3")), "{dead}");
}
