//! The money view: when it was earned, why that changed, and where it is lost. Every amount comes from the ledger.

mod age;
mod bar_axis;
mod bars;
mod bridge;
mod calendar;
mod change;
mod compare;
mod csv;
mod hours;
mod layout;
mod month;
mod placed;
mod rows;
mod since;
mod summary;
mod worst;

use placed::row_key;
use ratatui::layout::Rect;

use super::what_if::levers;
use super::{Hits, Layout, ListKey, OnEnter, Part, PastPart, View, ViewPlace, tables};
use crate::statement::{By, RowKind};
use crate::tui::app::{App, Command, Direction, Effect, MoneyRange, Pane};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::pane;
use crate::tui::theme::Role;
use crate::tui::view::ViewId;
use crate::tui::widgets::Canvas;
pub(super) use compare::{SameTokens, draw as same_tokens_at};
pub(in crate::tui) use csv::csv as money_csv;
pub(in crate::tui) use layout::has_calendar;
use layout::has_one_pane;

/// The money view.
pub(super) struct MoneyScreen;

impl View for MoneyScreen {
    fn title(&self) -> &'static str {
        "money"
    }

    fn key(&self) -> Option<char> {
        Some('5')
    }

    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        let rows = if has_one_pane(input.area()) {
            input.app.money.rows()
        } else {
            input.app.money.page.as_deref().map_or(0, |page| rows::grouping(input, page).1.len())
        };
        (0..rows).map(row_key).collect()
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        layout::layout(input, area)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        // The header shows the snapshot that the rows were made from.
        let snap = input.app.money.snapshot.as_deref().unwrap_or(input.snap);
        let of_page = FrameInput { snap, ..*input };
        let page = input.app.money.page.clone();
        let mut hits = Hits::default();
        for (part, area) in layout.parts() {
            match (part, page.as_deref()) {
                (Part::Basis, _) => pane::basis(canvas, *area, input),
                (Part::Table(layout::BURNS), _) => tables::burns(canvas, *area, &of_page),
                (Part::Digits, page) => summary::draw(canvas, *area, &of_page, page),
                (Part::Table(layout::WORST), _) => worst::draw(canvas, *area, &of_page),
                (Part::Chart, None) => nothing_yet(canvas, *area, input),
                (_, None) => {}
                (part, Some(page)) => hits.extend(draw(canvas, (*part, *area), &of_page, page)),
            }
        }
        hits
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        let is_grouped = !has_one_pane(input.area()) || input.app.money.pane == Pane::Models;
        let Some(page) = input.app.money.page.clone().filter(|_| is_grouped) else { return OnEnter::Nowhere };
        let (by, rows) = rows::grouping(input, &page);
        let keys: Vec<ListKey> = (0..rows.len()).map(row_key).collect();
        let chosen = rows.get(input.app.list_of(ViewId::Money).place(&keys)).filter(|row| row.kind == RowKind::Key);
        let into = |view| chosen.map(|row| OnEnter::Into(ViewPlace::about(view, row.key.as_str())));
        match by {
            By::Node => into(ViewId::Node),
            By::Model | By::Unit => into(ViewId::Engines),
            _ => None,
        }
        .unwrap_or(OnEnter::Nowhere)
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Show(ViewId::Money),
            Command::Against,
            Command::By,
            Command::WhatIf,
            STEP_SPAN,
            Command::Export,
        ]
    }

    fn obey(&self, app: &mut App, command: Command) -> Option<Effect> {
        match command {
            Command::Show(ViewId::Money) => {
                app.money.pane = app.money.pane.next();
                app.restart_list();
            }
            Command::Against => app.money.against = app.money.against.next(),
            Command::By => {
                app.money.by = app.money.by.next();
                app.restart_list();
            }
            Command::StepSpan(turn) if !app.what_if.open => {
                app.money.range = app.money.range.stepped(turn == Direction::Next);
            }
            Command::Export => return Some(app.export()),
            _ => return None,
        }
        Some(Effect::Redraw)
    }

    fn word(&self, input: &FrameInput<'_>, command: Command, usual: String) -> Option<String> {
        match command {
            Command::Show(_) if !has_one_pane(input.area()) => None,
            Command::Show(_) => Some(format!("next pane {}", input.app.money.pane.name())),
            Command::StepSpan(_) => Some("day, week, month".to_owned()),
            _ => Some(usual),
        }
    }

    fn span(&self, input: &FrameInput<'_>) -> Option<&'static str> {
        Some(input.app.money.range.name())
    }

    fn legend(&self, input: &FrameInput<'_>) -> Option<&'static str> {
        Some(if input.app.money.range == MoneyRange::Day { "╌ yesterday" } else { "" })
    }

    fn filtered(&self) -> &'static str {
        "rows of the tables; all else is of the whole fleet"
    }

    fn past_parts(&self) -> &'static [PastPart] {
        &[PastPart::Page, PastPart::Days]
    }
}

const STEP_SPAN: Command = Command::StepSpan(Direction::Previous);

fn same_tokens(page: &MoneyPage) -> SameTokens<'_> {
    let in_force = page.models.lists.iter().map(|list| &list.list).collect();
    SameTokens { at: &page.compare, in_force, ours: page.totals.revenue }
}

/// Draws a part of the page.
fn draw(canvas: &mut Canvas<'_>, (part, area): (Part, Rect), input: &FrameInput<'_>, page: &MoneyPage) -> Hits {
    match part {
        Part::Chart => hours::draw(canvas, area, input, page),
        Part::Vitals => since::draw(canvas, area, input, page),
        Part::Table(layout::BRIDGE) => bridge::draw(canvas, area, input, page),
        Part::Table(layout::MODELS) => {
            return rows::grouped(canvas, area, input, page, Some(input.app.list_of(ViewId::Money)));
        }
        Part::Table(layout::EVEN) => month::even(canvas, area, input, page),
        Part::Table(layout::LEVERS) => levers(canvas, area, input, (&page.levers, None)),
        Part::Table(layout::CALENDAR) => calendar::draw(canvas, area, input, page),
        Part::Table(layout::TIERS) => drop(rows::draw(canvas, area, input, "By tier", &page.tiers, None)),
        Part::Table(layout::COMPARE) => drop(compare::draw(canvas, area, input, &same_tokens(page), None)),
        Part::Table(layout::MONTH) => month::draw(canvas, area, input, page),
        Part::Headline => month::capacity(canvas, area, input, page),
        Part::List => return chosen_pane(canvas, area, input, page),
        _ => {}
    }
    Hits::default()
}

/// Draws the one pane that fits.
fn chosen_pane(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) -> Hits {
    let state = Some(input.app.list_of(ViewId::Money));
    match input.app.money.pane {
        Pane::Models => return rows::grouped(canvas, area, input, page, state),
        Pane::Tiers => return rows::draw(canvas, area, input, "By tier", &page.tiers, state),
        Pane::Compare => return compare::draw(canvas, area, input, &same_tokens(page), state),
        Pane::Bridge => bridge::draw(canvas, area, input, page),
        Pane::Day => {
            let left = Rect { width: area.width / 2, ..area };
            since::draw(canvas, Rect { width: left.width.saturating_sub(2), ..left }, input, page);
            let right = Rect { x: left.right(), width: area.width - left.width, ..area };
            month::draw(canvas, right, input, page);
        }
    }
    Hits::default()
}

/// Draws why there is no page yet.
fn nothing_yet(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let (role, text) = match (&input.app.money.failure, input.app.has_past) {
        (Some(failure), _) => (Role::Critical, format!("the ledger cannot be read: {failure}")),
        (None, true) => (Role::Dim, "asking the ledger…".to_owned()),
        (None, false) => (Role::Dim, "no ledger here: the past is not kept".to_owned()),
    };
    let row = area.height.min(3).saturating_sub(1);
    for (row, line) in (row..area.height).zip(format::wrapped(&text, usize::from(area.width))) {
        canvas.writer(area, row).put(role, &line);
    }
}
