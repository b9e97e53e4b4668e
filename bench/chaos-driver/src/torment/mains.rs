//! The power that a torment's processes hang on, where it is to be cut.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use power::{Supply, Survival};

/// Variables of the processes that open the store's files.
pub(super) type Environment = Vec<(OsString, OsString)>;

/// What the store's files hang on: a supply from one cut to the next, or nothing.
#[derive(Debug, Default)]
pub(super) struct Mains {
    supply: Option<Supply>,
    /// Where it is written down what is not synced: apart from the store's files.
    cycle: PathBuf,
}

impl Mains {
    /// Watches the store's files from now on; nobody may have them open.
    pub(super) fn on(store: &Path, files: &Path) -> Result<Self> {
        let cycle = files.join("power");
        let supply = Supply::on(store, &cycle).context("failed to watch the store's files")?;
        Ok(Mains { supply: Some(supply), cycle })
    }

    pub(super) fn is_on(&self) -> bool {
        self.supply.is_some()
    }

    /// What every process needs that opens the store's files.
    pub(super) fn environment(&self) -> Result<Environment> {
        let Some(supply) = &self.supply else { return Ok(Environment::new()) };
        let variables = supply.environment().context("failed to find the library that drops what is not synced")?;
        Ok(variables.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// Turns the power off. Whoever changes the store's files hangs until it is killed.
    pub(super) fn cut(&self) -> Result<()> {
        self.supply.as_ref().context("there is no power to cut")?.cut().context("failed to cut the power")
    }

    /// Leaves of the store's files what a disk may have kept; everybody who had them open is dead.
    pub(super) fn restore(&mut self, seed: u64, survival: Survival) -> Result<()> {
        let supply = self.supply.take().context("there was no power to cut")?;
        let restored = supply.restore(seed, survival).context("failed to restore the store's files")?;
        eprintln!("the cut left {} files and {} names unsynced", restored.unsynced_files, restored.unsynced_names);
        Ok(())
    }

    /// Begins the next cycle.
    pub(super) fn on_again(&mut self, store: &Path) -> Result<()> {
        self.supply = Some(Supply::on(store, &self.cycle).context("failed to watch the store's files")?);
        Ok(())
    }
}
