//! The terminal that numbers are shown on, and what ends the show.

use std::io::{self, IsTerminal, Read, Write};
use std::time::Duration;

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::exit::Exit;

/// To the first place of the screen, where the cursor is hidden.
const HOME: &str = "\x1b[?25l\x1b[H";

/// The rest of the line is cleared.
const CLEAR_LINE: &str = "\x1b[K";

/// The rest of the screen is cleared.
const CLEAR_BELOW: &str = "\x1b[J";

/// All of the screen is cleared.
const CLEAR_ALL: &str = "\x1b[2J";

/// The cursor is shown again.
const SHOW_CURSOR: &str = "\x1b[?25h";

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It is time to look again.
    Tick,
    /// Somebody has seen enough.
    End,
}

/// A terminal whose keys are read one by one; as it was before once this is dropped.
pub(super) struct Screen {
    before: Termios,
    keys: UnboundedReceiver<u8>,
    is_fresh: bool,
}

/// Signals that end the show.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Exit> {
        let listen =
            |kind| signal(kind).map_err(|error| Exit::failed(format!("failed to listen for signals: {error}")));
        Ok(Signals { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }
}

impl Screen {
    /// Takes the terminal; `None` where there is none.
    pub(super) fn take() -> Option<Screen> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let before = termios::tcgetattr(io::stdin()).ok()?;
        let mut wanted = before.clone();
        // Keys come one by one and are not shown; Ctrl-C still interrupts.
        wanted.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &wanted).ok()?;
        let (told, keys) = unbounded_channel();
        // Nobody waits for this thread: it ends with the program, or when nobody listens.
        std::thread::spawn(move || {
            for key in io::stdin().lock().bytes().map_while(Result::ok) {
                if told.send(key).is_err() {
                    break;
                }
            }
        });
        Some(Screen { before, keys, is_fresh: true })
    }

    /// The keys that are typed.
    pub(super) fn keys(&mut self) -> &mut UnboundedReceiver<u8> {
        &mut self.keys
    }

    /// Draws a page over the one before; lines for which there is no room are left out.
    pub(super) fn draw(&mut self, page: &str) -> Result<(), Exit> {
        // A terminal that does not know its size says nothing, or zero.
        let size = termios::tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
        let (rows, columns) = size.map_or((24, 80), |size| (usize::from(size.ws_row), usize::from(size.ws_col)));
        let mut drawn = String::from(HOME);
        if std::mem::take(&mut self.is_fresh) {
            drawn.push_str(CLEAR_ALL);
        }
        for line in page.lines().take(rows.saturating_sub(1)) {
            drawn.extend(line.chars().take(columns));
            drawn.push_str(CLEAR_LINE);
            drawn.push_str("\r\n");
        }
        drawn.push_str(CLEAR_BELOW);
        let mut shown = io::stdout();
        let written = shown.write_all(drawn.as_bytes()).and_then(|()| shown.flush());
        written.map_err(|_| Exit::ReaderGone)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        let _ = io::stdout().write_all(SHOW_CURSOR.as_bytes());
        let _ = io::stdout().flush();
    }
}

/// Waits for the next look, or for somebody who has seen enough.
pub(super) async fn next(
    every: Duration,
    mut keys: Option<&mut UnboundedReceiver<u8>>,
    signals: &mut Signals,
) -> Event {
    let time = tokio::time::sleep(every);
    tokio::pin!(time);
    loop {
        let key = async {
            match keys.as_mut() {
                Some(keys) => keys.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut time => return Event::Tick,
            _ = signals.interrupt.recv() => return Event::End,
            _ = signals.terminate.recv() => return Event::End,
            key = key => match key {
                Some(b'q' | b'Q') => return Event::End,
                Some(_) => {}
                // The terminal is gone.
                None => return Event::End,
            },
        }
    }
}
