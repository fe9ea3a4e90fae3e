//! Engines: which one is slow, full or unfair. A row a unit, or a target where there are no units; its ranks stand folded
//! under it, the busiest first.

mod columns;
mod lines;

use ratatui::layout::Rect;

use super::latencies;
use super::list::List;
use super::{Entry, Hits, Layout, Order, Part, Place, RowKey, View, ViewId, list};
use crate::history::Subject;
use crate::snapshot::EngineRow;
use crate::tui::app::{Command, Pace, Turn};
use crate::tui::pane;
use crate::tui::scene::{Scene, short_target};
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use columns::{Tops, columns, total};
use lines::{Line, lines};

/// The view.
pub(super) struct Engines;

/// The latencies of the chosen row; of a rank those of its unit or engine, whose samples are kept.
fn chosen_delays(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, lines: &[Line<'_>]) {
    let keys: Vec<RowKey> = lines.iter().map(|line| line.key).collect();
    let Some(line) = lines.get(scene.app.list_of(ViewId::Engines).place(&keys)) else { return };
    let of_engine = |row: &EngineRow| {
        let engine = || (Subject::Engine(row.target.clone(), None), short_target(row));
        row.unit.clone().map_or_else(engine, |unit| (Subject::Unit(unit.clone()), unit.to_string()))
    };
    let (subject, name) = match (&line.subject, line.engine) {
        (_, Some(row)) => of_engine(row),
        (Some(subject @ (Subject::Unit(_) | Subject::Model(_))), None) => (subject.clone(), line.name.clone()),
        _ => (Subject::Fleet, "all engines".to_owned()),
    };
    latencies::draw(canvas, area, scene, &subject, &name);
}

impl View for Engines {
    fn title(&self) -> &'static str {
        "engines"
    }

    fn key(&self) -> Option<char> {
        Some('4')
    }

    fn orders(&self, scene: &Scene<'_>) -> Vec<Order> {
        list::orders(&columns(scene, Tops::default()))
    }

    fn rows(&self, scene: &Scene<'_>) -> Vec<RowKey> {
        let slow = scene.at(Pace::FiveSeconds);
        lines(&slow).iter().map(|line| line.key).collect()
    }

    fn layout(&self, scene: &Scene<'_>, area: Rect) -> Layout {
        let basis = u16::from(area.height > 12);
        let room = area.height - basis;
        // What the list does not need tells of the chosen row; a long list gives a few rows for it.
        let rows = lines(&scene.at(Pace::FiveSeconds)).len().min(1_000) as u16 + 2;
        let has_delays = area.width >= 70 && (room >= rows + latencies::ROWS || room >= 28);
        let delays = if has_delays { latencies::ROWS } else { 0 };
        let list = room - delays;
        let mut layout = Layout::whole(Part::List, Rect { height: list, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + list, height: delays, ..area });
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        let slow = scene.at(Pace::FiveSeconds);
        let lines = lines(&slow);
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, scene);
        }
        if let Some(area) = layout.area(Part::Table(0)) {
            chosen_delays(canvas, area, scene, &lines);
        }
        let Some(area) = layout.area(Part::List) else { return Hits::default() };
        let columns = columns(&slow, Tops::of(&slow, &lines));
        let total = |hidden: usize| total(&slow, hidden, &columns);
        let is_whole = scene.app.filter.text().is_empty() && scene.app.subject().is_none();
        let list = List {
            key: &|line: &Line<'_>| line.key,
            tree: &|line| line.tree,
            state: Some(scene.app.list_of(ViewId::Engines)),
            total: (is_whole && area.height > 6 && lines.len() > 1).then_some(&total),
            gap: if area.width < 140 { 1 } else { 2 },
            ..List::plain("Engines", &columns, &lines)
        };
        let hits = list.draw(canvas, area);
        if lines.is_empty() && area.height > 1 {
            let what = if is_whole { "no engine answers" } else { "no engine of this; Esc goes back" };
            canvas.pen(area, 1).put(Role::Dim, what);
        }
        hits
    }

    fn enter(&self, scene: &Scene<'_>) -> Entry {
        let slow = scene.at(Pace::FiveSeconds);
        let lines = lines(&slow);
        let keys: Vec<RowKey> = lines.iter().map(|line| line.key).collect();
        match lines.get(scene.app.list_of(ViewId::Engines).place(&keys)) {
            Some(Line { engine: Some(engine), .. }) => Entry::Into(Place::about(ViewId::Node, engine.node.as_str())),
            Some(line) if line.is_parent => Entry::Fold(line.key),
            _ => Entry::Nowhere,
        }
    }

    fn chosen(&self, scene: &Scene<'_>) -> Option<String> {
        let slow = scene.at(Pace::FiveSeconds);
        let lines = lines(&slow);
        let keys: Vec<RowKey> = lines.iter().map(|line| line.key).collect();
        lines.get(scene.app.list_of(ViewId::Engines).place(&keys)).map(|line| line.alerts_of.clone())
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Fold,
            Command::FoldAll,
            Command::Group,
            Command::Filter,
            Command::Sort,
            Command::Reach(Turn::Previous),
        ]
    }
}
