//! Engines: which one is slow, full or unfair. A row a unit, or a target where there are no units; its ranks stand folded
//! under it, the busiest first.

mod columns;
mod lines;

use ratatui::layout::Rect;

use super::engine_charts::charts_of;
use super::latencies;
use super::list::List;
use super::{Entry, Hits, Layout, Order, Part, Place, RowKey, View, ViewId, list};
use crate::history::Subject;
use crate::tui::app::{Command, Pace, Turn};
use crate::tui::layout::Rows;
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::table::Tree;
use columns::{Tops, columns, total};
use lines::{Line, lines};

/// The least rows of the charts of the chosen row, and the most.
const CHARTS: u16 = 6;
const MOST_CHARTS: u16 = 18;

/// The view.
pub(super) struct Engines;

/// What is kept of the chosen row over time; of a rank that of its unit or engine, whose samples are kept.
fn chosen_subject<'l, 'a>(scene: &Scene<'_>, lines: &'l [Line<'a>]) -> Option<(Subject, String, &'l Line<'a>)> {
    let keys: Vec<RowKey> = lines.iter().map(|line| line.key).collect();
    let at = scene.app.list_of(ViewId::Engines).place(&keys);
    // A rank stands below what it is a part of.
    let parent = lines.get(..=at)?.iter().rev().find(|line| !matches!(line.tree, Tree::Child | Tree::LastChild))?;
    let subject = match (&parent.subject, parent.engine) {
        (_, Some(row)) => row.unit.clone().map_or_else(|| Subject::Engine(row.target.clone(), None), Subject::Unit),
        (Some(Subject::Node(_)) | None, None) => return Some((Subject::Fleet, "all engines".to_owned(), parent)),
        (Some(subject), None) => subject.clone(),
    };
    Some((subject, parent.name.clone(), parent))
}

/// Draws its charts where there is room, and its latencies below them.
fn chosen_row(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, lines: &[Line<'_>]) {
    let Some((subject, name, line)) = chosen_subject(scene, lines) else { return };
    let mut rows = Rows(area);
    latencies::draw(canvas, rows.bottom(latencies::ROWS), scene, &subject, &name);
    if rows.0.height >= CHARTS && subject != Subject::Fleet {
        charts_of(canvas, rows.0, scene, &subject, &line.served);
    }
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
        let has_detail = area.width >= 70 && (room >= rows + latencies::ROWS || room >= 28);
        let spare = room.saturating_sub(rows);
        let detail = match spare {
            _ if !has_detail => 0,
            spare if area.width >= 100 && spare >= latencies::ROWS + CHARTS => spare.min(latencies::ROWS + MOST_CHARTS),
            _ => latencies::ROWS,
        };
        // What is left over stays below both, so that the chosen row and what is told of it stand together.
        let list = (room - detail).min(rows.max(6));
        let mut layout = Layout::whole(Part::List, Rect { height: list, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + list, height: detail, ..area });
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
            chosen_row(canvas, area, scene, &lines);
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
