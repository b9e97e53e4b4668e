//! Which file is read.

use std::path::{Path, PathBuf};

use super::{Configuration, Severity};
use crate::cli::origin::Origin;

/// Where a file is looked for when none is named, in this order.
const PLACES: [&str; 5] =
    ["config/sancho.yml", "config/sancho.yaml", "config/sancho.toml", "config/sidekiq.yml", "config/sidekiq.yml.erb"];

/// A file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// As people know it.
    pub(super) path: PathBuf,
    pub(super) whose: Whose,
}

/// For whom a file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// For Sancho: what it does not know is an error.
    Ours,
    /// For Sidekiq, which may know more.
    Sidekiqs,
}

/// The file that was named, else the first of those that are there.
pub(super) fn found(configuration: &mut Configuration, directory: &Path) -> Option<Found> {
    if let Some(path) = configuration.settings.config.clone() {
        return Some(Found { whose: whose(&path), path });
    }
    let mut there = PLACES.iter().filter(|place| directory.join(place).is_file());
    let first = PathBuf::from(there.next()?);
    let others: Vec<&str> = there.copied().collect();
    let origin = Origin::File { path: first.clone(), line: 0 };
    // A Rails application has Sidekiq's file beside ours: that is as it should be.
    if let Some(other) = others.iter().find(|other| other.contains("sancho")) {
        let reason = format!("this file is read, and {other} is not: keep one of them, or name it with -C");
        configuration.tell(Severity::Warning, origin.clone(), "", reason);
    }
    let whose = whose(&first);
    if whose == Whose::Sidekiqs {
        let reason = "this is Sidekiq's file, read as far as it is understood: config/sancho.yml would be Sancho's own";
        configuration.tell(Severity::Warning, origin.clone(), "", reason);
    }
    configuration.settings.config = Some(first.clone());
    configuration.origins.insert("config".into(), Origin::Default);
    Some(Found { path: first, whose })
}

fn whose(path: &Path) -> Whose {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name.starts_with("sidekiq") { Whose::Sidekiqs } else { Whose::Ours }
}
