//! The what-if form: today's traffic with one thing otherwise, beside what is so. It has a role of its own, lest anybody
//! take it for real money.

use ratatui::layout::{Margin, Rect};

use crate::reading::Label;
use crate::statement::Totals;
use crate::tui::app::{Field, WhatIfForm};
use crate::tui::human;
use crate::tui::inquiry::WhatIfPage;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::units::{Money, Ratio, quotient};

/// Cells and rows of the panel.
const SIZE: (u16, u16) = (64, 20);
/// Cells of a label, and of a figure.
const LABEL: usize = 16;
const FIGURE: usize = 14;

/// Draws it over the middle of `area`.
pub fn what_if(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let form = &scene.app.what_if;
    let (width, height) = (SIZE.0.min(area.width), SIZE.1.min(area.height));
    let panel = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    canvas.clear(panel);
    let inner = panel.inner(Margin::new(2, u16::from(height >= SIZE.1)));
    // Where rows are few, air goes first.
    let air = u16::from(inner.height >= 17);
    heading(canvas, inner, scene, form);
    for (row, field) in (1 + air..).zip(Field::ALL) {
        field_line(canvas, inner, row, scene, form, field);
    }
    let row = 1 + air + Field::ALL.len() as u16 + air;
    let figures = Rect { y: inner.y + row, height: inner.height.saturating_sub(row), ..inner }.intersection(inner);
    match (&form.page, &form.trouble) {
        (_, Some(trouble)) => said(canvas, figures, Role::Critical, trouble.as_str()),
        (Some(page), None) => side_by_side(canvas, figures, scene, page),
        (None, None) if scene.app.has_past => said(canvas, figures, Role::Dim, "asking the ledger…"),
        (None, None) => said(canvas, figures, Role::Dim, "no ledger here: the past is not kept"),
    }
    if inner.height >= 16 {
        let keys = "↑↓ field  ←→ change  or type a figure  Esc close";
        canvas.pen(inner, inner.height - 1).put(Role::Dim, keys);
    }
    canvas.ground(panel, Role::Panel);
}

fn said(canvas: &mut Canvas<'_>, area: Rect, role: Role, text: &str) {
    canvas.pen(area, 0).put(role, &human::cut(text, usize::from(area.width)));
}

/// `WHAT IF  not real money  today's traffic, 00:00 to 15:04`.
fn heading(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, form: &WhatIfForm) {
    let mut pen = canvas.pen(area, 0);
    pen.strong(Role::Accent, "WHAT IF").skip(2).put(Role::Accent, "not real money").skip(2);
    if let Some(page) = &form.page {
        let clock = |at| human::clock_minute(at, scene.zone());
        pen.put(Role::Dim, &format!("today's traffic, {} to {}", clock(page.since), clock(page.until)));
    }
    if form.page.is_some() && !form.is_answered() {
        pen.skip(1).put(Role::Dim, "…");
    }
}

fn field_line(canvas: &mut Canvas<'_>, area: Rect, row: u16, scene: &Scene<'_>, form: &WhatIfForm, field: Field) {
    let chosen = form.field == field;
    let written = match field {
        Field::List => form.list.as_ref().map_or("", Label::as_str),
        _ => form.text(field),
    };
    let mut pen = canvas.pen(area, row);
    pen.put(Role::Accent, if chosen { "›" } else { " " }).skip(1);
    pen.name(if chosen { Role::Text } else { Role::Dim }, field.name(), LABEL - 2);
    let now = now(scene, form, field);
    let unit = if matches!(field, Field::Paid | Field::HitRate) { " %" } else { "" };
    if chosen {
        pen.put(Role::Accent, "‹ ");
    } else {
        pen.skip(2);
    }
    if written.is_empty() {
        pen.put(Role::Dim, &now);
    } else {
        pen.strong(Role::Accent, &human::shorten(written, 30)).put(Role::Accent, unit).skip(2);
        match doubt(form, field) {
            Some(doubt) => pen.put(Role::Warning, doubt),
            None => pen.put(Role::Dim, &format!("now {now}")),
        };
    }
    if chosen {
        pen.put(Role::Accent, " ›");
    }
}

/// Why what is written in a field changes nothing.
fn doubt(form: &WhatIfForm, field: Field) -> Option<&'static str> {
    let page = form.page.as_ref();
    match field {
        _ if form.is_wrong(field) => Some("not taken"),
        Field::List if page.is_some_and(|page| page.unknown_list) => Some("no such list"),
        Field::Nodes if page.is_some_and(|page| page.unknown_nodes) => Some("no node is known by name"),
        _ => None,
    }
}

/// What a field is in truth.
fn now(scene: &Scene<'_>, form: &WhatIfForm, field: Field) -> String {
    let levels = form.page.as_ref().map(|page| page.what_if.levels).unwrap_or_default();
    let share = |ppm: Option<u32>| percent(ppm.and_then(|ppm| Ratio::of(f64::from(ppm), 1e6)));
    match field {
        Field::List => "as posted".to_owned(),
        Field::Paid if scene.snap.money.theoretical => "all, theoretical".to_owned(),
        Field::Paid => share(levels.paid_ppm),
        Field::HitRate => share(levels.hit_rate_ppm),
        Field::GpuRate => human::unit_price(levels.gpu_rate, scene.currency()),
        Field::Nodes => levels.nodes_milli.map_or_else(|| human::UNKNOWN.to_owned(), nodes_held),
    }
}

/// `226.75 on average`: nodes over the watched time, given in thousandths.
fn nodes_held(milli: i64) -> String {
    let hundredths = (milli + 5) / 10;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    let whole = human::grouped(whole.unsigned_abs().into());
    let rest = if rest == 0 { String::new() } else { format!(".{rest:02}").trim_end_matches('0').to_owned() };
    format!("{whole}{rest} on average")
}

fn percent(ratio: Option<Ratio>) -> String {
    human::percent1(ratio).trim().to_owned()
}

/// Now and then, and the difference.
fn side_by_side(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &WhatIfPage) {
    figures(canvas, area, 0, "", ["now", "what if", "change"]);
    let (before, after) = (&page.what_if.before, &page.what_if.after);
    let amounts = [
        ("revenue", before.known_revenue(), after.known_revenue()),
        ("cost", before.cost, after.cost),
        ("profit", before.profit(), after.profit()),
    ];
    for (row, (label, now, then)) in (1..).zip(amounts) {
        let text = |amount| scene.money(amount, figure_cells(area.width) - 3);
        let change = now.zip(then).map(|(now, then)| then - now);
        let signed = change.map_or(human::UNKNOWN.to_owned(), |change| plus(scene, change));
        let then_text = if label == "profit" { format!("{} {}", glyph(then), text(then)) } else { text(then) };
        let now_text = if label == "profit" { format!("{} {}", glyph(now), text(now)) } else { text(now) };
        figures(canvas, area, row, label, [&now_text, &then_text, &signed]);
    }
    let on_cost = |totals: &Totals| percent(totals.profit().zip(totals.cost).and_then(|(p, cost)| quotient(p, cost)));
    let gross = |totals: &Totals| percent(totals.profit().and_then(|p| quotient(p, totals.covered_revenue())));
    figures(canvas, area, 4, "profit on cost", [&on_cost(before), &on_cost(after), ""]);
    figures(canvas, area, 5, "gross margin", [&gross(before), &gross(after), ""]);
    let even = page.what_if.break_even;
    let share = |ppm: Option<i64>| percent(ppm.and_then(|ppm| Ratio::of(ppm as f64, 1e6)));
    let gpu = human::unit_price(even.gpu_rate, scene.currency());
    let text = format!(
        "then breaks even at {} of load, hit rate {}, GPU {gpu}/h",
        share(even.load_ppm),
        share(even.hit_rate_ppm)
    );
    let below = |row: u16| Rect { y: area.y + row, height: area.height.saturating_sub(row), ..area };
    said(canvas, below(6), Role::Accent, &text);
    // The last row is that of the keys.
    for (row, line) in (7..area.height.saturating_sub(1)).zip(command(page, usize::from(area.width))) {
        said(canvas, below(row), Role::Dim, &line);
    }
}

/// The command that prints the same, in lines of so many cells at most; none where nothing is otherwise.
fn command(page: &WhatIfPage, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in page.changed.command().unwrap_or_default() {
        match lines.last_mut() {
            Some(line) if human::width(line) + human::width(&word) < cells => line.extend([" ", &word]),
            _ => lines.push(word),
        }
    }
    lines
}

fn figures(canvas: &mut Canvas<'_>, area: Rect, row: u16, label: &str, [now, then, change]: [&str; 3]) {
    let cells = figure_cells(area.width);
    let mut pen = canvas.pen(area, row);
    pen.name(Role::Dim, label, LABEL).right(Role::Text, now, cells).right(Role::Accent, then, cells);
    if pen.left() >= cells {
        pen.right(Role::Accent, change, cells);
    }
}

/// Cells of a figure: the change goes first where there is no room for three.
const fn figure_cells(width: u16) -> usize {
    let room = (width as usize).saturating_sub(LABEL);
    if room >= 3 * FIGURE {
        FIGURE
    } else if room >= 12 {
        room / 2
    } else {
        6
    }
}

fn glyph(amount: Option<Money>) -> &'static str {
    match amount.map(|amount| amount.rounded(2).signum()) {
        None => " ",
        Some(0) => "▬",
        Some(1) => "▲",
        Some(_) => "▼",
    }
}

fn plus(scene: &Scene<'_>, change: Money) -> String {
    let plus = if change.rounded(2) > 0 { "+" } else { "" };
    format!("{plus}{}", scene.money(Some(change), FIGURE - 2))
}
