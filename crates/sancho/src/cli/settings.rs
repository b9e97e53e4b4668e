//! The settings of a program that performs jobs, each with its value, said or not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use sancho_core::{Retention, limits};
use serde_json::{Map, Value};

use super::logs::{LogFormat, LogSettings};
use crate::{ClassSettings, QueueOrder};

/// Every setting.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) config: Option<PathBuf>,
    pub(super) environment: String,
    pub(super) store: String,
    pub(super) concurrency: usize,
    /// Each as `name` or `name,weight`.
    pub(super) queues: Vec<String>,
    /// As the weights have it when there is none.
    pub(super) order: Option<QueueOrder>,
    pub(super) capsules: BTreeMap<String, CapsuleSettings>,
    pub(super) blocking_threads: Option<usize>,
    pub(super) burst: bool,
    pub(super) timeout: Duration,
    pub(super) max_retries: u32,
    pub(super) retention: Retention,
    pub(super) tag: String,
    pub(super) labels: Vec<String>,
    pub(super) log: LogSettings,
    pub(super) log_args: bool,
    pub(super) probes: Option<SocketAddr>,
    /// One process, which nobody watches, when there is none.
    pub(super) processes: Option<NonZeroUsize>,
    /// In bytes.
    pub(super) memory_max: Option<u64>,
    pub(super) classes: BTreeMap<String, Class>,
}

/// A capsule, beside the one that the other settings are about.
#[derive(Clone, Debug)]
pub(super) struct CapsuleSettings {
    pub(super) concurrency: usize,
    pub(super) queues: Vec<String>,
    pub(super) order: Option<QueueOrder>,
}

/// A class of jobs.
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    pub(super) settings: ClassSettings,
    /// What was said of it, as it was said.
    pub(super) said: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            config: None,
            environment: "development".into(),
            store: "sqlite://sancho.db".into(),
            concurrency: limits::SLOTS,
            queues: vec!["default".into()],
            order: None,
            capsules: BTreeMap::new(),
            blocking_threads: None,
            burst: false,
            timeout: limits::STOP_TIMEOUT,
            max_retries: limits::RETRIES,
            retention: Retention::default(),
            tag: String::new(),
            labels: Vec::new(),
            log: LogSettings { format: LogFormat::default(), level: "info".into(), file: None },
            log_args: false,
            probes: None,
            processes: None,
            memory_max: None,
            classes: BTreeMap::new(),
        }
    }
}

impl Default for CapsuleSettings {
    fn default() -> Self {
        CapsuleSettings { concurrency: limits::SLOTS, queues: vec!["default".into()], order: None }
    }
}
