//! The columns of the engines list.

use super::line::EngineLine;
use crate::history::{Measure, Subject};
use crate::reading::Health;
use crate::snapshot::EngineRow;
use crate::tui::app::Grouping;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, mark, subject_in};
use crate::tui::series::Points;
use crate::tui::theme::{Ink, Role};
use crate::tui::view::cells::{full, gauge, hit as own_hit, latency, within};
use crate::tui::view::lines_of::common_top;
use crate::tui::view::list::{Col, OrderedBy, amount, bounded_amount, by_profit, count, figure, known_sum, said};
use crate::tui::view::served::name_role;
use crate::tui::view::tables;
use crate::tui::widgets::Segment;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::{Cell, TableRow, Tree};
use crate::units::{Money, Ratio};

/// The scale maxima of the token sparklines, for output and prompts. Rows of one kind share a scale, so that they compare.
#[derive(Clone, Copy, Default)]
pub(super) struct Tops([[f64; 2]; 3]);

/// The kind of row that shares a scale. On the scale of a unit of a hundred ranks, an engine's sparkline would be flat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Unit,
    Engine,
    Child,
}

impl LineKind {
    const ALL: [Self; 3] = [Self::Unit, Self::Engine, Self::Child];

    fn of(line: &EngineLine<'_>) -> Self {
        match (line.tree, &line.subject) {
            (Tree::Child | Tree::LastChild, _) => Self::Child,
            (_, Some(Subject::Unit(_))) => Self::Unit,
            _ => Self::Engine,
        }
    }
}

impl Tops {
    pub(super) fn of(input: &FrameInput<'_>, lines: &[EngineLine<'_>]) -> Self {
        let top = |kind: LineKind, measure: Measure| {
            let lines = lines.iter().filter(|line| LineKind::of(line) == kind && line.served.makes(measure));
            common_top(input, lines.filter_map(|line| Some((line.subject.clone()?, measure))))
        };
        Self(LineKind::ALL.map(|kind| [top(kind, Measure::Output), top(kind, Measure::Prompt)]))
    }

    fn top(&self, line: &EngineLine<'_>, measure: Measure) -> f64 {
        let [output, prompt] = self.0.get(LineKind::of(line) as usize).copied().unwrap_or_default();
        if measure == Measure::Prompt { prompt } else { output }
    }
}

/// The minimum cells of a token sparkline: short enough for the cache gauge to fit beside it on 120 columns.
const LINE: u16 = 8;

/// The minimum cells of a sparkline whose heading has a name.
const WIDE: u16 = 9;

/// The columns of a screen from which the revenue is beside the profit.
const REVENUE: u16 = 100;
/// The minimum cells of both, where the share of requests within an objective is shown beside them.
const SHORT: u16 = 5;

/// The columns of a screen below which few columns of a list fit.
const FEW: u16 = 70;

/// Whether the rows are the engines of one model, which the title names.
fn is_of_model(input: &FrameInput<'_>) -> bool {
    input.app.subject().is_some_and(|about| input.snap.models.iter().any(|row| row.model.as_str() == about.as_str()))
}

/// The ranks of the latencies. Where few columns fit, that of the first objective is one of them.
fn latency_ranks(input: &FrameInput<'_>) -> [u8; 3] {
    let slo = input.snap.slo.unwrap_or_default();
    let objectives = [slo.ttft_p99_seconds, slo.itl_p99_seconds, slo.e2e_p99_seconds];
    let first = objectives.iter().position(Option::is_some).filter(|_| input.size.0 < FEW);
    let mut ranks = [2, 5, 11];
    if let Some(rank) = first.and_then(|first| ranks.get_mut(first)) {
        *rank = 0;
    }
    ranks
}

/// The minimum cells of the names, which the title shares.
fn least_name(input: &FrameInput<'_>) -> u16 {
    // Engines without a unit have longer names, made of their node and what runs there.
    let is_alone = |row: &std::sync::Arc<EngineRow>| row.unit.is_none();
    let has_names = input.app.grouping == Grouping::Unit && input.snap.nodes.len() > 1;
    let least = if has_names && input.snap.engines.iter().any(is_alone) { 17 } else { 15 };
    // The window of the p99 is shown after the name.
    let least = match input.size.0 {
        160.. => least.max(22),
        70.. => least.max(17),
        _ => least,
    };
    // So is what they are of, where they are those of one model, unit or node.
    let title =
        input.app.subject().map(|of| format::width(&subject_in(input.snap, of.as_str())) + "Engines of ".len() + 3);
    let most = usize::from(input.size.0 / 4).clamp(22, 40);
    match title {
        Some(title) if input.size.0 >= 60 => least.max(title.clamp(22, most) as u16),
        _ => least,
    }
}

pub(super) fn columns<'s, 'a: 's>(input: &'s FrameInput<'a>, tops: Tops) -> Vec<Col<'s, EngineLine<'a>>> {
    type C<'s, 'a> = Col<'s, EngineLine<'a>>;
    let wide = input.size.0 >= 160;
    let least = least_name(input);
    let slo = input.snap.slo.unwrap_or_default();
    let least_line = if input.snap.slo.is_some() && !wide { SHORT } else { LINE };
    let [of_ttft, of_itl, of_e2e] = latency_ranks(input);
    let mut columns = vec![
        C::left("Engines", least, name)
            .stretch(2, if wide { 34 } else { 24 })
            .rising(|line| OrderedBy::Name(line.name.clone())),
        C::left("model", 11, model)
            .only(!is_of_model(input))
            .rank(4)
            .stretch(1, 28)
            .rising(|line| OrderedBy::Name(line.served.model.unwrap_or_default().to_owned())),
        C::right("ranks", 6, ranks).rank(10),
        C::right("run", 5, |line| count(line.served.running))
            .rank(1)
            .falling(|line| OrderedBy::Number(line.served.running.map(|n| n as f64))),
        C::right("wait", 4, waiting).falling(|line| OrderedBy::Number(line.served.waiting.map(|n| n as f64))),
        C::left("KV", least_line.min(7), |line| gauge(line.served.kv())).rank(9).stretch(1, 16),
        C::right("", 5, |line| full(line.served.kv()))
            .rank(1)
            .falling(|line| OrderedBy::Number(line.served.kv().map(Ratio::get))),
        C::right("hit", 5, hit).rank(6),
        C::right("ttft p99", 8, move |line| {
            latency((line.served.ttft_p99, line.served.beyond[0]), slo.ttft_p99_seconds)
        })
        .rank(of_ttft)
        .falling(|line| OrderedBy::Number(line.served.ttft_p99)),
        C::right("itl p99", 7, move |line| latency((line.served.itl_p99, line.served.beyond[1]), slo.itl_p99_seconds))
            .rank(of_itl)
            .falling(|line| OrderedBy::Number(line.served.itl_p99)),
        C::right("e2e p99", 7, move |line| latency((line.served.e2e_p99, line.served.beyond[2]), slo.e2e_p99_seconds))
            .rank(of_e2e)
            .only(input.snap.engines.iter().any(|row| row.e2e_seconds.p99.is_some()))
            .falling(|line| OrderedBy::Number(line.served.e2e_p99)),
        C::right("in SLO", 6, |line| within(line.served.within_slo()))
            .rank(5)
            .only(input.snap.slo.is_some())
            .rising(|line| OrderedBy::Number(line.served.within_slo().map(Ratio::get))),
    ];
    columns.extend(of_tokens(input, &[], if wide { (WIDE, 40) } else { (least_line, 14) }, tops));
    columns.extend([
        C::right("rev/h", 7, rev).rank(4).falling(|line| OrderedBy::Money(line.revenue())),
        C::right("profit/h", 9, move |line| profit(line, input.size.0 < REVENUE))
            .rank(1)
            .rising(|line| by_profit(line.profit(), line.whole.is_some_and(|whole| whole.is_unpriced)))
            .first(),
    ]);
    columns.extend(of_watching(input));
    columns.push(
        C::left("note", 10, note).rank(9).only(input.snap.engines.iter().any(|row| row.note.is_some())).stretch(2, 60),
    );
    columns
}

/// The token columns of each row, prompts and output apart: sparklines of `least` to `most` cells, and the current rates.
/// Measures that no row of `lines` makes are left out.
pub(super) fn of_tokens<'s, 'a: 's>(
    input: &'s FrameInput<'a>,
    lines: &[EngineLine<'a>],
    (least, most): (u16, u16),
    tops: Tops,
) -> [Col<'s, EngineLine<'a>>; 4] {
    type C<'s, 'a> = Col<'s, EngineLine<'a>>;
    let has = |measure| lines.is_empty() || lines.iter().any(|line| line.served.makes(measure));
    let span = input.app.charts.span.word();
    let has_both = input.size.0 >= 160;
    let line = |name: &str, measure: Measure, rank: u8| {
        // The heading has the name of the rate in the next column.
        let title = if least > LINE { format!("{name}, {span}") } else { span.to_owned() };
        let cell = move |line: &EngineLine<'a>| {
            // A single sparkline for both measures: rows that only process prompts show prompts.
            let is_other = !has_both && !line.served.makes(measure);
            tokens_line(input, (line, if is_other { Measure::Prompt } else { measure }), most, tops)
        };
        C::left(title, least, cell)
            .rank(rank)
            .stretch(1, most)
            .only(has(measure) && (has_both || measure == Measure::Output || !has(Measure::Output)))
    };
    [
        line("in/s", Measure::Prompt, 10),
        C::right("in/s", 5, |line| rate(line, Measure::Prompt))
            .rank(3)
            .only(has(Measure::Prompt))
            .falling(|line| OrderedBy::Number(line.served.rate(Measure::Prompt))),
        line("out/s", Measure::Output, 7),
        C::right("out/s", 5, |line| rate(line, Measure::Output))
            .only(has(Measure::Output))
            .falling(|line| OrderedBy::Number(line.served.rate(Measure::Output))),
    ]
}

/// The current rate of `measure`; empty if the row does not make it.
fn rate(line: &EngineLine<'_>, measure: Measure) -> Cell<'static> {
    if line.served.makes(measure) { figure(&format::scaled_tight(line.served.rate(measure))) } else { Cell::Empty }
}

/// The columns of large screens: recomputed work, drafts, and the cost of scraping.
fn of_watching<'s, 'a: 's>(input: &FrameInput<'_>) -> Vec<Col<'s, EngineLine<'a>>> {
    type C<'s, 'a> = Col<'s, EngineLine<'a>>;
    let knows = |what: fn(&EngineRow) -> bool| input.snap.engines.iter().any(|row| what(row));
    vec![
        C::right("preempted", 9, preempted)
            .rank(11)
            .only(knows(|row| row.requests_per_minute.preempted.is_some()))
            .falling(|line| OrderedBy::Number(line.served.preempted)),
        C::right("accepted", 8, |line| figure(&format::percent(line.served.drafts_accepted())))
            .rank(12)
            .only(knows(|row| row.spec_acceptance.is_some()))
            .falling(|line| OrderedBy::Number(line.served.drafts_accepted().map(Ratio::get))),
        C::right("scrape", 6, |line| figure(format::latency(line.served.scrape_seconds).trim()))
            .rank(13)
            .falling(|line| OrderedBy::Number(line.served.scrape_seconds)),
        C::right("restarts", 8, |line| count(line.served.restarts.filter(|_| line.served.rows > 0)))
            .rank(13)
            .falling(|line| OrderedBy::Number(line.served.restarts.map(|n| n as f64))),
        C::right("age", 4, |line| figure(&format::age(line.served.age_seconds)))
            .rank(13)
            .falling(|line| OrderedBy::Number(line.served.age_seconds)),
    ]
}

pub(super) fn total(input: &FrameInput<'_>, hidden: usize, columns: &[Col<'_, EngineLine<'_>>]) -> TableRow<'static> {
    let snap = input.snap;
    let name = if hidden > 0 { format!("all, {hidden} more") } else { "total".to_owned() };
    TableRow::new(columns.iter().map(|col| match col.name() {
        "Engines" => Cell::dim(name.clone()),
        "run" => count(snap.requests.running),
        "wait" => count(snap.requests.waiting),
        "hit" => figure(&format::percent(snap.cache_hit_rate)),
        "in SLO" => within(input.snap.slo.and_then(|slo| slo.within)),
        "in/s" => tables::rate(snap.tokens.prompt_per_second),
        "out/s" => tables::rate(snap.tokens.output_per_second),
        "rev/h" => bounded_amount(snap.money.revenue_per_hour, 7, snap.rate_bound()),
        "profit/h" => tables::bounded_profit(snap.money.profit_per_hour, snap.rate_bound()),
        _ => Cell::Empty,
    }))
    .tree(Tree::Leaf)
}

/// The totals of the rows shown; each parent counts once.
pub(super) fn sums(
    input: &FrameInput<'_>,
    lines: &[EngineLine<'_>],
    columns: &[Col<'_, EngineLine<'_>>],
) -> TableRow<'static> {
    let parents: Vec<&EngineLine<'_>> = lines.iter().filter(|line| LineKind::of(line) != LineKind::Child).collect();
    let whole = |of: fn(&EngineLine<'_>) -> Option<u64>| known_sum(parents.iter().map(|line| of(line)));
    let revenue: Option<Money> = known_sum(parents.iter().map(|line| line.revenue()));
    let profit: Option<Money> = known_sum(parents.iter().map(|line| line.profit()));
    // The title leaves its room to the headings, so this row says how to see all again.
    let back = if input.app.subject().is_some() && input.size.0 >= 60 { ", Esc: all" } else { "" };
    TableRow::new(columns.iter().map(|col| match col.name() {
        "Engines" => Cell::Phrase(format!("{} shown{back}", format::grouped(parents.len() as u128)).into()),
        "run" => count(whole(|line| line.served.running)),
        "wait" => count(whole(|line| line.served.waiting)),
        "in/s" => tables::rate(known_sum(parents.iter().map(|line| line.served.rate(Measure::Prompt)))),
        "out/s" => tables::rate(known_sum(parents.iter().map(|line| line.served.rate(Measure::Output)))),
        "rev/h" => amount(revenue, 7),
        "profit/h" => tables::profit(profit),
        _ => Cell::Empty,
    }))
    .tree(Tree::Leaf)
}

fn name(line: &EngineLine<'_>) -> Cell<'static> {
    let (role, glyph) = mark(line.state);
    if line.state != Health::Live {
        return Cell::Text(vec![Segment::new(role, format!("{glyph} ")), Segment::new(role, line.name.clone())]);
    }
    let own = if line.over_mean.is_some_and(|over| over >= 1.2) { Role::Warning } else { name_role(line.gravest) };
    said(own, line.name.clone())
}

fn model(line: &EngineLine<'_>) -> Cell<'static> {
    match (line.tree, line.served.model) {
        (Tree::Child | Tree::LastChild, _) => match line.over_mean {
            Some(over) => {
                let role = if over >= 1.2 { Role::Warning } else { Role::Dim };
                said(role, format!("{:.2}x mean", over.min(99.0)))
            }
            None => line.served.model.map_or(Cell::Empty, |model| Cell::dim(model.to_owned())),
        },
        (_, Some(model)) if line.served.models > 1 => Cell::text(format!("{model} +{}", line.served.models - 1)),
        (_, Some(model)) => Cell::text(model.to_owned()),
        (_, None) => Cell::unknown(),
    }
}

fn ranks(line: &EngineLine<'_>) -> Cell<'static> {
    if line.is_parent { Cell::dim(format::compact(line.served.rows as u64)) } else { Cell::Empty }
}

fn waiting(line: &EngineLine<'_>) -> Cell<'static> {
    match line.served.waiting {
        Some(waiting) if waiting > 20 => said(Role::Warning, format::compact(waiting)),
        waiting => count(waiting),
    }
}

fn hit(line: &EngineLine<'_>) -> Cell<'static> {
    match line.engine {
        Some(row) => own_hit(row),
        None => figure(&format::percent(line.whole.and_then(|whole| whole.hits).or_else(|| line.served.hits()))),
    }
}

fn tokens_line(
    input: &FrameInput<'_>,
    (line, measure): (&EngineLine<'_>, Measure),
    cells: u16,
    tops: Tops,
) -> Cell<'static> {
    let Some(subject) = line.subject.as_ref().filter(|_| line.served.makes(measure)) else { return Cell::Empty };
    let role = if measure == Measure::Prompt { Role::Prompt } else { Role::Output };
    let span = input.app.charts.span.length();
    let values = Points::of(input, subject, measure, span).cells(input.snap.at, span, cells);
    Cell::Sparkline(Sparkline::new(values, tops.top(line, measure), Ink::Mixed(role, 75)))
}

fn rev(line: &EngineLine<'_>) -> Cell<'static> {
    match line.share {
        Some(share) => Cell::dim(format::percent1(Ratio::new(share)).trim().to_owned()),
        None if line.whole.is_some() => amount(line.revenue(), 7),
        None => Cell::Empty,
    }
}

/// The profit, where the ledger has it; a rank shows its share of its parent's tokens, whose figure is in the column of
/// revenue where that fits.
fn profit(line: &EngineLine<'_>, has_share: bool) -> Cell<'static> {
    match (line.share, line.whole) {
        (Some(share), _) if has_share => {
            let share = Ratio::new(share);
            let is_small = share.is_some_and(|share| share.get() < 0.095);
            let share = if is_small { format::percent1(share) } else { format::percent(share) };
            Cell::dim(format!("{} tok", share.trim()))
        }
        (Some(_), _) => Cell::dim("of tokens"),
        (None, Some(_)) => tables::profit(line.profit()),
        (None, None) => Cell::Empty,
    }
}

fn preempted(line: &EngineLine<'_>) -> Cell<'static> {
    match line.served.preempted {
        None => Cell::unknown(),
        Some(rate) if rate < 0.05 => Cell::dim("0 /min"),
        Some(rate) if rate < 9.95 => said(Role::Warning, format!("{rate:.1} /min")),
        Some(rate) => said(Role::Warning, format!("{} /min", format::compact(rate.round() as u64))),
    }
}

fn note(line: &EngineLine<'_>) -> Cell<'static> {
    let Some(row) = line.engine else { return Cell::Empty };
    match (&row.note, row.state) {
        (Some(note), _) => said(Role::Warning, note.to_string()),
        (None, Health::Live) => Cell::Empty,
        (None, state) => said(mark(state).0, format!("{state} {}", format::age(row.age_seconds))),
    }
}
