//! Money: when it was earned, why that changed, and where it goes.

use ratatui::layout::Rect;

use super::{Hits, Layout, Part, RowKey, View};
use crate::tui::app::Command;
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::view::ViewId;
use crate::tui::widgets::Canvas;

/// Rows of its lower pane, more or less.
const PAGE: usize = 6;

/// The view.
pub(super) struct Money;

impl View for Money {
    fn title(&self) -> &'static str {
        "money"
    }

    fn key(&self) -> Option<char> {
        Some('5')
    }

    fn rows(&self, scene: &Scene<'_>) -> Vec<RowKey> {
        (0..scene.app.money.rows()).map(pane::money_row_key).collect()
    }

    fn layout(&self, _scene: &Scene<'_>, area: Rect) -> Layout {
        Layout::whole(Part::List, area)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        // The header is of the moment of the rows.
        let snap = scene.app.money.picture.as_deref().unwrap_or(scene.snap);
        if let Some(area) = layout.area(Part::List) {
            pane::money(canvas, area, &Scene { snap, ..*scene });
        }
        Hits::of_page(PAGE)
    }

    fn commands(&self) -> &'static [Command] {
        &[Command::Show(ViewId::Money), Command::Against, Command::WhatIf]
    }
}
