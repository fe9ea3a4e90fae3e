//! The profit by load in the scenario: revenue grows with the load, the cost of nodes does not.

use ratatui::layout::Rect;

use crate::statement::{Totals, break_even_load};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::WhatIfPage;
use crate::tui::theme::Role;
use crate::tui::widgets::axis_rule::{AxisMark, AxisRule, Tick};
use crate::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel};
use crate::tui::widgets::margin::{MarginChart, MarginForm};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::step_above;
use crate::tui::widgets::{Canvas, Segment};

const SCALE: u16 = 7;
/// The least load at the right end, relative to today's.
const LEAST_END: f64 = 1.25;
/// The largest; a break-even beyond it is named in the rule only.
const LARGEST_END: f64 = 100.0;
/// The percentages between two ticks, and how many ticks there are at most.
const STEPS: [u32; 10] = [20, 50, 100, 200, 500, 1_000, 2_000, 2_500, 5_000, 10_000];
const TICKS: f64 = 7.0;
/// The width in columns from which the title has its note beside the legend.
const WITH_NOTE: u16 = 84;

/// Draws the chart.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &WhatIfPage) {
    let after = &page.what_if.after;
    let even = break_even_load(after).map(|ppm| ppm as f64 / 1e6);
    let end = end_for(even);
    let mut rule = TitledRule::new("Profit by load");
    if area.width >= WITH_NOTE {
        rule = rule.note([Segment::new(Role::Warning, " · what if"), Segment::dim(", 100 % is today's")]);
    }
    let rule = rule
        .right([Segment::key(Role::Gain), Segment::dim(" profit  ")])
        .right([Segment::key(Role::Loss), Segment::dim(" loss  ")])
        .right([Segment::key(Role::Cost), Segment::dim(" cost")])
        .right(even.map(even_key).into_iter().flatten());
    let cells = FramedChart::chart_width(area.width, SCALE);
    let Some((revenue, cost)) = curves(after, 2 * usize::from(cells), end) else {
        rule.draw(canvas, area);
        canvas.writer(area, 1).put(Role::Dim, "no cost is known");
        return;
    };
    let largest = revenue.iter().chain(&cost).flatten().copied().fold(0.0, f64::max);
    let top = step_above(1.02 * largest);
    let chart = MarginChart { revenue: &revenue, cost: &cost, top, bottom: 0.0, form: MarginForm::Stack };
    let symbol = format::symbol(input.currency()).trim_end().to_owned();
    let label = |value: f64| format!("{symbol}{}", format::axis_figure(value));
    let now = number(Some(after.covered_revenue())).unwrap_or(0.0);
    let owed = number(after.cost).unwrap_or(0.0);
    let labels =
        vec![ScaleLabel::end(top, label(top)), ScaleLabel::now(now, label(now)), ScaleLabel::end(owed, label(owed))];
    let cell = |share: f64| (share / end * f64::from(cells)).floor().clamp(0.0, f64::from(cells)) as u16;
    let mark = |share: f64| AxisMark { cell: cell(share), glyph: '▲', ink: Role::Warning.into(), gives_way: false };
    let tick = |percent: u32| Tick {
        cell: cell(f64::from(percent) / 100.0),
        text: format!("┴{} %", format::grouped(percent.into())),
    };
    FramedChart {
        rule,
        plots: vec![&chart],
        scale: ScaleColumn::of(labels),
        scale_width: SCALE,
        axis: Some(AxisRule {
            ticks: percentages(end).map(tick).collect(),
            marks: even.filter(|even| *even <= end).map(mark).into_iter().collect(),
            floor: Some(("0", SCALE)),
        }),
    }
    .draw(canvas, area);
}

/// The load at the right end: beyond the break-even.
fn end_for(even: Option<f64>) -> f64 {
    // A tenth more, so that the crossing is seen.
    even.map_or(LEAST_END, |even| (1.1 * even).clamp(LEAST_END, LARGEST_END))
}

/// `▲ even 320 %`: with its figure where it is beyond today's load.
fn even_key(even: f64) -> [Segment<'static>; 2] {
    let text = match even {
        even if even > LARGEST_END => " even > 100x".to_owned(),
        even if even > LEAST_END => format!(" even {:.0} %", even * 100.0),
        _ => " even".to_owned(),
    };
    [Segment::new(Role::Warning, "  ▲"), Segment::dim(text)]
}

/// The ticks of a chart that ends at this load, in percent.
fn percentages(end: f64) -> impl Iterator<Item = u32> {
    let most = end * 100.0;
    let step = STEPS.into_iter().find(|step| most / f64::from(*step) <= TICKS).unwrap_or(10_000);
    (1..).map(move |nth| nth * step).take_while(move |percent| 1.05 * f64::from(*percent) < most)
}

/// One value for each dot.
type Curve = Vec<Option<f64>>;

/// Revenue with a known cost, and cost, by load; `None` if the cost is unknown.
fn curves(totals: &Totals, dots: usize, end: f64) -> Option<(Curve, Curve)> {
    let earned = number(Some(totals.covered_revenue()))?;
    let by_revenue = number(Some(totals.revenue_overhead))?;
    let fixed = number(totals.cost)? - by_revenue;
    let load = |dot: usize| (dot as f64 + 1.0) / dots.max(1) as f64 * end;
    let revenue = (0..dots).map(|dot| Some(earned * load(dot))).collect();
    let cost = (0..dots).map(|dot| Some(fixed + by_revenue * load(dot))).collect();
    Some((revenue, cost))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Money;

    #[test]
    fn curves_cross_where_the_load_breaks_even() {
        let money = |units: i64| Money::from_micros(units * 1_000_000);
        let totals =
            Totals { revenue: money(200), cost: Some(money(60)), revenue_overhead: money(20), ..Totals::default() };
        let even = break_even_load(&totals).unwrap_or_default() as f64 / 1e6;
        let (revenue, cost) = curves(&totals, 1_000, 1.25).unwrap_or_default();
        let crossing = revenue.iter().zip(&cost).position(|(revenue, cost)| revenue >= cost).unwrap_or_default();
        assert!(((crossing as f64 + 1.0) / 1_000.0 * 1.25 - even).abs() < 0.002, "{crossing} {even}");
    }
    /// Class: a fleet that loses breaks even beyond today's load, where the chart had already ended.
    #[test]
    fn the_chart_reaches_the_break_even() {
        for even in [0.2, 0.9, 1.2, 1.3, 3.2, 17.0, 90.0] {
            let end = end_for(Some(even));
            assert!(end >= LEAST_END && end > even, "{even}: {end}");
            let ticks: Vec<u32> = percentages(end).collect();
            assert!((2..=7).contains(&ticks.len()), "{even}: {ticks:?}");
        }
        assert_eq!(percentages(end_for(None)).collect::<Vec<_>>(), [20, 40, 60, 80, 100]);
        assert!(even_key(500.0)[1].text.contains("100x"), "what is not reached is named");
    }
}
