//! What a push may say of a job: the same words for one job and for many.

/// The methods that a push of one job and pushes of many have alike. Each changes every draft of the push, by the
/// method `each` of the type that they are written into.
macro_rules! job_options {
    () => {
        /// Sends the job to this queue, instead of its class's own.
        pub fn queue(self, name: impl AsRef<str>) -> Self {
            let queue = QueueName::new(name);
            self.each(move |draft| {
                draft.queue = queue.clone()?;
                Ok(())
            })
        }

        /// Retries a failure so many times, or `false`: never; `true`: as often as the server is configured for. A
        /// window that the class has does not hold then.
        pub fn retry(self, retry: impl Into<RetryOption>) -> Self {
            let retry = retry.into().0;
            self.each(move |draft| {
                (draft.retry, draft.retry_for) = (retry, None);
                Ok(())
            })
        }

        /// Retries failures until so long after the first one, in whole seconds, however often that is. A number of
        /// retries that the class has does not hold then.
        pub fn retry_for(self, window: Duration) -> Self {
            self.each(move |draft| {
                (draft.retry, draft.retry_for) = (Retry::Default, Some(window));
                Ok(())
            })
        }

        /// Sends the job's retries to this queue, instead of the one that it came from.
        pub fn retry_queue(self, name: impl AsRef<str>) -> Self {
            let queue = QueueName::new(name);
            self.each(move |draft| {
                draft.retry_queue = Some(queue.clone()?);
                Ok(())
            })
        }

        /// Says whether the job is kept in the dead set when its tries are over. If not, it is gone then, and death
        /// handlers are told all the same.
        pub fn dead(self, dead: impl Into<Bury>) -> Self {
            let dead = dead.into();
            self.each(move |draft| {
                draft.dead = Some(dead);
                Ok(())
            })
        }

        /// Keeps so much of a failure's backtrace: so many lines, `true` for all of them, or `false`.
        pub fn backtrace(self, backtrace: impl Into<Backtrace>) -> Self {
            let backtrace = backtrace.into();
            self.each(move |draft| {
                draft.backtrace = Some(backtrace);
                Ok(())
            })
        }

        /// Gives the job these tags, instead of its class's own.
        pub fn tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
            let tags: Vec<String> = tags.into_iter().map(Into::into).collect();
            self.each(move |draft| {
                draft.tags.clone_from(&tags);
                Ok(())
            })
        }

        /// Lets the job go, unperformed, when it has not started so long after it was due.
        pub fn expires_in(self, span: Duration) -> Self {
            self.each(move |draft| {
                (draft.expires_in, draft.expires_at) = (Some(span), None);
                Ok(())
            })
        }

        /// Says what happens when the job's key is taken; [`OnConflict::Keep`] unless said.
        pub fn on_conflict(self, on_conflict: OnConflict) -> Self {
            self.each(move |draft| {
                draft.on_conflict = on_conflict;
                Ok(())
            })
        }

        /// Adds a member to the payload, beside Sidekiq's own; it survives retries as it is.
        pub fn member(self, name: impl Into<String>, value: &(impl Serialize + ?Sized)) -> Self {
            let name = name.into();
            let text = crate::args::write(&name, value);
            self.each(move |draft| {
                draft.extra.push((name.clone(), text.clone()?));
                Ok(())
            })
        }
    };
}

pub(super) use job_options;
