//! The process that drives Chromium: one for the whole test program. It ends when the program does.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::oneshot;

/// Longer than the driver's own patience: it turns a driver that hangs into a failure.
const PATIENCE: Duration = Duration::from_secs(120);

/// The Chromium that is driven where `CHROMIUM` names no other, as `driver/chromium.mjs` has it.
const SHELL: &str = "/usr/bin/chromium-headless-shell";

static DRIVER: LazyLock<Driver> = LazyLock::new(Driver::start);

/// A running `driver.mjs`.
#[derive(Debug)]
pub(crate) struct Driver {
    commands: Mutex<ChildStdin>,
    waiting: Waiting,
    next: AtomicU64,
    _child: Child,
}

/// Who waits for which answer; nobody can once the driver is gone.
type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Answer>>>>>;

/// What came of a command.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    id: u64,
    #[serde(default)]
    pub(crate) value: Value,
    pub(crate) error: Option<String>,
    /// What went wrong in the page meanwhile.
    pub(crate) faults: Vec<String>,
}

impl Driver {
    /// The one of this program, started where nobody has asked for it before.
    ///
    /// # Panics
    /// When a part of it is not installed; the message says which.
    pub(crate) fn shared() -> &'static Driver {
        &DRIVER
    }

    fn start() -> Driver {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(
            home.join("node_modules/playwright-core").is_dir() && home.join("node_modules/axe-core").is_dir(),
            "the parts from npm are not here: npm ci --ignore-scripts --prefix {}",
            home.display()
        );
        let chromium = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from(SHELL), PathBuf::from);
        assert!(
            chromium.exists(),
            "there is no {}: install it, on Debian with apt-get install chromium-headless-shell, or name another Chromium in \
             CHROMIUM",
            chromium.display()
        );
        let spawned =
            Command::new("node").arg(home.join("driver.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|error| {
            panic!("node does not start ({error}): install it, on Debian with apt-get install nodejs")
        });
        let commands = child.stdin.take().expect("its input is a pipe");
        let answers = child.stdout.take().expect("its output is a pipe");
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let told = Arc::clone(&waiting);
        std::thread::spawn(move || hand_out(answers, &told));
        Driver { commands: Mutex::new(commands), waiting, next: AtomicU64::new(1), _child: child }
    }

    /// A number that no other page and no other command has.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends a command, and waits for what comes of it.
    pub(crate) async fn ask(&self, mut command: Value) -> Answer {
        let id = self.number();
        command["id"] = id.into();
        let answer = self.await_answer(id);
        self.write(&command);
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let answer = answer.unwrap_or_else(|_| panic!("the driver does not answer: {command}"));
        answer.unwrap_or_else(|_| panic!("the driver has ended, what it said is above: {command}"))
    }

    fn await_answer(&self, id: u64) -> oneshot::Receiver<Answer> {
        let (answered, answer) = oneshot::channel();
        let mut waiting = self.waiting.lock().expect("whoever waits does not panic");
        waiting.as_mut().expect("the driver has ended: what it said is above").insert(id, answered);
        answer
    }

    /// Sends a command that nobody waits for.
    pub(crate) fn tell(&self, command: &Value) {
        self.write(command);
    }

    fn write(&self, command: &Value) {
        let mut commands = self.commands.lock().expect("whoever writes does not panic");
        // A driver that is gone is found out by whoever waits for an answer.
        let _ = writeln!(commands, "{command}").and_then(|()| commands.flush());
    }
}

/// Gives each answer to whoever waits for it, until there are no more.
fn hand_out(answers: ChildStdout, waiting: &Waiting) {
    for line in BufReader::new(answers).lines() {
        let Ok(line) = line else { break };
        let Ok(answer) = serde_json::from_str::<Answer>(&line) else {
            eprintln!("the driver said what is no answer: {line}");
            continue;
        };
        let mut waiting = waiting.lock().expect("whoever waits does not panic");
        if let Some(waits) = waiting.as_mut().and_then(|waiting| waiting.remove(&answer.id)) {
            // A test that has failed meanwhile does not listen any more.
            let _ = waits.send(answer);
        }
    }
    waiting.lock().expect("whoever waits does not panic").take();
}
