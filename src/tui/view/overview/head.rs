//! The profit in large digits, the figures that it consists of, and the large chart.

use ratatui::layout::Rect;

use super::selection::{note, selection};
use super::{headline, published};
use crate::history::{LatencyKind, Subject};
use crate::snapshot::MoneyView;
use crate::tui::against;
use crate::tui::app::RefreshPace;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::pane::{self, NamedFigure, ProfitPeriod, why_unknown};
use crate::tui::theme::Role;
use crate::tui::view::charts::Margin;
use crate::tui::view::latencies::{figure, over_span, p99_of, with_one_unit};
use crate::tui::view::node_parts::sign;
use crate::tui::widgets::digits::{DigitForm, Digits};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, TextSpan, flow};
use crate::units::{Money, Ratio};

/// The amount from which the digits have no decimals.
const WHOLE: Money = Money::from_micros(1_000_000_000);

/// The input of digits and facts. All of them are of one snapshot: the profit is the revenue less the cost. Without revenue
/// only the cost grows, by about a cent per second: a slower refresh is enough.
pub(super) fn paced<'a>(input: &FrameInput<'a>) -> FrameInput<'a> {
    let earns = input.snap.money.revenue_per_hour.is_some_and(|rate| !rate.is_zero());
    input.at(if earns { RefreshPace::TwoSeconds } else { RefreshPace::FiveSeconds })
}

/// Draws digits and facts: below each other, or side by side where there are few rows.
/// Decimals may extend over `gutter` cells beside the area.
pub(in crate::tui::view) fn digits(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, gutter: u16) {
    rule(input, area.width).draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    let facts_at = side_of(area.width);
    let side = facts_at.is_some();
    let largest = DigitForm::for_screen(input.size.0);
    let room = Rect { width: facts_at.map_or(below.width + gutter, |x| x - 1), ..below };
    let form = profit(canvas, room, input, largest);
    let used = match form {
        DigitForm::Large => 4,
        DigitForm::Medium => 3,
        DigitForm::Line => 1,
    };
    let rest = if let Some(x) = facts_at {
        Rect { x: below.x + x, width: below.width.saturating_sub(x), ..below }
    } else {
        Rect { y: below.y + used, height: below.height.saturating_sub(used), ..below }
    };
    draw_facts(canvas, rest.intersection(below), facts(input, area.width, side));
}

/// The column of the facts beside the digits; `None` where they are below them.
const fn side_of(width: u16) -> Option<u16> {
    match width {
        74.. => Some(37),
        56.. => Some(33),
        _ => None,
    }
}

/// Draws the profit in the largest form that fits `area`, up to `largest`.
pub(super) fn profit(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, largest: DigitForm) -> DigitForm {
    let is_ascii = canvas.clip(area).is_ascii();
    with_digits(area, input, largest, is_ascii, |digits| digits.draw(canvas, area))
}

/// The form in which the profit fits `area`.
pub(super) fn form(area: Rect, input: &FrameInput<'_>, largest: DigitForm, is_ascii: bool) -> DigitForm {
    with_digits(area, input, largest, is_ascii, |digits| digits.form(area.width, area.height, is_ascii))
}

fn with_digits<R>(
    area: Rect,
    input: &FrameInput<'_>,
    largest: DigitForm,
    is_ascii: bool,
    then: impl FnOnce(Digits<'_>) -> R,
) -> R {
    let money = &input.snap.money;
    let (role, glyph, sign) = sign(money.profit);
    let (mut whole, mut cents) = ("–".to_owned(), String::new());
    let shown = shown_profit(money);
    if let Some(profit) = shown {
        let digits = format::digits(profit, 2);
        let is_large = profit >= WHOLE || profit <= Money::ZERO - WHOLE;
        match digits.split_once('.').filter(|_| is_large) {
            Some((before, after)) => (whole, cents) = (before.to_owned(), format!(".{after}")),
            None => whole = digits,
        }
    }
    let room = usize::from(area.width).saturating_sub(8);
    // An amount that is wider than the line is written in millions.
    if whole.len() > room
        && let Some(profit) = shown
    {
        (whole, cents) = (format::digits_within(profit, room), String::new());
    }
    let symbol = format::symbol(input.currency());
    let bound = if money.profit.is_some() { input.snap.total_bound().mark() } else { "" };
    let glyph = if money.profit.is_some_and(Money::is_zero) { '▬' } else { glyph };
    let glyph = if glyph == ' ' { '–' } else { glyph };
    let (currency, bound) = (symbol.trim_end(), bound.trim());
    let digits = Digits { glyph, sign, currency, whole: &whole, cents: &cents, bound, role, largest };
    let without = Digits { cents: "", ..digits };
    let form = |digits: &Digits<'_>| digits.form(area.width, area.height, is_ascii);
    // Large digits have precedence over their decimals.
    then(if form(&digits) < form(&without) { without } else { digits })
}

/// The profit with cents: the difference of what is shown beside it, where that is the same to a cent.
fn shown_profit(money: &MoneyView) -> Option<Money> {
    const CENTS: u32 = 2;
    const APART: u128 = Money::GRAINS_PER_UNIT.unsigned_abs() / 50;
    let exact = money.profit?;
    let (Some(revenue), Some(cost)) = (money.revenue, money.cost) else { return Some(exact) };
    let shown = revenue.round_to(CENTS) - money.uncosted_revenue.round_to(CENTS) - cost.round_to(CENTS);
    Some(if (shown - exact).grains().unsigned_abs() <= APART { shown } else { exact })
}

/// `─ Profit today ── theoretical ─`, and the change if it fits.
fn rule(input: &FrameInput<'_>, width: u16) -> TitledRule<'static> {
    let money = &input.snap.money;
    let title = match pane::period(input) {
        Some(_) if published::is_shown(input) => "Profit of the day".to_owned(),
        Some(ProfitPeriod::Today) => "Profit today".to_owned(),
        Some(ProfitPeriod::Since(time)) => format!("Profit since {time}"),
        None => "Profit".to_owned(),
    };
    let mut rule = TitledRule::new(title);
    let is_theoretical = money.theoretical && money.revenue.is_some();
    // A filter selects rows; the money is still that of the whole fleet.
    if !input.app.filter.text().is_empty() {
        let text = if width >= 74 { "of the whole fleet, not of the filter" } else { "whole fleet" };
        return rule.right([Segment::new(Role::Warning, text)]);
    }
    if side_of(width).is_some() {
        let note = is_theoretical.then(|| Segment::dim(" · theoretical"));
        let said = change(input).map(|change| {
            let [against, _] = change.against;
            let against = if width >= 74 { against } else { String::new() };
            [Segment::new(change.role, change.amount), Segment::dim(against)]
        });
        rule = rule.note(note).right(said.into_iter().flatten());
    } else if is_theoretical {
        rule = rule.right([Segment::dim("theoretical")]);
    }
    rule
}

/// The figures that the profit consists of, in rows: one that does not fit is left out, so that the others keep their place.
pub(super) fn facts(input: &FrameInput<'_>, width: u16, side: bool) -> Vec<Vec<Vec<TextSpan>>> {
    let money = &input.snap.money;
    if money.profit.is_none() {
        let room = width.saturating_sub(side_of(width).unwrap_or(0));
        let why = vec![(Role::Warning, why_unknown(input, usize::from(room)).to_owned())];
        let rest =
            pane::facts_in_pairs(input).iter().map(NamedFigure::spans).map(|fact| vec![fact]).collect::<Vec<_>>();
        return std::iter::once(vec![why]).chain(rest).collect();
    }
    let amount = |label: &str, money: Option<Money>, kept| fact(label, &input.money(money, 8), kept);
    let label = format!("revenue {}", input.snap.total_bound().mark());
    // Next to the digits, the facts are in columns.
    let first = format::width(&label) + 8;
    let rate = rate(input, width, side.then_some(first));
    let cost_label = if side { format::pad_right("cost ", format::width(&label)) } else { "cost ".to_owned() };
    let revenue = amount(&label, money.revenue, 8);
    let cost = amount(&cost_label, money.cost, if side { 8 } else { 7 });
    let idle = amount("idle ", money.idle_cost, 6);
    let on_cost = fact("profit on cost ", format::percent(input.settled_ratio(money.profit_on_cost)).trim(), 5);
    let gross = fact("gross margin ", format::percent1(input.settled_ratio(money.gross_margin)).trim(), 6);
    let even = even(input.settled_ratio(input.rates().snap.money.break_even_load), side || width < 45);
    let uncosted = (money.uncosted_engines > 0).then(|| {
        let plural = if money.uncosted_engines == 1 { "" } else { "s" };
        let worth = input.money(Some(money.uncosted_revenue), 10);
        vec![fact("uncosted ", &format!("{worth} of {} engine{plural}", money.uncosted_engines), 0)]
    });
    let mut rows = if side {
        vec![vec![rate, even], vec![revenue, on_cost], vec![cost, gross]]
    } else if width < 45 {
        vec![vec![rate], vec![revenue, cost], vec![on_cost, idle], vec![gross, even]]
    } else {
        vec![vec![rate], vec![revenue, cost, idle], vec![on_cost, gross], vec![even]]
    };
    let last = rows.len() - 1;
    if let Some(uncosted) = uncosted {
        // Money that is not in the profit has precedence over further information.
        rows.insert(last, uncosted);
    }
    if !side {
        rows.extend(latencies(input, width));
    }
    rows
}

/// The time to the first token and the part of it in the queue, of the whole fleet over the span of the charts: in one row
/// where both fit.
fn latencies(input: &FrameInput<'_>, width: u16) -> Vec<Vec<Vec<TextSpan>>> {
    let objective = input.snap.slo.unwrap_or_default().ttft_p99_seconds;
    let known = [("TTFT ", LatencyKind::ToFirstToken), ("queue ", LatencyKind::Queue)].map(|(label, kind)| {
        let over = over_span(input, &Subject::Fleet, kind)?;
        let role = if over.p99.exceeds(objective) { Role::Warning } else { Role::Text };
        Some(vec![(Role::Dim, label.to_owned()), (role, with_one_unit(&figure(Some(over))))])
    });
    let facts: Vec<Vec<TextSpan>> = known.into_iter().flatten().collect();
    let cells = |fact: &Vec<TextSpan>| fact.iter().map(|(_, text)| format::width(text)).sum::<usize>() + 2;
    // The median in the queue gives way to one row.
    let mut short = facts.clone();
    if let [_, queue] = short.as_mut_slice()
        && let Some((_, text)) = queue.last_mut()
    {
        *text = p99_of(text).to_owned();
    }
    let room = usize::from(width) + 2;
    match facts.iter().map(cells).sum::<usize>() {
        0 => Vec::new(),
        all if all <= room => vec![facts],
        _ if short.iter().map(cells).sum::<usize>() <= room => vec![short],
        _ => facts.into_iter().map(|fact| vec![fact]).collect(),
    }
}

fn fact(label: &str, value: &str, kept: usize) -> Vec<TextSpan> {
    vec![(Role::Dim, label.to_owned()), (Role::Text, format::pad_right(value, kept))]
}

/// `+ $24,524 /h   ▼ $2,000 /h`; without the change where the amount stands in a column of so many cells.
pub(super) fn rate(input: &FrameInput<'_>, width: u16, column: Option<usize>) -> Vec<TextSpan> {
    let input = &input.rates();
    let Some(rate) = input.snap.money.profit_per_hour else {
        return fact("an hour ", format::UNKNOWN, 9);
    };
    let (role, glyph, sign) = sign(Some(rate));
    let glyph = if glyph == '▼' { "▼ " } else { "" };
    let symbol = format::symbol(input.currency());
    let bound = input.snap.rate_bound().mark();
    let sign = format!("{sign} ");
    let amount = format!("{bound}{glyph}{}{symbol}{} /h", sign.trim_start(), format::digits_within(rate, 7));
    let mut spans = vec![(role, format::pad_right(&amount, column.unwrap_or(0)))];
    if let Some(change) = change(input).filter(|_| column.is_none()) {
        let taken = format::width(&amount) + 2 + format::width(&change.amount);
        let left = usize::from(width).saturating_sub(taken);
        spans.push((change.role, format!("  {}", change.amount)));
        spans.extend(change.against.into_iter().find(|text| format::width(text) <= left).map(|text| (Role::Dim, text)));
    }
    spans
}

fn even(load: Option<Ratio>, is_short: bool) -> Vec<TextSpan> {
    let text = match load {
        Some(load) if load.get() > 100.0 => "> 100x".to_owned(),
        load => format::percent(load).trim().to_owned(),
    };
    if is_short { fact("break-even ", &text, 5) } else { fact("breaks even at ", &format!("{text} of this load"), 0) }
}

/// Draws the rows of facts.
pub(super) fn draw_facts(canvas: &mut Canvas<'_>, area: Rect, rows: Vec<Vec<Vec<TextSpan>>>) {
    for (y, facts) in (0..area.height).zip(rows) {
        flow(canvas, Rect { y: area.y + y, height: 1, ..area }, &facts, 2);
    }
}

/// The change of the profit per hour and its reference, in a long and a short form.
struct HeadChange {
    role: Role,
    amount: String,
    against: [String; 2],
}

/// The change that the headline explains.
fn change(input: &FrameInput<'_>) -> Option<HeadChange> {
    let (role, amount) = against::written(input, headline::profit_changed(input)?)?;
    Some(HeadChange { role, amount, against: against::reference(input) })
}

/// Draws revenue = cost + profit.
pub(super) fn chart(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let slow = input.rates();
    let selected = selection(&slow);
    let of = note(input, selected.as_ref());
    let money = &slow.snap.money;
    let whole = || (Subject::Fleet, [money.revenue_per_hour, money.cost_per_hour]);
    let (subject, now) = selected.map_or_else(whole, |selected| (selected.subject, selected.money));
    Margin { subject, now, scale_width: 7, is_main: true, of }.draw(canvas, area, input);
}
