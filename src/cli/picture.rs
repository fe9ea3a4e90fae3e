//! The overview of the published day's last instant, as a picture.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Failure;
use crate::history::History;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::tui::app::{Action, App, ChartReach, WatchedFleet};
use crate::tui::{self, LedgerQueries};
use crate::units::Span;

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
    let mut app = App::new(last.clone(), zone.clone(), Span::from_secs(1), 1);
    app.title = Some(Label::new(title));
    (app.history, app.fleet) = (history, WatchedFleet::PublishedDay { speed: None });
    (app.charts.reach, app.has_past) = (ChartReach::Day, true);
    app.update(Action::Fresh(last));
    while let Some(question) = app.question() {
        app.update(past.answer_of(question).map_or(Action::Unanswered, Action::Answered));
    }
    let svg = tui::picture_of(&app, SIZE).map_err(|error| Failure::Run(error.to_string()))?;
    std::fs::write(path, svg).map_err(|error| Failure::of_file(path, &error))
}
