//! The overview of the published day's last instant, as a picture.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Failure;
use crate::history::History;
use crate::snapshot::Snapshot;
use crate::tui::{self, LedgerQueries};

/// Columns and rows.
const SIZE: (u16, u16) = (120, 36);

/// Writes the overview of the last instant to a file.
pub(super) fn picture(
    path: &Path,
    title: &str,
    last: Arc<Snapshot>,
    history: History,
    past: &LedgerQueries,
    zone: &TimeZone,
) -> Result<(), Failure> {
    let svg = tui::picture_of_day(title, last, history, past, zone, SIZE);
    let svg = svg.map_err(|error| Failure::Run(error.to_string()))?;
    std::fs::write(path, svg).map_err(|error| Failure::of_file(path, &error))
}
