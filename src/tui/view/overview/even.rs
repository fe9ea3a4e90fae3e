//! Where the only model would break even: at which load, hit rate, GPU rate, and cost of a million tokens.

use ratatui::layout::Rect;

use crate::snapshot::{ModelRow, MoneyView};
use crate::statement::RowKind;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, cells};
use crate::units::{Money, Ratio};

/// The model, if it is the only one and has a price.
pub(super) fn only_model<'a>(input: &FrameInput<'a>) -> Option<&'a ModelRow> {
    match input.snap.models.as_slice() {
        [model] => Some(model).filter(|model| model.money.list.is_some()),
        _ => None,
    }
}

/// The rows with the rule.
pub(super) const ROWS: u16 = 5;
/// The columns of a label, up to the end of a figure, and from there to what it is now.
const LABEL: u16 = 32;
const FIGURE: u16 = 12;
const GAP: u16 = 4;

/// Draws each figure at which revenue and cost would be equal, beside the present one.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, model: &ModelRow) {
    TitledRule::new("It would break even at").draw(canvas, area);
    let money = &input.snap.money;
    let percent = |share: Option<f64>| format::percent1(share.and_then(Ratio::new)).trim().to_owned();
    let price = |amount: Option<Money>| format::unit_price(amount, input.currency()).trim().to_owned();
    let hits = model.cache_hit_rate.map(Ratio::get);
    let [cost, revenue] = a_million(input);
    let rows = [
        ("this load", percent(money.break_even_load.map(Ratio::get)), "now 100 %".to_owned()),
        ("hit rate, same traffic", percent(hit_rate(model, money)), format!("now {}", percent(hits))),
        ("a GPU-hour", price(gpu_rate(money)), format!("now {}", price(only_rate(money)))),
        ("cost per M tokens, all classes", price(cost), format!("earns {}", price(revenue))),
    ];
    for (row, (label, figure, now)) in (1..area.height).zip(rows) {
        let mut clip = canvas.clip(area);
        clip.line_within(0, row, LABEL, &[Segment::dim(label)], false);
        clip.line_to(LABEL + FIGURE, row, &[Segment::text(figure)]);
        let now = [Segment::dim(now)];
        if cells(&now) <= usize::from(area.width.saturating_sub(LABEL + FIGURE + GAP)) {
            clip.line(LABEL + FIGURE + GAP, row, &now);
        }
    }
}

/// The rate of all GPUs, if there is one.
fn only_rate(money: &MoneyView) -> Option<Money> {
    match money.rates.as_slice() {
        [rate] => Some(Money::from_micros(rate.rate.micros())),
        _ => None,
    }
}

/// The rate at which the GPUs cost what is earned. Where overhead is a part of the cost, it is not the rate that scales.
fn gpu_rate(money: &MoneyView) -> Option<Money> {
    let has_overhead = money.profit_beside_models.iter().any(|row| row.name.as_str() == RowKind::Overhead.name());
    let (revenue, cost) = number(money.revenue_per_hour).zip(number(money.cost_per_hour))?;
    let rate = only_rate(money).filter(|_| !has_overhead && cost > 0.0)?;
    rate.scaled((revenue / cost * 1e6).round() as i64, 1_000_000)
}

/// The hit rate at which the same prompts and output earn the cost; `None` if no hit rate does.
fn hit_rate(model: &ModelRow, money: &MoneyView) -> Option<f64> {
    let prices = &model.money.prices.first()?.prices;
    let (prompt, hits) = (model.prompt_per_second?, model.cache_hit_rate?.get());
    let (revenue, cost) = number(money.revenue_per_hour).zip(number(money.cost_per_hour))?;
    // What an hour earns less if all its prompts are hits instead of misses.
    let apart = (prices.miss.nanos() - prices.hit.nanos()) as f64 / 1e9 * prompt * 3_600.0 / 1e6;
    let even = hits + (revenue - cost) / apart;
    (0.0..=1.0).contains(&even).then_some(even)
}

/// What a million tokens of all classes cost and earn at the present rates.
fn a_million(input: &FrameInput<'_>) -> [Option<Money>; 2] {
    let tokens = &input.snap.tokens;
    let rate = tokens.prompt_per_second.zip(tokens.output_per_second).map(|(prompt, output)| prompt + output);
    let an_hour = rate.filter(|rate| *rate > 0.0).map(|rate| (rate * 3_600.0).round().max(1.0) as i64);
    let money = &input.snap.money;
    [money.cost_per_hour, money.revenue_per_hour].map(|amount| amount?.scaled(1_000_000, an_hour?))
}
