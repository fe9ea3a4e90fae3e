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
use crate::tui::format;
use crate::tui::layout::Rows;
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::widgets::table::{Row, Tree};
use crate::tui::widgets::{Canvas, Segment};
use columns::{Tops, columns, sums, total};
use lines::{Line, judged_counts, lines};

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
    let served = &line.served;
    let p99 = [served.ttft_p99, served.itl_p99, served.e2e_p99];
    let now = latencies::Now {
        seconds: scene.snap.window_seconds.unwrap_or_default(),
        p99: std::array::from_fn(|nth| latencies::bounded(p99[nth], served.beyond[nth])),
    };
    let is_told = scene.snap.window_seconds.is_some() && scene.app.then().is_none() && subject != Subject::Fleet;
    latencies::draw(canvas, rows.bottom(latencies::ROWS), scene, &subject, &name, is_told.then_some(&now));
    if rows.0.height >= CHARTS && subject != Subject::Fleet {
        charts_of(canvas, rows.0, scene, &subject, &line.served);
    }
}

/// Draws the list with its sums, which stay whatever is folded, grouped or filtered.
fn draw_list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, lines: &[Line<'_>]) -> Hits {
    let columns = columns(scene, Tops::of(scene, lines));
    let about = scene.app.subject();
    let is_whole = scene.app.filter.text().is_empty() && about.is_none();
    let whole = |hidden: usize| total(scene, hidden, &columns);
    let shown = |_: usize| sums(lines, &columns);
    let total: &dyn Fn(usize) -> Row<'static> = if is_whole { &whole } else { &shown };
    let note = if lines.is_empty() && scene.app.filter.text().is_empty() {
        Some(if is_whole { "no engine answers" } else { "no engine of this: Esc goes back" }.to_owned())
    } else {
        let (passes, unknown) = judged_counts(scene);
        list::filter_note(&scene.app.filter, passes, unknown)
    };
    let mut list = List {
        key: &|line: &Line<'_>| line.key,
        tree: &|line| line.tree,
        state: Some(scene.app.list_of(ViewId::Engines)),
        total: (area.height > 3 && scene.snap.engines.len() > 1).then_some(total),
        gap: if area.width < 140 { 1 } else { 2 },
        note,
        ..List::plain("Engines", &columns, lines)
    };
    if let Some(about) = about {
        let name = format::shorten(about.as_str(), 30);
        list.title.push(Segment::text(format!(" of {name}")));
        list.title.push(Segment::dim(" · Esc: all"));
    }
    list.draw(canvas, area)
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
        draw_list(canvas, area, &slow, &lines)
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
