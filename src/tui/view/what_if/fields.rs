//! The fields that a scenario can change, each with its figure and its slider.

use ratatui::layout::Rect;

use super::sums::percent;
use crate::reading::Label;
use crate::tui::app::{Field, WhatIfForm};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Clip, Segment};
use crate::units::{Ratio, Share};

/// The cells of a label, and of the figures after it.
const LABEL: usize = 14;
const FIGURES: u16 = 20;

/// The rows with the rule; `has_air` leaves a blank row between fields.
pub(super) const fn rows(has_air: bool) -> u16 {
    let fields = Field::ALL.len() as u16;
    if has_air { 2 + 2 * fields } else { 1 + fields }
}

/// Draws the fields.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, has_air: bool) {
    rule(canvas, area, input);
    let (first, step) = if has_air { (2, 2) } else { (1, 1) };
    for (nth, field) in (0..).zip(Field::ALL) {
        let row = Rect { y: area.y + first + step * nth, height: 1, ..area }.intersection(area);
        line(canvas, row, input, field);
    }
}

fn rule(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let form = &input.app.what_if;
    let clock = |at| format::clock_minute(at, input.zone());
    let span = form.page.as_ref().map(|page| format!("{} to {}", clock(page.since), clock(page.until)));
    let waits = if form.page.is_some() && !form.is_answered() { " …" } else { "" };
    let name = form.scenario.as_ref().map(|name| Segment::text(format!("  {}", format::shorten(name, 14))));
    let mut rule = TitledRule::new("What if");
    rule = rule.note([Segment::new(Role::Warning, "  not real money")].into_iter().chain(name));
    rule = rule.right([Segment::dim(format!("today's traffic, {}{waits}", span.unwrap_or_default()))]);
    rule.draw(canvas, area);
}

fn line(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, field: Field) {
    let form = &input.app.what_if;
    let is_chosen = form.field == field;
    let written = match field {
        Field::List => form.list.as_ref().map_or("", Label::as_str),
        _ => form.text(field),
    };
    let mut writer = canvas.writer(area, 0);
    writer.put(Role::Accent, if is_chosen { "›" } else { " " }).skip(1);
    writer.name(if is_chosen { Role::Text } else { Role::Dim }, field.name(), LABEL - 2);
    let (open, close) = if is_chosen { ("‹ ", " ›") } else { ("  ", "") };
    writer.put(Role::Accent, open);
    let now = now(input, form, field);
    let unit = if matches!(field, Field::Paid | Field::HitRate | Field::Load) { " %" } else { "" };
    let has_slider = field != Field::List && area.width >= 50;
    if written.is_empty() {
        writer.put(Role::Dim, &now);
    } else if let Some(no_effect) = no_effect(form, field) {
        writer
            .strong(Role::Warning, &format!("{}{unit}", format::shorten(written, 20)))
            .put(Role::Warning, &format!("  {no_effect}"));
        return;
    } else {
        if has_slider || field == Field::List {
            let short = now.split(',').next().unwrap_or(&now);
            writer.put(Role::Dim, &format!("{} → ", format::shorten(short, 12)));
        }
        writer.strong(Role::Warning, &format!("{}{unit}", format::shorten(written, 24)));
    }
    writer.put(Role::Accent, close);
    if has_slider {
        let x = LABEL as u16 + 2 + FIGURES;
        let room = Rect { x: area.x + x, width: area.width.saturating_sub(x + 1), ..area }.intersection(area);
        slider(canvas, room, form.slider(field, input.snap.coverage.nodes_known));
    }
}

/// A slider, `─────┼━●────`: `┼` is the actual value, `●` that of the scenario.
fn slider(canvas: &mut Canvas<'_>, area: Rect, (now, then): (Option<f64>, Option<f64>)) {
    let mut clip: Clip<'_> = canvas.clip(area);
    if clip.width() < 4 {
        return;
    }
    let last = clip.width() - 1;
    let cell = |share: f64| (share.clamp(0.0, 1.0) * f64::from(last)).round() as u16;
    let (now, then) = (now.map(cell), then.map(cell));
    clip.fill(0, '─', Role::Rule);
    if let Some((a, b)) = now.zip(then) {
        for x in a.min(b)..=a.max(b) {
            clip.put(x, 0, '━', Role::Warning);
        }
    }
    if let Some(now) = now {
        clip.put(now, 0, if then.is_some() { '┼' } else { '●' }, Role::Dim);
    }
    if let Some(then) = then {
        clip.put(then, 0, '●', Role::Warning);
    }
}

/// Why the value of a field has no effect.
fn no_effect(form: &WhatIfForm, field: Field) -> Option<&'static str> {
    let page = form.page.as_ref();
    match field {
        _ if form.is_wrong(field) => Some("not taken"),
        Field::List if page.is_some_and(|page| page.unknown_list) => Some("no such list"),
        Field::Nodes if page.is_some_and(|page| page.unknown_nodes) => Some("no node is known by name"),
        _ => None,
    }
}

/// The actual value of a field.
fn now(input: &FrameInput<'_>, form: &WhatIfForm, field: Field) -> String {
    let levels = form.page.as_ref().map(|page| page.what_if.levels).unwrap_or_default();
    let share = |ppm: Option<u32>| percent(ppm.and_then(|ppm| Ratio::of(f64::from(ppm), 1e6)));
    match field {
        Field::List => "as posted".to_owned(),
        // Where a share is set for some models only, the mean is below one.
        Field::Paid if input.snap.money.theoretical && levels.paid_ppm.is_none_or(|ppm| ppm == Share::ALL.ppm()) => {
            "all, theoretical".to_owned()
        }
        Field::Paid => share(levels.paid_ppm),
        Field::Load => "100 %".to_owned(),
        Field::HitRate => share(levels.hit_rate_ppm),
        Field::GpuRate if levels.gpu_rate.is_some() && input.has_several_rates() => {
            format!("{}, mean", format::unit_price(levels.gpu_rate, input.currency()))
        }
        Field::GpuRate => format::unit_price(levels.gpu_rate, input.currency()),
        Field::Nodes => levels.nodes_milli.map_or_else(|| format::UNKNOWN.to_owned(), allocated_nodes),
    }
}

/// The average number of nodes over the time with data, as `226.75`; `milli` is in thousandths.
fn allocated_nodes(milli: i64) -> String {
    let hundredths = (milli + 5) / 10;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    let whole = format::grouped(whole.unsigned_abs().into());
    let rest = if rest == 0 { String::new() } else { format!(".{rest:02}").trim_end_matches('0').to_owned() };
    format!("{whole}{rest}")
}
