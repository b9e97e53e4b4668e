//! A shop's jobs, and how they are tested: `cargo test --example testing`. Run as a program, it plays one test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::{Client, Context, Job, JobResult, Perform, Server, testing};
use serde::{Deserialize, Serialize};

/// What the jobs use: the payments that were made, by order.
#[derive(Default)]
struct Shop {
    payments: Mutex<BTreeMap<u64, u32>>,
}

impl Shop {
    /// Takes the money for an order, unless it was taken.
    fn charge(&self, order: u64) {
        self.payments.lock().expect("no job panics").entry(order).or_insert(1);
    }
}

#[derive(Job, Serialize, Deserialize)]
#[job(queue = "money")]
struct Charge {
    order: u64,
}

#[derive(Job, Serialize, Deserialize)]
struct SendReceipt {
    order: u64,
}

impl Perform<Arc<Shop>> for Charge {
    async fn perform(self, cx: &Context<Arc<Shop>>) -> JobResult {
        cx.state().charge(self.order);
        cx.client().push(SendReceipt { order: self.order }).after(Duration::from_secs(60)).await?;
        Ok(())
    }
}

impl Perform<Arc<Shop>> for SendReceipt {
    async fn perform(self, _: &Context<Arc<Shop>>) -> JobResult {
        println!("the receipt of order {}", self.order);
        Ok(())
    }
}

/// What a request to the shop does.
async fn check_out(client: &Client, order: u64) -> Result<(), sancho::PushError> {
    client.push(Charge { order }).key(format!("charge:{order}")).await?;
    Ok(())
}

fn server(client: Client, shop: &Arc<Shop>) -> Server<Arc<Shop>> {
    Server::new(client, Arc::clone(shop)).queues(["money", "default"]).register::<Charge>().register::<SendReceipt>()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let report = testing::chaos(7)
        .run(
            |client| server(client, &Arc::default()),
            async |client| _ = check_out(&client, 7).await,
            |shop| match shop.payments.lock().expect("no job panics").get(&7) {
                Some(1) => Ok(()),
                other => Err(format!("order 7 was charged: {other:?}")),
            },
        )
        .await?;
    println!("order 7 was charged once in each of {} rounds: {report:?}", report.rounds);
    Ok(())
}

#[cfg(test)]
mod tests {
    use sancho::testing::{self, ManualClock};
    use sancho::{assert_enqueued, assert_not_enqueued};

    use super::*;

    #[tokio::test]
    async fn a_check_out_pushes_a_charge() {
        let client = testing::memory();
        check_out(&client, 7).await.expect("pushed");

        let charge = assert_enqueued!(client, Charge { order: 7 });
        assert_eq!(charge.row.queue.as_str(), "money");
        assert_not_enqueued!(client, SendReceipt);
    }

    #[tokio::test]
    async fn a_charge_takes_the_money_and_pushes_a_receipt() {
        let (client, shop) = (testing::memory(), Arc::new(Shop::default()));
        testing::perform_now(&client, Arc::new(Arc::clone(&shop)), Charge { order: 7 }).await.expect("charged");

        assert_eq!(shop.payments.lock().expect("no job panics").get(&7), Some(&1));
        assert_enqueued!(client, SendReceipt { order: 1..=9 }, times = 1);
    }

    #[tokio::test]
    async fn the_receipt_is_sent_a_minute_later() {
        let (clock, shop) = (ManualClock::default(), Arc::new(Shop::default()));
        let client = testing::memory_at(&clock, 1);
        check_out(&client, 7).await.expect("pushed");

        let drained = testing::drain(server(client.clone(), &shop)).await.expect("starts");
        assert_eq!(drained.done, 1, "the charge");
        clock.advance(Duration::from_secs(60));
        let drained = testing::drain(server(client, &shop)).await.expect("starts");
        assert_eq!(drained.done, 1, "the receipt");
    }

    #[tokio::test]
    async fn a_checked_out_order_is_charged_when_the_push_returns() {
        let shop = Arc::new(Shop::default());
        let client = testing::inline(server(testing::memory(), &shop)).await.expect("starts");
        check_out(&client, 7).await.expect("pushed");

        assert_eq!(shop.payments.lock().expect("no job panics").len(), 1);
    }

    #[tokio::test]
    async fn an_order_is_charged_once_whatever_happens() {
        let ran = testing::chaos(7)
            .run(
                |client| server(client, &Arc::default()),
                async |client| check_out(&client, 7).await.expect("pushed"),
                |shop| match shop.payments.lock().expect("no job panics").get(&7) {
                    Some(1) => Ok(()),
                    other => Err(format!("order 7 was charged: {other:?}")),
                },
            )
            .await;
        ran.unwrap_or_else(|failure| panic!("{failure}"));
    }
}
