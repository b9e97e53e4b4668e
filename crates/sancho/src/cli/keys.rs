//! Every key: its names, its variables, its flag, what it sets, and how it is shown. The guide's table has the same.

mod capsule;
mod class;
mod log;
mod unneeded;

use std::num::NonZeroUsize;
use std::time::Duration;

use sancho_core::limits;
use serde_json::{Value, json};

use super::document::Node;
use super::settings::Settings;
use super::values::{self, Read};

pub(super) use capsule::KEYS as CAPSULE_KEYS;
pub(super) use capsule::set as set_of_capsule;
pub(super) use class::KEYS as CLASS_KEYS;
pub(super) use class::set as set_of_class;
pub(super) use unneeded::UNNEEDED;

/// One setting.
pub(super) struct Key {
    /// As a file of ours has it; a dot parts a mapping from its member.
    pub(super) name: &'static str,
    /// Other names in a file, Sidekiq's among them.
    pub(super) other_names: &'static [&'static str],
    /// The first that is set counts.
    pub(super) variables: &'static [&'static str],
    /// Variables that count when nothing else is said, not even by a file.
    pub(super) stand_ins: &'static [&'static str],
    /// As the help has it, short first.
    pub(super) flags: &'static str,
    /// In words.
    pub(super) default: &'static str,
    pub(super) place: Place,
    pub(super) kind: SetBy,
}

/// Whether a file may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    File,
    /// It is needed before the file is read, or is about one run alone.
    CommandLine,
}

/// How a value is set, and shown.
#[derive(Clone, Copy)]
pub(super) enum SetBy {
    /// By one value.
    Value { set: fn(&mut Settings, &Node) -> Read<()>, show: fn(&Settings) -> Value },
    /// By one value, in place of the key that is named.
    Shorthand { of: &'static str, set: fn(&mut Settings, &Node) -> Read<Said> },
    /// By a mapping of names to what [`CAPSULE_KEYS`] lists.
    Capsules,
    /// By a mapping of classes to what [`CLASS_KEYS`] lists.
    Classes,
}

/// Whether a shorthand said anything: `verbose: false` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Something,
    Nothing,
}

/// The key of this name.
pub(super) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name || key.other_names.contains(&name))
}

/// Whether keys stand in a mapping of this name.
pub(super) fn is_group(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(group, _)| group == name))
}

fn put<T>(place: &mut T, read: Read<T>) -> Read<()> {
    *place = read?;
    Ok(())
}

/// How an order is written.
pub(super) fn order_word(order: Option<crate::QueueOrder>) -> Value {
    match order.and_then(|order| values::ORDERS.iter().find(|(_, known)| *known == order)) {
        Some((word, _)) => json!(word),
        None => json!("by the weights"),
    }
}

/// A span in the unit that says it whole.
fn span(span: Duration) -> Value {
    let (secs, millis) = (span.as_secs(), span.subsec_millis());
    let text = match (secs, millis) {
        (_, 1..) => format!("{}ms", span.as_millis()),
        (86_400.., _) if secs % 86_400 == 0 => format!("{}d", secs / 86_400),
        _ => format!("{secs}s"),
    };
    json!(text)
}

/// How many jobs a process or a capsule may run at a time.
fn slots(node: &Node) -> Read<usize> {
    let most = limits::JOBS_PER_CLAIM_MAX;
    values::count(node, 1..=most as u64).map(|slots| usize::try_from(slots).unwrap_or(most))
}

/// A key that nothing but a file says, unless told otherwise.
const PLAIN: Key = Key {
    name: "",
    other_names: &[],
    variables: &[],
    stand_ins: &[],
    flags: "",
    default: "",
    place: Place::File,
    kind: SetBy::Capsules,
};

/// Every key, in the order in which people want to see them.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "config",
        variables: &["SANCHO_CONFIG"],
        flags: "-C, --config",
        default: "none found",
        place: Place::CommandLine,
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.config, values::text(node).map(|path| Some(path.into()))),
            show: |settings| json!(settings.config.as_ref().map(|path| path.display().to_string())),
        },
        ..PLAIN
    },
    Key {
        name: "environment",
        variables: &["SANCHO_ENV", "APP_ENV", "RAILS_ENV", "RACK_ENV"],
        flags: "-e, --environment",
        default: "`development`",
        place: Place::CommandLine,
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.environment, values::text(node)),
            show: |settings| json!(settings.environment),
        },
        ..PLAIN
    },
    Key {
        name: "store",
        other_names: &["url"],
        variables: &["SANCHO_URL"],
        flags: "--store",
        default: "`sqlite://sancho.db`",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.store, values::text(node)),
            show: |settings| json!(super::show::without_password(&settings.store)),
        },
        ..PLAIN
    },
    Key {
        name: "concurrency",
        other_names: &["slots"],
        variables: &["SANCHO_CONCURRENCY"],
        stand_ins: &["RAILS_MAX_THREADS"],
        flags: "-c, --concurrency",
        default: "25",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.concurrency, slots(node)),
            show: |settings| json!(settings.concurrency),
        },
        ..PLAIN
    },
    Key {
        name: "queues",
        variables: &["SANCHO_QUEUES"],
        flags: "-q, --queue",
        default: "`default`",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.queues, values::queues(node)),
            show: |settings| json!(settings.queues),
        },
        ..PLAIN
    },
    Key {
        name: "order",
        variables: &["SANCHO_ORDER"],
        flags: "--order",
        default: "by the weights",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.order, values::word(node, &values::ORDERS).map(Some)),
            show: |settings| order_word(settings.order),
        },
        ..PLAIN
    },
    Key {
        name: "strict",
        kind: SetBy::Shorthand {
            of: "order",
            set: |settings, node| match values::truth(node)? {
                true => {
                    settings.order = Some(crate::QueueOrder::Strict);
                    Ok(Said::Something)
                }
                false => Ok(Said::Nothing),
            },
        },
        default: "`false`",
        ..PLAIN
    },
    Key { name: "capsules", default: "none", kind: SetBy::Capsules, ..PLAIN },
    Key {
        name: "blocking_threads",
        variables: &["SANCHO_BLOCKING_THREADS"],
        flags: "--blocking-threads",
        default: "as many as slots",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.blocking_threads, slots(node).map(Some)),
            show: |settings| json!(settings.blocking_threads),
        },
        ..PLAIN
    },
    Key {
        name: "burst",
        flags: "--burst",
        default: "`false`",
        place: Place::CommandLine,
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.burst, values::truth(node)),
            show: |settings| json!(settings.burst),
        },
        ..PLAIN
    },
    Key {
        name: "timeout",
        variables: &["SANCHO_TIMEOUT"],
        flags: "-t, --timeout",
        default: "`25s`",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.timeout, values::span(node)),
            show: |settings| span(settings.timeout),
        },
        ..PLAIN
    },
    Key {
        name: "max_retries",
        variables: &["SANCHO_MAX_RETRIES"],
        flags: "--max-retries",
        default: "25",
        kind: SetBy::Value {
            set: |settings, node| {
                let retries = values::count(node, 0..=u64::from(u32::MAX))?;
                put(&mut settings.max_retries, Ok(u32::try_from(retries).unwrap_or(u32::MAX)))
            },
            show: |settings| json!(settings.max_retries),
        },
        ..PLAIN
    },
    Key { name: "classes", default: "none", kind: SetBy::Classes, ..PLAIN },
    Key {
        name: "retention.dead_jobs",
        other_names: &["dead_max_jobs"],
        default: "10000",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.retention.dead_jobs_max, values::count(node, 0..=u64::MAX)),
            show: |settings| json!(settings.retention.dead_jobs_max),
        },
        ..PLAIN
    },
    Key {
        name: "retention.dead_for",
        other_names: &["dead_timeout_in_seconds"],
        default: "`180d`",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.retention.dead_kept_for, values::span(node)),
            show: |settings| span(settings.retention.dead_kept_for),
        },
        ..PLAIN
    },
    Key {
        name: "retention.history_for",
        default: "`1825d`",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.retention.history_kept_for, values::span(node)),
            show: |settings| span(settings.retention.history_kept_for),
        },
        ..PLAIN
    },
    Key {
        name: "tag",
        variables: &["SANCHO_TAG"],
        flags: "-g, --tag",
        default: "the program's name",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.tag, values::text(node)),
            show: |settings| json!(settings.tag),
        },
        ..PLAIN
    },
    Key {
        name: "labels",
        variables: &["SANCHO_LABELS"],
        default: "none",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.labels, values::texts(node)),
            show: |settings| json!(settings.labels),
        },
        ..PLAIN
    },
    Key {
        name: "log.level",
        other_names: &["log"],
        variables: &["SANCHO_LOG", "RUST_LOG"],
        flags: "--log-level",
        default: "`info`",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.log.level, log::level(node)),
            show: |settings| json!(settings.log.level),
        },
        ..PLAIN
    },
    Key {
        name: "verbose",
        variables: &["DEBUG_INVOCATION"],
        flags: "-v, --verbose",
        default: "`false`",
        kind: SetBy::Shorthand {
            of: "log.level",
            set: |settings, node| match values::truth(node)? {
                true => {
                    settings.log.level = "debug".into();
                    Ok(Said::Something)
                }
                false => Ok(Said::Nothing),
            },
        },
        ..PLAIN
    },
    Key {
        name: "log.format",
        variables: &["SANCHO_LOG_FORMAT"],
        flags: "--log-format",
        default: "`auto`: for people on a terminal, logfmt elsewhere",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.log.format, values::word(node, &log::FORMATS)),
            show: |settings| {
                let word = log::FORMATS.iter().find(|(_, known)| *known == settings.log.format).map(|(word, _)| *word);
                json!(word)
            },
        },
        ..PLAIN
    },
    Key {
        name: "log.file",
        other_names: &["logfile"],
        variables: &["SANCHO_LOGFILE"],
        flags: "-L, --logfile",
        default: "standard error",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.log.file, values::text(node).map(|path| Some(path.into()))),
            show: |settings| json!(settings.log.file.as_ref().map(|path| path.display().to_string())),
        },
        ..PLAIN
    },
    Key {
        name: "log.args",
        variables: &["SANCHO_LOG_ARGS"],
        default: "`false`",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.log_args, values::truth(node)),
            show: |settings| json!(settings.log_args),
        },
        ..PLAIN
    },
    Key {
        name: "probes",
        variables: &["SANCHO_PROBES"],
        flags: "--probes",
        default: "none",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.probes, values::address(node).map(Some)),
            show: |settings| json!(settings.probes),
        },
        ..PLAIN
    },
    Key {
        name: "processes",
        variables: &["SANCHO_PROCESSES"],
        flags: "--processes",
        default: "one, which nobody watches",
        kind: SetBy::Value {
            set: |settings, node| {
                let processes = values::count(node, 1..=PROCESSES_MAX)?;
                put(&mut settings.processes, Ok(usize::try_from(processes).ok().and_then(NonZeroUsize::new)))
            },
            show: |settings| json!(settings.processes),
        },
        ..PLAIN
    },
    Key {
        name: "memory_max",
        variables: &["SANCHO_MEMORY_MAX"],
        flags: "--memory-max",
        default: "none",
        kind: SetBy::Value {
            set: |settings, node| put(&mut settings.memory_max, values::size(node).map(Some)),
            show: |settings| json!(settings.memory_max),
        },
        ..PLAIN
    },
];

/// The processes of one supervisor: a number of hosts' worth is a slip.
const PROCESSES_MAX: u64 = 256;
