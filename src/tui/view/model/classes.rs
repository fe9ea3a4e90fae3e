//! What a model's tokens earn by class: price per million, rate, and share of the revenue per hour. The parts are estimates:
//! counters give tokens, and the revenue an hour is shared by rates.

use ratatui::layout::Rect;

use crate::snapshot::{ModelRow, PriceStep};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::{Ink, Role};
use crate::tui::view::list::{Col, List, amount, figure};
use crate::tui::view::model_money::cost;
use crate::tui::widgets::row_bar::RowBar;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Price, Ratio};

/// A token class, or the GPU cost.
struct ClassRow {
    name: &'static str,
    role: Role,
    price: Option<Price>,
    rate: Option<f64>,
    /// Share of the revenue per hour; for the GPU cost, its ratio to the revenue.
    share: Option<f64>,
    per_hour: Option<Money>,
}

type ClassCol<'s> = Col<'s, ClassRow>;

/// Draws the classes, which add up to the revenue per hour, and the GPU cost below them.
pub(in crate::tui::view) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, row: &ModelRow) {
    let lines = lines(row);
    let columns = [
        ClassCol::left("What a token earns", 18, |line| {
            let key = if line.price.is_some() { Segment::key(line.role) } else { Segment::dim(" ") };
            Cell::Text(vec![key, Segment::text(format!(" {}", line.name))])
        }),
        ClassCol::right("per M", 7, |line| {
            line.price.map_or(Cell::Empty, |price| Cell::text(format::price_per_million(price)))
        }),
        ClassCol::right("tok/s", 6, |line| if line.price.is_some() { rate(line.rate) } else { Cell::Empty }),
        ClassCol::left("", 6, |line| Cell::Bar(RowBar { value: line.share, top: 1.0, ink: Ink::Mixed(line.role, 75) }))
            .rank(1)
            .stretch(1, 24),
        ClassCol::right(format!("≈ {}", input.an_hour()), 8, |line| amount(line.per_hour, 8)),
        ClassCol::right("share", 6, |line| figure(&format::percent(line.share.and_then(Ratio::new)))),
    ];
    List { gap: 1, ..List::plain("What a token earns", &columns, &lines) }.draw(canvas, area);
}

fn lines(row: &ModelRow) -> Vec<ClassRow> {
    let prices = row.money.prices.first();
    let hits = row.cache_hit_rate.map_or(0.0, Ratio::get);
    let prompt = row.prompt_per_second;
    let class = |name, role, price: fn(&PriceStep) -> Price, rate: Option<f64>| (name, role, prices.map(price), rate);
    let classes = [
        class("output", Role::Output, |step| step.prices.output, row.output_per_second),
        class("prompt, computed", Role::Prompt, |step| step.prices.miss, prompt.map(|prompt| prompt * (1.0 - hits))),
        class("prompt, cached", Role::Hit, |step| step.prices.hit, prompt.map(|prompt| prompt * hits)),
    ];
    let worth = |price: Option<Price>, rate: Option<f64>| Some(price?.nanos() as f64 * rate?);
    let all: f64 = classes.iter().filter_map(|(_, _, price, rate)| worth(*price, *rate)).sum();
    let revenue = row.money.revenue_per_hour;
    let mut lines: Vec<ClassRow> = classes
        .into_iter()
        .map(|(name, role, price, rate)| {
            let share = worth(price, rate).filter(|_| all > 0.0).map(|worth| worth / all);
            let per_hour = revenue.zip(share).and_then(|(revenue, share)| part(revenue, share));
            ClassRow { name, role, price, rate, share, per_hour }
        })
        .collect();
    let rent = row.money.cost_per_hour.or(cost(row));
    let share = number(rent).zip(number(revenue)).map(|(rent, revenue)| rent / revenue);
    let share = share.filter(|share| share.is_finite());
    lines.push(ClassRow { name: "cost", role: Role::Cost, price: None, rate: None, share, per_hour: rent });
    lines
}

fn part(whole: Money, share: f64) -> Option<Money> {
    const PARTS: i64 = 1_000_000;
    whole.scaled((share * PARTS as f64).round() as i64, PARTS)
}

fn rate(rate: Option<f64>) -> Cell<'static> {
    figure(&format::scaled_tight(rate))
}
