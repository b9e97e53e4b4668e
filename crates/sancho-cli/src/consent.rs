//! Asking before many jobs are touched.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::Args;

use crate::exit::Exit;
use crate::text;

/// Whether a person has to be asked.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Consent {
    /// Do it without asking
    #[arg(long, short = 'y')]
    yes: bool,

    /// Say how many jobs it would be for, and do nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

impl Consent {
    /// Whether only the count is wanted.
    pub(crate) fn is_dry_run(self) -> bool {
        self.dry_run
    }

    /// Whether it was said before that nobody is to be asked.
    pub(crate) fn is_given(self) -> bool {
        self.yes
    }

    /// Goes on if it was consented to before, or is now.
    pub(crate) fn ask(self, what: &str) -> Result<(), Exit> {
        if self.yes {
            return Ok(());
        }
        let what = text::visible(what);
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Exit::NotConfirmed(format!(
                "this would {what}, and there is no terminal to ask: add --yes to do it, or --dry-run to see the count"
            )));
        }
        let mut shown = io::stderr();
        // Whether the question was seen is told by the answer.
        let _ = write!(shown, "{what}? [y/N] ");
        let _ = shown.flush();
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        match (read, answer.trim().to_lowercase().as_str()) {
            (Ok(_), "y" | "yes") => Ok(()),
            _ => Err(Exit::NotConfirmed("nothing was done".to_owned())),
        }
    }
}
