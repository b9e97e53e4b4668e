//! The command line.

use clap::{Parser, ValueEnum};

/// Posts code snippets and has background jobs highlight and publish them.
#[derive(Clone, Debug, Parser)]
#[command(name = "snippets")]
pub(crate) struct Options {
    /// The port of the pages, on 127.0.0.1; zero picks a free one. A worker ignores it.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,

    /// Where jobs are kept.
    #[arg(long, value_name = "URL", default_value = "sqlite://sancho.db")]
    pub(crate) store: String,

    /// What this process does.
    #[arg(long, value_enum, default_value_t = Role::All)]
    pub(crate) role: Role,

    /// How often the highlighting service fails, from 0 to 1. A worker ignores it.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) flaky: f64,

    /// Jobs that run at the same time.
    #[arg(long, default_value_t = 25)]
    pub(crate) slots: usize,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// The pages, the highlighting service, and the jobs.
    All,
    /// The pages and the highlighting service.
    Web,
    /// The jobs. It listens on no port.
    Worker,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("give a number from 0 to 1".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_from_zero_to_one() {
        assert_eq!(share("0.5"), Ok(0.5));
        for wrong in ["-0.1", "1.1", "NaN", "half"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_worker_accepts_what_it_ignores() {
        let options = Options::parse_from(["snippets", "--role", "worker", "--port", "1", "--flaky", "0.3"]);
        assert_eq!(options.role, Role::Worker);
    }
}
