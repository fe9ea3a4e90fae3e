//! The views: what stands between the first and the last row of the screen, each behind [`View`], each in a file.
//!
//! Only `registry` knows which there are. A view answers what it is called, how its rows are sorted and which they are;
//! it lays itself out once, and both drawing and the mouse go by that.

mod about;
mod alerts;
mod balance;
mod cells;
mod charts;
mod engine_charts;
mod engine_rows;
mod engines;
mod fleet;
mod gpus;
mod help;
mod hits;
mod latencies;
mod layout;
mod lines_of;
mod list;
mod model;
mod models;
mod money;
mod node;
mod node_columns;
mod node_events;
mod node_headline;
mod nodes;
mod nothing;
mod overview;
mod registry;
mod served;
mod settled;
mod tables;
mod what_if;

pub use hits::{Hit, Hits};
pub use layout::{Layout, Part};
pub(super) use money::{has_calendar, has_one_pane, money_csv};
pub use registry::ViewId;
pub(super) use what_if::what_if;

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use ratatui::layout::Rect;

use super::app::{App, Command};
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
    fn orders(&self, _scene: &Scene<'_>) -> Vec<Order> {
        Vec::new()
    }

    /// Its rows in their order, by what they are rows of.
    fn rows(&self, _scene: &Scene<'_>) -> Vec<RowKey> {
        Vec::new()
    }

    /// Where its parts stand in `area`.
    fn layout(&self, scene: &Scene<'_>, area: Rect) -> Layout;

    /// Draws the parts where `layout` has them. Returns what a mouse meets there.
    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits;

    /// What Enter does with the chosen row.
    fn enter(&self, _scene: &Scene<'_>) -> Entry {
        Entry::Nowhere
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

/// Something to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The heading.
    pub title: Cow<'static, str>,
    /// The number of the column.
    pub column: usize,
    /// Whether the largest stands first unless it is turned round.
    pub falls: bool,
    /// Whether the column says anything: else the next order is that behind it.
    pub says_something: bool,
}

/// Where Enter leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing to go into.
    Nowhere,
    /// Another view.
    Into(Place),
    /// The row itself opens or closes.
    Fold(RowKey),
}

/// Where one is: a view, and what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The view.
    pub view: ViewId,
    /// The node, unit or model that it shows; `None` is all of them.
    pub subject: Option<Label>,
}

impl Place {
    /// A view of everything.
    pub const fn of(view: ViewId) -> Self {
        Self { view, subject: None }
    }

    /// A view of one thing.
    pub fn about(view: ViewId, subject: &str) -> Self {
        Self { view, subject: Some(Label::new(subject)) }
    }
}

/// What a row is a row of, whatever its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(u64);

impl RowKey {
    /// The key of what has this identity.
    pub fn of(identity: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Which view is drawn: the open one, unless there is nothing to show in any.
pub fn shown(app: &App, scene: &Scene<'_>) -> ViewId {
    let is_nothing = scene.is_blank() && !scene.snap.troubles.is_empty();
    if is_nothing && app.view() != ViewId::Help { ViewId::Nothing } else { app.view() }
}

/// The names of the nodes, as their list has them.
pub fn node_names(scene: &Scene<'_>) -> Vec<String> {
    nodes::all_names(scene)
}
