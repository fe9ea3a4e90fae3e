//! The levers: which change would move today's profit most, and an explanation of the hit rate lever.

use ratatui::layout::Rect;

use super::super::list::{Col, List, said};
use super::super::tables::profit;
use crate::statement::{Lever, TokenClass};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::row_bar::DivergingBar;
use crate::tui::widgets::table::Cell;
use crate::units::Money;

type WorthCol<'s> = Col<'s, (Lever, Money)>;

/// Draws the levers, the largest effect first.
pub(in crate::tui::view) fn levers(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    levers: &[(Lever, Money)],
) {
    let top = levers.first().and_then(|(_, more)| number(Some(*more))).map_or(1.0, f64::abs);
    let currency = format::symbol(input.currency()).trim_end().to_owned();
    let columns = [
        WorthCol::left("", 28, |(lever, _)| Cell::text(name(*lever))).stretch(1, 34),
        WorthCol::left("", 12, move |(_, more)| Cell::Diverging(DivergingBar::of_profit(number(Some(*more)), top, 6)))
            .stretch(2, 40),
        WorthCol::right(format!("{currency} today"), 10, |(_, more)| match more.rounded(2) {
            0 => said(Role::Dim, "0"),
            _ => profit(Some(*more)),
        }),
    ];
    List { gap: 1, ..List::plain("What moves profit most", &columns, levers) }.draw(canvas, area);
    if levers.is_empty() {
        canvas.writer(area, 1).put(Role::Dim, "no profit is known");
    }
    let row = levers.len() as u16 + 2;
    let below = Rect { y: area.y + row.min(area.height), height: area.height.saturating_sub(row), ..area };
    for (row, line) in (0..below.height).zip(of_hits(levers, below.width)) {
        canvas.writer(below, row).put(Role::Dim, &line);
    }
}

/// The rows of the levers and their explanation, at a width of `cells`.
pub(super) fn rows(levers: &[(Lever, Money)], cells: u16) -> u16 {
    (levers.len() + 2 + of_hits(levers, cells).len()).min(1_000) as u16
}

/// An explanation of a higher hit rate, if it would lower the profit.
fn of_hits(levers: &[(Lever, Money)], cells: u16) -> Vec<String> {
    let text = "A hit earns less than a computed token: at equal traffic more hits are less revenue. What they free is \
                load, for more traffic on the same GPUs.";
    let is_less = |(lever, more): &(Lever, Money)| matches!(lever, Lever::HitRate(..)) && *more < Money::ZERO;
    if levers.iter().any(is_less) { format::wrapped(text, usize::from(cells)) } else { Vec::new() }
}

fn name(lever: Lever) -> String {
    let percent = |ppm: u32| format!("{:.1}", f64::from(ppm) / 1e4);
    match lever {
        Lever::Load => "load +10 %, same nodes".to_owned(),
        Lever::HitRate(from, to) => format!("hit rate {} → {} %", percent(from), percent(to)),
        Lever::Price(TokenClass::Output) => "output price +10 %".to_owned(),
        Lever::Price(TokenClass::Computed) => "computed prompt price +10 %".to_owned(),
        Lever::Price(TokenClass::Cached) => "cached prompt price +10 %".to_owned(),
        Lever::GpuRate => "GPU rate +10 %".to_owned(),
        Lever::Node => "one more node".to_owned(),
    }
}
