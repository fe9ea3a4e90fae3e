//! The headline's row: as many of its sentences as fit, each shown whole.

use ratatui::layout::Rect;

use super::published;
use crate::history::Subject;
use crate::snapshot::Severity;
use crate::tui::against;
use crate::tui::app::RefreshPace;
use crate::tui::frame_input::FrameInput;
use crate::tui::headline::Facts;
use crate::tui::headline::{self, changed, drawn, headline};
use crate::tui::together;
use crate::tui::view::tables;
use crate::tui::widgets::headline::{Headline, SentenceForms};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Timestamp};

/// The least number of columns at which sentences are shown besides the row of the most severe alert.
pub(super) const ROOM: u16 = 100;

/// Draws the headline. On narrow screens the most severe alert is drawn in its place.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    // The headline shows the first alert; the rows of alerts begin with the second.
    let alerts = together::alerts(input.snap);
    let gravest = alerts.iter().rev().max_by_key(|alert| alert.severity);
    if let Some(alert) = gravest.filter(|alert| alert.severity > Severity::Info && area.width < ROOM) {
        return tables::alert_line(canvas, area, input, alert, 0);
    }
    if published::is_shown(input) && input.app.then().is_none() && area.width >= ROOM {
        let sentences = vec![SentenceForms::new([Segment::text(published::sentence(input))])];
        Headline { sentences }.draw(canvas, area);
        return;
    }
    if input.app.then().is_some() && input.snap.money.profit_per_hour.is_none() {
        let sentences = vec![SentenceForms::new([Segment::dim("Of this instant no money is recorded.")])];
        Headline { sentences }.draw(canvas, area);
        return;
    }
    let bridge = input.app.bridge();
    let facts = Facts {
        snapshot: input.at(RefreshPace::Minute).snap,
        rate: input.rates().snap.money.profit_per_hour,
        is_past: input.app.then().is_some(),
        bridge: bridge.as_ref().map(|quarter| &quarter.bridge),
        recorded: recorded(input),
        zone: input.zone(),
    };
    draw_sentences(canvas, area, headline(&facts));
}

/// The change of the shown profit per hour against a quarter hour ago, which the bridge knows, or the record where there is
/// no bridge.
pub(in crate::tui::view) fn profit_changed(input: &FrameInput<'_>) -> Option<Money> {
    let now = input.rates().snap.money.profit_per_hour?;
    match input.app.bridge() {
        Some(quarter) => changed(&quarter.bridge, now),
        None => recorded(input).map(|(before, _)| now - before),
    }
}

/// The recorded profit an hour of the compared minute, and its end.
fn recorded(input: &FrameInput<'_>) -> Option<(Money, Timestamp)> {
    let money = &input.snap.money;
    let is_known = money.profit_per_hour.is_some() && money.uncosted_engines == 0 && !money.per_hour_preliminary;
    let before = against::profit_before(input, &Subject::Fleet).filter(|_| is_known)?;
    Some((before, input.app.compared().0))
}

/// Draws sentences, as many as fit by their importance, each in the longest form that fits.
pub(in crate::tui::view) fn draw_sentences(canvas: &mut Canvas<'_>, area: Rect, sentences: Vec<headline::Sentence>) {
    drawn(sentences).draw(canvas, area);
}
