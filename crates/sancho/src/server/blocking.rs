//! The threads of jobs that block: so many and no more, with names, and not the runtime's own, which it shares with the
//! application.
//!
//! A thread starts when work waits for one and none is idle, and ends when it was idle for a while. One that dies of a
//! panic leaves its place to another.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use sancho_core::limits;

/// What a thread is given to do.
type Work = Box<dyn FnOnce(&Arc<Seat>) + Send>;

/// The place of one thread in the pool.
#[derive(Debug)]
pub(crate) struct Seat {
    name: String,
    /// The system's number of the thread, where it has one.
    thread: OnceLock<u32>,
}

impl Seat {
    /// The thread's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The system's number of the thread, where it has one.
    pub(crate) fn thread(&self) -> Option<u32> {
        self.thread.get().copied()
    }
}

/// The threads of one server. They end when the pool is dropped, each after what it is at.
pub(crate) struct BlockingPool(Arc<Shared>);

struct Shared {
    threads_max: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    /// Every thread that is there, by its number.
    seats: BTreeMap<usize, Arc<Seat>>,
    idle: usize,
    is_closed: bool,
}

impl State {
    /// The work that nobody would ever come for, without any thread.
    fn take_lost(&mut self) -> VecDeque<Work> {
        if self.seats.is_empty() { std::mem::take(&mut self.waiting) } else { VecDeque::new() }
    }
}

impl BlockingPool {
    /// A pool that has no thread yet, and never more than this.
    pub(crate) fn new(threads_max: usize) -> Self {
        BlockingPool(Arc::new(Shared { threads_max, state: Mutex::default(), changed: Condvar::new() }))
    }

    /// Gives work to a thread, at once or as soon as one is free. Work that no thread can be had for is dropped.
    pub(crate) fn give(&self, work: impl FnOnce(&Arc<Seat>) + Send + 'static) {
        let mut state = self.0.lock();
        state.waiting.push_back(Box::new(work));
        if state.waiting.len() > state.idle && state.seats.len() < self.0.threads_max {
            Shared::add_thread(&self.0, &mut state);
        }
        let lost = state.take_lost();
        drop(state);
        self.0.changed.notify_one();
        drop(lost);
    }
}

impl Drop for BlockingPool {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.0.changed.notify_all();
        drop(waiting);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread under the lowest number that is free.
    fn add_thread(shared: &Arc<Shared>, state: &mut State) {
        let number = (1..).find(|number| !state.seats.contains_key(number)).expect("numbers do not end");
        // Linux keeps fifteen bytes of a name.
        let seat = Arc::new(Seat { name: format!("sancho-block-{number}"), thread: OnceLock::new() });
        let (name, thread_seat, shared) = (seat.name.clone(), Arc::clone(&seat), Arc::clone(shared));
        let started = std::thread::Builder::new().name(name).spawn(move || {
            let place = Place { number, seat: thread_seat, shared };
            place.work();
        });
        match started {
            Ok(_) => _ = state.seats.insert(number, seat),
            Err(error) => tracing::error!(%error, name = seat.name, "could not start a thread for a blocking job"),
        }
    }

    /// The next work; `None` when there was none for a while, or there will be none.
    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                return Some(work);
            }
            if state.is_closed {
                return None;
            }
            state.idle += 1;
            let waited = self.changed.wait_timeout(state, limits::BLOCKING_THREAD_IDLE);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.waiting.is_empty() {
                return None;
            }
        }
    }
}

/// A thread's hold on its place: it is free again however the thread ends.
struct Place {
    number: usize,
    seat: Arc<Seat>,
    shared: Arc<Shared>,
}

impl Place {
    fn work(&self) {
        if let Some(thread) = this_thread() {
            // Nobody else sets it.
            _ = self.seat.thread.set(thread);
        }
        while let Some(work) = self.shared.next() {
            work(&self.seat);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(
                name = self.seat.name,
                "a thread for blocking jobs died of a panic: another takes its place"
            );
        }
        let mut state = self.shared.lock();
        state.seats.remove(&self.number);
        if !state.waiting.is_empty() && !state.is_closed {
            Shared::add_thread(&self.shared, &mut state);
        }
        let lost = state.take_lost();
        drop(state);
        drop(lost);
    }
}

#[cfg(target_os = "linux")]
fn this_thread() -> Option<u32> {
    u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).ok()
}

#[cfg(not(target_os = "linux"))]
fn this_thread() -> Option<u32> {
    None
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        let (threads, waiting) = (state.seats.len(), state.waiting.len());
        f.debug_struct("BlockingPool").field("threads", &threads).field("waiting", &waiting).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Far longer than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn work_beyond_the_threads_waits_for_one() {
        let pool = BlockingPool::new(2);
        let (said, says) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        for number in 1..=3 {
            let (said, gate) = (said.clone(), Arc::clone(&gate));
            pool.give(move |seat| {
                said.send((number, seat.name().to_owned())).unwrap();
                _ = gate.lock().unwrap().recv();
            });
        }
        let first = [says.recv_timeout(PATIENCE).unwrap(), says.recv_timeout(PATIENCE).unwrap()];
        let mut numbers = [first[0].0, first[1].0];
        let mut names = first.map(|(_, name)| name);
        numbers.sort_unstable();
        names.sort();
        assert_eq!((numbers, names), ([1, 2], ["sancho-block-1", "sancho-block-2"].map(str::to_owned)));
        assert!(says.try_recv().is_err(), "the third waits");
        go.send(()).unwrap();
        assert_eq!(says.recv_timeout(PATIENCE).unwrap().0, 3);
        drop(go);
    }

    #[test]
    fn a_thread_that_dies_of_a_panic_leaves_its_place_to_another() {
        let pool = BlockingPool::new(1);
        let (said, says) = mpsc::channel();
        for number in 0..5 {
            let said = said.clone();
            pool.give(move |_| {
                said.send(number).unwrap();
                std::panic::resume_unwind(Box::new("told to panic"));
            });
        }
        let heard: Vec<i32> = (0..5).map(|_| says.recv_timeout(PATIENCE).unwrap()).collect();
        assert_eq!(heard, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_waits_when_the_pool_goes_is_dropped() {
        let pool = BlockingPool::new(1);
        let (go, gate) = mpsc::channel::<()>();
        let (said, says) = mpsc::channel::<()>();
        pool.give(move |_| _ = gate.recv());
        pool.give(move |_| drop(said));
        drop(pool);
        assert!(says.recv_timeout(PATIENCE).is_err(), "its sender is gone, and nothing was said");
        drop(go);
    }
}
