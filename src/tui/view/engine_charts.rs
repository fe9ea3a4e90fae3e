//! What an engine does over time: requests, cache, and both latencies between their median and p99.

use ratatui::layout::Rect;

use super::charts::{self, Chart, Kind};
use super::latencies::{self, over_span};
use super::model::blank;
use super::served::{Served, latencies_of};
use crate::history::{LatencyKind, Measure, Subject};
use crate::snapshot::EngineRow;
use crate::tui::format;
use crate::tui::scene::{Scene, short_target};
use crate::tui::theme::Role;
use crate::tui::widgets::framed_chart::side_by_side;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Ratio;

/// The least rows that they take, with the name above them.
pub(super) const LEAST: u16 = 6;

/// Draws the engine's name and its four charts.
pub(super) fn engine_charts(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, row: &EngineRow) {
    if area.height < LEAST {
        return;
    }
    let mut rule = TitledRule::new(format!("{} {}", row.kind, short_target(row)));
    if let Some(model) = &row.model {
        rule = rule.note([Segment::dim(format!("  {model} · {}", row.role))]);
    }
    let figure = |name: &'static str, text: String| [Segment::dim(name), Segment::text(text)];
    if row.revenue.is_some() {
        rule = rule.right(figure("earned ", scene.money(row.revenue, 10).trim().to_owned()));
    }
    if let Some(preemptions) = row.preemptions {
        rule = rule.right(figure("   preempted ", format::compact(preemptions)));
    }
    if let Some(acceptance) = row.spec_acceptance {
        rule = rule.right(figure("   drafts kept ", format::percent(Some(acceptance)).trim().to_owned()));
    }
    if let Some(within) = row.within_slo {
        rule = rule.right(figure("   in SLO ", format::percent1(Some(within)).trim().to_owned()));
    }
    let [_, _, (end_to_end, is_above)] = latencies_of(row);
    rule = rule.right(figure("   end to end p99 ", latencies::bounded(end_to_end, is_above)));
    rule.draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let subject = Subject::Engine(row.target.clone(), None);
    for (chart, place) in charts(scene, row, &subject).into_iter().zip(side_by_side(below, 4, 2)) {
        chart.draw(canvas, place, scene);
    }
}

/// Draws four charts of a unit or an engine side by side: requests, cache, and both latencies over the chosen span.
pub(super) fn charts_of(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    subject: &Subject,
    served: &Served<'_>,
) {
    let both = |kind| latencies::figure(over_span(scene, subject, kind));
    let figures = [both(LatencyKind::ToFirstToken), both(LatencyKind::BetweenTokens)];
    let charts = four(scene, subject, (served.running, served.waiting, served.kv()), figures);
    for (chart, place) in charts.into_iter().zip(side_by_side(area, 4, 2)) {
        chart.draw(canvas, place, scene);
    }
}

/// Draws what it makes: output, prompts, and the part of them that its cache had.
pub(super) fn tokens_of(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    subject: &Subject,
    served: &Served<'_>,
) {
    let rate = |value| format!("{} tok/s", format::scaled_tight(value).trim());
    let charts = [
        Chart { layers: vec![(Measure::Output, Role::Output)], ..blank("Output", rate(served.output), subject) },
        Chart {
            layers: vec![(Measure::PromptComputed, Role::Prompt), (Measure::PromptCached, Role::Hit)],
            ..blank("Prompt", rate(served.prompt), subject)
        },
        Chart {
            layers: vec![(Measure::HitRate, Role::Hit)],
            kind: Kind::Line,
            format: charts::share,
            ..blank("Hit rate", String::new(), subject)
        },
    ];
    for (chart, place) in charts.into_iter().zip(side_by_side(area, 3, 2)) {
        chart.draw(canvas, place, scene);
    }
}

fn charts(scene: &Scene<'_>, row: &EngineRow, subject: &Subject) -> [Chart<'static>; 4] {
    // An engine in a unit has no samples of its own; the window's stand in.
    let kept = if row.unit.is_some() { None } else { Some(subject) };
    let both = |kind: LatencyKind, of: crate::snapshot::Quantiles| match kept.map(|kept| over_span(scene, kept, kind)) {
        Some(over) if over.is_some() || of.p50.is_none() => latencies::figure(over),
        _ => format!("{} p99 {}", format::latency(of.p50).trim(), format::latency(of.p99).trim()),
    };
    let figures =
        [both(LatencyKind::ToFirstToken, row.ttft_seconds), both(LatencyKind::BetweenTokens, row.itl_seconds)];
    four(scene, subject, (row.running, row.waiting, row.kv_usage), figures)
}

/// Requests in work and waiting, and the cache; then both latencies under these figures.
fn four(
    scene: &Scene<'_>,
    subject: &Subject,
    (running, waiting, kv): (Option<u64>, Option<u64>, Option<Ratio>),
    [to_first, between]: [String; 2],
) -> [Chart<'static>; 4] {
    let slo = scene.snap.slo.unwrap_or_default();
    let count = |count: Option<u64>| count.map_or_else(|| format::UNKNOWN.to_owned(), format::compact);
    let requests = if scene.size.0 >= 160 {
        format!("{} run, {} wait", count(running), count(waiting))
    } else {
        format!("{} ({} wait)", count(running), count(waiting))
    };
    [
        Chart {
            layers: vec![(Measure::Running, Role::Output), (Measure::Waiting, Role::Warning)],
            ..blank("Requests", requests, subject)
        },
        Chart {
            layers: vec![(Measure::Kv, Role::Hit)],
            top: Some(1.0),
            format: charts::share,
            ..blank("KV cache", format::percent(kv).trim().to_owned(), subject)
        },
        latency("TTFT", to_first, [Measure::TtftMedian, Measure::TtftTail], subject).with(slo.ttft_p99_seconds),
        latency("ITL", between, [Measure::ItlMedian, Measure::ItlTail], subject).with(slo.itl_p99_seconds),
    ]
}

/// A latency between its median and its p99.
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

fn seconds(seconds: f64) -> String {
    format::latency(Some(seconds)).trim().to_owned()
}
