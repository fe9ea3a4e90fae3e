//! The headline's row: as many of its sentences as fit, each shown whole.

use ratatui::layout::Rect;

use super::published;
use crate::history::Subject;
use crate::snapshot::Severity;
use crate::tui::against;
use crate::tui::app::RefreshPace;
use crate::tui::headline::Facts;
use crate::tui::headline::{self, changed, drawn, headline};
use crate::tui::scene::Scene;
use crate::tui::together;
use crate::tui::view::tables;
use crate::tui::widgets::headline::{Headline, SentenceForms};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Timestamp};

/// The least number of columns at which sentences are shown besides the row of the most severe alert.
pub(super) const ROOM: u16 = 100;

/// Draws the headline. On narrow screens the most severe alert is drawn in its place.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    // The headline shows the first alert; the rows of alerts begin with the second.
    let alerts = together::alerts(scene.snap);
    let gravest = alerts.iter().rev().max_by_key(|alert| alert.severity);
    if let Some(alert) = gravest.filter(|alert| alert.severity > Severity::Info && area.width < ROOM) {
        return tables::alert_line(canvas, area, scene, alert, 0);
    }
    if published::is_shown(scene) && scene.app.then().is_none() && area.width >= ROOM {
        let sentences = vec![SentenceForms::new([Segment::text(published::sentence(scene))])];
        Headline { sentences }.draw(canvas, area);
        return;
    }
    if scene.app.then().is_some() && scene.snap.money.profit_per_hour.is_none() {
        let sentences = vec![SentenceForms::new([Segment::dim("Of this instant no money is recorded.")])];
        Headline { sentences }.draw(canvas, area);
        return;
    }
    let bridge = scene.app.bridge();
    let facts = Facts {
        snapshot: scene.at(RefreshPace::Minute).snap,
        rate: scene.rates().snap.money.profit_per_hour,
        is_past: scene.app.then().is_some(),
        bridge: bridge.as_ref().map(|quarter| &quarter.bridge),
        recorded: recorded(scene),
        zone: scene.zone(),
    };
    draw_sentences(canvas, area, headline(&facts));
}

/// The change of the profit per hour against a quarter hour ago: that of the bridge, or of the record where there is none.
pub(super) fn profit_changed(scene: &Scene<'_>) -> Option<Money> {
    match scene.app.bridge() {
        Some(quarter) => changed(&quarter.bridge),
        None => recorded(scene).map(|(change, _)| change),
    }
}

/// The recorded change, and the minute that it is against.
fn recorded(scene: &Scene<'_>) -> Option<(Money, Timestamp)> {
    let money = &scene.snap.money;
    let is_known = money.profit_per_hour.is_some() && money.uncosted_engines == 0 && !money.per_hour_preliminary;
    let change = against::profit(scene, &Subject::Fleet).filter(|_| is_known)?;
    Some((change, scene.app.compared().0))
}

/// Draws sentences, as many as fit by their importance, each in the longest form that fits.
pub(in crate::tui::view) fn draw_sentences(canvas: &mut Canvas<'_>, area: Rect, sentences: Vec<headline::Sentence>) {
    drawn(sentences).draw(canvas, area);
}
