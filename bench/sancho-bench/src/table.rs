//! The options of a benchmark that ends in a table, and how it tells its figures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use crate::figure::Figures;
use crate::report::{self, Row};

#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Options {
    /// Once instead of three times, and a fifth of the jobs.
    #[arg(long)]
    quick: bool,

    /// Writes every figure and the ratios to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Options {
    /// How many rounds there are, and by what the numbers of jobs are divided.
    pub fn rounds(&self) -> (usize, u64) {
        if self.quick { (1, 5) } else { (3, 1) }
    }

    /// Prints the table, and writes the file if one was asked for.
    pub fn tell(&self, figures: &Figures, rows: &[Row], ratios: &BTreeMap<String, f64>) -> Result<()> {
        print!("{}", report::table(figures, rows));
        match &self.json {
            Some(file) => report::write_json(file, figures, ratios),
            None => Ok(()),
        }
    }
}
