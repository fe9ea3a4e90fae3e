//! What is said on stderr when a named source failed.

use super::Failure;
use super::sources::Plan;
use crate::reading::Health;
use crate::snapshot::Snapshot;

/// An error that lists every named source which gave nothing.
pub(super) fn named_failures(plan: &Plan, picture: &Snapshot) -> Result<(), Failure> {
    let mut told = Vec::new();
    for target in &plan.targets {
        let silent = picture.engines.iter().find(|row| row.target == target.id && row.state == Health::Never);
        if let Some(row) = silent {
            let why = row.note.as_ref().map_or_else(|| "no answer".to_owned(), ToString::to_string);
            told.push(format!("{}: {why}", target.id));
        }
    }
    if plan.driver_named {
        told.extend(picture.troubles.iter().filter(|trouble| trouble.what.as_str() == "NVML").map(ToString::to_string));
    }
    if told.is_empty() { Ok(()) } else { Err(Failure::Run(told.join("\n"))) }
}
