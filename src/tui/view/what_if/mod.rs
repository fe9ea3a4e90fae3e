//! The what-if view: today's traffic with some values changed, beside the actual figures. Hypothetical figures have the
//! warning role, so that they are not mistaken for real money.

mod by_load;
mod closing;
mod fields;
mod sums;
mod worth;

use ratatui::layout::Rect;

use super::money::{SameTokens, same_tokens_at};

pub(in crate::tui::view) use worth::levers;

use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::{WhatIfPage, command};
use crate::tui::pane;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Share;

/// The minimum rows of the lists with their heading.
const LEAST_LISTS: u16 = 5;

/// Draws the what-if view over the view that it was opened from.
pub(in crate::tui) fn what_if(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let basis = Rect { y: area.bottom().saturating_sub(1), height: u16::from(area.height > 18), ..area };
    pane::basis(canvas, basis, input);
    let area = Rect { height: area.height - basis.height, ..area };
    let page = input.app.what_if.page.clone();
    if area.width >= 106 && area.height >= 26 {
        wide(canvas, area, input, page.as_deref());
    } else {
        narrow(canvas, area, input, page.as_deref());
    }
}

fn wide(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: Option<&WhatIfPage>) {
    let left = Rect { width: (area.width - 2) / 2, ..area };
    let right = Rect { x: left.right() + 2, width: area.width - left.width - 2, ..area };
    let upper = fields::rows(true).max(sums::ROWS + 1);
    fields::draw(canvas, Rect { height: upper, ..left }, input, true);
    let Some(page) = page else { return nothing_yet(canvas, Rect { height: upper, ..right }, input) };
    sums::draw(canvas, Rect { height: upper, ..right }, input, page, true);
    let closing = closing(input, page, area.width);
    let closing_rows = closing.len() as u16;
    let lower = |area: Rect| Rect { y: area.y + upper, height: area.height - upper - closing_rows, ..area };
    let left = lower(left);
    // The levers with the text below them, and the lists where there is room.
    let shown = (page.levers.as_slice(), page.changed.hit_rate.map(Share::ppm));
    let taken = worth::rows(shown, left.width) + 1;
    let spare = Some(left.height.saturating_sub(taken)).filter(|rows| *rows >= LEAST_LISTS).unwrap_or(0);
    let lists = Rect { y: left.bottom() - spare, height: spare, ..left };
    levers(canvas, Rect { height: left.height - spare, ..left }, input, shown);
    let in_force = page.in_force.iter().collect();
    let same = SameTokens { at: &page.compare, in_force, ours: page.what_if.before.revenue };
    if spare > 0 {
        same_tokens_at(canvas, lists, input, &same, None);
    }
    by_load::draw(canvas, lower(right), input, page);
    tell(canvas, Rect { y: area.bottom() - closing_rows, height: closing_rows, ..area }, &closing);
}

fn narrow(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: Option<&WhatIfPage>) {
    let fields = fields::rows(false);
    fields::draw(canvas, Rect { height: fields.min(area.height), ..area }, input, false);
    let below = Rect { y: area.y + fields, height: area.height.saturating_sub(fields), ..area }.intersection(area);
    let Some(page) = page else { return nothing_yet(canvas, below, input) };
    let sums = if below.height > 3 { below.height.min(sums::ROWS_WITHOUT_BARS) } else { below.height };
    sums::draw(canvas, Rect { height: sums, ..below }, input, page, false);
    let rest = Rect { y: below.y + sums, height: below.height - sums, ..below };
    let closing = closing(input, page, area.width);
    let closing_rows = (closing.len() as u16).min(rest.height);
    if rest.height >= 6 + closing_rows {
        by_load::draw(canvas, Rect { height: rest.height - closing_rows, ..rest }, input, page);
    }
    tell(canvas, Rect { y: rest.bottom() - closing_rows, height: closing_rows, ..rest }, &closing);
}

/// Draws why there is nothing to compare.
fn nothing_yet(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let (role, text) = match &input.app.what_if.failure {
        Some(failure) => (Role::Critical, failure.to_string()),
        None if input.app.has_past => (Role::Dim, "asking the ledger…".to_owned()),
        None => (Role::Dim, "no ledger here: the past is not kept".to_owned()),
    };
    for (row, line) in (0..area.height).zip(format::wrapped(&text, usize::from(area.width))) {
        canvas.writer(area, row).put(role, &line);
    }
}

/// The result and the command that prints the same, in lines of at most `cells` cells; empty if nothing is changed.
fn closing(input: &FrameInput<'_>, page: &WhatIfPage, cells: u16) -> Vec<Vec<Segment<'static>>> {
    let mut lines: Vec<String> = Vec::new();
    for word in command(&page.changed).unwrap_or_default() {
        match lines.last_mut() {
            Some(line) if format::width(line) + format::width(&word) < usize::from(cells) => line.extend([" ", &word]),
            _ => lines.push(word),
        }
    }
    let command = lines.into_iter().map(|line| vec![Segment::text(line)]);
    closing::sentence(input, page, cells).into_iter().chain(command).collect()
}

fn tell(canvas: &mut Canvas<'_>, area: Rect, lines: &[Vec<Segment<'static>>]) {
    for (row, line) in (0..area.height).zip(lines) {
        canvas.clip(area).line(0, row, line);
    }
}
