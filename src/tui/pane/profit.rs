//! The number on which the eye lands: running profit, signed, with its period; then what stands behind it.
//!
//! No margin is printed without its name, and nothing unknown without a word of why.

use ratatui::layout::Rect;

use super::facts::{NamedFigure, facts};
use crate::snapshot::MoneyView;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, TextSpan, flow};
use crate::units::Money;

/// Cells between facts in a line.
const GAP: u16 = 2;

/// Rows that all of its facts take in so many columns.
pub fn profit_brief_rows(input: &FrameInput<'_>, width: u16) -> u16 {
    let room = usize::from(width).saturating_sub(2);
    let facts = facts(input);
    let all = std::iter::once(hero_text(input, usize::from(width).saturating_sub(2)))
        .chain(facts.iter().map(NamedFigure::spans));
    let cells = all.map(|fact| fact.iter().map(|(_, text)| format::width(text)).sum::<usize>());
    let (rows, _) = cells.fold((1, 0), |(rows, used), cells| match used {
        0 => (rows, cells),
        used if used + usize::from(GAP) + cells <= room => (rows, used + usize::from(GAP) + cells),
        _ => (rows + 1, cells),
    });
    rows
}

/// Draws it in plain figures, as many facts as the rows hold.
pub fn profit_brief(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let sign = sign(&input.snap.money);
    canvas.writer(area, 0).strong(sign.role, sign.glyph);
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area }.intersection(area);
    let mut all = vec![hero_text(input, usize::from(inner.width))];
    all.extend(facts(input).iter().map(NamedFigure::spans));
    flow(canvas, inner, &all, GAP);
}

/// Since when the profit is counted.
pub(in crate::tui) enum ProfitPeriod {
    Today,
    Since(String),
}

impl ProfitPeriod {
    /// `today`, or `since 14:05`.
    pub(in crate::tui) fn words(&self) -> String {
        match self {
            Self::Today => "today".to_owned(),
            Self::Since(time) => format!("since {time}"),
        }
    }
}

pub(in crate::tui) fn period(input: &FrameInput<'_>) -> Option<ProfitPeriod> {
    let since = format::clock_minute(input.snap.money.since?, input.zone());
    Some(if since == "00:00" { ProfitPeriod::Today } else { ProfitPeriod::Since(since) })
}

struct Sign {
    role: Role,
    glyph: &'static str,
}

fn sign(money: &MoneyView) -> Sign {
    match money.profit.map(|profit| profit.rounded(2).signum()) {
        None => Sign { role: Role::Dim, glyph: "–" },
        Some(0) => Sign { role: Role::Text, glyph: "▬" },
        Some(1) => Sign { role: Role::Gain, glyph: "▲" },
        Some(_) => Sign { role: Role::Loss, glyph: "▼" },
    }
}

/// Why there is no profit to show, in the longest form that takes so many cells.
pub(in crate::tui) fn why_unknown(input: &FrameInput<'_>, cells: usize) -> &'static str {
    let forms = why_unknown_forms(input);
    let fits = format::fitting(forms, cells);
    if fits.is_empty() { forms.last().copied().unwrap_or_default() } else { fits }
}

fn why_unknown_forms(input: &FrameInput<'_>) -> &'static [&'static str] {
    if input.app.then().is_some() {
        return &["no record of its money", "no record"];
    }
    let money = &input.snap.money;
    let tokens = input.snap.tokens.output_total.is_some() || input.snap.tokens.prompt_total.is_some();
    match (money.revenue, money.cost) {
        _ if input.is_blank() => &["looking…"],
        (None, Some(_)) if money.unpriced_tokens > 0 => &["unpriced: set [[price]]", "unpriced"],
        (None, Some(_)) if tokens => {
            &["unpriced: no tokens of a priced model yet", "unpriced: set [[price]]", "unpriced"]
        }
        (None, Some(_)) => &["no engine found: nothing earns", "no engine found"],
        (Some(_), None) if input.snap.gpus.count == 0 => &["cost unknown: no GPU is found", "no GPU is found"],
        (Some(_), None) => &["cost unknown: no GPU rate, set [[lease]]", "no GPU rate: set [[lease]]", "no GPU rate"],
        (None, None) if tokens => &[
            "unpriced, and no GPU rate: set [[price]] and [[lease]]",
            "set [[price]] and [[lease]]",
            "no price, no rate",
        ],
        (None, None) => &["no price and no GPU rate yet", "no price, no rate"],
        (Some(_), Some(_)) => &["cost unknown for every engine that earns", "cost unknown"],
    }
}

fn plus_minus(money: Money) -> &'static str {
    match money.rounded(2).signum() {
        0 => " ",
        1 => "+",
        _ => "−",
    }
}

/// `+ $4.12 since 14:02`.
fn hero_text(input: &FrameInput<'_>, cells: usize) -> Vec<TextSpan> {
    let money = &input.snap.money;
    let period = match period(input) {
        Some(ProfitPeriod::Today) => " today".to_owned(),
        Some(ProfitPeriod::Since(time)) => format!(" since {time}"),
        None => String::new(),
    };
    let Some(profit) = money.profit else {
        return vec![
            (Role::Text, "profit ".to_owned()),
            (Role::Warning, why_unknown(input, cells.saturating_sub(7)).to_owned()),
        ];
    };
    let symbol = format::symbol(input.currency());
    let text = format!(
        "{}{} {symbol}{}",
        input.snap.total_bound().mark(),
        plus_minus(profit),
        format::digits_within(profit, 18)
    );
    vec![(sign(money).role, format::pad_right(&text, 10)), (Role::Dim, period)]
}
