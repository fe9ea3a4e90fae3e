//! Tables beside the fleet: models, what costs and earns nothing, alerts.

use ratatui::layout::Rect;

use super::charts::severity;
use super::list::{Col, List, figure, said};
use crate::snapshot::Alert;
use crate::tui::human;
use crate::tui::scene::{Scene, number};
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::row_bar::RowBar;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment, cells};
use crate::units::Money;

/// A profit with its sign; a loss has its glyph too.
pub(super) fn profit(amount: Option<Money>) -> Cell<'static> {
    let Some(amount) = amount else { return Cell::unknown() };
    let role = match amount.rounded(2).signum() {
        0 => Role::Text,
        1 => Role::Gain,
        _ => Role::Loss,
    };
    said(role, human::signed(amount, 9))
}

/// A part of the cost that earns nothing.
struct Burn {
    name: String,
    note: String,
    per_hour: Option<Money>,
    today: Option<Money>,
}

/// The parts, the dearest first; all are counted, none is an estimate.
fn parts(scene: &Scene<'_>) -> Vec<Burn> {
    let money = &scene.snap.money;
    let mut parts: Vec<Burn> = money
        .beside_models
        .iter()
        .map(|part| Burn {
            name: part.name.as_str().trim_matches(['(', ')']).to_owned(),
            note: meaning(part.name.as_str()).to_owned(),
            per_hour: Some(Money::ZERO - part.profit_per_hour),
            today: None,
        })
        .collect();
    let mut known =
        |name: &str, note: String, today: Option<Money>| match parts.iter_mut().find(|part| part.name == name) {
            Some(part) => part.today = today,
            None => parts.push(Burn { name: name.to_owned(), note, per_hour: None, today }),
        };
    if let Some(idle) = money.idle_cost.filter(|idle| !idle.is_zero()) {
        known("idle", meaning("(idle)").to_owned(), Some(idle));
    }
    if money.unpriced_tokens > 0 {
        let tokens = human::scaled_tight(Some(money.unpriced_tokens as f64));
        known("unpriced", format!("{} tokens without a price", tokens.trim()), None);
    }
    parts.sort_by_key(|part| std::cmp::Reverse((part.per_hour, part.today)));
    parts
}

type C<'s> = Col<'s, Burn>;

/// Draws what costs and earns nothing, the dearest first: parts of the fleet's cost, exact.
pub(super) fn burns(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let rows = parts(scene);
    let top = rows.first().and_then(|part| number(part.per_hour)).unwrap_or(1.0);
    let amount = |money: Option<Money>| figure(&human::bare(money, 8));
    let columns = [
        C::left("", 12, |part| Cell::text(part.name.clone())),
        C::left("", 12, |part| Cell::dim(part.note.clone())).rank(2).stretch(1, 40),
        C::left("", 7, move |part| {
            Cell::Bar(RowBar { value: number(part.per_hour), top, ink: Ink::Mixed(Role::Loss, 80) })
        })
        .rank(1),
        C::right("$/h", 8, move |part| amount(part.per_hour)),
        C::right("today", 8, move |part| amount(part.today)),
    ];
    List { gap: 1, ..List::plain("Where it burns", &columns, &rows) }.draw(canvas, area);
    if rows.is_empty() && area.height > 1 {
        let is_known = scene.snap.money.cost.is_some() && scene.snap.money.idle_cost.is_some();
        let text = if is_known { "nowhere: no GPU idles, and all tokens have a price" } else { "unknown" };
        canvas.pen(area, 1).put(Role::Dim, text);
    }
}

/// Rows that they take, with their heading.
pub(super) fn burn_rows(scene: &Scene<'_>) -> u16 {
    2.max(parts(scene).len().min(20) as u16 + 1)
}

fn meaning(part: &str) -> &'static str {
    match part {
        "(idle)" => "rent of GPUs that make no tokens",
        "(unpriced)" => "rent of models without a price",
        "(overhead)" => "what your configuration adds",
        _ => "cost that no model carries",
    }
}

/// Draws alerts in their rule, a row each: what is wrong, since when, and for how long.
pub(super) fn alerts(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let alerts = &scene.snap.alerts;
    let title = format!("Alerts {}", alerts.len());
    let rule = TitledRule::new(if alerts.is_empty() { "Alerts".to_owned() } else { title });
    rule.right([Segment::dim("since")]).draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    alert_lines(canvas, below, scene, alerts);
    if alerts.is_empty() {
        canvas.pen(below, 0).put(Role::Dim, "none");
    }
}

/// Draws as many alerts as there are rows; the last row says how many more there are.
pub(super) fn alert_lines(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, alerts: &[Alert]) {
    for (row, alert) in (0..area.height).zip(alerts) {
        let more = alerts.len() - usize::from(row) - 1;
        let is_last = row + 1 == area.height && more > 0;
        alert_line(canvas, Rect { y: area.y + row, height: 1, ..area }, scene, alert, if is_last { more } else { 0 });
    }
}

/// Draws an alert in a row: what it is about and what is so; the time at the right.
pub(super) fn alert_line(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, alert: &Alert, more: usize) {
    let clock = human::clock_minute(alert.since, scene.zone());
    let age = human::duration(scene.ago(alert.since));
    let tail = match more {
        0 if area.width >= 60 => format!("{clock} {age:>4}"),
        0 => age,
        more => format!("{age}  +{more} more"),
    };
    let role = severity(alert.severity);
    let glyph = if role == Role::Dim { "· " } else { "▲ " };
    let mut clip = canvas.clip(area);
    let width = clip.width();
    let tail = [Segment::dim(tail)];
    clip.line_to(width, 0, &tail);
    let room = usize::from(width).saturating_sub(cells(&tail) + 2);
    let subject = human::shorten(alert.subject.as_str(), 30);
    let said_of = if role == Role::Dim { Role::Dim } else { Role::Text };
    let text = human::cut(&format!("{subject}: {}", alert.text), room.saturating_sub(2));
    clip.line(0, 0, &[Segment::new(role, glyph), Segment::new(said_of, text)]);
}

/// A figure of tokens a second.
pub(super) fn rate(value: Option<f64>) -> Cell<'static> {
    figure(&human::scaled_tight(value))
}
