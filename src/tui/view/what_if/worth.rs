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

/// Draws the levers, the largest effect first, and an explanation of more hits: those of the scenario, in parts per million,
/// if it has more, else those of the lever.
pub(in crate::tui::view) fn levers(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    (levers, hits): (&[(Lever, Money)], Option<u32>),
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
    for (row, line) in (0..below.height).zip(of_hits((levers, hits), below.width)) {
        canvas.writer(below, row).put(Role::Dim, &line);
    }
}

/// The rows of the levers and their explanation, at a width of `cells`.
pub(super) fn rows((levers, hits): (&[(Lever, Money)], Option<u32>), cells: u16) -> u16 {
    (levers.len() + 2 + of_hits((levers, hits), cells).len()).min(1_000) as u16
}

/// An explanation of a higher hit rate, if it would lower the profit.
fn of_hits((levers, hits): (&[(Lever, Money)], Option<u32>), cells: u16) -> Vec<String> {
    let less = |(lever, more): &(Lever, Money)| match lever {
        Lever::HitRate(from, to) if *more < Money::ZERO => Some((*from, *to)),
        _ => None,
    };
    let Some((from, to)) = levers.iter().find_map(less) else { return Vec::new() };
    let to = hits.filter(|hits| *hits > from).unwrap_or(to);
    let room = more_prompts(from, to).map_or_else(String::new, |more| {
        let hits = format!("{:.1}", f64::from(to) / 1e4);
        format!(
            " {} % leave room for ≈ {more:.0} % more prompts in the same prefill work.",
            hits.trim_end_matches(".0")
        )
    });
    let text = format!("A hit earns less than a computed token: at equal traffic more hits are less revenue.{room}");
    format::wrapped(&text, usize::from(cells))
}

/// By how many percent the prompts may grow until as many of their tokens are computed as before, if the hit rate goes from
/// one share to another, in parts per million. `None` where nothing would be computed.
fn more_prompts(from: u32, to: u32) -> Option<f64> {
    let computed = |hits: u32| f64::from(1_000_000_u32.saturating_sub(hits));
    (computed(to) > 0.0).then(|| (computed(from) / computed(to) - 1.0) * 100.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_hits_leave_room_for_more_prompts() {
        assert_eq!(more_prompts(500_000, 600_000), Some(25.0));
        assert_eq!(more_prompts(500_000, 1_000_000), None);
        let levers = [(Lever::HitRate(500_000, 550_000), Money::from_micros(-1_000_000))];
        let text = |hits| of_hits((&levers, hits), 200).join(" ");
        assert!(text(Some(600_000)).ends_with("60 % leave room for ≈ 25 % more prompts in the same prefill work."));
        assert!(text(None).contains(" 55 % leave room for ≈ 11 % more prompts"), "{}", text(None));
        assert!(text(Some(100_000)).contains(" 55 % "), "fewer hits leave no room");
    }
}
