//! What is wrong, the gravest first.

use ratatui::layout::Rect;

use crate::reading::Health;
use crate::snapshot::{Alert, Severity};
use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Column, Figure};

/// Draws as many as there are rows; the last row says how many more there are.
pub fn alerts(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let alerts = &scene.snap.alerts;
    for (row, alert) in (0..area.height).zip(alerts) {
        let more = alerts.len() - usize::from(row) - 1;
        let last = row + 1 == area.height && more > 0;
        line(canvas, area, row, scene, alert, if last { more } else { 0 });
    }
}

fn line(canvas: &mut Canvas<'_>, area: Rect, row: u16, scene: &Scene<'_>, alert: &Alert, more: usize) {
    let (role, glyph) = look(alert.severity);
    let since = human::duration(scene.ago(alert.since));
    let tail = if more > 0 { format!("{since}  +{more} more") } else { since };
    let tail_cells = human::width(&tail) as u16;
    let body = Rect { width: area.width.saturating_sub(tail_cells + 2), ..area };
    let mut pen = canvas.pen(body, row);
    pen.put(role, glyph).skip(1);
    if area.width >= 60 {
        pen.name(role, &alert.severity.to_string(), 10);
    }
    let subject = human::shorten(alert.subject.as_str(), 32);
    pen.put(Role::Text, &subject).skip(1);
    let room = pen.left();
    pen.put(Role::Text, &human::cut(alert.text.as_str(), room));
    canvas.pen(area, row).to(area.right().saturating_sub(tail_cells)).put(Role::Dim, &tail);
}

fn look(severity: Severity) -> (Role, &'static str) {
    match severity {
        Severity::Critical => (Role::Critical, "▲"),
        Severity::Warning => (Role::Warning, "▲"),
        Severity::Info => (Role::Dim, "·"),
    }
}

type Col<'a> = Column<'a, &'a Alert>;

/// Draws the view: every alert, scrolled.
pub fn alert_list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let accepted = |alert: &&Alert| {
        let severity = alert.severity.to_string();
        scene.app.filter.accepts(&[
            ("severity", &severity),
            ("subject", alert.subject.as_str()),
            ("text", alert.text.as_str()),
        ])
    };
    let rows: Vec<&Alert> = scene.snap.alerts.iter().filter(accepted).collect();
    let columns = vec![
        Col::name("ALERTS", 10, 0, 0, |alert| {
            let (role, glyph) = look(alert.severity);
            Figure::Text(role, format!("{glyph} {}", alert.severity))
        }),
        Col::figure("for", 5, 1, |alert| Figure::quiet(human::duration(scene.ago(alert.since)))),
        Col::name("subject", 14, 24, 0, |alert| Figure::value(alert.subject.as_str())),
        Col::name("what", 20, 200, 0, |alert| Figure::value(alert.text.as_str())),
    ];
    super::nodes::scrolled(canvas, area, scene.app.list(), &columns, &rows, &|_| Health::Live);
}
