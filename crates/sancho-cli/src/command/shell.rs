//! `sancho completions` and `sancho man`: what a shell and a reader of manuals want of the command.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write the pages of all commands into this directory, instead of printing the first
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn completions(wanted: &Completions, output: &mut Output) -> Result<(), Exit> {
    let mut script = Vec::new();
    clap_complete::generate(wanted.shell, &mut Arguments::command(), "sancho", &mut script);
    output.text(String::from_utf8_lossy(&script))
}

pub(super) fn man(wanted: Man, output: &mut Output) -> Result<(), Exit> {
    let Some(dir) = wanted.dir else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Arguments::command()).render(&mut page);
        rendered.map_err(|error| Exit::failed(format!("failed to write the page: {error}")))?;
        return output.text(String::from_utf8_lossy(&page));
    };
    let failed = |error: std::io::Error| Exit::failed(format!("failed to write into {}: {error}", dir.display()));
    std::fs::create_dir_all(&dir).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), &dir).map_err(failed)?;
    output.text(format!("wrote the pages to {}: read one with man {}/sancho.1", dir.display(), dir.display()))
}
