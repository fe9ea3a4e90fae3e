//! From an app and a snapshot to a frame. Pure: the same three give the same cells.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::App;
use super::frame_input::FrameInput;
use super::pane;
use super::screen::Screen;
use super::theme::{Role, Theme};
use super::view::{self, Hits};
use super::widgets::Canvas;
use crate::snapshot::Snapshot;

/// Draws one frame. Returns what a mouse meets in it.
pub fn draw(frame: &mut Frame<'_>, app: &App, snapshot: &Snapshot, theme: &Theme) -> Hits {
    draw_into(frame.buffer_mut(), app, snapshot, theme)
}

/// Draws one frame over all of a buffer.
pub(super) fn draw_into(buffer: &mut Buffer, app: &App, snapshot: &Snapshot, theme: &Theme) -> Hits {
    let area = buffer.area;
    let mut canvas = Canvas::new(buffer, theme);
    let mut hits = draw_on(&mut canvas, area, &FrameInput { app, snap: snapshot, size: (area.width, area.height) });
    hits.push_plots(std::mem::take(&mut canvas.plots));
    hits.push_spots(std::mem::take(&mut canvas.spots));
    theme.glyphs().apply(canvas.buffer);
    hits
}

fn draw_on(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) -> Hits {
    canvas.ground(area, Role::Ground);
    let Some(screen) = Screen::of(input) else {
        pane::too_small(canvas, area, input);
        return Hits::default();
    };
    pane::header(canvas, screen.header, input);
    let has_tabs = screen.tabs.height > 0;
    let mut hits = Hits::of_screen(input.size);
    if has_tabs {
        hits.extend(pane::tabs(canvas, screen.tabs, input));
    }
    if screen.failure.height > 0 {
        pane::ledger_failure(canvas, screen.failure, input);
    }
    let id = input.shown_view();
    if input.app.what_if.open {
        view::what_if(canvas, screen.view, input);
    } else {
        hits.extend(draw_view(canvas, screen.view, input, id));
    }
    hits.extend(pane::footer(canvas, screen.footer, input, id, has_tabs));
    if let Some(first) = input.app.explaining() {
        pane::figures(canvas, area, input, first);
    }
    if let Some(prompt) = input.app.prompt() {
        pane::prompt(canvas, area, prompt);
    }
    pane::said(canvas, area, input);
    hits
}

fn draw_view(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, id: view::ViewId) -> Hits {
    let layout = id.view().layout(input, area);
    let mut hits = id.view().draw(canvas, input, &layout);
    hits.push_parts(layout.parts());
    if let Some(area) = input.app.block().and_then(|block| layout.area(block)) {
        mark(canvas, area);
    }
    hits
}

/// Draws the rule of the chosen block in the accent.
fn mark(canvas: &mut Canvas<'_>, area: Rect) {
    let style = canvas.theme.style(Role::Accent);
    for place in (Rect { height: area.height.min(1), ..area }).positions() {
        if let Some(cell) = canvas.buffer.cell_mut(place).filter(|cell| cell.symbol() == "─") {
            cell.set_style(style);
        }
    }
}
