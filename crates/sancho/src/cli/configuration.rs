//! The effective configuration: the file, the variables and the flags, one over the other, and what is wrong in them.

mod file;
mod find;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use super::document::{Node, Refusal};
use super::keys::{KEYS, Key, Place, Said, SetBy};
use super::origin::Origin;
use super::problem::{Problem, Severity};
use super::settings::Settings;
use super::variables::Variables;
use super::{Options, limits, suggest, values};

/// What a program is configured for, with where each value came from.
///
/// Read are, each over the one before: defaults, the file, its section of the environment, variables, flags.
///
/// ```
/// use sancho::cli::{Configuration, Options};
///
/// let mut options = Options::default();
/// options.concurrency = Some("many".into());
/// let configuration = Configuration::load(&options);
/// let errors: Vec<String> = configuration.errors().collect();
/// assert_eq!(errors, ["-c, --concurrency: concurrency: \"many\" is no whole number from 1 to 1000"]);
/// ```
#[derive(Clone, Debug)]
pub struct Configuration {
    pub(super) settings: Settings,
    /// By key; what is not here was not said.
    origins: BTreeMap<String, Origin>,
    problems: Vec<Problem>,
}

impl Configuration {
    /// Reads the configuration of this process, for these flags, in its working directory.
    pub fn load(options: &Options) -> Self {
        Configuration::load_from(options, &Variables::of_process(), Path::new(""))
    }

    /// The same with other variables, in another directory.
    pub(super) fn load_from(options: &Options, variables: &Variables, directory: &Path) -> Self {
        let (settings, origins, problems) = (Settings::default(), BTreeMap::new(), Vec::new());
        let mut configuration = Configuration { settings, origins, problems };
        // What says which file and which section are read.
        configuration.variables(variables, Place::CommandLine);
        configuration.flags(options, Place::CommandLine);
        configuration.stand_ins(variables);
        let found = find::found(&mut configuration, directory);
        if let Some(found) = &found {
            file::read(&mut configuration, found, variables, directory);
        }
        configuration.variables(variables, Place::File);
        configuration.flags(options, Place::File);
        configuration.misspelled(variables);
        if let Some(found) = &found {
            file::warn_of_store(&mut configuration, found);
        }
        configuration
    }

    /// What is wrong, one line each; nothing of the program starts as long as there is anything.
    pub fn errors(&self) -> impl Iterator<Item = String> {
        self.of_severity(Severity::Error)
    }

    /// What is worth a word, one line each: the program starts all the same.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.of_severity(Severity::Warning)
    }

    fn of_severity(&self, severity: Severity) -> impl Iterator<Item = String> {
        self.problems.iter().filter(move |problem| problem.severity == severity).map(ToString::to_string)
    }

    /// Whether anybody said anything of this key, or of what is in it.
    pub(super) fn is_said(&self, key: &str) -> bool {
        self.origins
            .keys()
            .any(|said| said.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// Where the value of this key came from.
    pub(super) fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }

    fn variables(&mut self, variables: &Variables, place: Place) {
        // Shorthands first: what is said at length wins.
        for key in in_order().filter(|key| key.place == place) {
            let said = key.variables.iter().find_map(|name| Some((*name, variables.said(name)?)));
            if let Some((name, said)) = said {
                self.set(key, &of_variable(key, said), Origin::Variable(name.to_owned()));
            }
        }
    }

    fn stand_ins(&mut self, variables: &Variables) {
        for key in KEYS {
            let said = key.stand_ins.iter().find_map(|name| Some((*name, variables.said(name)?)));
            if let Some((name, said)) = said {
                self.set(key, &of_variable(key, said), Origin::StandIn(name));
            }
        }
    }

    fn flags(&mut self, options: &Options, place: Place) {
        let said = options.said();
        for key in in_order().filter(|key| key.place == place) {
            for (_, node) in said.iter().filter(|(name, _)| *name == key.name) {
                self.set(key, node, Origin::Flag(key.flags));
            }
        }
    }

    /// Sets a key by one value, or says why it cannot be.
    fn set(&mut self, key: &'static Key, node: &Node, origin: Origin) {
        let set = match key.kind {
            SetBy::Value { set, .. } => set(&mut self.settings, node).map(|()| Some(key.name)),
            SetBy::Shorthand { of, set } => {
                set(&mut self.settings, node).map(|said| (said == Said::Something).then_some(of))
            }
            // Neither has a variable or a flag: a file alone names what is in them.
            SetBy::Capsules | SetBy::Classes => return,
        };
        match set {
            Ok(Some(name)) => _ = self.origins.insert(name.to_owned(), origin),
            Ok(None) => {}
            Err(refusal) => self.refused(key.name, refusal, origin),
        }
    }

    fn refused(&mut self, key: &str, refusal: Refusal, origin: Origin) {
        // The value itself may stand on a later line than the key.
        let origin = match origin {
            Origin::File { path, line } => {
                Origin::File { path, line: if refusal.line > 0 { refusal.line } else { line } }
            }
            other => other,
        };
        self.tell(Severity::Error, origin, key, refusal.reason);
    }

    fn tell(&mut self, severity: Severity, origin: Origin, key: &str, reason: impl Into<String>) {
        if self.problems.len() < limits::PROBLEMS_MAX {
            self.problems.push(Problem { severity, origin, key: key.to_owned(), reason: reason.into() });
        }
    }

    /// Warns of variables of ours that nobody reads, where the name of one that is read is near.
    fn misspelled(&mut self, variables: &Variables) {
        const OURS: &str = "SANCHO_";
        let known: Vec<&str> =
            KEYS.iter().flat_map(|key| key.variables).filter_map(|name| name.strip_prefix(OURS)).collect();
        let said: Vec<String> = variables.names_from(OURS).map(str::to_owned).collect();
        for name in said {
            let word = name.strip_prefix(OURS).unwrap_or_default();
            if !known.contains(&word)
                && let Some(meant) = suggest::nearest(word, known.iter().copied())
            {
                let reason = format!("nothing reads this variable: did you mean {OURS}{meant}?");
                self.tell(Severity::Warning, Origin::Variable(name), "", reason);
            }
        }
    }
}

/// The keys, shorthands before what they are short for.
fn in_order() -> impl Iterator<Item = &'static Key> {
    let is_shorthand = |key: &&Key| matches!(key.kind, SetBy::Shorthand { .. });
    KEYS.iter().filter(is_shorthand).chain(KEYS.iter().filter(move |key| !is_shorthand(key)))
}

/// A variable's text, as the key has it: lists have no brackets there.
fn of_variable(key: &Key, said: &str) -> Node {
    match key.name {
        "queues" => values::queues_of_variable(said),
        "labels" => Node::of_texts(said.split([',', ' ']).filter(|label| !label.is_empty())),
        _ => Node::of_text(said.trim()),
    }
}
