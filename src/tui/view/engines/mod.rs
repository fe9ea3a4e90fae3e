//! Engines: which one is slow, full or unfair. A row a unit, or a target where there are no units; its ranks stand folded
//! under it, the busiest first.

mod columns;
mod lines;

use ratatui::layout::Rect;

use super::list::List;
use super::{Entry, Hits, Layout, Order, Part, Place, RowKey, View, ViewId, list};
use crate::tui::app::{Command, Pace, Turn};
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use columns::{Tops, columns, total};
use lines::{Line, lines};

/// The view.
pub(super) struct Engines;

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

    fn layout(&self, _scene: &Scene<'_>, area: Rect) -> Layout {
        let basis = u16::from(area.height > 12);
        let mut layout = Layout::whole(Part::List, Rect { height: area.height - basis, ..area });
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        let slow = scene.at(Pace::FiveSeconds);
        let lines = lines(&slow);
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, scene);
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
