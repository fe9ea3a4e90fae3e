//! Balance: whether the ranks of a unit share the work, the least fair unit first.

use ratatui::layout::Rect;

use super::cells::{full, gauge};
use super::list::{By, Col, List, count, figure, said, sort};
use super::{Entry, Hits, Layout, Order, Part, Place, RowKey, View, ViewId, list};
use crate::reading::Role as EngineRole;
use crate::snapshot::{Snapshot, UnitRow};
use crate::tui::app::{Command, Pace};
use crate::tui::human;
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::row_bar::RowBar;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Plot, Segment};
use crate::units::Ratio;

/// From here on the worst rank is warned of.
const UNFAIR: f64 = 1.2;
/// Rows of the ranks below the list.
const DETAIL: u16 = 10;

/// The view.
pub(super) struct Balance;

impl View for Balance {
    fn title(&self) -> &'static str {
        "balance"
    }

    fn key(&self) -> Option<char> {
        Some('6')
    }

    fn orders(&self, _scene: &Scene<'_>) -> Vec<Order> {
        list::orders(&columns())
    }

    fn rows(&self, scene: &Scene<'_>) -> Vec<RowKey> {
        lines(&scene.at(Pace::FiveSeconds)).iter().map(key).collect()
    }

    fn layout(&self, _scene: &Scene<'_>, area: Rect) -> Layout {
        let basis = u16::from(area.height > 12);
        let room = area.height - basis;
        let detail = if room >= DETAIL + 8 { DETAIL } else { 0 };
        let mut layout = Layout::whole(Part::List, Rect { height: room - detail, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + room - detail, height: detail, ..area });
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        let slow = scene.at(Pace::FiveSeconds);
        let lines = lines(&slow);
        let columns = columns();
        let mut hits = Hits::default();
        let state = scene.app.list_of(ViewId::Balance);
        if let Some(area) = layout.area(Part::List) {
            let list = List { key: &key, state: Some(state), ..List::plain("Units", &columns, &lines) };
            hits = list.draw(canvas, area);
            if lines.is_empty() {
                let why = "no units here: `unit` in a [[target]] names what fails and scales as a whole";
                canvas.pen(area, 1).put(Role::Dim, why);
            }
        }
        let keys: Vec<RowKey> = lines.iter().map(key).collect();
        if let (Some(area), Some(unit)) = (layout.area(Part::Table(0)), lines.get(state.place(&keys))) {
            ranks(canvas, area, &slow, unit);
        }
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, scene);
        }
        hits
    }

    fn enter(&self, scene: &Scene<'_>) -> Entry {
        self.chosen(scene).map_or(Entry::Nowhere, |unit| Entry::Into(Place::about(ViewId::Engines, &unit)))
    }

    fn chosen(&self, scene: &Scene<'_>) -> Option<String> {
        let slow = scene.at(Pace::FiveSeconds);
        let lines = lines(&slow);
        let keys: Vec<RowKey> = lines.iter().map(key).collect();
        lines.get(scene.app.list_of(ViewId::Balance).place(&keys)).map(|unit| unit.unit.to_string())
    }

    fn commands(&self) -> &'static [Command] {
        &[Command::Enter, Command::Filter, Command::Sort, Command::AlertsOf]
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "rows of lists are passed by reference")]
fn key(unit: &&UnitRow) -> RowKey {
    RowKey::of(("unit", unit.unit.as_str()))
}

fn lines<'a>(scene: &Scene<'a>) -> Vec<&'a UnitRow> {
    let accepted = |unit: &&UnitRow| scene.app.filter.accepts(&[("unit", unit.unit.as_str())]);
    let mut units: Vec<&UnitRow> = scene.snap.units.iter().filter(accepted).collect();
    sort(&mut units, &columns(), scene.app.list_of(ViewId::Balance));
    units
}

fn over(unit: &UnitRow) -> Option<f64> {
    unit.worst.as_ref().map(|worst| worst.over_mean.get())
}

fn columns<'s, 'a>() -> Vec<Col<'s, &'a UnitRow>> {
    type C<'s, 'a> = Col<'s, &'a UnitRow>;
    vec![
        C::left("Units", 12, |unit| Cell::text(unit.unit.to_string()))
            .stretch(1, 24)
            .rising(|unit| By::Name(unit.unit.to_string())),
        C::left("balanced by", 12, |unit| Cell::dim(balancer(unit))).rank(3),
        C::right("GPUs", 5, |unit| Cell::dim(human::compact(unit.gpus as u64))).rank(4),
        C::right("max/mean", 8, |unit| worst(unit)).falling(|unit| By::Number(over(unit))).first(),
        C::left("", 10, |unit| {
            Cell::Bar(RowBar { value: over(unit).map(|over| over - 1.0), top: 0.5, ink: Ink::Mixed(Role::Output, 70) })
        })
        .rank(5)
        .stretch(1, 30),
        C::left("worst", 8, |unit| {
            unit.worst.as_ref().map_or_else(Cell::unknown, |worst| Cell::dim(format!("r{}", worst.rank)))
        }),
        C::right("load", 5, |unit| figure(&human::percent(unit.utilization)))
            .falling(|unit| By::Number(unit.utilization.map(Ratio::get))),
        C::left("KV", 8, |unit| gauge(unit.kv_usage)).rank(6).stretch(1, 20),
        C::right("", 5, |unit| full(unit.kv_usage)).rank(1).falling(|unit| By::Number(unit.kv_usage.map(Ratio::get))),
        C::right("queue", 6, |unit| count(unit.waiting))
            .rank(2)
            .falling(|unit| By::Number(unit.waiting.map(|n| n as f64))),
    ]
}

/// What its balancer shares out.
fn balancer(unit: &UnitRow) -> &'static str {
    match unit.role {
        Some(EngineRole::Prefill) => "input tokens",
        Some(EngineRole::Decode) => "KV, requests",
        _ => "requests",
    }
}

fn worst(unit: &UnitRow) -> Cell<'static> {
    match over(unit) {
        Some(over) => said(if over >= UNFAIR { Role::Warning } else { Role::Text }, format!("{:.2}", over.min(99.0))),
        None => Cell::unknown(),
    }
}

/// A name, the values of the ranks, and how one is written.
type Ranks = (&'static str, Vec<Option<f64>>, fn(f64) -> String);

/// Every rank of a unit, a cell each, from the busiest: caches, then requests.
fn ranks(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, unit: &UnitRow) {
    let of = |value: fn(&crate::snapshot::EngineRow) -> Option<f64>| values(scene.snap, unit, value);
    let rows: [Ranks; 2] = [
        ("KV cache a rank", of(|row| row.kv_usage.map(Ratio::get)), |value| format!("{:.0} %", value * 100.0)),
        ("requests a rank", of(|row| row.running.map(|n| n as f64)), |value| format!("{value:.0}")),
    ];
    for (nth, (name, values, text)) in (0..).zip(rows) {
        let block = Rect { y: area.y + 1 + 4 * nth, height: 3, ..area }.intersection(area);
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        let most = known.iter().copied().fold(0.0, f64::max);
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let right =
            [Segment::dim("worst "), Segment::text(text(most)), Segment::dim("   mean "), Segment::text(text(mean))];
        let title = if nth == 0 { unit.unit.to_string() } else { String::new() };
        let mut rule = TitledRule::new(title).note([Segment::dim(format!("  {name}, the busiest first"))]);
        if nth > 0 {
            rule.title = vec![Segment::dim(name)];
            rule.note.clear();
        }
        if known.is_empty() {
            rule.draw(canvas, block);
            canvas.pen(block, 1).put(Role::Dim, "the engines of this unit report none");
            continue;
        }
        rule.right(right).draw(canvas, block);
        let mut sorted = known;
        sorted.sort_by(|a, b| b.total_cmp(a));
        sorted.truncate(usize::from(area.width));
        let line = Rect { y: block.y + 1, height: 1, width: sorted.len() as u16, ..block }.intersection(block);
        let values: Vec<Option<f64>> = sorted.into_iter().map(Some).collect();
        Sparkline::new(values, most.max(1e-9), Ink::Mixed(Role::Output, 75)).draw(canvas, line);
    }
}

fn values(
    snapshot: &Snapshot,
    unit: &UnitRow,
    value: fn(&crate::snapshot::EngineRow) -> Option<f64>,
) -> Vec<Option<f64>> {
    let of_unit = snapshot.engines.iter().filter(|row| row.unit.as_ref() == Some(&unit.unit));
    of_unit.map(|row| value(row)).collect()
}
