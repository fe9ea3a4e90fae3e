//! The notes below a report: price lists, uncertainty, break-even, and the month.

use std::fmt::Write;

use super::data::ReportData;
use super::present::PresentWords;
use crate::cli::amounts::{amount, percent};
use crate::cli::when::{local, local_second, local_span};
use crate::pricing::{Bill, ClassPrices};
use crate::reading::ModelName;
use crate::statement::{Basis, Levels, ListUse, PriceDifference, Unconverted};
use crate::tui::format;
use crate::units::{Money, Ratio, Share, Span, Timestamp};

/// The most lines of a kind.
const MOST: usize = 5;

/// Lines of a word and its text.
pub(super) fn render(data: &ReportData) -> String {
    let mut lines = Vec::new();
    span(data, &mut lines);
    lists(data, &mut lines);
    uncertainty(data, &mut lines);
    break_even(data, &mut lines);
    month(data, &mut lines);
    happened(data, &mut lines);
    let mut out = String::new();
    for (word, said) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{word:<13}{said}");
    }
    out
}

type NoteLines = Vec<(&'static str, String)>;

/// Writes the first few, and how many more there are.
fn some<T>(lines: &mut NoteLines, word: &'static str, all: &[T], say: impl Fn(&T) -> String) {
    lines.extend(all.iter().take(MOST).map(|one| (word, say(one))));
    if all.len() > MOST {
        lines.push((word, format!("and {} more: --json has them all", all.len() - MOST)));
    }
}

/// The watched part of the span, and where the span differs from the query.
fn span(data: &ReportData, lines: &mut NoteLines) {
    if data.watched <= Span::ZERO {
        let began = local(data.began, &data.zone);
        let unwatched = format!("not watched: nothing is known of this span; the ledger begins {began}");
        lines.push(data.inside_a_bucket.map_or(("watched", unwatched), |span| ("span", inside_a_bucket(span, data))));
        return;
    }
    for (edge, asked, took) in &data.moved_edges {
        let (asked, took) = (local(*asked, &data.zone), local(*took, &data.zone));
        lines.push(("span", format!("{edge} {took}, not {asked}: nothing finer is kept of it")));
    }
    if let Some((_, what_if)) = &data.what_if {
        lines.push(("so now", levels(&what_if.levels, &data.currency)));
    }
}

/// Why the report is empty although the span was watched.
fn inside_a_bucket((since, until): (Timestamp, Timestamp), data: &ReportData) -> String {
    let at = |at| local_second(at, &data.zone);
    let bucket = if since.minute() == until.minute() {
        "minutes"
    } else {
        "quarter hours or days, since nothing finer is kept of it"
    };
    let taken = at(data.statement.since);
    format!("{} to {} is none: spans are of whole {bucket}, and both ends were taken at {taken}", at(since), at(until))
}

/// The present values: with these a what-if changes nothing.
fn levels(levels: &Levels, currency: &str) -> String {
    let share = |ppm: u32| format!("{}", Money::from_micros(ppm.into()));
    let said = [
        levels.paid_ppm.map(|ppm| format!("paid={}", share(ppm))),
        levels.hit_rate_ppm.map(|ppm| format!("hit_rate={}", share(ppm))),
        levels.gpu_rate.map(|rate| format!("gpu_rate={rate} {currency}")),
        levels.nodes_milli.map(|milli| format!("nodes={} on average", milli as f64 / 1_000.0)),
    ];
    said.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn lists(data: &ReportData, lines: &mut NoteLines) {
    let (statement, places) = (&data.statement, data.places());
    some(lines, "list", &statement.lists, |used| {
        let at = |word, at: Option<Timestamp>| at.map(|at| format!("{word} {}", local(at, &data.zone)));
        let span: Vec<_> = [at("from", used.from), at("until", used.until)].into_iter().flatten().collect();
        let span = if span.is_empty() { String::new() } else { format!(", {}", span.join(" ")) };
        let is_other = |other: &&ListUse| (&other.list, &other.tier) == (&used.list, &used.tier);
        let says_paid = statement.lists.iter().filter(is_other).any(|other| other.paid != used.paid);
        let paid = if says_paid { at_paid_share(used.paid) } else { String::new() };
        format!("{}{span} {}{paid}: {} {}", used.list, used.tier, amount(Some(used.revenue), places), data.currency)
    });
    some(lines, "rate", &statement.total.origins.rates, |origin| data.rate_text(origin));
    if statement.theoretical && !statement.lists.is_empty() {
        let text = if statement.any_paid {
            "theoretical in part: some of it at list price, without a paid share"
        } else {
            "theoretical: everything at list price, no paid share set"
        };
        lines.push(("basis", text.to_owned()));
    }
    let is_listed = |model: &Option<ModelName>| {
        data.unconverted.iter().any(|(statement, _)| Some(&statement.model) == model.as_ref())
    };
    let unpriced: Vec<_> = data.unpriced.iter().filter(|(model, _)| !is_listed(model)).collect();
    some(lines, "unpriced", &unpriced, |(model, tokens)| {
        let (model, tokens) =
            (model.as_ref().map_or("(no model)", ModelName::as_str), format::grouped(tokens.count().into()));
        format!("{model}: {tokens} tokens without a price: write a [[price]]")
    });
    some(lines, "unpriced", &data.unconverted, |(statement, missing)| {
        let Unconverted { model, currency, since, tokens } = statement;
        let (tokens, since) = (format::grouped(tokens.count().into()), local(*since, &data.zone));
        let reprice = if data.repriced { "" } else { "; --reprice shows it then" };
        format!(
            "{model}: {tokens} tokens from {since} on, before the first rate of exchange from {currency}: {missing}{reprice}"
        )
    });
    if data.repriced {
        lines.push(("basis", "repriced at today's book".to_owned()));
        return;
    }
    some(lines, "differs", &data.price_differences, |statement| differs(statement, data));
}

fn differs(difference: &PriceDifference, data: &ReportData) -> String {
    let both = difference.posted.as_ref().zip(difference.today.as_ref());
    let (says_prices, says_paid) = both.map_or((false, false), |(posted, today)| {
        let same_name = (&posted.list, &posted.tier) == (&today.list, &today.tier);
        (same_name && posted.prices != today.prices, posted.paid != today.paid)
    });
    let says_paid = says_paid || data.price_differences.iter().any(|other| differs_in_share(difference, other));
    let basis = |basis: &Option<Basis>| {
        let Some(Basis { list, tier, prices, paid }) = basis else { return "unpriced".to_owned() };
        let ClassPrices { hit, miss, output } = prices;
        let prices = if says_prices { format!(" (hit {hit}, miss {miss}, output {output})") } else { String::new() };
        let paid = if says_paid { at_paid_share(*paid) } else { String::new() };
        format!("{list} {tier}{prices}{paid}")
    };
    let model = difference.model.as_ref().map_or("(no model)", |model| model.as_str());
    format!(
        "{model}: {} {} posted by {}; today's book says {}, from {}; --reprice shows it",
        amount(Some(difference.revenue), data.places()),
        data.currency,
        basis(&difference.posted),
        basis(&difference.today),
        local(difference.since, &data.zone)
    )
}

/// Whether two differences of a model are equal except for the paid share.
fn differs_in_share(difference: &PriceDifference, other: &PriceDifference) -> bool {
    let same =
        |one: &Basis, other: &Basis| (&one.list, &one.tier) == (&other.list, &other.tier) && one.paid != other.paid;
    difference.model == other.model
        && difference.posted.as_ref().zip(other.posted.as_ref()).is_some_and(|(one, other)| same(one, other))
}

/// The paid share as a decimal: ` at a paid share of 0.37`.
fn at_paid_share(paid: Option<Share>) -> String {
    let share = |paid: Share| format!(" at a paid share of {}", Money::from_micros(paid.ppm().into()));
    paid.map_or_else(|| " without a paid share".to_owned(), share)
}

fn uncertainty(data: &ReportData, lines: &mut NoteLines) {
    let (statement, currency) = (&data.statement, &data.currency);
    if !statement.uncosted_revenue.is_zero() {
        let revenue = amount(Some(statement.uncosted_revenue), data.places());
        lines.push(("uncosted", format!("{revenue} {currency} of revenue has no known cost and is in no profit")));
    }
    if !statement.uncertainty.is_zero() {
        let bound = if data.hits_unknown { ", unknown hits priced as misses" } else { "" };
        lines.push(("sure", format!("± {} {currency}{bound}", amount(Some(statement.uncertainty), data.places()))));
    }
    let disputed = data.disputed;
    let worth = if disputed.worth.is_zero() {
        String::new()
    } else {
        format!("{} {currency} of ", amount(Some(disputed.worth), data.places()))
    };
    let (tokens, kwh) = (format::grouped(disputed.tokens.count().into()), disputed.energy as f64 / 3.6e9);
    let of = match (disputed.tokens.count(), disputed.energy) {
        (0, 0) => None,
        (_, 0) => Some(format!("{tokens} tokens, in no total: a lower bound")),
        (0, _) => Some(format!("{kwh:.6} kWh of energy, in no total: the cost may lack it")),
        _ => Some(format!("{tokens} tokens and {kwh:.6} kWh of energy, in no total")),
    };
    if let Some(of) = of {
        lines.push((
            "disputed",
            format!(
                "{worth}{of}{}; `margintop ledger disputes`",
                if worth.is_empty() { ", without a price" } else { "" }
            ),
        ));
    }
    present(data, lines);
    if statement.lost_windows > 0 {
        let windows = if statement.lost_windows == 1 { "window" } else { "windows" };
        lines.push((
            "lost",
            format!("{} lost {windows}, whose tokens may be missing: a lower bound", statement.lost_windows),
        ));
    }
    some(lines, "unwatched", &data.unwatched, |(since, until)| {
        format!("{}: neither tokens nor rent were posted", between(*since, *until, data))
    });
}

/// What is open at the end of the ledger, in the words of the screen.
fn present(data: &ReportData, lines: &mut NoteLines) {
    let PresentWords { quarantined_targets, marks, bill, leakage } = data.present;
    if quarantined_targets > 0 {
        let has = if quarantined_targets == 1 { "target has" } else { "targets have" };
        let said =
            format!("{quarantined_targets} {has} a quarantined counter, whose growth is not posted yet: at least");
        lines.push(("quarantined", said));
    }
    if marks.lacks_counter {
        lines.push(("missing", "a page does not have the value of a counter that is billed: at least".to_owned()));
    }
    if marks.on_trial {
        let said = "part of it may be another process's or have been counted before, and taken back: an upper bound";
        lines.push(("on trial", said.to_owned()));
    }
    if marks.may_be_earlier {
        let said =
            "a counter was first seen with a large value, of which a part may be older than this run: an upper bound";
        lines.push(("upper bound", said.to_owned()));
    }
    let worth = leakage.map(|leakage| leakage.amount).unwrap_or_default();
    let unfinished = format!("{} {} on the last day", amount(Some(worth), data.places()), data.currency);
    match bill {
        Bill::Finished if leakage.is_some() => {
            let said = "finished requests only: unfinished and aborted work left out";
            lines.push(("billed", format!("{said}, {unfinished}")));
        }
        Bill::Finished => {
            lines.push(("billed", "finished requests only, where an engine counts them apart".to_owned()));
        }
        Bill::All if !worth.is_zero() => {
            lines.push(("billed", format!("engine value: unfinished and aborted work included, {unfinished}")));
        }
        Bill::All => {}
    }
}

fn between(since: Timestamp, until: Timestamp, data: &ReportData) -> String {
    local_span(since, until, &data.zone)
}

fn break_even(data: &ReportData, lines: &mut NoteLines) {
    let break_even = &data.break_even;
    let ratio = |ppm: i64| percent(Ratio::new(ppm as f64 / 1_000_000.0));
    let mut said = Vec::new();
    said.extend(break_even.load_ppm.map(|ppm| format!("at {} of this load", ratio(ppm))));
    said.extend(break_even.hit_rate_ppm.map(|ppm| format!("at a hit rate of {}", ratio(ppm))));
    let rate = break_even.gpu_rate.map(|rate| format!("at {} {} a GPU-hour", rate.round_to(6), data.currency));
    said.extend(rate);
    if !said.is_empty() {
        lines.push(("breaks even", said.join(", ")));
    }
}

fn month(data: &ReportData, lines: &mut NoteLines) {
    let month = &data.month;
    if month.elapsed() <= Span::ZERO {
        return;
    }
    let cash = |money: Option<Money>| format!("{} {}", amount(money, 2), data.currency);
    let name = local(month.since, &data.zone);
    let name = name.get(..7).unwrap_or(&name);
    let cost = cash(month.cost);
    let by_its_end = if month.is_early() && month.cost.is_some() {
        let minutes = month.watched.millis() / 60_000;
        format!("too early to say what it costs by its end: watched for {minutes} min, less than an hour")
    } else {
        format!("{} by its end at this rate", cash(month.projected_cost))
    };
    lines.push(("month", format!("{name} cost {cost} so far, {by_its_end}")));
    let over = month.over_budget().filter(|_| month.budget.is_some());
    if let Some(over) = over {
        let side = if over > Money::ZERO { "over" } else { "under" };
        let by = if over > Money::ZERO { over } else { -over };
        lines.push(("budget", format!("{}: {} {side} it", cash(month.budget), cash(Some(by)))));
    }
}

fn happened(data: &ReportData, lines: &mut NoteLines) {
    some(lines, "marker", &data.markers, |marker| format!("{}  {}", local(marker.at, &data.zone), marker.text));
}
