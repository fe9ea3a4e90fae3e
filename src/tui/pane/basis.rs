//! The basis line: what the money is based on, and how it may be wrong.

use ratatui::layout::Rect;

use super::ledger;
use crate::pricing::Bill;
use crate::reading::Health;
use crate::snapshot::{Rule, WriterStatus};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, TextSpan};
use crate::units::{GpuTime, Ratio, Span as Time};

/// The width of the heading in cells.
const HEADING: u16 = 6;
/// The separator of two facts, and its width in cells.
const SEPARATOR: &str = " · ";
const GAP: usize = 3;
/// The width from which the date of an assumed rate is shown.
const DATED: u16 = 100;
/// A change that is farther away is given in days.
const SOON: Time = Time::from_secs(24 * 3600);

/// Draws as many facts as fit in the rows of `area`.
pub fn basis(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let rows = rows(input, area.width);
    canvas.writer(area, 0).put(Role::Dim, "basis");
    if rows.is_empty() {
        canvas.writer(area, 0).skip(HEADING).put(Role::Dim, "nothing watched yet");
    }
    for (row, facts) in (0..area.height).zip(rows) {
        let mut writer = canvas.writer(area, row);
        writer.skip(HEADING);
        for (role, text) in facts {
            writer.put(role, &text);
        }
    }
}

/// The rows that all facts need.
pub fn basis_rows(input: &FrameInput<'_>, width: u16) -> u16 {
    (rows(input, width).len() as u16).max(1)
}

fn rows(input: &FrameInput<'_>, width: u16) -> Vec<Vec<TextSpan>> {
    if input.app.then().is_some() {
        let facts = ["as recorded: – has no record", "End: now"].map(|text| Some(say(text.to_owned())));
        let loads = Some(say("a GPU's load before the last 15 min is its node's mean".to_owned()));
        let all = facts.into_iter().chain([recorded_lists(input), rate(input, width), loads]);
        return laid_out(all, width).into_iter().take(1).collect();
    }
    let sums = [
        keeper(input),
        disputed(input),
        priced(input),
        uncosted(input),
        timing(input),
        lost(input),
        silent(input),
        unpriced(input),
        hits(input),
        objectives(input),
    ];
    // The header names the lists; an assumed rate stands nowhere else.
    let is_assumed = input.snap.money.rates.first().is_some_and(|rate| rate.assumed);
    let (assumed, own) = if is_assumed { (rate(input, width), None) } else { (None, rate(input, width)) };
    let terms = [unrated(input), assumed, billing(input), lists(input), leakage(input), own, in_memory(input)];
    laid_out(sums.into_iter().chain(terms), width)
}

/// Facts one after another in rows; none is broken.
fn laid_out(facts: impl Iterator<Item = Option<TextSpan>>, width: u16) -> Vec<Vec<TextSpan>> {
    let room = usize::from(width.saturating_sub(HEADING));
    let mut rows: Vec<Vec<TextSpan>> = Vec::new();
    let mut used = 0;
    for (role, text) in facts.flatten() {
        let text = format::cut(&text, room);
        let cells = format::width(&text);
        if let Some(row) = rows.last_mut().filter(|_| used + GAP + cells <= room) {
            row.extend([(Role::Rule, SEPARATOR.to_owned()), (role, text)]);
            used += GAP + cells;
        } else {
            rows.push(vec![(role, text)]);
            used = cells;
        }
    }
    rows
}

fn warn(text: String) -> TextSpan {
    (Role::Warning, text)
}

fn say(text: String) -> TextSpan {
    (Role::Dim, text)
}

/// Another process that writes the ledger.
fn keeper(input: &FrameInput<'_>) -> Option<TextSpan> {
    let other = matches!(input.snap.money.ledger.writer, WriterStatus::Other(_));
    ledger::keeper(input).filter(|_| other).map(|text| (Role::Dim, text))
}

/// The note that no process writes it.
fn in_memory(input: &FrameInput<'_>) -> Option<TextSpan> {
    let memory = input.snap.money.ledger.writer == WriterStatus::Memory && !input.is_blank();
    ledger::keeper(input).filter(|_| memory).map(say)
}

/// Nodes that do not answer.
fn silent(input: &FrameInput<'_>) -> Option<TextSpan> {
    let count = |state| input.snap.nodes.iter().filter(|node| node.state == state).count();
    let in_words = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 node {word}")),
        n => Some(format!("{} nodes {word}", format::grouped(n as u128))),
    };
    let (lost, stale) = (in_words(count(Health::Lost), "lost"), in_words(count(Health::Stale), "stale"));
    match (lost, stale) {
        (Some(lost), Some(stale)) => Some(warn(format!("{lost}, {stale}"))),
        (lost, stale) => lost.or(stale).map(warn),
    }
}

/// Revenue without a known cost: it is in no profit, so that revenue less cost is more than the profit.
fn uncosted(input: &FrameInput<'_>) -> Option<TextSpan> {
    let money = &input.snap.money;
    let amount = Some(money.uncosted_revenue).filter(|amount| amount.rounded(2) > 0 && money.cost.is_some());
    amount.map(|_| warn(format!("{} of the revenue without a cost, in no profit", input.money(amount, 10).trim())))
}

fn unrated(input: &FrameInput<'_>) -> Option<TextSpan> {
    let gpus = input.snap.money.unrated_gpus;
    (gpus > 0).then(|| warn(format!("{} GPUs without a rate: set [[lease]]", format::grouped(gpus as u128))))
}

fn unpriced(input: &FrameInput<'_>) -> Option<TextSpan> {
    let tokens = input.snap.money.unpriced_tokens;
    (tokens > 0).then(|| warn(format!("{} tokens unpriced", format::scaled_tight(Some(tokens as f64)).trim())))
}

/// Tokens that are quarantined or disputed.
fn disputed(input: &FrameInput<'_>) -> Option<TextSpan> {
    let money = &input.snap.money;
    let worth = match money.disputed_tokens {
        0 if money.disputed.is_zero() => return None,
        tokens if money.disputed.is_zero() => format!("{} tok", format::scaled_tight(Some(tokens as f64)).trim()),
        _ => format!("{} {}", money.disputed.round_to(2), input.currency()),
    };
    Some(warn(format!("disputed {worth}: `margintop ledger disputes`")))
}

fn hits(input: &FrameInput<'_>) -> Option<TextSpan> {
    let money = &input.snap.money;
    let may_be_twice = || input.snap.notices.iter().any(|notice| notice.rule == Rule::ProbablySame);
    let why = match (money.on_trial, money.growth_uncertain) {
        (true, _) => "growth on trial, may be taken back",
        (false, true) => "a part may be older than this run, or of a process that stopped",
        (false, false) if may_be_twice() => "an engine may be counted twice",
        (false, false) => "unknown hits, unproven tokens",
    };
    money.upper_bound.then(|| warn(why.to_owned()))
}

fn lost(input: &FrameInput<'_>) -> Option<TextSpan> {
    match input.snap.money.lost_windows {
        0 => None,
        1 => Some(warn("tokens may be missing".to_owned())),
        windows => Some(warn(format!("tokens may be missing, {} times", format::grouped(windows.into())))),
    }
}

fn priced(input: &FrameInput<'_>) -> Option<TextSpan> {
    let share = input.snap.money.priced_share?;
    // A share below one is never shown as "100 %".
    let share = if share.get() < 1.0 { Ratio::new(share.get().min(0.999)) } else { Some(share) };
    Some(say(format!("priced {}", format::percent1(share).trim())))
}

/// Half of the range of an estimate.
fn timing(input: &FrameInput<'_>) -> Option<TextSpan> {
    let money = &input.snap.money;
    let what =
        if money.upper_bound && !money.on_trial && !money.growth_uncertain { "timing and hits" } else { "timing" };
    (!money.uncertainty.is_zero()).then(|| say(format!("{what} ± {}", input.money(Some(money.uncertainty), 9))))
}

/// The share within the latency objectives.
fn objectives(input: &FrameInput<'_>) -> Option<TextSpan> {
    // As in the total of the engines' rows.
    let input = &input.rates();
    let slo = input.snap.slo.as_ref()?;
    let within = slo.within?;
    // Each engine's output counts by its own share, which the engines show beside each other.
    let goodput =
        slo.goodput_per_second.filter(|_| input.shown_view().view().has_goodput()).map_or_else(String::new, |rate| {
            format!(", goodput ≈ {} tok/s: each engine's output x its share", format::scaled_tight(Some(rate)).trim())
        });
    let text = format!("{} in SLO{goodput}", format::percent1(Some(within)).trim());
    Some(if within.get() < 0.99 { warn(text) } else { say(text) })
}

/// List prices, or the paid share.
fn billing(input: &FrameInput<'_>) -> Option<TextSpan> {
    let money = &input.snap.money;
    money.revenue?;
    Some(say(if money.theoretical { "theoretical, no paid share" } else { "billed, paid share set" }.to_owned()))
}

/// Tokens beyond finished requests, and whether they are billed.
fn leakage(input: &FrameInput<'_>) -> Option<TextSpan> {
    let money = &input.snap.money;
    let worth = money.leakage.as_ref()?.amount.filter(|amount| !amount.is_zero())?;
    let side = match money.bill {
        Bill::All => "engine value: unfinished and aborted work included,",
        Bill::Finished => "finished requests only: unfinished and aborted work left out,",
    };
    Some(say(format!("{side} {}", input.money(Some(worth), 9).trim())))
}

fn rate(input: &FrameInput<'_>, width: u16) -> Option<TextSpan> {
    let rates = &input.snap.money.rates;
    let first = rates.first()?;
    let hour = first.rate.of(GpuTime::of(1, Time::from_secs(3600)));
    let source = match (&first.dated, first.assumed) {
        (Some(dated), true) if width >= DATED => format!("assumed {dated}"),
        (_, true) => "assumed".to_owned(),
        (_, false) => "your lease".to_owned(),
    };
    let more = if rates.len() > 1 { format!(" +{}", rates.len() - 1) } else { String::new() };
    let gpu = format::shorten(first.gpu.as_str(), 12);
    Some(say(format!("{gpu} {}/h ({source}){more}", format::unit_price(Some(hour), input.currency()))))
}

/// The lists of an earlier instant: those that have not changed since.
fn recorded_lists(input: &FrameInput<'_>) -> Option<TextSpan> {
    let is_known = !input.snap.money.lists.is_empty() || input.app.newest().money.lists.is_empty();
    if is_known { lists(input) } else { Some(say("list –: it changed since".to_owned())) }
}

/// The list and tier in force, and their next change.
fn lists(input: &FrameInput<'_>) -> Option<TextSpan> {
    let lists = &input.snap.money.lists;
    let first = lists.first()?;
    let name = format::shorten(first.list.as_str(), 28);
    let when = match (&first.ended, first.until) {
        (Some(ended), _) => format!(", {ended}"),
        (None, Some(until)) if until - input.snap.at > SOON => {
            format!(" for {}", format::duration(until - input.snap.at))
        }
        (None, Some(until)) => format!(" until {}", format::clock_minute(until, input.zone())),
        (None, None) => String::new(),
    };
    let more = if lists.len() > 1 { format!(" +{}", lists.len() - 1) } else { String::new() };
    let tier = format::shorten(first.tier.as_str(), 16);
    Some(say(format!("list {name} {tier}{when}{more}").replace("  ", " ")))
}
