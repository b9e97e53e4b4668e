//! What a file says: its keys, and the section of the environment over them.

use std::collections::BTreeMap;
use std::path::Path;

use super::find::{Found, Whose};
use super::{Configuration, Severity};
use crate::Capsule;
use crate::cli::document::{self, Kind, Label, Node, Refusal};
use crate::cli::keys::{self, CAPSULE_KEYS, CLASS_KEYS, KEYS, Key, Place, SetBy, UNNEEDED};
use crate::cli::origin::Origin;
use crate::cli::suggest;
use crate::cli::values::Read;
use crate::cli::variables::Variables;

/// Environments that people have: a mapping of such a name is a section, whatever is in it.
const ENVIRONMENTS: [&str; 4] = ["development", "test", "staging", "production"];

/// Reads the file that was found into the configuration.
pub(super) fn read(configuration: &mut Configuration, found: &Found, variables: &Variables, directory: &Path) {
    match document::read(&directory.join(&found.path), variables) {
        Ok(Node { kind: Kind::Map(map), .. }) => {
            let (top, sections) = parted(&map, &configuration.settings.environment);
            Reading::new(configuration, found).members("", &top);
            for (label, node) in sections {
                section(configuration, found, label, node);
            }
        }
        Ok(Node { kind: Kind::Null, .. }) => {}
        Ok(node) => {
            let reason = format!("a configuration is a mapping, such as concurrency: 10, and this is {}", node.noun());
            refuse(configuration, found, node.refuse(reason));
        }
        Err(refusal) => refuse(configuration, found, refusal),
    }
}

/// Warns who has Sidekiq's file and names no store: what Sidekiq pushed is elsewhere.
pub(super) fn warn_of_store(configuration: &mut Configuration, found: &Found) {
    if found.whose == Whose::Sidekiqs && !configuration.is_said("store") {
        let origin = Origin::File { path: found.path.clone(), line: 0 };
        let reason = "nothing names the store, so jobs are in sqlite://sancho.db: for Sidekiq's Redis, set \
                      SANCHO_URL=redis (or --store redis), which is the one that REDIS_URL names";
        configuration.tell(Severity::Warning, origin, "store", reason);
    }
}

fn refuse(configuration: &mut Configuration, found: &Found, refusal: Refusal) {
    let origin = Origin::File { path: found.path.clone(), line: refusal.line };
    configuration.tell(Severity::Error, origin, "", refusal.reason);
}

type Member = (Label, Node);

/// The members that are settings, and those that are sections of environments.
fn parted<'a>(map: &'a [Member], environment: &str) -> (Vec<&'a Member>, Vec<&'a Member>) {
    let is_section = |(label, node): &&Member| {
        let name = label.name.as_str();
        let is_named = name == environment || ENVIRONMENTS.contains(&name);
        let is_known = keys::named(name).is_some() || keys::is_group(name) || is_unneeded(name).is_some();
        let is_other = || matches!(node.kind, Kind::Map(_)) && suggest::nearest(name, top_names()).is_none();
        !is_known && (is_named || is_other())
    };
    map.iter().partition(|member| !is_section(member))
}

/// Reads a section: the one of this environment counts, and the others are looked at for what is wrong in them.
fn section(configuration: &mut Configuration, found: &Found, label: &Label, node: &Node) {
    let map = match &node.kind {
        Kind::Map(map) => map,
        Kind::Null => return,
        _ => {
            let reason = format!("the section of an environment is a mapping, and this is {}", node.noun());
            return refuse(configuration, found, Refusal::new(label.line, format!("{}: {reason}", label.name)));
        }
    };
    let members: Vec<&Member> = map.iter().collect();
    if label.name == configuration.settings.environment {
        // As in Sidekiq, capsules of a section are instead of those of the whole file, not beside them.
        if map.iter().any(|(label, _)| label.name == "capsules") {
            configuration.settings.capsules.clear();
            configuration.origins.retain(|key, _| !key.starts_with("capsules."));
        }
        return Reading::new(configuration, found).members("", &members);
    }
    let mut other = configuration.clone();
    Reading::new(&mut other, found).members("", &members);
    configuration.problems = other.problems;
}

/// One mapping of keys, being read.
struct Reading<'a> {
    configuration: &'a mut Configuration,
    found: &'a Found,
    /// The keys that this mapping has said, with their lines.
    said: BTreeMap<String, usize>,
}

impl<'a> Reading<'a> {
    fn new(configuration: &'a mut Configuration, found: &'a Found) -> Self {
        Reading { configuration, found, said: BTreeMap::new() }
    }

    /// Reads members whose names begin, in full, with this prefix.
    fn members(&mut self, prefix: &str, members: &[&Member]) {
        let is_shorthand = |member: &&Member| {
            keys::named(&member.0.name).is_some_and(|key| matches!(key.kind, SetBy::Shorthand { .. }))
        };
        let (shorthands, others): (Vec<&Member>, Vec<&Member>) = members.iter().copied().partition(is_shorthand);
        for (label, node) in shorthands.into_iter().chain(others) {
            self.member(&format!("{prefix}{}", label.name), label, node);
        }
    }

    fn member(&mut self, name: &str, label: &Label, node: &Node) {
        if let (true, Kind::Map(map)) = (keys::is_group(name), &node.kind) {
            return self.members(&format!("{name}."), &map.iter().collect::<Vec<_>>());
        }
        if let Some(reason) = is_unneeded(name) {
            return self.configuration.tell(
                Severity::Warning,
                self.at(label.line),
                name,
                format!("not needed: {reason}"),
            );
        }
        match keys::named(name) {
            Some(key) if key.place == Place::CommandLine => {
                let reason = format!("no file has this: write {} on the command line", key.flags);
                self.configuration.tell(self.severity(), self.at(label.line), name, reason);
            }
            Some(key) if self.is_first(key.name, label) => self.key(key, label, node),
            Some(_) => {}
            None if keys::is_group(name) && node.kind == Kind::Null => {}
            None if keys::is_group(name) => {
                let reason = format!("a mapping is wanted, and this is {}", node.noun());
                self.configuration.tell(Severity::Error, self.at(label.line), name, reason);
            }
            None => self.unknown(name, label, top_names()),
        }
    }

    fn key(&mut self, key: &'static Key, label: &Label, node: &Node) {
        // What comes to nothing, such as a variable that is not set, was not said.
        if node.kind == Kind::Null {
            return;
        }
        match key.kind {
            SetBy::Value { .. } | SetBy::Shorthand { .. } => {
                self.configuration.set(key, node, self.at(label.line));
            }
            SetBy::Capsules => self.named(key.name, label, node, &CAPSULE_KEYS, keys::set_of_capsule),
            SetBy::Classes => self.named(key.name, label, node, &CLASS_KEYS, keys::set_of_class),
        }
    }

    /// Reads a mapping of names to mappings that may have these keys.
    fn named(&mut self, key: &str, label: &Label, node: &Node, known: &[&'static str], set: SetNamed) {
        let Kind::Map(map) = &node.kind else {
            let reason = format!("a mapping of names is wanted, and this is {}", node.noun());
            return self.configuration.tell(Severity::Error, self.at(label.line), key, reason);
        };
        for (name, node) in map {
            let path = format!("{key}.{}", name.name);
            if !self.is_first(&path, name) {
                continue;
            }
            let Kind::Map(members) = &node.kind else {
                let reason = format!("a mapping of {} is wanted, and this is {}", known.join(", "), node.noun());
                self.configuration.tell(Severity::Error, self.at(name.line), &path, reason);
                continue;
            };
            if key == "capsules" && name.name == Capsule::DEFAULT {
                let reason = "this capsule is what stands at the top: write its concurrency and queues there";
                self.configuration.tell(Severity::Error, self.at(name.line), &path, reason);
                continue;
            }
            for (label, node) in members {
                let path = format!("{path}.{}", label.name);
                if !known.contains(&label.name.as_str()) {
                    self.unknown(&path, label, known.iter().copied());
                } else if self.is_first(&path, label) && node.kind != Kind::Null {
                    let origin = self.at(label.line);
                    match set(&mut self.configuration.settings, &name.name, &label.name, node) {
                        Ok(()) => _ = self.configuration.origins.insert(path, origin),
                        Err(refusal) => self.configuration.refused(&path, refusal, origin),
                    }
                }
            }
        }
    }

    /// Whether this mapping says the key for the first time; a second time is a problem.
    fn is_first(&mut self, key: &str, label: &Label) -> bool {
        if let Some(first) = self.said.get(key) {
            let reason = format!("this was said before, in line {first}: keep one of them");
            self.configuration.tell(Severity::Error, self.at(label.line), key, reason);
            return false;
        }
        self.said.insert(key.to_owned(), label.line);
        true
    }

    fn unknown<'n>(&mut self, name: &str, label: &Label, known: impl IntoIterator<Item = &'n str>) {
        let meant = suggest::did_you_mean(&label.name, known);
        let meant = meant.unwrap_or_else(|| "docs/guides/configuration.md lists the keys".into());
        self.configuration.tell(self.severity(), self.at(label.line), name, format!("there is no such key: {meant}"));
    }

    /// Of a key that is not known: Sidekiq's file may have keys of Sidekiq's plugins.
    fn severity(&self) -> Severity {
        match self.found.whose {
            Whose::Ours => Severity::Error,
            Whose::Sidekiqs => Severity::Warning,
        }
    }

    fn at(&self, line: usize) -> Origin {
        Origin::File { path: self.found.path.clone(), line }
    }
}

/// What sets a key of a named thing: the settings, the thing's name, the key, the value.
type SetNamed = fn(&mut super::Settings, &str, &str, &Node) -> Read<()>;

/// The words that may stand in a file, with those in groups by their own names.
fn top_names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(|key| key.place == Place::File).flat_map(|key| {
        let (group, own) = key.name.split_once('.').unwrap_or((key.name, key.name));
        [group, own, key.name].into_iter().chain(key.other_names.iter().copied())
    })
}

fn is_unneeded(name: &str) -> Option<&'static str> {
    UNNEEDED.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason)
}
