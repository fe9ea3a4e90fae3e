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
mod profit_cells;
mod registry;
mod served;
mod settled;
mod tables;
mod what_if;

pub use hits::{Hit, Hits};
pub use id::ViewId;
pub use layout::{Layout, Part};
pub(super) use money::{has_calendar, money_csv};
pub use nodes::node_names;
pub use place::{ListKey, OnEnter, PastPart, SortOrder, ViewPlace};
pub(super) use what_if::what_if;

use ratatui::layout::Rect;

use super::app::{App, Command, Direction, Effect};
use super::frame_input::FrameInput;
use super::theme::Role;
use super::widgets::Canvas;
use crate::reading::Label;
use crate::snapshot::Rule;

/// The commands that a footer names in every view, in the order in which they find room.
const EVERYWHERE: [Command; 6] = [
    Command::Filter,
    Command::WhatIf,
    Command::Pause,
    Command::NextTheme,
    Command::Step(Direction::Previous),
    Command::Help,
];

/// A view. What differs from view to view is said here: no code outside of this folder decides by the name of a view.
pub trait View: Sync {
    /// The name on the tab and in messages.
    fn title(&self) -> &'static str;

    /// The digit that opens it; without one it is opened from another view.
    fn key(&self) -> Option<char> {
        None
    }

    /// The sort orders of its rows, the default first.
    fn orders(&self, _input: &FrameInput<'_>) -> Vec<SortOrder> {
        Vec::new()
    }

    /// The subjects of its rows, in their order.
    fn rows(&self, _input: &FrameInput<'_>) -> Vec<ListKey> {
        Vec::new()
    }

    /// The areas of its parts within `area`.
    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout;

    /// Draws the parts in the areas of `layout`. Returns the targets for the mouse.
    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits;

    /// The action of Enter on the chosen row.
    fn enter(&self, _input: &FrameInput<'_>) -> OnEnter {
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
    fn chosen(&self, _input: &FrameInput<'_>) -> Option<String> {
        None
    }

    /// The alerts of the chosen row, where rows are alerts.
    fn chosen_alerts(&self, _input: &FrameInput<'_>) -> Vec<(Rule, Label)> {
        Vec::new()
    }

    /// The commands that only this view has, the most useful first.
    fn commands(&self) -> &'static [Command] {
        &[]
    }

    /// The commands of all views that its footer names.
    fn common_commands(&self) -> &'static [Command] {
        &EVERYWHERE
    }

    /// The effect of a command that means something else here than in other views; `None` if it does not.
    fn obey(&self, _app: &mut App, _command: Command) -> Option<Effect> {
        None
    }

    /// The word of a command in the footer, where other views have `usual`; `None` leaves it out.
    fn word(&self, _input: &FrameInput<'_>, _command: Command, usual: String) -> Option<String> {
        Some(usual)
    }

    /// The view whose tab is marked while this one is open, where it has no tab.
    fn tab(&self) -> Option<ViewId> {
        None
    }

    /// How many things wait in it, in the role of the gravest: the figure beside its name.
    fn waiting(&self, _input: &FrameInput<'_>) -> Option<(Role, usize)> {
        None
    }

    /// The span of its charts; `None` without charts of a chosen span.
    fn span(&self, input: &FrameInput<'_>) -> Option<&'static str> {
        Some(input.app.charts.span.name())
    }

    /// The legend of what is dotted in its charts, empty if nothing is; `None` if none of its figures is compared with
    /// an earlier one either.
    fn legend(&self, _input: &FrameInput<'_>) -> Option<&'static str> {
        Some("")
    }

    /// The name of its rows, where their number is told.
    fn row_name(&self) -> &'static str {
        self.title()
    }

    /// What a filter applies to.
    fn filtered(&self) -> &'static str {
        "rows and sums"
    }

    /// What it shows of the ledger's past.
    fn past_parts(&self) -> &'static [PastPart] {
        &[]
    }

    /// The row that is expanded when the view is opened for a subject.
    fn opened(&self, _subject: &Label) -> Option<ListKey> {
        None
    }

    /// Whether it shows each engine's output within the latency objectives.
    fn has_goodput(&self) -> bool {
        false
    }

    /// Whether it has something to show where nothing is watched.
    fn needs_no_fleet(&self) -> bool {
        false
    }
}
