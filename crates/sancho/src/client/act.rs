//! What a client does to jobs that were pushed: find, cancel, reschedule.

use sancho_core::{Action, Jid, JobRow, Key, Selection, Timestamp};

use super::{ActError, Client};

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

    async fn act(&self, action: Action, selection: Selection) -> Result<(), ActError> {
        let applied = self.inspect().apply(&action, &selection, 1, self.clock().now()).await?;
        match applied.refused.into_iter().next() {
            Some((_, refusal)) => Err(refusal.into()),
            None if applied.done == 0 => Err(ActError::NotFound),
            None => Ok(()),
        }
    }
}
