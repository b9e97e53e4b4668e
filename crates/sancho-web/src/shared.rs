//! What is dear to find out and the same for everybody: it is found out once in a while, however many ask.

use std::future::Future;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long what was found out is told again.
const FRESH_FOR: Duration = Duration::from_secs(5);

/// One answer for all who ask within five seconds. Whoever asks while it is being found out waits for it.
#[derive(Debug)]
pub(crate) struct Shared<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Shared(Mutex::default())
    }
}

impl<T: Clone> Shared<T> {
    /// What was found out lately; else what `find` finds out now. What fails is not kept.
    pub(crate) async fn get<E>(&self, find: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut found = self.0.lock().await;
        if let Some((at, what)) = &*found
            && at.elapsed() < FRESH_FOR
        {
            return Ok(what.clone());
        }
        let what = find.await?;
        *found = Some((Instant::now(), what.clone()));
        Ok(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_a_time_have_one_answer_until_it_is_old() {
        let (shared, looks) = (Shared::default(), AtomicU32::new(0));
        let ask = || {
            shared.get(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok::<_, Infallible>(looks.fetch_add(1, Ordering::Relaxed))
            })
        };
        let answers = futures_util::future::join_all((0..20).map(|_| ask())).await;
        assert!(answers.iter().all(|answer| *answer == Ok(0)), "{answers:?}");
        tokio::time::sleep(FRESH_FOR).await;
        assert_eq!(ask().await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_not_kept() {
        let shared = Shared::default();
        assert_eq!(shared.get(async { Err::<u32, _>("away") }).await, Err("away"));
        assert_eq!(shared.get(async { Ok::<_, &str>(7) }).await, Ok(7));
    }
}
