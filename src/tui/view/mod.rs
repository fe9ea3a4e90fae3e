//! The views: the part of the screen between the first and the last row. Each implements [`View`] in a file of its own.
//!
//! `id` lists the views and `registry` their implementations. A view has a name, sort orders and rows;
//! its layout is computed once and used for both drawing and the mouse.

mod about;
mod alerts;
mod balance;
mod cause_words;
mod cells;
mod charts;
mod engine_charts;
mod engine_rows;
mod engines;
mod fleet;
mod gpus;
mod heat;
mod help;
mod hits;
mod id;
mod latencies;
mod layout;
mod lines_of;
mod list;
mod model;
mod model_money;
mod models;
mod money;
mod node;
mod node_columns;
mod node_events;
mod node_headline;
mod node_parts;
mod nodes;
mod nothing;
mod overview;
mod place;
mod registry;
mod served;
mod settled;
mod tables;
mod what_if;

pub use hits::{Hit, Hits};
pub use id::ViewId;
pub use layout::{Layout, Part};
pub(super) use money::{has_calendar, has_one_pane, money_csv};
pub use nodes::node_names;
pub use place::{ListKey, OnEnter, SortOrder, ViewPlace};
pub(super) use what_if::what_if;

use ratatui::layout::Rect;

use super::app::Command;
use super::scene::Scene;
use super::widgets::Canvas;
use crate::reading::Label;
use crate::snapshot::Rule;

/// A view.
pub trait View: Sync {
    /// The name on the tab and in messages.
    fn title(&self) -> &'static str;

    /// The digit that opens it; without one it is opened from another view.
    fn key(&self) -> Option<char> {
        None
    }

    /// The sort orders of its rows, the default first.
    fn orders(&self, _scene: &Scene<'_>) -> Vec<SortOrder> {
        Vec::new()
    }

    /// The subjects of its rows, in their order.
    fn rows(&self, _scene: &Scene<'_>) -> Vec<ListKey> {
        Vec::new()
    }

    /// The areas of its parts within `area`.
    fn layout(&self, scene: &Scene<'_>, area: Rect) -> Layout;

    /// Draws the parts in the areas of `layout`. Returns the targets for the mouse.
    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits;

    /// The action of Enter on the chosen row.
    fn enter(&self, _scene: &Scene<'_>) -> OnEnter {
        OnEnter::Nowhere
    }

    /// The view that shows more of a block.
    fn more(&self, block: Part) -> Option<ViewId> {
        match block {
            Part::Digits | Part::Chart => Some(ViewId::Money),
            Part::Alerts => Some(ViewId::Alerts),
            _ => None,
        }
    }

    /// The name of the chosen row, by which its alerts are found.
    fn chosen(&self, _scene: &Scene<'_>) -> Option<String> {
        None
    }

    /// The alerts of the chosen row, where rows are alerts.
    fn chosen_alerts(&self, _scene: &Scene<'_>) -> Vec<(Rule, Label)> {
        Vec::new()
    }

    /// The commands that only this view has, the most useful first.
    fn commands(&self) -> &'static [Command] {
        &[]
    }
}
