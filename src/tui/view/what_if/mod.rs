//! What if: today's traffic with something otherwise, beside what is so. All that is not real is in the role of warnings,
//! so that it is not taken for money.

mod by_load;
mod fields;
mod sums;
mod worth;

use ratatui::layout::Rect;

pub(in crate::tui::view) use worth::levers;

use crate::tui::format;
use crate::tui::ledger_query::WhatIfPage;
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws it over the view that it was asked from.
pub(in crate::tui) fn what_if(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let basis = Rect { y: area.bottom().saturating_sub(1), height: u16::from(area.height > 18), ..area };
    pane::basis(canvas, basis, scene);
    let area = Rect { height: area.height - basis.height, ..area };
    let page = scene.app.what_if.page.clone();
    if area.width >= 106 && area.height >= 26 {
        wide(canvas, area, scene, page.as_deref());
    } else {
        narrow(canvas, area, scene, page.as_deref());
    }
}

fn wide(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: Option<&WhatIfPage>) {
    let left = Rect { width: (area.width - 2) / 2, ..area };
    let right = Rect { x: left.right() + 2, width: area.width - left.width - 2, ..area };
    let upper = fields::rows(true).max(sums::ROWS + 1);
    fields::draw(canvas, Rect { height: upper, ..left }, scene, true);
    let Some(page) = page else { return nothing_yet(canvas, Rect { height: upper, ..right }, scene) };
    sums::draw(canvas, Rect { height: upper, ..right }, scene, page, true);
    let command = command(page, area.width);
    let told = command.len() as u16;
    let lower = |area: Rect| Rect { y: area.y + upper, height: area.height - upper - told, ..area };
    levers(canvas, lower(left), scene, &page.levers);
    by_load::draw(canvas, lower(right), scene, page);
    tell(canvas, Rect { y: area.bottom() - told, height: told, ..area }, &command);
}

fn narrow(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: Option<&WhatIfPage>) {
    let fields = fields::rows(false);
    fields::draw(canvas, Rect { height: fields.min(area.height), ..area }, scene, false);
    let below = Rect { y: area.y + fields, height: area.height.saturating_sub(fields), ..area }.intersection(area);
    let Some(page) = page else { return nothing_yet(canvas, below, scene) };
    let sums = if below.height > 3 { below.height.min(sums::ROWS_WITHOUT_BARS) } else { below.height };
    sums::draw(canvas, Rect { height: sums, ..below }, scene, page, false);
    let rest = Rect { y: below.y + sums, height: below.height - sums, ..below };
    let command = command(page, area.width);
    let told = (command.len() as u16).min(rest.height);
    if rest.height >= 6 + told {
        by_load::draw(canvas, Rect { height: rest.height - told, ..rest }, scene, page);
    }
    tell(canvas, Rect { y: rest.bottom() - told, height: told, ..rest }, &command);
}

/// Why there is nothing to compare.
fn nothing_yet(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let (role, text) = match &scene.app.what_if.trouble {
        Some(trouble) => (Role::Critical, trouble.to_string()),
        None if scene.app.has_past => (Role::Dim, "asking the ledger…".to_owned()),
        None => (Role::Dim, "no ledger here: the past is not kept".to_owned()),
    };
    for (row, line) in (0..area.height).zip(format::wrapped(&text, usize::from(area.width))) {
        canvas.pen(area, row).put(role, &line);
    }
}

/// The command that prints the same, in lines of so many cells; none where nothing is otherwise.
fn command(page: &WhatIfPage, cells: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in page.changed.command().unwrap_or_default() {
        match lines.last_mut() {
            Some(line) if format::width(line) + format::width(&word) < usize::from(cells) => line.extend([" ", &word]),
            _ => lines.push(word),
        }
    }
    lines
}

fn tell(canvas: &mut Canvas<'_>, area: Rect, lines: &[String]) {
    for (row, line) in (0..area.height).zip(lines) {
        canvas.pen(area, row).put(Role::Text, line);
    }
}
