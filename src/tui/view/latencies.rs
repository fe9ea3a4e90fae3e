//! Latencies over the chosen span, out of the buckets of all its samples; and what became of the requests.

use ratatui::layout::Rect;

use crate::counters::quantile;
use crate::history::{LatencyKind, RequestCounts, Subject};
use crate::tui::format;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::{Heading, TitledRule};
use crate::tui::widgets::{Canvas, Segment, Span, flow};

/// Rows with the rule and the requests.
pub(super) const ROWS: u16 = 6;
/// Cells of a label and of a figure.
const LABEL: u16 = 16;
const FIGURE: u16 = 10;
/// Where the last figure ends at most.
const WIDEST: u16 = 62;

/// The median, the 99th percentile and the number of samples over the span that is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub(super) struct OverSpan {
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) samples: u64,
}

/// A latency over the span; `None` where there are no samples.
pub(super) fn over_span(scene: &Scene<'_>, subject: &Subject, kind: LatencyKind) -> Option<OverSpan> {
    let span = scene.app.charts.reach.span();
    let all = scene.app.history.latency(subject, kind, scene.snap.at, span)?;
    let samples = *all.counts.last()?;
    Some(OverSpan { p50: quantile(&all, 0.5), p99: quantile(&all, 0.99), samples })
}

/// `0.31 s p99 0.46 s`; `no samples`.
pub(super) fn figure(over: Option<OverSpan>) -> String {
    let Some(over) = over else { return "no samples".to_owned() };
    format!("{} p99 {}", format::latency(over.p50).trim(), format::latency(over.p99).trim())
}

/// Draws each latency in a row, and below them what became of the requests.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, subject: &Subject, name: &str) {
    if area.height < 2 {
        return;
    }
    let reach = scene.app.charts.reach;
    let note = format!("  {} · over {}", format::shorten(name, 30), reach.name());
    let mut rule = TitledRule::new("Latency").note([Segment::dim(note)]);
    // Figures stand near what they are of, however wide the screen is.
    let last = area.width.min(WIDEST);
    let ends = [1, 2, 3].map(|nth: u16| last.saturating_sub(FIGURE * (3 - nth)));
    let headings = ["p50", "p99", "samples"].into_iter().zip(ends);
    rule.headings = headings
        .map(|(text, end)| Heading { x: end.saturating_sub(text.len() as u16), segment: Segment::dim(text) })
        .collect();
    rule.draw(canvas, area);
    let slo = scene.snap.slo.unwrap_or_default();
    let rows = [
        ("to first token", LatencyKind::ToFirstToken, slo.ttft_p99_seconds),
        ("between tokens", LatencyKind::BetweenTokens, slo.itl_p99_seconds),
        ("end to end", LatencyKind::EndToEnd, slo.e2e_p99_seconds),
        ("in the queue", LatencyKind::Queue, None),
    ];
    for (row, (label, kind, objective)) in (1..area.height).zip(rows) {
        canvas.pen(area, row).name(Role::Dim, label, usize::from(LABEL));
        let mut clip = canvas.clip(area);
        let Some(over) = over_span(scene, subject, kind) else {
            clip.line_to(ends[2], row, &[Segment::dim("no samples")]);
            continue;
        };
        let is_beyond = over.p99.zip(objective).is_some_and(|(seconds, objective)| seconds > objective);
        let latency = |seconds| format::latency(seconds).trim().to_owned();
        clip.line_to(ends[0], row, &[Segment::text(latency(over.p50))]);
        let ink = if is_beyond { Role::Warning } else { Role::Text };
        clip.line_to(ends[1], row, &[Segment::new(ink, latency(over.p99))]);
        clip.line_to(ends[2], row, &[Segment::dim(format::compact(over.samples))]);
    }
    if area.height > 5 {
        let last = Rect { y: area.y + 5, height: 1, ..area };
        flow(canvas, last, &requests(scene.app.history.requests(subject, scene.snap.at, reach.span())), 2);
    }
}

/// `12.4k requests  3 failed  92 % stopped …`: what is grave first, for what finds no room is left out.
pub(super) fn requests(counts: RequestCounts) -> Vec<Vec<Span>> {
    let count = |count: f64| format::compact(count.round().max(0.0) as u64);
    let fact = |value: String, what: &str, role: Role| vec![(role, value), (Role::Dim, format!(" {what}"))];
    let Some(ended) = counts.ended.filter(|ended| *ended >= 0.5) else {
        return vec![vec![(Role::Dim, "no request ended".to_owned())]];
    };
    let share = |part: Option<f64>| part.map(|part| format!("{:.1} %", 100.0 * (part / ended).clamp(0.0, 1.0)));
    let plain = [(share(counts.stopped), "stopped"), (share(counts.length), "at their length")];
    let grave = [(counts.failed, "failed"), (counts.preempted, "preempted"), (counts.aborted, "aborted")];
    let mut facts = vec![fact(count(ended), "requests", Role::Text)];
    facts.extend(grave.into_iter().filter_map(|(number, what)| {
        let number = number?;
        let role = if number >= 0.5 && what != "aborted" { Role::Warning } else { Role::Text };
        Some(fact(count(number), what, role))
    }));
    facts.extend(plain.into_iter().filter_map(|(share, what)| Some(fact(share?, what, Role::Text))));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_say_what_became_of_them() {
        let text = |counts| requests(counts).iter().flatten().map(|(_, text)| text.clone()).collect::<String>();
        let counts =
            RequestCounts { ended: Some(200.0), stopped: Some(184.0), aborted: Some(3.0), ..RequestCounts::default() };
        assert_eq!(text(counts), "200 requests3 aborted92.0 % stopped");
        assert_eq!(text(RequestCounts::default()), "no request ended");
    }
}
