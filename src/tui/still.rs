//! One frame without a terminal.

use std::sync::Arc;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{Action, App, ChartSpan, WatchedFleet};
use super::draw::draw_into;
use super::ledger_query::LedgerQueries;
use super::svg::svg;
use super::theme::{Depth, Theme, ThemeError, ThemeRegistry};
use crate::history::History;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::units::Span;

/// The frame of an app as it is now, without what was said last.
pub(super) fn still(app: &App, theme: &Theme, area: Rect) -> Buffer {
    let mut frame = Buffer::empty(area);
    let app = app.unsaid();
    draw_into(&mut frame, &app, app.shown(), theme);
    frame
}

/// The overview of the published day's last instant as an SVG document of so many columns and rows, in the built-in dark
/// theme.
///
/// # Errors
/// If the built-in themes cannot be read.
pub fn picture_of_day(
    title: &str,
    last: Arc<Snapshot>,
    history: History,
    past: &LedgerQueries,
    zone: &TimeZone,
    (width, height): (u16, u16),
) -> Result<String, ThemeError> {
    let mut app = App::new(last.clone(), zone.clone(), Span::from_secs(1), 1);
    app.title = Some(Label::new(title));
    (app.history, app.fleet) = (history, WatchedFleet::PublishedDay { speed: None });
    (app.charts.span, app.has_past) = (ChartSpan::Day, true);
    app.update(Action::Fresh(last));
    while let Some(query) = app.next_query() {
        app.update(past.result_of(query).map_or(Action::QueryDropped, Action::QueryResult));
    }
    let themes = ThemeRegistry::built_in()?;
    let theme = themes.palettes().first().map(|palette| Theme::new(palette, Depth::True));
    let theme = theme.unwrap_or_else(Theme::of_roles);
    let (ground, text) = theme.paper();
    Ok(svg(&still(&app, &theme, Rect::new(0, 0, width, height)), ground, text))
}
