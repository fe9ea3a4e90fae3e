//! The views: what stands between the first and the last row of the screen, each behind [`View`], each in a file.
//!
//! Only `id` lists which there are, and `registry` knows what stands behind each. A view answers what it is called, how its rows are sorted and which they are;
//! it lays itself out once, and both drawing and the mouse go by that.

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
    /// Its name on the tab, and where it is spoken of.
    fn title(&self) -> &'static str;

    /// The digit that opens it; without one it is opened from another view.
    fn key(&self) -> Option<char> {
        None
    }

    /// By what its rows can be sorted; the first is how they are sorted before anybody asks.
    fn orders(&self, _scene: &Scene<'_>) -> Vec<SortOrder> {
        Vec::new()
    }

    /// Its rows in their order, by what they are rows of.
    fn rows(&self, _scene: &Scene<'_>) -> Vec<ListKey> {
        Vec::new()
    }

    /// Where its parts stand in `area`.
    fn layout(&self, scene: &Scene<'_>, area: Rect) -> Layout;

    /// Draws the parts where `layout` has them. Returns what a mouse meets there.
    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits;

    /// What Enter does with the chosen row.
    fn enter(&self, _scene: &Scene<'_>) -> OnEnter {
        OnEnter::Nowhere
    }

    /// The view that shows more of a block than this one does.
    fn more(&self, block: Part) -> Option<ViewId> {
        match block {
            Part::Digits | Part::Chart => Some(ViewId::Money),
            Part::Alerts => Some(ViewId::Alerts),
            _ => None,
        }
    }

    /// What the chosen row is called: its alerts are looked for by this name.
    fn chosen(&self, _scene: &Scene<'_>) -> Option<String> {
        None
    }

    /// The alerts of the chosen row, where rows are alerts.
    fn chosen_alerts(&self, _scene: &Scene<'_>) -> Vec<(Rule, Label)> {
        Vec::new()
    }

    /// The commands that mean something here and not everywhere, the most useful first.
    fn commands(&self) -> &'static [Command] {
        &[]
    }
}
