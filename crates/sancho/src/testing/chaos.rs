//! Jobs under crashes, duplicate deliveries and timeouts, drawn from a seed.

mod delivery;
mod points;
mod round;

use std::fmt;

use crate::{Client, Server};
use round::Round;

/// How many rounds a run has, unless said.
const ROUNDS: u64 = 100;

/// Performs jobs again and again while processes die, sleep and come back, and runs take too long; and then asks
/// whether what must be true is true.
///
/// Every system of background jobs performs a job twice now and then: after a crash nobody knows how far it came. This
/// finds what that does to the jobs of an application, before production does. Each round has a fresh store and a
/// fresh state, and ends when every job is done or dead. The store, the rules, the registry and the middleware are the
/// real ones; time is virtual, and the processes are played in one task, so that a seed plays the same round each time
/// (as far as the jobs do). Faults strike where a job awaits something, behind each push that a job makes, and between
/// a job's end and its settlement. They are not so many that a job would be buried for them.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::collections::BTreeSet;
/// use std::sync::Mutex;
/// use sancho::{Context, Job, JobResult, Perform, Server, testing};
///
/// #[derive(Default)]
/// struct Bank { charged: Mutex<Vec<u64>>, seen: Mutex<BTreeSet<u64>> }
///
/// #[derive(Job)]
/// struct Charge { order: u64 }
///
/// impl Perform<Bank> for Charge {
///     async fn perform(self, cx: &Context<Bank>) -> JobResult {
///         // Without this line, the run ends with a story of how an order was charged twice.
///         if !cx.state().seen.lock().unwrap().insert(self.order) { return Ok(()) }
///         cx.state().charged.lock().unwrap().push(self.order);
///         Ok(())
///     }
/// }
///
/// let ran = testing::chaos(7)
///     .run(
///         |client| Server::new(client, Bank::default()).register::<Charge>(),
///         async |client| _ = client.push_bulk((1..=3).map(|order| Charge { order })).await.unwrap(),
///         |bank| {
///             let charged = bank.charged.lock().unwrap();
///             if charged.len() == 3 { Ok(()) } else { Err(format!("charged: {charged:?}")) }
///         },
///     )
///     .await;
/// let report = ran.unwrap_or_else(|failure| panic!("{failure}"));
/// assert!(report.crashes > 0);
/// # });
/// ```
pub fn chaos(seed: u64) -> Chaos {
    Chaos { seed, rounds: ROUNDS }
}

/// What [`chaos`] is told.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is performed until this is run"]
pub struct Chaos {
    seed: u64,
    rounds: u64,
}

/// What was done to jobs that kept their promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChaosReport {
    /// Rounds that were played.
    pub rounds: u64,
    /// How often a job's code began.
    pub deliveries: u64,
    /// Processes that died with jobs in their hands.
    pub crashes: u64,
    /// Processes that slept until others had their jobs, and then went on.
    pub sleeps: u64,
    /// Runs that were dropped for taking too long.
    pub timeouts: u64,
    /// Results that came too late, when the job was somebody else's.
    pub refused: u64,
    /// Jobs that ended in the dead set.
    pub dead: u64,
}

/// A round in which the promise was broken, and how to play it again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChaosFailure {
    /// The seed of the round: `chaos(seed).rounds(1)` plays it alone.
    pub seed: u64,
    /// What was broken.
    pub said: String,
    /// What happened, step by step.
    pub story: Vec<String>,
}

impl Chaos {
    /// Plays so many rounds, each of another seed, instead of 100.
    pub fn rounds(mut self, rounds: u64) -> Self {
        self.rounds = rounds;
        self
    }

    /// Plays the rounds: in each, `server` makes a server with a fresh state, `push` pushes the jobs, and, when all of
    /// them are done or dead, `invariant` looks at the state and says what is wrong.
    ///
    /// # Errors
    /// [`ChaosFailure`], for the first round in which the invariant is broken, or the jobs come to no end.
    ///
    /// # Panics
    /// When the server has no class registered.
    pub async fn run<S, E>(
        self,
        server: impl Fn(Client) -> Server<S>,
        push: impl AsyncFn(Client),
        invariant: impl Fn(&S) -> Result<(), E>,
    ) -> Result<ChaosReport, ChaosFailure>
    where
        S: Send + Sync + 'static,
        E: fmt::Display,
    {
        let mut report = ChaosReport::default();
        for index in 0..self.rounds {
            let seed = self.seed.wrapping_add(index);
            let mut round = Round::begin(seed, &server);
            push(round.client()).await;
            let played = round.play(&mut report).await;
            let kept = played.and_then(|()| invariant(round.state()).map_err(|error| error.to_string()));
            if let Err(said) = kept {
                return Err(ChaosFailure { seed, said, story: round.into_story() });
            }
            report.rounds += 1;
        }
        Ok(report)
    }
}

impl fmt::Display for ChaosFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.said)?;
        writeln!(f, "This happened, and testing::chaos({}).rounds(1) plays it again:", self.seed)?;
        for (n, line) in self.story.iter().enumerate() {
            writeln!(f, "{:4}. {line}", n + 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for ChaosFailure {}
