//! Live numbers: one look a second at the store for everybody who watches, told as server-sent events.

mod hub;
mod listener;
mod look;
mod stream;

pub use hub::{Full, Hub, LISTENERS_MAX, LOOK_EVERY, LOOK_WITHIN};
pub use listener::{HEARTBEAT_EVERY, LISTEN_FOR, Listener, Told};
pub use stream::stream;
