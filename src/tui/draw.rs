//! From an app and a snapshot to a frame. Pure: the same three give the same cells.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::app::{App, View};
use super::overview;
use super::pane;
use super::scene::Scene;
use super::theme::{Role, Theme};
use super::widgets::Canvas;
use crate::snapshot::Snapshot;

/// Below this the screen says that it is too small.
const LEAST: (u16, u16) = (40, 8);

/// Draws one frame.
pub fn draw(frame: &mut Frame<'_>, app: &App, snapshot: &Snapshot, theme: &Theme) {
    let area = frame.area();
    let mut canvas = Canvas { buffer: frame.buffer_mut(), theme };
    draw_on(&mut canvas, area, &Scene { app, snap: snapshot });
    theme.glyphs().apply(canvas.buffer);
}

fn draw_on(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    canvas.ground(area, Role::Ground);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        pane::too_small(canvas, area, scene);
        return;
    }
    let [head, mut body, foot] = frame_of(area);
    pane::header(canvas, head, scene);
    if pane::has_ledger_trouble(scene) && area.height >= 11 {
        // Money that is not written down must be seen, whatever else is shown.
        body.height -= 1;
        let line = Rect { x: body.x + 1, y: body.bottom(), width: body.width.saturating_sub(2), height: 1 };
        pane::ledger_trouble(canvas, line, scene);
    }
    let inner = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
    if scene.is_blank() && !scene.snap.troubles.is_empty() {
        pane::nothing_found(canvas, Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner }, scene);
    } else if scene.app.view == View::Overview {
        overview::overview(canvas, inner, scene);
    } else if scene.app.view == View::Money {
        pane::money(canvas, inner, scene);
    } else {
        list(canvas, inner, scene);
    }
    let foot = Rect { x: foot.x + 1, width: foot.width.saturating_sub(2), ..foot };
    pane::footer(canvas, foot, scene);
    if scene.app.what_if.open {
        pane::what_if(canvas, area, scene);
    }
    if scene.app.help {
        pane::help(canvas, area);
    }
}

/// The first row, what is between, the last row.
fn frame_of(area: Rect) -> [Rect; 3] {
    let row = |y: u16| Rect { y, height: 1, ..area };
    let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
    [row(area.y), body, row(area.bottom() - 1)]
}

/// A view that is one list.
fn list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    pane::tabs(canvas, Rect { height: 1, x: area.x - 1, ..area }, scene);
    let area = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    match scene.app.view {
        View::Overview | View::Money => {}
        View::Nodes => pane::node_list(canvas, area, scene),
        View::Models => pane::model_list(canvas, area, scene),
        View::Engines => pane::engine_list(canvas, area, scene),
        View::Alerts => pane::alert_list(canvas, area, scene),
    }
}
