//! The published DeepSeek day, compared with what was counted here.

use ratatui::layout::Rect;

use crate::efficiency::{PUBLISHED_COST, PUBLISHED_NODES, PUBLISHED_ON_COST, PUBLISHED_REVENUE};
use crate::tui::app::WatchedFleet;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::view::list::{Col, List, figure};
use crate::tui::widgets::Canvas;
use crate::tui::widgets::table::Cell;
use crate::units::{Money, Ratio, Span, Tokens};

/// The number of rows, heading included.
pub(super) const ROWS: u16 = 6;
/// The seconds of an hour, and the cost of a node of eight GPUs per hour in US dollars.
const HOUR: f64 = 3_600.0;
const NODE_HOUR: f64 = 16.0;

/// The published revenue in US dollars, and the hours that it covers.
const PUBLISHED: Money = Money::from_micros(562_027_000_000);
const DAY: f64 = 23.99;

/// Whether the published day is being simulated.
pub(super) fn is_shown(input: &FrameInput<'_>) -> bool {
    matches!(input.app.fleet, WatchedFleet::PublishedDay { .. })
}

struct PublishedLine {
    what: &'static str,
    published: String,
    here: String,
}

/// Draws the comparison.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    type C<'s> = Col<'s, PublishedLine>;
    let rows = lines(input);
    // What is counted of a part of the day is no figure of the day.
    let part = hours(input).filter(|hours| *hours < DAY);
    let here = part.map_or_else(
        || "here".to_owned(),
        |hours| format!("here, {}", format::duration(Span::from_secs((hours * HOUR) as i64))),
    );
    let columns = [
        C::left("Published, and counted here", 28, |line| Cell::dim(line.what)).stretch(1, 60),
        C::right("published", 10, |line| figure(&line.published)),
        C::right(here, 12, |line| figure(&line.here)),
    ];
    List { gap: 1, ..List::plain("Published, and counted here", &columns, &rows) }.draw(canvas, area);
    if area.height >= ROWS {
        canvas.writer(area, ROWS - 1).put(Role::Dim, &format::cut(&apart(input), usize::from(area.width)));
    }
}

/// The difference between the counted and the published revenue of the whole day, and its reason.
fn apart(input: &FrameInput<'_>) -> String {
    const WHY: &str = "he published token totals are rounded.";
    let is_over = hours(input).is_some_and(|hours| hours >= DAY);
    match input.snap.money.revenue.filter(|_| is_over) {
        Some(revenue) => {
            let by = (revenue - PUBLISHED).rounded(0).unsigned_abs();
            format!("{}{by} apart: t{WHY}", format::symbol(input.currency()).trim_end())
        }
        None => format!("T{WHY}"),
    }
}

/// The mean number of allocated nodes.
pub(super) fn average(input: &FrameInput<'_>) -> Option<f64> {
    node_hours(input).zip(hours(input)).map(|(node_hours, hours)| node_hours / hours)
}

/// The mean rate in tokens per second, from the tokens counted so far.
pub(super) fn average_rate(input: &FrameInput<'_>, tokens: Option<Tokens>) -> Option<f64> {
    Some(tokens?.count() as f64 / (hours(input)? * HOUR))
}

fn lines(input: &FrameInput<'_>) -> [PublishedLine; 4] {
    let money = &input.snap.money;
    let amount = |of| input.money(of, 11).trim().to_owned();
    let percent = |of: Option<Ratio>| {
        of.map_or(format::UNKNOWN.to_owned(), |ratio| format!("{:.1} %", ratio.get() * 100.0).replace('-', "−"))
    };
    let nodes = average(input).map_or(format::UNKNOWN.to_owned(), |nodes| format!("{nodes:.2}"));
    [
        PublishedLine {
            what: "revenue at list prices",
            published: PUBLISHED_REVENUE.to_owned(),
            here: amount(money.revenue),
        },
        PublishedLine { what: "rent of H800 at $2.00", published: PUBLISHED_COST.to_owned(), here: amount(money.cost) },
        PublishedLine {
            what: "profit on cost",
            published: PUBLISHED_ON_COST.to_owned(),
            here: percent(money.profit_on_cost),
        },
        PublishedLine { what: "nodes, average", published: PUBLISHED_NODES.to_owned(), here: nodes },
    ]
}

fn hours(input: &FrameInput<'_>) -> Option<f64> {
    let since = input.snap.money.since?;
    Some((input.snap.at - since).as_secs_f64() / HOUR).filter(|hours| *hours > 0.0)
}

fn node_hours(input: &FrameInput<'_>) -> Option<f64> {
    number(input.snap.money.cost).map(|cost| cost / NODE_HOUR)
}

/// The totals of the day as a sentence.
pub(super) fn sentence(input: &FrameInput<'_>) -> String {
    let tokens = &input.snap.tokens;
    let count = |count: Option<Tokens>| format::scaled_tight(count.map(|count| count.count() as f64)).trim().to_owned();
    let node_hours =
        node_hours(input).map_or(format::UNKNOWN.to_owned(), |hours| format::grouped(hours.round() as u128));
    format!(
        "{} prompt tokens, {} of them cached, and {} output tokens; {node_hours} node-hours at $16. Exact, from counters.",
        count(tokens.prompt_total),
        count(tokens.cached_total),
        count(tokens.output_total)
    )
}
