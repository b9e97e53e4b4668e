//! A proxy in front of a `redis-server` that changes the scripts that pass through it.
//!
//! The store behind it is the product as it is. It sends a script's text with `SCRIPT LOAD` and runs it by its hash;
//! the proxy loads a changed text beside it, and has Redis run that where the store asks for its own.

mod request;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::proxy::{Proxy, Rewrite};
use request::{Requests, Words};

/// How long Redis may take to load a script.
const LOAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A hash that no script has: Redis answers that it does not know it, and the client loads its own.
const NO_HASH: &str = "0000000000000000000000000000000000000000";

/// A piece of a script's text, and what stands there instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The piece, as the script has it, line ends included.
    pub from: &'static str,
    /// What replaces it.
    pub to: &'static str,
}

/// A proxy that changes scripts.
#[derive(Debug)]
pub struct ScriptProxy {
    proxy: Proxy,
    scripts: Arc<Mutex<Scripts>>,
}

impl ScriptProxy {
    /// Starts one in front of this port; each edit is made in every script that has its piece.
    ///
    /// # Panics
    /// When no loopback port is free.
    pub fn start(server_port: u16, edits: &[Edit]) -> Self {
        let edits: Vec<(Edit, usize)> = edits.iter().map(|edit| (*edit, 0)).collect();
        let scripts = Scripts { server_port, edits, loaded: BTreeMap::new(), runs: 0, refused: None };
        let scripts = Arc::new(Mutex::new(scripts));
        let shared = Arc::clone(&scripts);
        let proxy = Proxy::start_rewriting(server_port, move || rewrite(Arc::clone(&shared)));
        ScriptProxy { proxy, scripts }
    }

    /// The port on 127.0.0.1 at which it takes connections.
    pub fn port(&self) -> u16 {
        self.proxy.port()
    }

    /// Whether the edits did what they were to do: each was made in a script, Redis took every changed script, and at
    /// least one of them ran.
    ///
    /// # Errors
    /// What was not so, as a sentence.
    pub fn lives(&self) -> Result<(), String> {
        let scripts = lock(&self.scripts);
        if let Some(refused) = &scripts.refused {
            return Err(format!("Redis does not take the changed script: {refused}"));
        }
        if let Some((edit, _)) = scripts.edits.iter().find(|(_, made)| *made == 0) {
            return Err(format!("no script that was loaded has the piece {:?}: follow the script's text", edit.from));
        }
        if scripts.runs == 0 {
            return Err("no changed script was run".to_owned());
        }
        Ok(())
    }
}

/// What has passed.
#[derive(Debug)]
struct Scripts {
    server_port: u16,
    /// Each edit, and in how many scripts it was made.
    edits: Vec<(Edit, usize)>,
    /// The hash that clients know of each script, to the hash of what Redis runs, and whether that was changed.
    loaded: BTreeMap<Vec<u8>, (Vec<u8>, bool)>,
    /// How often a changed script was run.
    runs: usize,
    /// What Redis said of a changed script that it did not take.
    refused: Option<String>,
}

/// The rewriting of one connection.
fn rewrite(scripts: Arc<Mutex<Scripts>>) -> Rewrite {
    let mut requests = Requests::default();
    Box::new(move |piece| {
        requests.add(piece);
        let mut made = Vec::new();
        loop {
            match requests.next() {
                Ok(Some(words)) => made.extend(request::write(&lock(&scripts).change(words))),
                Ok(None) => return Some(made),
                Err(request::Unreadable) => return None,
            }
        }
    })
}

impl Scripts {
    fn change(&mut self, mut words: Words) -> Words {
        match &mut words[..] {
            [script, load, text] if script.eq_ignore_ascii_case(b"SCRIPT") && load.eq_ignore_ascii_case(b"LOAD") => {
                self.load(text);
            }
            [evalsha, hash, ..] if evalsha.eq_ignore_ascii_case(b"EVALSHA") => *hash = self.run(hash),
            _ => {}
        }
        words
    }

    /// Loads what is to run in place of this text.
    fn load(&mut self, text: &[u8]) {
        let own = String::from_utf8_lossy(text).into_owned();
        let mut changed = own.clone();
        for (edit, made) in &mut self.edits {
            *made += usize::from(changed.contains(edit.from));
            changed = changed.replace(edit.from, edit.to);
        }
        // Redis itself tells the hash of a text: no other maker of hashes is needed.
        let Ok(known) = load(self.server_port, &own) else { return };
        let runs = load(self.server_port, &changed).unwrap_or_else(|said| {
            self.refused = Some(said);
            known.clone()
        });
        self.loaded.insert(known, (runs, changed != own));
    }

    /// The hash to run in place of this one. Redis may know a script from another connection: one that was not
    /// loaded through this proxy is unknown here, so that it is loaded through it.
    fn run(&mut self, hash: &[u8]) -> Vec<u8> {
        let Some((runs, changed)) = self.loaded.get(hash) else { return NO_HASH.as_bytes().to_vec() };
        self.runs += usize::from(*changed);
        runs.clone()
    }
}

/// Loads a script, and answers with its hash or with what Redis says against it.
fn load(port: u16, text: &str) -> Result<Vec<u8>, String> {
    let away = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(away)?;
    stream.set_read_timeout(Some(LOAD_TIMEOUT)).map_err(away)?;
    stream.write_all(&request::write(&["SCRIPT", "LOAD", text])).map_err(away)?;
    let mut lines = BufReader::new(stream).lines();
    let mut line = || lines.next().unwrap_or_else(|| Ok(String::new())).map_err(away);
    let first = line()?;
    if first.starts_with('$') { line().map(String::into_bytes) } else { Err(first) }
}

fn lock(scripts: &Mutex<Scripts>) -> MutexGuard<'_, Scripts> {
    scripts.lock().unwrap_or_else(PoisonError::into_inner)
}
