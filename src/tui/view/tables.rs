//! Tables next to the fleet: models, costs without revenue, alerts.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::about::{about, found, named, said_of};
use super::cause_words::{cause_name, cause_notes};
use super::charts::severity;
use super::list::{Col, List, amount, figure};
pub(super) use super::profit_cells::{bounded_profit, profit};
use crate::burn::{self, ReasonLine};
use crate::history::BurntSum;
use crate::snapshot::{Alert, Bound};
use crate::statement::Cause;
use crate::tui::app::RefreshPace;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::pane;
use crate::tui::theme::{Ink, Role};
use crate::tui::together;
use crate::tui::widgets::row_bar::{DivergingBar, RowBar};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::table::{Cell, MoneyCell, MoneySign, TableRow};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Span};

/// The time after midnight within which a recording counts as complete for the day.
pub(super) const SETTLED: Span = Span::from_secs(120);

type BurnCol<'s> = Col<'s, ReasonLine>;

/// Draws costs without revenue, the largest first; estimates are marked.
pub(super) fn burns(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let rows = burn_lines(input);
    let rows: &[ReasonLine] = &rows;
    let top = rows.first().and_then(|line| number(line.per_hour)).unwrap_or(1.0);
    let amount = |money: Option<Money>| amount(money, 7);
    let name =
        |line: &ReasonLine| format!("{}{}", line.reason.name(), if line.reason.is_estimate() { " ≈" } else { "" });
    let since = match pane::period(input) {
        Some(pane::ProfitPeriod::Since(_)) => "total",
        Some(pane::ProfitPeriod::Today) | None => "today",
    };
    let columns = [
        BurnCol::left("", 12, move |line| Cell::text(name(line))),
        BurnCol::left("", 12, |line| Cell::Phrase(with_names(input, &line.what).into())).rank(2).stretch(20, 44),
        BurnCol::left("", 5, move |line| {
            Cell::Bar(RowBar { value: number(line.per_hour), top, ink: Ink::Mixed(Role::Loss, 80) })
        })
        .rank(3)
        .stretch(1, 12),
        BurnCol::right(input.an_hour(), 7, move |line| amount(line.per_hour)),
        BurnCol::right(since, 7, move |line| today(input, line).cell()).rank(1),
    ];
    let sum = |_: usize| burn_sum(input, rows);
    // The lines have precedence over their sum.
    let has_sum = rows.len() > 1 && rows.len() + 2 <= usize::from(area.height);
    let falls_by = (!rows.is_empty()).then(|| input.an_hour().into());
    let total: Option<&dyn Fn(usize) -> TableRow<'static>> = if has_sum { Some(&sum) } else { None };
    List { gap: 1, falls_by, total, ..List::plain("Where it burns", &columns, rows) }.draw(canvas, area);
    if rows.is_empty() && area.height > 1 {
        let is_known = input.snap.money.cost.is_some();
        canvas
            .writer(area, 1)
            .put(Role::Dim, if is_known { "nowhere that is known" } else { "unknown: no cost is known" });
    }
}

/// An amount of a line or of all; a lower bound where a part of it is not known.
#[derive(Clone, Copy)]
struct BurnAmount {
    known: Option<Money>,
    is_bound: bool,
}

impl BurnAmount {
    fn of(known: Option<Money>) -> Self {
        Self { known, is_bound: false }
    }

    /// The sum; where an amount is unknown, at least that of the others.
    fn sum(amounts: impl Iterator<Item = Self>) -> Self {
        let add = |sum: Self, one: Self| Self {
            known: match (sum.known, one.known) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            },
            is_bound: sum.is_bound || one.is_bound || one.known.is_none(),
        };
        amounts.fold(Self { known: None, is_bound: false }, add)
    }

    /// The amount, or the whole cost if lines that overlap exceed it.
    fn at_most(self, cost: Option<Money>) -> Self {
        Self { known: self.known.map(|sum| cost.map_or(sum, |cost| sum.min(cost))), ..self }
    }

    fn cell(self) -> Cell<'static> {
        match self.known {
            Some(money) if self.is_bound => Cell::text(format!("≥{}", format::bare(Some(money), AMOUNT - 1).trim())),
            known => amount(known, AMOUNT as u16),
        }
    }
}

/// The cells of an amount.
const AMOUNT: usize = 7;

/// The sum of all lines: an estimate, as two of them may cover the same GPU.
fn burn_sum(input: &FrameInput<'_>, rows: &[ReasonLine]) -> TableRow<'static> {
    let cost = input.snap.money.cost_per_hour;
    let of = cost.map(|_| format!("of {}/h cost", input.money(cost, 7).trim())).unwrap_or_default();
    TableRow::new([
        Cell::dim("sum ≈"),
        Cell::dim(of),
        Cell::Empty,
        BurnAmount::sum(rows.iter().map(|line| BurnAmount::of(line.per_hour))).at_most(cost).cell(),
        BurnAmount::sum(rows.iter().map(|line| today(input, line))).cell(),
    ])
}

/// The cost since midnight: what the ledger has, else what was recorded. It is a lower bound where the recording began
/// later, or lacks an amount.
fn today(input: &FrameInput<'_>, line: &ReasonLine) -> BurnAmount {
    if line.today.is_some() {
        return BurnAmount::of(line.today);
    }
    // What was recorded is the sum up to now.
    let recorded = input.app.history.burnt(line.reason).filter(|_| input.app.then().is_none());
    let Some(BurntSum { since, cost, is_bound }) = recorded else {
        return BurnAmount::of(None);
    };
    // What is known of no instant has no sum.
    let known =
        (cost > 0.0 || line.per_hour.is_some()).then(|| Money::from_micros((cost * 1e6).clamp(0.0, 9e18) as i64));
    let is_whole = input.snap.money.since.is_some_and(|began| since <= began + SETTLED);
    BurnAmount { known, is_bound: is_bound || !is_whole }
}

/// The text of a cost without revenue, with node names in place of addresses.
fn with_names(input: &FrameInput<'_>, what: &str) -> String {
    match what.split_once(' ') {
        Some((word, rest)) if word.contains("://") => {
            let (address, comma) = word.strip_suffix(',').map_or((word, ""), |address| (address, ","));
            format!("{}{comma} {rest}", about(input, address))
        }
        _ => what.to_owned(),
    }
}

/// The rows that they take, with their heading and, of several, their sum.
pub(super) fn burn_rows(input: &FrameInput<'_>) -> u16 {
    let lines = input.app.snapshots.burns().len().min(20) as u16;
    2.max(lines + 1 + u16::from(lines > 1))
}

/// The lines of the input's snapshot. Those of the snapshot for tables are computed already.
fn burn_lines<'s>(input: &FrameInput<'s>) -> Cow<'s, [ReasonLine]> {
    let snapshots = &input.app.snapshots;
    let is_known = std::ptr::eq(input.snap, &raw const **snapshots.at(RefreshPace::FiveSeconds));
    if is_known { Cow::Borrowed(snapshots.burns()) } else { Cow::Owned(burn::lines(input.snap)) }
}

/// The causes of the change against a quarter hour ago that are not zero, the largest first.
fn parts(input: &FrameInput<'_>) -> Vec<(Cause, Money)> {
    let Some(quarter) = input.app.bridge() else { return Vec::new() };
    let mut parts: Vec<_> = quarter.bridge.parts.iter().copied().filter(|(_, part)| !part.is_zero()).collect();
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.grains().unsigned_abs()));
    parts
}

/// The number of rows with the heading; 0 if no change is known.
pub(super) fn change_rows(input: &FrameInput<'_>) -> u16 {
    match parts(input).len() {
        0 => 0,
        parts => parts as u16 + 1,
    }
}

/// A cause of the change, and its explanation.
type CausePart = ((Cause, Money), String);
type P<'s> = Col<'s, CausePart>;

/// Draws the causes of the change of the profit per hour over a quarter hour.
pub(super) fn changes(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let parts = parts(input);
    let top = parts.first().and_then(|(_, part)| number(Some(*part))).unwrap_or(1.0).abs();
    let notes = cause_notes(input.app.bridge().and_then(|quarter| quarter.causes), &parts);
    let rows: Vec<CausePart> = parts.into_iter().zip(notes).collect();
    let columns = [
        P::left("", 12, |((cause, _), _)| Cell::dim(cause_name(*cause))),
        P::left("", 15, |(_, note)| Cell::dim(note.clone())).rank(1),
        P::left("", 10, move |((_, part), _)| Cell::Diverging(DivergingBar::of_profit(number(Some(*part)), top, 12)))
            .stretch(1, 26),
        P::right("", 10, |((_, part), _)| {
            Cell::Amount(MoneyCell { money: *part, sign: MoneySign::Change, cells: 10, bound: Bound::None })
        }),
    ];
    let mut list = List { gap: 1, ..List::plain("Why it changed", &columns, &rows) };
    let symbol = format::symbol(input.currency());
    let mut said = format!(" · {}/h", symbol.trim_end());
    if let Some(quarter) = input.app.bridge() {
        let [before, after] = [quarter.bridge.before, quarter.bridge.after].map(|mean| format::bare(Some(mean), 8));
        let bridge = &quarter.bridge;
        let times = [bridge.before_span.1, bridge.after_span.1].map(|at| format::clock_minute(at, input.zone()));
        for more in
            [format!(", {} to {}", times[0].trim(), times[1].trim()), format!(", {} → {}", before.trim(), after.trim())]
        {
            if format::width(&said) + format::width(&more) + 20 <= usize::from(area.width) {
                said.push_str(&more);
            }
        }
    }
    list.title.push(Segment::dim(said));
    list.draw(canvas, area);
}

/// Draws the alerts under their rule: what is wrong, since when, and for how long. If the remedy does not fit, it is in a
/// second row.
pub(super) fn alerts(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let alerts = &together::alerts(input.snap);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    let heights = rows_of_each(input, below, alerts);
    let shown = heights.len();
    let rule = if alerts.is_empty() {
        TitledRule::new("Alerts").note([Segment::dim("  none")])
    } else {
        let rule = TitledRule::new(format!("Alerts {}", alerts.len())).right([Segment::dim("since")]);
        let more = alerts.len() - shown;
        if more > 0 { rule.note([Segment::dim(format!(" · {more} more, key 7"))]) } else { rule }
    };
    rule.draw(canvas, area);
    let mut y = below.y;
    for (alert, height) in alerts.iter().zip(heights) {
        alert_line(canvas, Rect { y, height, ..below }, input, alert, 0);
        y += height;
    }
}

/// The rows that the alerts take with their rule, if that many are free.
pub(super) fn alerts_rows(input: &FrameInput<'_>, area: Rect) -> u16 {
    let below = Rect { height: area.height.saturating_sub(1), ..area };
    let alerts = &together::alerts(input.snap);
    let known = rows_of_each(input, below, alerts);
    let rest = alerts.len().saturating_sub(known.len()).min(1_000) as u16;
    known.iter().sum::<u16>() + rest + 1
}

/// The rows of each alert that is shown: two where its remedy does not fit in one and rows are left, the gravest first.
fn rows_of_each(input: &FrameInput<'_>, area: Rect, alerts: &[Alert]) -> Vec<u16> {
    let is_cut = |alert: &Alert| AlertWords::of(input, alert, (area.width, 2), 0).rest.is_some();
    let mut spare = area.height.saturating_sub(alerts.len().min(usize::from(area.height)) as u16);
    let rows = |alert: &Alert| {
        let more = u16::from(spare > 0 && is_cut(alert));
        spare -= more;
        1 + more
    };
    alerts.iter().take(usize::from(area.height)).map(rows).collect()
}

/// Draws as many alerts as there are rows; the last row says how many more there are.
pub(super) fn alert_lines(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, alerts: &[Alert]) {
    for (row, alert) in (0..area.height).zip(alerts) {
        let more = alerts.len() - usize::from(row) - 1;
        let is_last = row + 1 == area.height && more > 0;
        alert_line(canvas, Rect { y: area.y + row, height: 1, ..area }, input, alert, if is_last { more } else { 0 });
    }
}

/// The text of an alert, split into what fits in the given width.
struct AlertWords {
    /// The subject and what is wrong, as far as it fits.
    text: String,
    /// The start, at the right.
    tail: String,
    /// The text that did not fit.
    rest: Option<String>,
}

impl AlertWords {
    fn of(input: &FrameInput<'_>, alert: &Alert, (width, rows): (u16, u16), more: usize) -> Self {
        let clock = format::clock_minute(alert.since, input.zone());
        let age = format::duration(input.ago(alert.since));
        let tail = match more {
            0 if width >= 60 => format!("{clock} {age:>4}"),
            0 => age,
            more => format!("{age}  +{more} more"),
        };
        let room = usize::from(width).saturating_sub(format::width(&tail) + 4);
        let subject = format!("{}: ", format::shorten(&about(input, alert.subject.as_str()), 30));
        let (whole, left) = (alert.text.as_str(), room.saturating_sub(format::width(&subject)));
        if let Some((kept, rest)) = with_remedy(alert, left, rows) {
            return Self { text: format!("{subject}{kept}"), tail, rest };
        }
        let kept = format::clauses(whole, left);
        let (kept, rest) = match whole.strip_prefix(kept.as_str()) {
            Some("") => (kept, None),
            Some(_) if rows < 2 => (format::cut_at_word(whole, left), None),
            Some(rest) => (kept, Some(format!("→ {}", rest.trim_start_matches([':', ';', ',', ' '])))),
            // No clause of the text fits: the rule's short text replaces it, or the text continues in the next row.
            None if rows < 2 => {
                let short = [named(alert.rule, whole), found(alert.rule)];
                let short = short.into_iter().find(|short| format::width(short) <= left);
                (short.map_or_else(|| format::cut_at_word(whole, left), str::to_owned), None)
            }
            None => {
                let mut lines = format::wrapped(whole, left).into_iter();
                let first = lines.next().unwrap_or_default();
                (first, Some(lines.collect::<Vec<_>>().join(" ")).filter(|rest| !rest.is_empty()))
            }
        };
        Self { text: format::cut_at_word(&format!("{subject}{kept}"), room), tail, rest }
    }
}

/// What is wrong and, after an arrow, what to do, in the row or in the next one; `None` where the rule has no remedy or it
/// does not fit.
fn with_remedy(alert: &Alert, left: usize, rows: u16) -> Option<(String, Option<String>)> {
    let said = said_of(alert.rule, alert.text.as_str());
    let remedy = said.remedy?;
    let first = |remedy: &str| remedy.split(['.', ';']).next().unwrap_or_default().to_owned();
    let forms = [
        format!("{} → {remedy}", said.long),
        format!("{} → {}", said.long, first(remedy)),
        format!("{} → {}", said.short, first(remedy)),
        format!("{} → {}", found(alert.rule), first(remedy)),
    ];
    let in_row = forms.into_iter().take(if rows >= 2 { 1 } else { 4 }).find(|form| format::width(form) <= left);
    let below = || {
        let wholes = [said.long.as_str(), said.short].into_iter().find(|whole| format::width(whole) <= left);
        let whole = wholes.map_or_else(|| format::cut_at_word(&said.long, left), str::to_owned);
        (rows >= 2).then(|| (whole, Some(format!("→ {remedy}"))))
    };
    in_row.map(|form| (form, None)).or_else(below)
}

/// Draws an alert in one or two rows: the subject and what is wrong, with the time at the right; the second row has the
/// text that did not fit in the first.
pub(super) fn alert_line(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, alert: &Alert, more: usize) {
    let role = severity(alert.severity);
    let glyph = if role == Role::Dim { "· " } else { "▲ " };
    let said_of = if role == Role::Dim { Role::Dim } else { Role::Text };
    let words = AlertWords::of(input, alert, (area.width, area.height), more);
    let mut clip = canvas.clip(area);
    let width = clip.width();
    clip.line_to(width, 0, &[Segment::dim(words.tail)]);
    clip.line(0, 0, &[Segment::new(role, glyph), Segment::new(said_of, words.text)]);
    if let Some(rest) = words.rest.filter(|_| area.height > 1) {
        let rest = format::cut_at_word(&rest, usize::from(width).saturating_sub(2));
        clip.line(2, 1, &[Segment::dim(rest)]);
    }
}

/// A rate in tokens per second.
pub(super) fn rate(value: Option<f64>) -> Cell<'static> {
    figure(&format::scaled_tight(value))
}
