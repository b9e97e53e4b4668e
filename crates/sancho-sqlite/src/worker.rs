//! A thread that is told what to do over a channel, and ends when its worker is dropped.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

/// A thread, and the way to tell it something.
pub(crate) struct Worker<M> {
    sender: Option<Sender<M>>,
    thread: Option<JoinHandle<()>>,
}

impl<M: Send + 'static> Worker<M> {
    /// Starts a thread of this name.
    pub(crate) fn start(name: &str, serve: impl FnOnce(&Receiver<M>) + Send + 'static) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || serve(&receiver))?;
        Ok(Worker { sender: Some(sender), thread: Some(thread) })
    }

    /// Tells the thread something; what is told to a thread that has ended is dropped.
    pub(crate) fn tell(&self, message: M) {
        if let Some(sender) = &self.sender {
            drop(sender.send(message));
        }
    }

    /// A way of its own to tell the thread something. The thread lives until it is dropped too.
    pub(crate) fn sender(&self) -> Sender<M> {
        self.sender.clone().expect("only a drop takes the sender away")
    }
}

impl<M> std::fmt::Debug for Worker<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Worker").field(&self.thread).finish()
    }
}

impl<M> Drop for Worker<M> {
    /// Waits for what was told before, so that the file is closed when the store is gone.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
