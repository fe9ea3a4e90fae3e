//! The engines view: which engine is slow, full or unevenly loaded. A row is a unit, or a target without a unit; its ranks
//! fold below it, the busiest first.

mod columns;
mod detail;
mod line;
mod lines;

use ratatui::layout::Rect;

use super::latencies;
use super::list::List;
use super::models::objectives_legend;
use super::{Hits, Layout, ListKey, OnEnter, Part, SortOrder, View, ViewId, ViewPlace, list};
use crate::reading::Label;
use crate::tui::app::{Command, Direction, RefreshPace};
use crate::tui::figures_of;
use crate::tui::frame_input::{FrameInput, subject_in};
use crate::tui::pane;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::table::TableRow;
use columns::{Tops, columns, sums, total};
use line::EngineLine;
use lines::{judged_counts, lines};

/// The least columns for the detail of the chosen row.
const LEAST_DETAIL: u16 = 56;

/// The engines view.
pub(super) struct Engines;

/// Draws the list with its totals, which do not depend on folding, grouping or the filter.
fn draw_list(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, lines: &[EngineLine<'_>]) -> Hits {
    let columns = columns(input, Tops::of(input, lines));
    let about = input.app.subject();
    let is_whole = input.app.filter.text().is_empty() && about.is_none();
    let whole = |hidden: usize| total(input, hidden, &columns);
    let shown = |_: usize| sums(input, lines, &columns);
    let total: &dyn Fn(usize) -> TableRow<'static> = if is_whole { &whole } else { &shown };
    let note = if lines.is_empty() && input.app.filter.text().is_empty() {
        Some(if is_whole { "no engine answers" } else { "no engine of this: Esc goes back" }.to_owned())
    } else {
        let (passes, unknown) = judged_counts(input);
        list::filter_note(&input.app.filter, &figures_of::ENGINE, passes, unknown)
    };
    let has_total = area.height > 2 && input.snap.engines.len() > 1;
    let mut list = List {
        key: &|line: &EngineLine<'_>| line.key,
        tree: &|line| line.tree,
        state: Some(input.app.list_of(ViewId::Engines)),
        total: has_total.then_some(total),
        gap: if area.width < 140 { 1 } else { 2 },
        note,
        ..List::plain("Engines", &columns, lines)
    };
    list.hint.extend(latencies::hint(input));
    list.of = about.map(|about| subject_in(input.snap, about.as_str()));
    list.draw(canvas, area)
}

impl View for Engines {
    fn title(&self) -> &'static str {
        "engines"
    }

    fn key(&self) -> Option<char> {
        Some('4')
    }

    fn orders(&self, input: &FrameInput<'_>) -> Vec<SortOrder> {
        list::orders(&columns(input, Tops::default()))
    }

    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        let slow = input.at(RefreshPace::FiveSeconds);
        lines(&slow).iter().map(|line| line.key).collect()
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        let basis = u16::from(area.height > 12);
        let room = area.height - basis;
        // Rows that the list does not need show the detail of the chosen row; a long list gives up a few rows for it.
        let rows = lines(&input.at(RefreshPace::FiveSeconds)).len().min(1_000) as u16 + 2;
        let has_detail = area.width >= LEAST_DETAIL && (room >= rows + latencies::ROWS || room >= 28);
        let spare = room.saturating_sub(rows);
        let detail = match spare {
            _ if !has_detail => 0,
            spare if spare >= latencies::ROWS + detail::CHARTS => spare,
            // Too low for charts: more ranks stand beside the latencies.
            spare if area.width >= detail::WITH_RANKS && spare >= latencies::ROWS => spare,
            _ => latencies::ROWS,
        };
        // Spare rows go below both, so that the list and the detail stay adjacent.
        let list = (room - detail).min(rows.max(6));
        let mut layout = Layout::whole(Part::List, Rect { height: list, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + list, height: detail, ..area });
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        let slow = input.at(RefreshPace::FiveSeconds);
        let lines = lines(&slow);
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, input);
        }
        if let Some(area) = layout.area(Part::Table(0)) {
            detail::draw(canvas, area, input, &lines);
        }
        let Some(area) = layout.area(Part::List) else { return Hits::default() };
        draw_list(canvas, area, &slow, &lines)
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        let slow = input.at(RefreshPace::FiveSeconds);
        let lines = lines(&slow);
        let keys: Vec<ListKey> = lines.iter().map(|line| line.key).collect();
        match lines.get(input.app.list_of(ViewId::Engines).place(&keys)) {
            Some(EngineLine { engine: Some(engine), .. }) => {
                OnEnter::Into(ViewPlace::about(ViewId::Node, engine.node.as_str()))
            }
            Some(line) if line.is_parent => OnEnter::Fold(line.key),
            _ => OnEnter::Nowhere,
        }
    }

    fn chosen(&self, input: &FrameInput<'_>) -> Option<String> {
        let slow = input.at(RefreshPace::FiveSeconds);
        let lines = lines(&slow);
        let keys: Vec<ListKey> = lines.iter().map(|line| line.key).collect();
        lines.get(input.app.list_of(ViewId::Engines).place(&keys)).map(|line| line.alerts_of.clone())
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Fold,
            Command::FoldAll,
            Command::Group,
            Command::Filter,
            Command::Sort,
            Command::StepSpan(Direction::Previous),
        ]
    }

    fn legend(&self, input: &FrameInput<'_>) -> Option<&'static str> {
        Some(objectives_legend(input))
    }

    /// A unit's engines are what it is opened for.
    fn opened(&self, subject: &Label) -> Option<ListKey> {
        Some(ListKey::of(("unit", subject.as_str())))
    }

    fn has_goodput(&self) -> bool {
        true
    }
}
