//! What a person wants done to the jobs of a list, as its forms say it.

use sancho_core::{Action, Cursor, Filter, Jid, Timestamp};

use super::list::List;
use super::view::ROWS_MAX;
use crate::act::Act;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::Frame;

/// What a person wants done.
pub(super) struct Wanted {
    pub(super) act: Act,
    pub(super) action: Action,
    /// The filter as it was typed.
    pub(super) asked: String,
    pub(super) filter: Filter,
    /// When the filter's ages count from, and what the action's span is added to: when the person first asked.
    pub(super) as_of: Timestamp,
    /// The jobs that were picked; none where all are meant.
    pub(super) picked: Vec<Jid>,
    pub(super) all: bool,
    /// Whether the person was asked before, and agreed.
    pub(super) is_sure: bool,
    /// How many jobs were counted before, where all of them were; it is shown, and nothing else depends on it.
    pub(super) of: Option<u64>,
    /// Where counting goes on, and how many were counted before; nothing else depends on the number.
    pub(super) count_from: Option<Cursor>,
    pub(super) counted: u64,
    /// What the form said of when, to be carried on.
    pub(super) at: String,
    pub(super) within: String,
}

impl Wanted {
    pub(super) fn read(fields: &Fields, f: &Frame, list: &List) -> Result<Wanted, Failure> {
        let (act, picked_in_row) = named(fields, list)?;
        let as_of = fields.number("as_of").map_or(f.now, Timestamp::from_unix_micros);
        let asked = match fields.get("q") {
            "" => Fields::from(f.query.clone()).get("q").to_owned(),
            asked => asked.to_owned(),
        };
        let all = picked_in_row.is_none() && fields.get("scope") == "all";
        let picked = match picked_in_row {
            Some(jid) => vec![jid],
            None if all => Vec::new(),
            None => picked(fields)?,
        };
        let count_from = Some(fields.get("count_from")).filter(|from| !from.is_empty()).map(|it| Cursor(it.to_owned()));
        Ok(Wanted {
            act,
            action: act.action(fields, as_of)?,
            filter: Filter::parse(&asked, as_of)
                .map_err(|slip| Failure::invalid("find.slip").in_detail(slip.to_string()))?,
            asked,
            as_of,
            picked,
            all,
            is_sure: fields.get("sure") == "yes" && count_from.is_none(),
            counted: fields.number("counted").unwrap_or(0),
            count_from,
            of: fields.number("of"),
            at: fields.get("at").to_owned(),
            within: fields.get("in").to_owned(),
        })
    }

    /// When the jobs are to be due, where the act puts them off.
    pub(super) fn until(&self) -> Option<Timestamp> {
        if let Action::Reschedule { at } = self.action { Some(at) } else { None }
    }

    /// That all jobs of a list that match are run, without asking.
    pub(super) fn run_all(asked: String, as_of: Timestamp) -> Result<Wanted, Failure> {
        Ok(Wanted {
            act: Act::Run,
            action: Action::RunNow,
            filter: Filter::parse(&asked, as_of)?,
            asked,
            as_of,
            picked: Vec::new(),
            all: true,
            is_sure: true,
            of: None,
            count_from: None,
            counted: 0,
            at: String::new(),
            within: String::new(),
        })
    }
}

/// The act, and the job where the button of its row was pressed: such a button is named for the act, and its value is
/// the job.
fn named(fields: &Fields, list: &List) -> Result<(Act, Option<Jid>), Failure> {
    for act in list.acts_in_rows() {
        let jid = fields.get(act.name());
        if !jid.is_empty() {
            return Ok((*act, Some(Jid::new(jid)?)));
        }
    }
    // The button that counts further says where, and not what: a field beside it does.
    let name = if fields.get("count_from").is_empty() { "act" } else { "counted_for" };
    let act = Act::named(fields.get(name)).filter(|act| list.acts.contains(act));
    Ok((act.ok_or_else(|| Failure::invalid("act.unknown"))?, None))
}

fn picked(fields: &Fields) -> Result<Vec<Jid>, Failure> {
    let picked: Result<Vec<Jid>, _> = fields.all("jid").take(ROWS_MAX).map(Jid::new).collect();
    let picked = picked?;
    if picked.is_empty() {
        return Err(Failure::invalid("act.none_selected"));
    }
    Ok(picked)
}
