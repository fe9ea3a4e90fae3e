//! From an app and a snapshot to a frame. Pure: the same three give the same cells.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::App;
use super::pane;
use super::scene::Scene;
use super::theme::{Role, Theme};
use super::view::{self, Hits};
use super::widgets::Canvas;
use crate::snapshot::Snapshot;

/// Below this the screen says that it is too small.
const LEAST: (u16, u16) = (40, 8);
/// From here on the views are named in a row of their own.
const TABS: (u16, u16) = (108, 30);

/// Draws one frame. Returns what a mouse meets in it.
pub fn draw(frame: &mut Frame<'_>, app: &App, snapshot: &Snapshot, theme: &Theme) -> Hits {
    draw_into(frame.buffer_mut(), app, snapshot, theme)
}

/// Draws one frame over all of a buffer.
pub(super) fn draw_into(buffer: &mut Buffer, app: &App, snapshot: &Snapshot, theme: &Theme) -> Hits {
    let area = buffer.area;
    let mut canvas = Canvas::new(buffer, theme);
    let mut hits = draw_on(&mut canvas, area, &Scene { app, snap: snapshot, size: (area.width, area.height) });
    hits.push_plots(std::mem::take(&mut canvas.plots));
    hits.push_spots(std::mem::take(&mut canvas.spots));
    theme.glyphs().apply(canvas.buffer);
    hits
}

fn draw_on(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> Hits {
    canvas.ground(area, Role::Ground);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        pane::too_small(canvas, area, scene);
        return Hits::default();
    }
    let [head, mut body, foot] = frame_of(area);
    pane::header(canvas, head, scene);
    let has_tabs = area.width >= TABS.0 && area.height >= TABS.1;
    let mut hits = Hits::of_screen(scene.size);
    if has_tabs {
        hits.extend(pane::tabs(canvas, Rect { height: 1, ..body }, scene));
        body = Rect { y: body.y + 1, height: body.height - 1, ..body };
    }
    if pane::has_ledger_trouble(scene) && area.height >= 11 {
        // Money that is not written down must be seen, whatever else is shown.
        body.height -= 1;
        let line = Rect { x: body.x + 1, y: body.bottom(), width: body.width.saturating_sub(2), height: 1 };
        pane::ledger_trouble(canvas, line, scene);
    }
    let inner = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
    let id = view::shown(scene.app, scene);
    if scene.app.what_if.open {
        view::what_if(canvas, inner, scene);
    } else {
        hits.extend(draw_view(canvas, inner, scene, id));
    }
    let foot = Rect { x: foot.x + 1, width: foot.width.saturating_sub(2), ..foot };
    hits.extend(pane::footer(canvas, foot, scene, id, has_tabs));
    if let Some(first) = scene.app.explaining() {
        pane::figures(canvas, area, scene, first);
    }
    if let Some(prompt) = scene.app.prompt() {
        pane::prompt(canvas, area, prompt);
    }
    pane::said(canvas, area, scene);
    hits
}

fn draw_view(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, id: view::ViewId) -> Hits {
    let layout = id.view().layout(scene, area);
    let mut hits = id.view().draw(canvas, scene, &layout);
    hits.push_parts(layout.parts());
    if let Some(area) = scene.app.block().and_then(|block| layout.area(block)) {
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

/// The first row, what is between, the last row.
fn frame_of(area: Rect) -> [Rect; 3] {
    let row = |y: u16| Rect { y, height: 1, ..area };
    let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
    [row(area.y), body, row(area.bottom() - 1)]
}
