//! Which class is performed by which code: the one place where job types are erased.

mod entry;
mod names;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use sancho_core::{Invalid, Wire};

pub(crate) use entry::{Entry, Run};

use crate::handlers::Handlers;
use crate::middleware::ServerMiddleware;
use crate::{ClassSettings, Fallback, Job, Perform};

/// Every class that a server performs, and what stands around all of them.
pub(crate) struct Registry<S> {
    /// By class until the registry is complete; from then on by every name that a payload may have for a class.
    entries: HashMap<Cow<'static, str>, Arc<Entry<S>>>,
    fallback: Option<Arc<dyn Fallback<S>>>,
    /// What is known of a class of which nothing else is: the fallback performs it.
    unregistered: Option<Arc<Entry<S>>>,
    around: Vec<Arc<dyn ServerMiddleware<S>>>,
    pub(crate) handlers: Handlers,
}

/// What holds for every class of a server.
pub(crate) struct ForAll<'a> {
    /// How often a job whose `retry` is `true` is retried.
    pub(crate) retries: u32,
    /// Who reads what is written.
    pub(crate) wire: Wire,
    /// What each class is configured for.
    pub(crate) settings: &'a BTreeMap<String, ClassSettings>,
}

impl<S: Send + Sync + 'static> Registry<S> {
    pub(crate) fn new() -> Self {
        Registry {
            entries: HashMap::new(),
            fallback: None,
            unregistered: None,
            around: Vec::new(),
            handlers: Handlers::default(),
        }
    }

    /// Adds a class; a class added twice is performed as the last one says.
    pub(crate) fn add<J: Job + Perform<S>>(&mut self) {
        self.entries.insert(J::CLASS.into(), Arc::new(Entry::of::<J>()));
    }

    /// Performs what is not registered.
    pub(crate) fn fall_back(&mut self, fallback: impl Fallback<S>) {
        self.fallback = Some(Arc::new(fallback));
    }

    /// Stands around every class, within what does already.
    pub(crate) fn surround(&mut self, middleware: impl ServerMiddleware<S>) {
        self.around.push(Arc::new(middleware));
    }

    /// Takes in what holds for all classes, and the names by which they are known: nothing is added afterwards.
    ///
    /// # Errors
    /// [`Invalid`], when there is nothing to perform, a name means two classes, or a class's own options break a
    /// rule.
    pub(crate) fn complete(&mut self, for_all: &ForAll<'_>) -> Result<(), Invalid> {
        if self.entries.is_empty() && self.fallback.is_none() {
            return Err(Invalid::new("no class is registered: call register::<YourJob>() before the server is run"));
        }
        let around: Arc<[_]> = self.around.clone().into();
        for (class, entry) in &mut self.entries {
            let entry = Arc::get_mut(entry).expect("nobody else has seen it yet");
            entry.complete(for_all.settings.get(&**class), for_all, &around)?;
        }
        if let Some(fallback) = &self.fallback {
            let entry_for = |settings| -> Result<_, Invalid> {
                let mut entry = Entry::of_fallback(Arc::clone(fallback));
                entry.complete(settings, for_all, &around)?;
                Ok(Arc::new(entry))
            };
            self.unregistered = Some(entry_for(None)?);
            for (class, settings) in for_all.settings {
                if !self.entries.contains_key(class.as_str()) {
                    self.entries.insert(class.clone().into(), entry_for(Some(settings))?);
                }
            }
        }
        names::add_aliases(&mut self.entries)
    }

    /// The names by which classes are known.
    #[cfg(feature = "cli")]
    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(|class| &**class)
    }

    /// Who performs jobs whose payloads name this class.
    pub(crate) fn get(&self, class: &str) -> Option<&Arc<Entry<S>>> {
        self.entries.get(class).or(self.unregistered.as_ref())
    }
}

impl<S> fmt::Debug for Registry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut classes: Vec<_> = self.entries.keys().collect();
        classes.sort();
        f.debug_tuple("Registry").field(&classes).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sancho_core::{Backtrace, Bury, QueueName, Retry};

    use super::*;
    use crate::{Context, JobResult, LogLevel, Runs};

    #[derive(Job)]
    #[job(class = "Said", retry_for = "1h", retry_queue = "slow", dead = false, backtrace = 5, timeout = "30s")]
    struct Said;

    impl Perform<()> for Said {
        async fn perform(self, _: &Context<()>) -> JobResult {
            Ok(())
        }
    }

    fn completed(settings: Option<ClassSettings>) -> Registry<()> {
        let mut registry = Registry::new();
        registry.add::<Said>();
        let settings = settings.map(|settings| ("Said".to_owned(), settings)).into_iter().collect();
        registry.complete(&ForAll { retries: 7, wire: Wire::Eight, settings: &settings }).expect("complete");
        registry
    }

    #[test]
    fn what_a_class_says_holds_for_payloads_that_say_nothing() {
        let registry = completed(None);
        let policy = &registry.get("Said").expect("registered").policy;
        assert_eq!(
            (policy.retries, policy.retry, policy.retry_for),
            (7, Retry::Default, Some(Duration::from_secs(3_600)))
        );
        assert_eq!((policy.dead, policy.backtrace, policy.wire), (Bury::No, Backtrace::Lines(5), Wire::Eight.time()));
        assert_eq!(policy.retry_queue, QueueName::new("slow").ok());
        assert!(registry.get("Unheard").is_none());
    }

    #[test]
    fn what_is_configured_goes_before_what_the_class_says() {
        let slower = QueueName::new("slower").expect("a name");
        let settings = ClassSettings::new().retry(3).retry_queue(slower.clone()).dead(true).backtrace(true);
        let settings = settings.timeout(Duration::from_secs(5)).runs(Runs::Blocking).log_level(LogLevel::Debug);
        let registry = completed(Some(settings));
        let Entry { policy, options, .. } = &**registry.get("Said").expect("registered");
        assert_eq!((policy.retry, policy.retry_for), (Retry::Limit(3), None), "the window gives way to the count");
        assert_eq!((policy.dead, policy.backtrace), (Bury::Yes, Backtrace::All));
        assert_eq!(policy.retry_queue, Some(slower));
        assert_eq!((options.timeout, options.runs), (Some(Duration::from_secs(5)), Runs::Blocking));
        assert_eq!(options.log_level, LogLevel::Debug);
    }
}
