//! Charts of an engine over time: requests, cache, and both latencies between their median and p99.

use ratatui::layout::Rect;

use super::charts::blank;
use super::charts::{self, Chart, Kind};
use super::latencies::{self, over_span};
use super::served::ServedTogether;
use crate::balance::{Group, GroupBalance, balances};
use crate::history::{LatencyKind, Measure, Subject};
use crate::snapshot::EngineRow;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, short_target};
use crate::tui::layout::LayoutRows;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};

/// The minimum rows of the charts, with the name above them.
pub(super) const LEAST: u16 = 6;

/// Draws the engine's name and its four charts. `rows` are those of one target: of the engine, or of its ranks together.
pub(super) fn engine_charts(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, rows: &[&EngineRow]) {
    let Some(row) = rows.first().filter(|_| area.height >= LEAST) else { return };
    let served = ServedTogether::of(rows.iter().copied());
    let subject = Subject::Engine(row.target.clone(), None);
    name(input, row, rows, &served).draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    match rows {
        [only] => EngineCharts::of_row(input, only, &subject, &ServedTogether::one(only)).draw(canvas, below, input),
        _ => EngineCharts::of(input, &subject, &served).draw(canvas, below, input),
    }
}

/// The engine's name, its ranks in one text, and what its charts do not show.
fn name(
    input: &FrameInput<'_>,
    row: &EngineRow,
    rows: &[&EngineRow],
    served: &ServedTogether<'_>,
) -> TitledRule<'static> {
    let mut rule = TitledRule::new(format!("{} {}", row.kind, short_target(row)));
    if let Some(model) = &row.model {
        rule = rule.note([Segment::dim(format!("  {model} · {}{}", row.role, ranks(input, row)))]);
    }
    let own = || rows.iter().filter(|row| !row.in_engine_row);
    // Where they do not all fit the first is left out first; the gap before the next one goes with it.
    let figure = |name: &'static str, text: String| [Segment::dim(name), Segment::text(text), Segment::dim("   ")];
    if let Some(preemptions) = own().filter_map(|row| row.preemptions).reduce(|a, b| a + b) {
        rule = rule.right(figure("preempted ", format::compact(preemptions)));
    }
    if let Some(acceptance) = served.drafts_accepted() {
        rule = rule.right(figure("drafts accepted ", format::percent(Some(acceptance)).trim().to_owned()));
    }
    if let Some(within) = served.within_slo() {
        rule = rule.right(figure("in SLO ", format::percent1(Some(within)).trim().to_owned()));
    }
    rule = rule.right(queue(input, &Subject::Engine(row.target.clone(), None)).into_iter().flatten());
    let (end_to_end, is_above) = (served.e2e_p99, served.beyond[2]);
    let text = latencies::bounded(end_to_end, is_above);
    match own().filter_map(|row| row.revenue).reduce(|a, b| a + b) {
        Some(revenue) => {
            let revenue = input.money(Some(revenue), 10).trim().to_owned();
            rule.right(figure("end to end p99 ", text)).right([Segment::dim("revenue "), Segment::text(revenue)])
        }
        None => rule.right([Segment::dim("end to end p99 "), Segment::text(text)]),
    }
}

/// The number of an engine's ranks, and the one that carries most; empty without ranks.
fn ranks(input: &FrameInput<'_>, row: &EngineRow) -> String {
    let count = input.snap.engines.iter().filter(|other| other.target == row.target && other.rank.is_some()).count();
    if count < 2 {
        return String::new();
    }
    let is_own = |group: &GroupBalance| matches!(&group.group, Group::Engine(target) if *target == row.target);
    let groups = balances(input.snap);
    let uneven = groups.iter().find(|group| is_own(group)).and_then(|group| {
        let worst = group.balances.iter().find(|balance| !balance.ranks.is_empty())?;
        let rank = worst.ranks.get(worst.worst)?;
        let over = worst.over_mean.get();
        Some(format!(", {} has {over:.2} x the mean {}", worst.name_of(rank), worst.balancer.name()))
    });
    format!(" · {count} ranks{}", uneven.unwrap_or_default())
}

/// The time in the queue over the chosen span: a part of the time to the first token, whose objective it must not miss.
fn queue(input: &FrameInput<'_>, subject: &Subject) -> Option<[Segment<'static>; 3]> {
    let over = over_span(input, subject, LatencyKind::Queue)?;
    let objective = input.snap.slo.unwrap_or_default().ttft_p99_seconds;
    let role = if over.p99.exceeds(objective) { Role::Warning } else { Role::Text };
    Some([Segment::dim("queue "), Segment::new(role, latencies::figure(Some(over))), Segment::dim("   ")])
}

/// The charts of an engine, or of the engines of a unit, a node or a model combined.
pub(super) struct EngineCharts<'a> {
    /// The subject that the samples are stored under.
    subject: &'a Subject,
    /// The current figures.
    served: &'a ServedTogether<'a>,
    /// Both latencies as text: to the first token and between tokens.
    latencies: [String; 2],
    /// Whether each of them misses its objective.
    misses: [bool; 2],
}

impl<'a> EngineCharts<'a> {
    /// The charts of a subject, with latencies over the chosen span.
    pub(super) fn of(input: &FrameInput<'_>, subject: &'a Subject, served: &'a ServedTogether<'a>) -> Self {
        let both = [LatencyKind::ToFirstToken, LatencyKind::BetweenTokens].map(|kind| over_span(input, subject, kind));
        let [first, between] = both.map(|over| over.map(|over| over.p99));
        let [for_first, for_between] = objectives(input);
        let exceeds = |p99: Option<latencies::Quantile>, objective| p99.is_some_and(|p99| p99.exceeds(objective));
        let misses = [exceeds(first, for_first), exceeds(between, for_between)];
        Self { subject, served, latencies: both.map(latencies::figure), misses }
    }

    /// The charts of one engine. An engine in a unit has no samples of its own; the window's latencies are used instead.
    fn of_row(input: &FrameInput<'_>, row: &EngineRow, subject: &'a Subject, served: &'a ServedTogether<'a>) -> Self {
        let mut charts = Self::of(input, subject, served);
        let windows = [(LatencyKind::ToFirstToken, row.ttft_seconds), (LatencyKind::BetweenTokens, row.itl_seconds)];
        let shown = charts.latencies.iter_mut().zip(&mut charts.misses).zip(objectives(input));
        for (((text, misses), objective), (kind, of)) in shown.zip(windows) {
            let has_own = row.unit.is_none() && over_span(input, subject, kind).is_some();
            if !has_own && of.p50.is_some() {
                *text = latencies::pair(&format::latency(of.p50), &format::latency(of.p99));
                *misses = of.p99.zip(objective).is_some_and(|(p99, objective)| p99 > objective);
            }
        }
        charts
    }

    /// Draws running and waiting requests, the cache, and both latencies, side by side.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
        charts::draw_row(canvas, area, input, self.of_requests(input), 4);
    }

    /// Draws the same in two columns: requests and cache, and both latencies below where the rows allow.
    pub(super) fn draw_pairs(&self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
        let [requests, cache, to_first, between] = self.of_requests(input);
        if area.height < 2 * LEAST {
            charts::draw_row(canvas, area, input, [requests, cache], 2);
            return;
        }
        let mut rows = LayoutRows(area);
        charts::draw_row(canvas, rows.top(area.height / 2), input, [requests, cache], 2);
        charts::draw_row(canvas, rows.0, input, [to_first, between], 2);
    }

    /// Draws what it makes: output, prompts, and the part of them that its cache had.
    pub(super) fn draw_tokens(&self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
        charts::draw_row(canvas, area, input, self.of_tokens(), 3);
    }

    fn of_requests(&self, input: &FrameInput<'_>) -> [Chart<'static>; 4] {
        let (subject, served) = (self.subject, self.served);
        let [for_first, for_between] = objectives(input);
        let inks = self.misses.map(|misses| if misses { Role::Warning } else { Role::Text });
        let count = |count: Option<u64>| count.map_or_else(|| format::UNKNOWN.to_owned(), format::compact);
        let [to_first, between] = self.latencies.clone();
        [
            requests(count(served.running), count(served.waiting), subject),
            Chart {
                layers: vec![(Measure::Kv, Role::Hit)],
                top: Some(1.0),
                format: charts::share,
                ..blank("KV cache", format::percent(served.kv()), subject)
            },
            inked(latency("TTFT", to_first, [Measure::TtftMedian, Measure::TtftTail], subject), inks[0])
                .with(for_first),
            Chart {
                absent: if served.makes(Measure::Output) { charts::NOT_YET } else { ONLY_PREFILL },
                ..inked(latency("ITL", between, [Measure::ItlMedian, Measure::ItlTail], subject), inks[1])
                    .with(for_between)
            },
        ]
    }

    fn of_tokens(&self) -> [Chart<'static>; 3] {
        let (subject, served) = (self.subject, self.served);
        let rate = |measure| format::scaled_tight(served.rate(measure));
        let output = Chart {
            layers: vec![(Measure::Output, Role::Output)],
            unit: charts::TOKENS,
            ..blank("Output", rate(Measure::Output), subject)
        };
        let prompt = Chart {
            layers: vec![(Measure::PromptComputed, Role::Prompt), (Measure::PromptCached, Role::Hit)],
            unit: charts::TOKENS,
            ..blank("Prompt", rate(Measure::Prompt), subject)
        };
        let hits = Chart {
            layers: vec![(Measure::HitRate, Role::Hit)],
            kind: Kind::Line,
            format: charts::share,
            ..blank(charts::HIT_RATE, format::percent1(served.hits()), subject)
        };
        let never = |name, why| Chart { absent: why, ..blank(name, "", subject) };
        if !served.makes(Measure::Output) {
            return [never("Output", ONLY_PREFILL), prompt, hits];
        }
        if !served.makes(Measure::Prompt) {
            return [output, never("Prompt", ONLY_DECODE), never(charts::HIT_RATE, ONLY_DECODE)];
        }
        [output, prompt, hits]
    }
}

/// Running requests with waiting ones on top; the number waiting is shown where it fits.
fn requests(running: String, waiting: String, subject: &Subject) -> Chart<'static> {
    let chart = blank("Requests", running, subject);
    Chart {
        layers: vec![(Measure::Running, Role::Output), (Measure::Waiting, Role::Warning)],
        rule: chart.rule.note([Segment::dim(" run, "), Segment::title(waiting), Segment::dim(" wait")]),
        ..blank("", "", subject)
    }
}

/// The text in place of a chart that engines of one role never have.
const ONLY_PREFILL: &str = "prefill only: decode makes the output";
const ONLY_DECODE: &str = "decode only: prefill computes the prompts";

/// A chart of a latency between its median and its p99.
pub(super) fn latency(
    name: &'static str,
    figure: String,
    [median, tail]: [Measure; 2],
    subject: &Subject,
) -> Chart<'static> {
    Chart {
        layers: vec![(median, Role::Prompt), (tail, Role::Prompt)],
        kind: Kind::Band,
        format: seconds,
        ..blank(name, figure, subject)
    }
}

/// The objectives of both latencies.
fn objectives(input: &FrameInput<'_>) -> [Option<f64>; 2] {
    let slo = input.snap.slo.unwrap_or_default();
    [slo.ttft_p99_seconds, slo.itl_p99_seconds]
}

/// The chart with its figure in a role.
fn inked(mut chart: Chart<'static>, role: Role) -> Chart<'static> {
    if let Some(figure) = chart.rule.title.last_mut() {
        figure.ink = role.into();
    }
    chart
}

fn seconds(seconds: f64) -> String {
    format::latency(Some(seconds)).trim().to_owned()
}
