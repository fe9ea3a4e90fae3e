//! What was said last, over the bottom right of the screen, where it covers no figure.

use ratatui::buffer::Cell;
use ratatui::layout::Rect;

use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::toast::Toast;
use crate::tui::widgets::{Canvas, Segment};

/// Rows from the bottom among which a free place is looked for.
const ROWS: u16 = 12;

/// Draws it above the basis; where every such row has figures at its right, over the keys in the last row.
pub fn said(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let Some(said) = scene.app.said() else { return };
    let cells = usize::from(area.width).saturating_sub(4);
    let role = if said.is_trouble { Role::Warning } else { Role::Text };
    let toast = Toast { text: vec![Segment::new(role, human::cut(&said.text, cells))] };
    let width = human::width(&said.text).min(cells) as u16 + 2;
    // The header stays, and so do basis and keys.
    let above =
        Rect { y: area.y + 1, height: area.height.saturating_sub(3), width: area.width.saturating_sub(1), ..area };
    let from = above.bottom().saturating_sub(ROWS).max(above.y);
    let rows = (from..above.bottom()).map(|y| Rect { x: above.right().saturating_sub(width), y, width, height: 1 });
    let figures: Vec<Rect> = rows.filter(|row| has_figures(canvas, *row)).collect();
    let near = Rect { y: from, height: above.bottom() - from, ..above };
    if toast.draw(canvas, near, &figures).is_none() {
        let last = Rect { y: area.bottom().saturating_sub(1), height: 1, width: above.width, ..area };
        toast.draw(canvas, last, &[]);
    }
}

fn has_figures(canvas: &Canvas<'_>, row: Rect) -> bool {
    let is_figure = |cell: &Cell| cell.symbol().chars().any(|c| c.is_ascii_digit());
    row.positions().filter_map(|place| canvas.buffer.cell(place)).any(is_figure)
}
