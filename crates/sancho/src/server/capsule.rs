//! Capsules: queues with slots of their own, several in one process.

pub(crate) mod lineup;
pub(crate) mod live;
mod pattern;

pub(crate) use live::CapsuleSettings;
use sancho_core::QueueName;

/// How a capsule's queues are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueOrder {
    /// A later queue is served when the earlier ones are empty. Weights say nothing.
    Strict,
    /// In proportion to the weights, evenly spread: of the queues `a,6`, `b,3` and `c,1` that all have jobs, ten jobs
    /// are six, three and one. A queue without a weight has the weight 1. What an empty queue does not take goes to
    /// the others in their proportion, and is not saved up.
    Weighted,
    /// Each slot draws its queue, with a chance in proportion to the weights; a queue without a weight has the weight 1.
    Random,
    /// First the queues without a weight, in strict order; then the others, by their weights.
    Mixed,
}

impl QueueOrder {
    /// Its name, as pages and files have it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            QueueOrder::Strict => "strict",
            QueueOrder::Weighted => "weighted",
            QueueOrder::Random => "random",
            QueueOrder::Mixed => "mixed",
        }
    }
}

/// Queues that are served by slots of their own, whatever other capsules of the process do.
///
/// A queue is named as Sidekiq does it: `name`, or `name,weight`. A name with a `*` is a pattern and stands for every
/// queue that it matches, by name, now and later; each has the pattern's weight. A name after a `!` takes out what
/// patterns match.
///
/// ```
/// use sancho::Capsule;
/// let imports = Capsule::new("imports").slots(5).queues(["urgent,6", "tenant:*", "!tenant:slow"]);
/// # _ = imports;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a capsule does nothing until a server has it: Server::capsule"]
pub struct Capsule {
    pub(crate) name: String,
    pub(crate) slots: usize,
    pub(crate) queues: Vec<String>,
    pub(crate) order: Option<QueueOrder>,
}

impl Capsule {
    /// The name of the capsule that a server has by itself.
    pub const DEFAULT: &'static str = "default";

    /// A capsule of 25 slots that serves the queue `default`.
    pub fn new(name: impl Into<String>) -> Self {
        Capsule { name: name.into(), slots: sancho_core::limits::SLOTS, queues: Vec::new(), order: None }
    }

    /// How many of its jobs run at a time.
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = slots;
        self
    }

    /// The queues that it serves, in place of those it had.
    pub fn queues<Q: Into<String>>(mut self, queues: impl IntoIterator<Item = Q>) -> Self {
        self.queues = queues.into_iter().map(Into::into).collect();
        self
    }

    /// How its queues are served. Unless this is said, they are served in strict order if none has a weight, at random
    /// if every weight is 1, and by their weights otherwise.
    pub fn order(mut self, order: QueueOrder) -> Self {
        self.order = Some(order);
        self
    }
}

impl Default for Capsule {
    fn default() -> Self {
        Capsule::new(Capsule::DEFAULT)
    }
}

/// What a capsule of a running server is and does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapsuleStatus {
    /// Its name.
    pub name: String,
    /// How many of its jobs run at a time.
    pub slots: usize,
    /// How many run now.
    pub busy: usize,
    /// The queues that it serves now, with those that its patterns match.
    pub queues: Vec<QueueName>,
}
