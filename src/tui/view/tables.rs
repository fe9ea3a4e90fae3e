//! Tables beside the fleet: models, what costs and earns nothing, alerts.

use ratatui::layout::Rect;

use super::about::about;
use super::charts::severity;
use super::list::{Col, List, figure, said};
use crate::burn::{self, ReasonLine};
use crate::snapshot::Alert;
use crate::statement::Cause;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::row_bar::{DivergingBar, RowBar};
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
    said(role, format::signed(amount, 9))
}

type BurnCol<'s> = Col<'s, ReasonLine>;

/// Draws what costs and earns nothing, the dearest first; an estimate is marked.
pub(super) fn burns(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let rows = burn::lines(scene.snap);
    let top = rows.first().and_then(|line| number(line.per_hour)).unwrap_or(1.0);
    let amount = |money: Option<Money>| figure(&format::bare(money, 8));
    let name =
        |line: &ReasonLine| format!("{}{}", line.reason.name(), if line.reason.is_estimate() { " ≈" } else { "" });
    let since = match pane::period(scene) {
        Some(pane::ProfitPeriod::Since(_)) => "total",
        Some(pane::ProfitPeriod::Today) | None => "today",
    };
    let columns = [
        BurnCol::left("", 12, move |line| Cell::text(name(line))),
        BurnCol::left("", 12, |line| Cell::Phrase(told(scene, &line.what).into())).rank(2).stretch(6, 44),
        BurnCol::left("", 7, move |line| {
            Cell::Bar(RowBar { value: number(line.per_hour), top, ink: Ink::Mixed(Role::Loss, 80) })
        })
        .rank(3)
        .stretch(1, 12),
        BurnCol::right(scene.an_hour(), 8, move |line| amount(line.per_hour)),
        BurnCol::right(since, 8, move |line| amount(line.today)).rank(1),
    ];
    List { gap: 1, ..List::plain("Where it burns", &columns, &rows) }.draw(canvas, area);
    if rows.is_empty() && area.height > 1 {
        let is_known = scene.snap.money.cost.is_some();
        canvas
            .pen(area, 1)
            .put(Role::Dim, if is_known { "nowhere that is known" } else { "unknown: no cost is known" });
    }
}

/// Where it burns, with nodes for the addresses of what runs on them.
fn told(scene: &Scene<'_>, what: &str) -> String {
    match what.split_once(' ') {
        Some((word, rest)) if word.contains("://") => format!("{} {rest}", about(scene, word)),
        _ => what.to_owned(),
    }
}

/// Rows that they take, with their heading.
pub(super) fn burn_rows(scene: &Scene<'_>) -> u16 {
    2.max(burn::lines(scene.snap).len().min(20) as u16 + 1)
}

/// The parts of the last quarter hour's change that are not nothing, the largest first.
fn parts(scene: &Scene<'_>) -> Vec<(Cause, Money)> {
    let Some(quarter) = scene.app.bridge() else { return Vec::new() };
    let mut parts: Vec<_> = quarter.bridge.parts.iter().copied().filter(|(_, part)| !part.is_zero()).collect();
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.grains().unsigned_abs()));
    parts
}

/// Rows that they take, with their heading; none where nothing is known of a change.
pub(super) fn change_rows(scene: &Scene<'_>) -> u16 {
    match parts(scene).len() {
        0 => 0,
        parts => parts as u16 + 1,
    }
}

type P<'s> = Col<'s, (Cause, Money)>;

/// Draws why the profit an hour changed against a quarter hour ago.
pub(super) fn changes(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let rows = parts(scene);
    let top = rows.first().and_then(|(_, part)| number(Some(*part))).unwrap_or(1.0).abs();
    let columns = [
        P::left("", 14, |(cause, _)| Cell::dim(cause_name(*cause))),
        P::left("", 10, move |(_, part)| Cell::Diverging(DivergingBar::of_profit(number(Some(*part)), top, 12)))
            .stretch(1, 26),
        P::right("", 10, |(_, part)| {
            let (role, sign) = if *part < Money::ZERO { (Role::Loss, "▼ −") } else { (Role::Gain, "▲ +") };
            let size = if *part < Money::ZERO { Money::ZERO - *part } else { *part };
            said(role, format!("{sign}{}", format::bare(Some(size), 7)))
        }),
    ];
    let mut list = List { gap: 1, ..List::plain("Why it changed", &columns, &rows) };
    let symbol = format::symbol(scene.currency());
    let mut said = format!(" · {}/h, 15 min means", symbol.trim_end());
    if let Some(quarter) = scene.app.bridge() {
        let [before, after] = [quarter.bridge.before, quarter.bridge.after].map(|mean| format::bare(Some(mean), 8));
        let ends = format!(", {} → {}", before.trim(), after.trim());
        if format::width(&said) + format::width(&ends) + 20 <= usize::from(area.width) {
            said.push_str(&ends);
        }
    }
    list.title.push(Segment::dim(said));
    list.draw(canvas, area);
}

pub(super) fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Traffic => "traffic",
        Cause::Mix => "mix",
        Cause::HitRate => "hit rate",
        Cause::Price => "price",
        Cause::Unpriced => "unpriced",
        Cause::Gpus => "GPUs at work",
        Cause::Idle => "idle",
    }
}

/// Draws alerts in their rule, a row each: what is wrong, since when, and for how long.
pub(super) fn alerts(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let alerts = &scene.snap.alerts;
    let rule = if alerts.is_empty() {
        TitledRule::new("Alerts").note([Segment::dim("  none")])
    } else {
        TitledRule::new(format!("Alerts {}", alerts.len())).right([Segment::dim("since")])
    };
    rule.draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    alert_lines(canvas, below, scene, alerts);
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
    let clock = format::clock_minute(alert.since, scene.zone());
    let age = format::duration(scene.ago(alert.since));
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
    let subject = format::shorten(&about(scene, alert.subject.as_str()), 30);
    let said_of = if role == Role::Dim { Role::Dim } else { Role::Text };
    let subject = format!("{subject}: ");
    let left = room.saturating_sub(2 + format::width(&subject));
    let text = format::cut(&format!("{subject}{}", format::clauses(alert.text.as_str(), left)), room.saturating_sub(2));
    clip.line(0, 0, &[Segment::new(role, glyph), Segment::new(said_of, text)]);
}

/// A figure of tokens a second.
pub(super) fn rate(value: Option<f64>) -> Cell<'static> {
    figure(&format::scaled_tight(value))
}
