//! The jobs of a set, grouped by class and error.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use sancho_core::limits;
use serde::Serialize;

use super::bounds::{self, cut};
use super::extract::{Asked, InSet};
use super::page::Which;
use super::problem::Problem;
use crate::site::Site;

#[derive(Debug, Serialize)]
pub(super) struct Groups {
    /// The largest first. Groups of several steps add up by class and error.
    groups: Vec<Group>,
    /// Where to go on; none at the end.
    next: Option<String>,
    as_of: f64,
}

#[derive(Debug, Serialize)]
struct Group {
    /// None of those whose payload cannot be read.
    class: Option<String>,
    /// None of those that have not failed.
    error_class: Option<String>,
    jobs: u64,
    /// One of them.
    jid: String,
    /// What its error says.
    error_message: Option<String>,
}

pub(super) async fn groups(
    State(site): State<Site>,
    InSet(set): InSet,
    Asked(which): Asked<Which>,
) -> Result<Json<Groups>, Problem> {
    let reading = which.read(site.clock.now(), bounds::JOBS_PER_STEP_MAX, bounds::JOBS_PER_STEP_MAX)?;
    let page = reading.page(&site, &set).await?;
    let mut groups: BTreeMap<(Option<String>, Option<String>), Group> = BTreeMap::new();
    for row in &page.rows {
        let envelope = row.payload.envelope().ok();
        let class = envelope.as_ref().map(|it| cut(&it.display_class(), limits::CLASS_BYTES_MAX));
        let error = envelope.as_ref().and_then(|it| it.error_class());
        let error_class = error.map(|class| cut(&class, limits::ERROR_CLASS_CHARS_MAX));
        let group = groups.entry((class.clone(), error_class.clone())).or_insert_with(|| Group {
            class,
            error_class,
            jobs: 0,
            jid: row.jid.to_string(),
            error_message: envelope.and_then(|it| it.error_message().map(|said| cut(&said, bounds::CHARS_LISTED))),
        });
        group.jobs += 1;
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.jobs));
    Ok(Json(Groups { groups, next: page.next.map(|cursor| cursor.0), as_of: reading.as_of.as_unix_secs_f64() }))
}
