//! One model: its figures, its money and tokens over time, its prices, and the engines that serve it.

mod classes;
mod prices;
mod served_by;
mod so_far;

pub(super) use classes::draw as classes;

use super::charts::blank;
use ratatui::layout::Rect;

use super::charts::{self, Chart, Kind, Margin};
use super::engine_charts::latency;
use super::latencies::{self, over_span};
use super::model_money::{cost, is_beside};
use super::node_parts::sign;
use crate::history::{LatencyKind, Measure, Subject};
use crate::snapshot::ModelRow;
use crate::tui::against;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{LayoutRows, split};
use crate::tui::pane;
use crate::tui::theme::Role;
use crate::tui::widgets::digits::{DigitForm, Digits};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, flow};
use crate::units::{Money, quotient};
use so_far::SoFar;

/// The rows of the token classes with the GPU cost and their rule.
pub(super) const CLASSES: u16 = 5;
/// The minimum rows of the prices above the latencies.
const LEAST_PRICES: u16 = 2;
const TABLES: u16 = 7;
const LEAST_CHART: u16 = 5;
/// The width in columns from which figures and chart, and two tables, are side by side.
const SIDE: u16 = 96;
/// The width in columns from which four charts are in one row.
const FOUR: u16 = 110;
/// The most cells of a price list's name.
const LIST_NAME: usize = 28;
/// The cost from which cents are fine enough.
const CENTS: Money = Money::from_micros(100_000);
/// The rows of the figures beside the large chart, and of the charts below: usually, and at most where the tables leave
/// room.
const HEAD: u16 = 9;
const MOST_HEAD: u16 = 14;
const VITALS: u16 = 8;
const MOST_VITALS: u16 = 16;

/// Draws two models, each in half of `area`, with their parts in the same rows.
pub(super) fn two(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, models: [&ModelRow; 2]) {
    let (left, right) = split(area, area.width / 2 - 1, 2);
    let tables = models.iter().map(|row| table_rows(input, row)).max().unwrap_or(0);
    for (half, row) in [left, right].into_iter().zip(models) {
        detail_with(canvas, half, input, row, tables);
    }
}

/// Draws the chosen model: its figures, its money and its tokens over time.
pub(super) fn detail(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, row: &ModelRow) {
    detail_with(canvas, area, input, row, table_rows(input, row));
}

/// The rows in which a model has all of its parts at their greatest height.
pub(super) fn whole_detail(input: &FrameInput<'_>, row: &ModelRow) -> u16 {
    1 + MOST_HEAD + MOST_VITALS + table_rows(input, row) + 1
}

/// Draws a model, with `table_rows` rows for its tables.
fn detail_with(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, row: &ModelRow, table_rows: u16) {
    let subject = Subject::Model(row.model.clone());
    let head = area.height.saturating_sub(6).min(HEAD);
    let has_tables = area.width >= SIDE && area.height > head + TABLES + LEAST_CHART;
    let spare = if has_tables { (area.height - 1).saturating_sub(HEAD + VITALS + table_rows) } else { 0 };
    let head = Rect { y: area.y + 1, height: (head + spare / 2).min(MOST_HEAD), ..area };
    let (left, right) = if area.width >= SIDE {
        split(head, 37, 2)
    } else {
        (Rect { height: 3, ..head }, Rect { y: head.y + 3, height: head.height.saturating_sub(3), ..head })
    };
    let below = Rect { y: left.y + 1, height: left.height.saturating_sub(1), ..left };
    let has_digits = below.height >= 6;
    let so_far = so_far::so_far(input, row).filter(|_| has_digits);
    let mut title = titled(input, row, so_far.is_some(), left.width);
    if let Some(profit) = row.money.profit_per_hour.filter(|_| !has_digits && !is_beside(row)) {
        let (role, _, _) = sign(Some(profit));
        title = title.right([Segment::dim("  "), Segment::new(role, format::signed(profit, 12))]);
    }
    title.draw(canvas, Rect { height: 1, ..left });
    let shown = so_far.map_or(row.money.profit_per_hour, |so_far| Some(so_far.profit));
    let below = if has_digits { digits(canvas, below, input, shown) } else { below };
    flow(canvas, below, &facts(input, row, so_far), 2);
    if is_beside(row) {
        return;
    }
    Margin {
        subject: subject.clone(),
        now: [row.money.revenue_per_hour, cost(row)],
        scale_width: 7,
        is_main: true,
        of: String::new(),
    }
    .draw(canvas, right, input);
    let left = area.bottom().saturating_sub(head.bottom());
    let wanted = match (has_tables, left >= TABLES + LEAST_CHART + latencies::ROWS) {
        (false, _) => 0,
        (true, false) => TABLES,
        (true, true) => TABLES + latencies::ROWS,
    };
    // Two rows of charts where four in a row would be too narrow.
    let least = if area.width >= FOUR { VITALS } else { 2 * LEAST_CHART };
    let most = if spare > 0 { MOST_VITALS.min(left.saturating_sub(table_rows).max(least)) } else { least };
    let vitals = Rect { y: head.bottom(), height: (left - wanted.min(left)).min(most), ..area };
    if has_tables {
        let below = Rect { y: vitals.bottom(), height: area.bottom() - vitals.bottom(), ..area };
        tables(canvas, below, input, row);
    }
    let [output, prompt, hits, first] = tokens(input, row, &subject);
    if area.width >= FOUR {
        charts::draw_row(canvas, vitals, input, [output, prompt, hits, first], 4);
        return;
    }
    // Two rows of two charts, where both rows fit.
    let has_both = vitals.height >= 2 * LEAST_CHART;
    let (above, below) =
        if has_both { (vitals.height / 2, vitals.height - vitals.height / 2) } else { (vitals.height, 0) };
    charts::draw_row(canvas, Rect { height: above, ..vitals }, input, [output, prompt], 2);
    if has_both {
        charts::draw_row(canvas, Rect { y: vitals.y + above, height: below, ..vitals }, input, [hits, first], 2);
    }
}

/// The title with what the digits are: the profit since a time, or an hour.
fn titled(input: &FrameInput<'_>, row: &ModelRow, is_so_far: bool, width: u16) -> TitledRule<'static> {
    let period = pane::period(input).map(|period| format!("{} ≈", period.words()));
    let label = period.filter(|_| is_so_far).unwrap_or_else(|| "an hour".to_owned());
    // It is not left out for the end of a name.
    let room = usize::from(width).saturating_sub(format::width(&label) + 7).clamp(12, 32);
    let title = TitledRule::new(format::shorten(row.model.as_str(), room));
    title.right([Segment::dim("profit ")]).right([Segment::dim(label)])
}

/// Its output, prompts, hits and time to first token over time.
fn tokens(input: &FrameInput<'_>, row: &ModelRow, subject: &Subject) -> [Chart<'static>; 4] {
    let hits = row.cache_hit_rate;
    [
        Chart {
            layers: vec![(Measure::Output, Role::Output)],
            kind: Kind::Area,
            format: charts::rate,
            unit: charts::TOKENS,
            ..blank("Output", format::scaled_tight(row.output_per_second), subject)
        },
        Chart {
            layers: vec![(Measure::PromptComputed, Role::Prompt), (Measure::PromptCached, Role::Hit)],
            kind: Kind::Area,
            format: charts::rate,
            unit: charts::TOKENS,
            ..blank("Prompt", format::scaled_tight(row.prompt_per_second), subject)
        },
        Chart {
            layers: vec![(Measure::HitRate, Role::Hit)],
            kind: Kind::Line,
            format: charts::share,
            ..blank(charts::HIT_RATE, format::percent1(hits), subject)
        },
        latency(
            "TTFT",
            latencies::figure(over_span(input, subject, LatencyKind::ToFirstToken)),
            [Measure::TtftMedian, Measure::TtftTail],
            subject,
        )
        .with(input.snap.slo.and_then(|slo| slo.ttft_p99_seconds)),
    ]
}

/// The rows that the tables need: the longer of both columns.
fn table_rows(input: &FrameInput<'_>, row: &ModelRow) -> u16 {
    let prices = (row.money.prices.len().clamp(1, 20) as u16 + 1).max(LEAST_PRICES);
    (CLASSES + prices + latencies::ROWS).max(served_by::rows(input, &row.model))
}

/// Draws the token classes and prices at the left, and the engines that serve the model at the right.
fn tables(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, row: &ModelRow) {
    let (left, right) = split(area, area.width / 2 - 1, 2);
    let mut rows = LayoutRows(left);
    classes::draw(canvas, rows.top(CLASSES), input, row);
    let subject = Subject::Model(row.model.clone());
    let delays =
        if rows.0.height >= latencies::ROWS + LEAST_PRICES { rows.bottom(latencies::ROWS) } else { Rect::default() };
    latencies::draw(canvas, delays, input, &subject, row.model.as_str(), None);
    prices::draw(canvas, rows.0, input, row);
    served_by::draw(canvas, right, input, row);
}

/// Draws a profit in large digits, and returns the area below them.
fn digits(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, profit: Option<Money>) -> Rect {
    let (role, glyph, sign) = sign(profit);
    let whole = profit.map_or(format::UNKNOWN.to_owned(), |profit| format::rounded_within(profit, 9));
    let currency = format::symbol(input.currency());
    let (currency, largest) = (currency.trim_end(), DigitForm::Medium);
    let form = Digits { glyph, sign, currency, whole: &whole, cents: "", bound: "", role, largest }.draw(canvas, area);
    let used = if form == DigitForm::Line { 1 } else { 3 };
    Rect { y: area.y + used, height: area.height.saturating_sub(used), ..area }
}

fn facts(input: &FrameInput<'_>, row: &ModelRow, so_far: Option<SoFar>) -> Vec<Vec<(Role, String)>> {
    let amount = |money: Option<Money>| amount(input, money);
    if is_beside(row) {
        return vec![pair("profit /h ", &amount(row.money.profit_per_hour))];
    }
    let cost = row.money.cost_per_hour.or(cost(row));
    let mut facts = Vec::new();
    if row.money.revenue.is_none() && input.app.then().is_none() {
        facts.push(vec![(Role::Warning, "unpriced: set [[price]]".to_owned())]);
        if let (Some(worth), Some(compare)) = (row.money.compare_per_hour, &input.snap.money.compare) {
            facts.push(pair("worth ≈ ", &per_hour(input, worth)));
            facts.push(vec![(Role::Dim, format!("at {}", format::shorten(compare.list.as_str(), LIST_NAME)))]);
        }
    } else {
        if let Some(profit) = row.money.profit_per_hour.filter(|_| so_far.is_some()) {
            // The rate stands below the digits of the amount.
            let (role, _, _) = sign(Some(profit));
            facts.push(vec![(role, format!("{}/h", format::signed_amount(profit, input.currency(), 12)))]);
        }
        facts.extend(row.money.profit_per_hour.and_then(|now| change(input, row, now)));
        let period = pane::period(input).map(|period| format!("{} ", period.words())).unwrap_or_default();
        facts.push(pair(&format!("revenue {period}"), &amount(row.money.revenue)));
        facts.extend(so_far.map(|so_far| pair("cost ≈ ", &amount(Some(so_far.cost)))));
    }
    if row.money.revenue_per_hour.is_none() {
        // Otherwise it is beside the revenue in the legend of the chart.
        facts.push(pair("cost /h ", &amount(cost)));
    }
    if let Some(per_million) = cost_per_million(cost, row.output_per_second) {
        facts.push(per_output(input, row, per_million));
    }
    if let Some(share) = cost.zip(row.money.revenue_per_hour).and_then(|(cost, revenue)| quotient(cost, revenue)) {
        facts.push(pair("breaks even at ", &format!("{} of its load", format::percent(Some(share)).trim())));
    }
    if let Some(list) = &row.money.list {
        facts.push(pair("list ", &format::shorten(list.as_str(), LIST_NAME)));
    }
    facts
}

/// The change of the profit per hour against a quarter hour ago.
fn change(input: &FrameInput<'_>, row: &ModelRow, now: Money) -> Option<Vec<(Role, String)>> {
    let change = now - against::profit_before(input, &Subject::Model(row.model.clone()))?;
    let [against, _] = against::reference(input);
    against::written(input, change).map(|said| vec![said, (Role::Dim, against)])
}

/// An amount: with cents below a thousand, without above.
fn amount(input: &FrameInput<'_>, money: Option<Money>) -> String {
    format::rounded_amount(money, input.currency(), 10)
}

fn per_hour(input: &FrameInput<'_>, size: Money) -> String {
    format!("{}/h", amount(input, Some(size)))
}

/// The cost of a million output tokens beside their price.
fn per_output(input: &FrameInput<'_>, row: &ModelRow, cost: Money) -> Vec<(Role, String)> {
    let is_large = cost >= CENTS;
    let cost = Some(cost);
    let cost =
        if is_large { format::amount(cost, input.currency(), 2) } else { format::unit_price(cost, input.currency()) };
    let price = row.money.prices.first().filter(|step| step.from.is_none());
    let mut fact = vec![(Role::Dim, "cost per M output ".to_owned()), (Role::Text, cost)];
    if let Some(step) = price {
        fact.push((Role::Dim, format!(", price {}", format::price_per_million(step.prices.output))));
    }
    fact
}

/// The cost of a million output tokens.
fn cost_per_million(per_hour: Option<Money>, output_per_second: Option<f64>) -> Option<Money> {
    let an_hour = output_per_second.filter(|rate| *rate > 0.0)? * 3_600.0;
    per_hour?.scaled(1_000_000, an_hour.round().max(1.0) as i64)
}

fn pair(label: &str, value: &str) -> Vec<(Role, String)> {
    vec![(Role::Dim, label.to_owned()), (Role::Text, format::pad_right(value, 9))]
}
