//! What a client does to jobs that were pushed: find, cancel, cancel while they run, reschedule.

use sancho_core::{Action, ErrorKind, Incarnation, Jid, JobRow, Key, Order, Selection, State, StoreError, Timestamp};

use super::{ActError, Client};

/// How often a running job is followed from one process to the next while it is to be canceled.
const FOLLOWED_MAX: usize = 3;

impl Client {
    /// The job with this id, wherever it is; `None` when it is gone.
    ///
    /// # Errors
    /// [`ActError::Store`].
    pub async fn find(&self, jid: &Jid) -> Result<Option<JobRow>, ActError> {
        Ok(self.inspect().find(jid).await?)
    }

    /// The job that holds this key; `None` when the key is free.
    ///
    /// # Errors
    /// [`ActError::Invalid`] for what is no key, [`ActError::Store`].
    pub async fn find_key(&self, key: &str) -> Result<Option<JobRow>, ActError> {
        Ok(self.inspect().find_key(&Key::new(key)?).await?)
    }

    /// Takes a job away that has not started.
    ///
    /// # Errors
    /// [`ActError::NotFound`]; [`ActError::Refused`] when it has started or is dead.
    pub async fn cancel(&self, jid: &Jid) -> Result<(), ActError> {
        self.act(Action::Cancel, Selection::Jid(jid.clone())).await
    }

    /// Takes the job away that holds this key, if it has not started.
    ///
    /// # Errors
    /// As [`Client::cancel`], and [`ActError::Invalid`] for what is no key.
    pub async fn cancel_key(&self, key: &str) -> Result<(), ActError> {
        self.act(Action::Cancel, Selection::Key(Key::new(key)?)).await
    }

    /// Asks the process that runs a job to cancel it, and answers which process that is.
    ///
    /// The order is left when this answers; the process hears it at once as a rule, and at its next beat at the latest.
    /// The job is told ([`Context::cancelled`](crate::Context::cancelled)) and may go on for
    /// [`limits::CANCEL_GRACE`](sancho_core::limits::CANCEL_GRACE): if it is done by then, it is done. If it answers an
    /// error, or goes on, it counts as performed and is gone; its code is dropped at its next `.await`. One that has
    /// ended before it is told is as if nobody had asked.
    ///
    /// ```no_run
    /// # async fn example(client: sancho::Client, jid: sancho::Jid) -> Result<(), Box<dyn std::error::Error>> {
    /// match client.cancel_running(&jid).await {
    ///     Err(sancho::ActError::NotRunning { .. }) => client.cancel(&jid).await?,
    ///     asked => println!("{} was asked", asked?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ActError::NotFound`]; [`ActError::NotRunning`] for one that is somewhere else, which [`Client::cancel`] may
    /// take away; [`ActError::Store`], also when the process that ran it is gone and no other has the job yet.
    pub async fn cancel_running(&self, jid: &Jid) -> Result<Incarnation, ActError> {
        self.cancel_where_it_runs(async || self.find(jid).await).await
    }

    /// Asks the process that runs the job that holds this key to cancel it.
    ///
    /// # Errors
    /// As [`Client::cancel_running`], and [`ActError::Invalid`] for what is no key.
    pub async fn cancel_running_key(&self, key: &str) -> Result<Incarnation, ActError> {
        self.cancel_where_it_runs(async || self.find_key(key).await).await
    }

    /// Moves a job that has not started to another time. A job that waits for its retry stays a retry.
    ///
    /// # Errors
    /// [`ActError::NotFound`]; [`ActError::Refused`] when it has started or is dead.
    pub async fn reschedule(&self, jid: &Jid, at: impl Into<Timestamp>) -> Result<(), ActError> {
        self.act(Action::Reschedule { at: at.into() }, Selection::Jid(jid.clone())).await
    }

    /// Moves the job that holds this key to another time, if it has not started.
    ///
    /// # Errors
    /// As [`Client::reschedule`], and [`ActError::Invalid`] for what is no key.
    pub async fn reschedule_key(&self, key: &str, at: impl Into<Timestamp>) -> Result<(), ActError> {
        self.act(Action::Reschedule { at: at.into() }, Selection::Key(Key::new(key)?)).await
    }

    async fn cancel_where_it_runs(
        &self,
        find: impl AsyncFn() -> Result<Option<JobRow>, ActError>,
    ) -> Result<Incarnation, ActError> {
        let mut gone: Option<StoreError> = None;
        for _ in 0..FOLLOWED_MAX {
            let JobRow { jid, state, incarnation, .. } = find().await?.ok_or(ActError::NotFound)?;
            let Some(incarnation) = incarnation.filter(|_| state == State::Busy) else {
                return Err(ActError::NotRunning { state });
            };
            match self.inspect().order(&incarnation, &Order::Cancel(jid), self.clock().now()).await {
                Ok(()) => return Ok(incarnation),
                // It has gone since the job was found; another may have taken the job over.
                Err(error) if error.kind == ErrorKind::NotFound => gone = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(gone.map_or(ActError::NotFound, ActError::Store))
    }

    async fn act(&self, action: Action, selection: Selection) -> Result<(), ActError> {
        let applied = self.inspect().apply(&action, &selection, 1, self.clock().now()).await?;
        match applied.refused.into_iter().next() {
            Some((_, refusal)) => Err(refusal.into()),
            None if applied.done == 0 => Err(ActError::NotFound),
            None => Ok(()),
        }
    }
}
