//! `sancho explain`: what the code at the end of an error means, and what to do.

mod catalogue;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;
use catalogue::{ENTRIES, Entry};

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code, which stands in brackets at the end of an error, or is the class of a job's error; without one, all
    /// of them are listed
    #[arg(value_name = "CODE", ignore_case = true, hide_possible_values = true,
          value_parser = PossibleValuesParser::new(ENTRIES.iter().map(|entry| entry.code)))]
    code: Option<String>,
}

#[derive(Debug, Serialize)]
struct Catalogue<'a> {
    codes: &'a [Entry],
}

pub(super) fn run(wanted: &Explain, output: &mut Output) -> Result<(), Exit> {
    let Some(code) = &wanted.code else {
        return output.either(&Catalogue { codes: ENTRIES }, || {
            let mut table = Table::new(&["code", "meaning"], &[]);
            for entry in ENTRIES {
                table.row([entry.code.into(), entry.title.into()]);
            }
            format!("{table}\nMore about one of them: sancho explain CODE")
        });
    };
    let entry = ENTRIES.iter().find(|entry| entry.code.eq_ignore_ascii_case(code));
    let entry = entry.ok_or_else(|| Exit::usage(format!("no code is named {code:?}: see sancho explain")))?;
    output.either(entry, || {
        let Entry { code, title, meaning, remedy } = entry;
        format!("{code}: {title}\n\n{meaning}\n\nWhat to do: {remedy}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_pages_is_explained_once() {
        for code in sancho_web::Code::ALL {
            assert_eq!(ENTRIES.iter().filter(|entry| entry.code == code.name()).count(), 1, "{}", code.name());
        }
    }
}
