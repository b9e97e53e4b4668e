//! One subject's turn on one kind of store, in one round.

use anyhow::Result;

use crate::figure::Figures;
use crate::peers::Peers;
use crate::scratch::Scratch;
use crate::sidekiq::Sidekiq;
use crate::store::{Kind, Store};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// Once, with fewer jobs, and without what takes long.
    Quick,
}

impl Extent {
    pub fn rounds(self) -> usize {
        match self {
            Extent::Whole => 3,
            Extent::Quick => 1,
        }
    }

    /// By what the numbers of jobs are divided, and the times.
    pub fn divisor(self) -> u32 {
        match self {
            Extent::Whole => 1,
            Extent::Quick => 5,
        }
    }
}

/// What a subject measures with, and where it puts what it measured.
pub struct Turn<'a> {
    pub scratch: &'a Scratch,
    pub kind: Kind,
    pub extent: Extent,
    /// Not there when nothing that is measured is compared with it.
    pub sidekiq: Option<&'a Sidekiq>,
    pub peers: &'a Peers,
    pub figures: &'a mut Figures,
}

impl Turn<'_> {
    /// A fresh store of the turn's kind.
    pub fn store(&self) -> Result<Store> {
        Store::fresh(self.kind, self.scratch)
    }

    /// Jobs to warm up with, and jobs to measure: a tenth of them, and all.
    pub fn jobs(&self, all: u64) -> (u64, u64) {
        let jobs = all / u64::from(self.extent.divisor());
        (jobs / 10, jobs)
    }

    /// Notes a figure, which goes by the store's name and this one.
    pub fn add(&mut self, name: &str, sample: f64) {
        self.figures.add(self.kind.figure(name), sample);
    }

    /// Notes a figure that the system may not tell.
    pub fn add_told(&mut self, name: &str, sample: Option<f64>) {
        match sample {
            Some(sample) => self.add(name, sample),
            None => self.miss(name, "this system does not tell"),
        }
    }

    /// Says why a figure is not there.
    pub fn miss(&mut self, name: &str, why: &str) {
        self.figures.miss(self.kind.figure(name), why);
    }

    /// Says that a figure could not be measured, for a reason that should not be: the run goes on, and fails.
    pub fn fail(&mut self, name: &str, why: &str) {
        self.figures.fail(self.kind.figure(name), why);
    }
}
