//! Latencies over the chosen span, computed from the histogram buckets of all its samples, and how requests ended.

use ratatui::layout::Rect;

use crate::counters::quantile;
use crate::history::{LatencyKind, RequestCounts, Subject};
use crate::reading::Histogram;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::{Heading, TitledRule};
use crate::tui::widgets::{Canvas, Segment, TextSpan, flow};

/// The number of rows with the heading and the requests.
pub(super) const ROWS: u16 = 6;
/// The widths of a label and of a figure in cells.
const LABEL: u16 = 16;
const FIGURE: u16 = 10;
/// The greatest column at which the last figure ends.
const WIDEST: u16 = 62;
/// The columns of a screen from which a list says that its span is that of the p99.
const NAMED: u16 = 160;
/// The cells of the span of present figures.
const WINDOW: usize = 4;
/// The number of cells before the present figures.
const GAP_NOW: u16 = 4;

/// The median, the 99th percentile and the number of samples over the span that is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub(super) struct OverSpan {
    pub(super) p50: Quantile,
    pub(super) p99: Quantile,
    pub(super) samples: u64,
}

/// A quantile of a latency in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantile {
    seconds: Option<f64>,
    /// Whether it is above the highest bound of the histogram; that bound is the value then.
    is_beyond: bool,
}

impl Quantile {
    fn of(all: &Histogram, share: f64) -> Self {
        let last = all.bounds.iter().rposition(|bound| bound.is_finite());
        let below = last.and_then(|last| all.counts.get(last)).copied().unwrap_or(0);
        let samples = all.counts.last().copied().unwrap_or(0);
        Self { seconds: quantile(all, share), is_beyond: (below as f64) < share * samples as f64 }
    }

    /// Whether it misses an objective.
    pub(super) fn exceeds(self, objective: Option<f64>) -> bool {
        self.seconds.zip(objective).is_some_and(|(seconds, objective)| seconds > objective)
    }

    /// `0.46 s`; `>60 s` if it is above the highest bound.
    pub(super) fn text(self) -> String {
        bounded(self.seconds, self.is_beyond)
    }
}

/// Formats a latency in seconds, with `>` if it is above the highest bound.
pub(super) fn bounded(seconds: Option<f64>, is_beyond: bool) -> String {
    let text = format::latency(seconds).trim().to_owned();
    if is_beyond && seconds.is_some() && !text.starts_with('>') { format!(">{text}") } else { text }
}

/// The present p99 over the last `seconds`, as in lists: to the first token, between tokens, end to end.
pub(super) struct Now {
    pub(super) seconds: f64,
    pub(super) p99: [String; 3],
    /// Further figures after the requests: the share within the objectives, the acceptance rate of drafts.
    pub(super) facts: Vec<Vec<TextSpan>>,
}

/// The span of the present figures, rounded to five seconds, as it varies slightly with every poll.
pub(super) fn window(input: &FrameInput<'_>) -> Option<String> {
    input.snap.window_seconds.filter(|seconds| (1.0..999.0).contains(seconds)).map(written)
}

/// The same in a fixed number of cells, so that nothing after it moves.
pub(super) fn padded_window(input: &FrameInput<'_>) -> Option<String> {
    window(input).map(|window| format::pad_right(&window, WINDOW))
}

/// The span of the p99 in a list, after its title.
pub(super) fn hint(input: &FrameInput<'_>) -> Option<Segment<'static>> {
    let name = if input.size.0 < NAMED { "" } else { "p99 " };
    padded_window(input).map(|window| Segment::dim(format!(" · {name}{window}")))
}

fn written(seconds: f64) -> String {
    if seconds < 7.5 { format!("{seconds:.0}s") } else { format!("{:.0}s", (seconds / 5.0).round() * 5.0) }
}

/// A latency over the span; `None` without samples.
pub(super) fn over_span(input: &FrameInput<'_>, subject: &Subject, kind: LatencyKind) -> Option<OverSpan> {
    let span = input.app.charts.span.length();
    let all = input.app.history.latency(subject, kind, input.snap.at, span)?;
    let samples = *all.counts.last()?;
    Some(OverSpan { p50: Quantile::of(&all, 0.5), p99: Quantile::of(&all, 0.99), samples })
}

/// `p50 0.31 s p99 0.46 s`; `no samples`.
pub(super) fn figure(over: Option<OverSpan>) -> String {
    over.map_or_else(|| "no samples".to_owned(), |over| pair(&over.p50.text(), &over.p99.text()))
}

/// A median with its p99.
pub(super) fn pair(p50: &str, p99: &str) -> String {
    format!("p50 {} p99 {}", p50.trim(), p99.trim())
}

/// The p99 of a pair, with its name.
pub(super) fn p99_of(pair: &str) -> &str {
    pair.find("p99 ").and_then(|at| pair.get(at..)).unwrap_or(pair)
}

/// The same with a unit that both have written once.
pub(super) fn with_one_unit(pair: &str) -> String {
    let unit = [" s", " ms"].into_iter().find(|unit| pair.ends_with(unit)).unwrap_or_default();
    pair.replacen(&format!("{unit} p99 "), " p99 ", 1)
}

/// The title of a latency's chart: its name, the span, and `pair` in the ink of its last segment. In narrow titles the span
/// is left out first and the median next, never the p99.
pub(super) fn titled<'t>(title: &[Segment<'t>], span: Option<&str>, width: u16) -> Vec<Segment<'t>> {
    let (Some(name), Some(pair)) = (title.first(), title.last()) else { return title.to_vec() };
    let short = with_one_unit(&pair.text);
    let p99 = p99_of(&pair.text).to_owned();
    let form = |gap: &str, span: Option<&str>, figures: &str| {
        let mut form = vec![name.clone()];
        form.extend(span.map(|span| Segment::dim(format!(" {span}"))));
        form.push(Segment::dim(gap.to_owned()));
        form.push(Segment { text: figures.to_owned().into(), ..pair.clone() });
        form
    };
    let forms = [
        form("  ", span, &pair.text.replacen(" p99 ", "  p99 ", 1)),
        form("  ", span, &short),
        form(" ", None, &pair.text),
        form(" ", None, &short),
        form(" ", None, &p99),
    ];
    // The ends of the rule, and a space before and after the title.
    let fits = |form: &&Vec<Segment<'_>>| crate::tui::widgets::cells(form) + 4 <= usize::from(width);
    forms.iter().find(fits).or(forms.last()).cloned().unwrap_or_default()
}

/// The chosen span in a word, or the part of it with latencies.
fn span_word(input: &FrameInput<'_>, subject: &Subject) -> String {
    let chosen = input.app.charts.span;
    let began = input.app.history.latency_began(subject, input.snap.at, chosen.length());
    let known =
        began.map(|began| input.snap.at - began).filter(|known| known.millis() < chosen.length().millis() * 9 / 10);
    known.map_or_else(|| chosen.word().to_owned(), format::duration)
}

/// Draws each latency in a row, and below them how requests ended.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    subject: &Subject,
    name: &str,
    now: Option<&Now>,
) {
    if area.height < 2 {
        return;
    }
    let chosen = input.app.charts.span;
    // Figures stay next to their labels on wide screens.
    let last = area.width.min(WIDEST);
    let ends = [1, 2, 3].map(|nth: u16| last.saturating_sub(FIGURE * (3 - nth)));
    let at_now = ends[2] + GAP_NOW + FIGURE;
    let now_facts = now.map(|now| now.facts.clone()).unwrap_or_default();
    let now = now.filter(|_| at_now < area.width);
    let span = span_word(input, subject);
    let texts = [format!("p50 {span}"), format!("p99 {span}"), "samples".to_owned()];
    let mut headings: Vec<(String, u16)> = texts.into_iter().zip(ends).collect();
    headings.extend(now.map(|now| (format!("p99 {}", written(now.seconds)), at_now)));
    let first = usize::from(ends[0]).saturating_sub(span.len() + 4);
    let mut rule = TitledRule::new("Latency");
    let room = first.saturating_sub("Latency".len() + 6);
    rule = rule.note([Segment::dim(format!(" {}", format::shorten(name, room)))]);
    let heading =
        |(text, end): (String, u16)| Heading { x: end.saturating_sub(cells(&text)), segment: Segment::dim(text) };
    rule.headings = headings.into_iter().map(heading).collect();
    rule.draw(canvas, area);
    let slo = input.snap.slo.unwrap_or_default();
    let rows = [
        ("to first token", LatencyKind::ToFirstToken, slo.ttft_p99_seconds),
        ("between tokens", LatencyKind::BetweenTokens, slo.itl_p99_seconds),
        ("end to end", LatencyKind::EndToEnd, slo.e2e_p99_seconds),
        ("in the queue", LatencyKind::Queue, None),
    ];
    for (row, (label, kind, objective)) in (1..area.height).zip(rows) {
        canvas.writer(area, row).name(Role::Dim, label, usize::from(LABEL));
        let mut clip = canvas.clip(area);
        if let Some(text) = now.and_then(|now| now.p99.get(usize::from(row - 1))) {
            clip.line_to(at_now, row, &[Segment::text(text.clone())]);
        }
        let Some(over) = over_span(input, subject, kind) else {
            clip.line_to(ends[2], row, &[Segment::dim("no samples")]);
            continue;
        };
        clip.line_to(ends[0], row, &[Segment::text(over.p50.text())]);
        let ink = if over.p99.exceeds(objective) { Role::Warning } else { Role::Text };
        clip.line_to(ends[1], row, &[Segment::new(ink, over.p99.text())]);
        clip.line_to(ends[2], row, &[Segment::dim(counted(over.samples))]);
    }
    if area.height > 5 {
        let last = Rect { y: area.y + 5, height: 1, ..area };
        let mut facts = requests(input.app.history.requests(subject, input.snap.at, chosen.length()));
        // Failures follow the number of requests; present figures follow those.
        facts.splice(1..1, now_facts);
        flow(canvas, last, &facts, 2);
    }
}

/// A count with thousands: `28,578`, `22.9M`.
fn counted(count: u64) -> String {
    if count < 1_000_000 { format::grouped(u128::from(count)) } else { format::compact(count) }
}

fn cells(text: &str) -> u16 {
    text.chars().count() as u16
}

/// `12,410 requests  3 failed  92 % complete …`: failures first, as what does not fit is left out.
pub(super) fn requests(counts: RequestCounts) -> Vec<Vec<TextSpan>> {
    let count = |count: f64| counted(count.round().max(0.0) as u64);
    let fact = |value: String, what: &str, role: Role| vec![(role, value), (Role::Dim, format!(" {what}"))];
    let Some(ended) = counts.ended.filter(|ended| *ended >= 0.5) else {
        return vec![vec![(Role::Dim, "no request ended".to_owned())]];
    };
    let share = |part: Option<f64>| part.map(|part| format!("{:.1} %", 100.0 * (part / ended).clamp(0.0, 1.0)));
    let plain = [(share(counts.stopped), "complete"), (share(counts.length), "cut at max length")];
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
    use std::sync::Arc;

    use super::*;

    #[test]
    fn beyond_the_highest_bound_it_is_said_to_be_above_it() {
        let bounds = [1.0, 60.0, f64::INFINITY].into();
        let text = |counts: [u64; 3], share| {
            Quantile::of(&Histogram { bounds: Arc::clone(&bounds), counts: counts.into() }, share).text()
        };
        assert_eq!(text([50, 90, 100], 0.5), "1.00 s");
        assert_eq!(text([50, 90, 100], 0.99), ">60.0 s");
        assert_eq!(text([50, 100, 100], 0.99), "58.8 s");
        assert_eq!(text([0, 0, 0], 0.99), "–");
    }

    #[test]
    fn both_quantiles_have_their_unit() {
        assert_eq!(pair(" 0.36 s", "6.10 s"), "p50 0.36 s p99 6.10 s");
        assert_eq!(pair("–", "–"), "p50 – p99 –");
        assert_eq!(with_one_unit("p50 0.36 s p99 6.10 s"), "p50 0.36 p99 6.10 s");
        assert_eq!(with_one_unit("p50 37 ms p99 0.33 s"), "p50 37 ms p99 0.33 s");
    }

    #[test]
    fn a_title_keeps_its_p99_at_every_width() {
        let title = [Segment::title("TTFT"), Segment::dim("  "), Segment::title("p50 0.36 s p99 6.10 s")];
        let of = |width| -> String {
            titled(&title, Some("1h01"), width).iter().map(|segment| segment.text.as_ref()).collect()
        };
        assert_eq!(of(60), "TTFT 1h01  p50 0.36 s  p99 6.10 s");
        assert_eq!(of(36), "TTFT 1h01  p50 0.36 p99 6.10 s");
        assert_eq!(of(32), "TTFT p50 0.36 s p99 6.10 s");
        assert_eq!(of(28), "TTFT p50 0.36 p99 6.10 s");
        assert_eq!(of(20), "TTFT p99 6.10 s");
    }

    #[test]
    fn requests_say_what_became_of_them() {
        let text = |counts| requests(counts).iter().flatten().map(|(_, text)| text.clone()).collect::<String>();
        let counts =
            RequestCounts { ended: Some(200.0), stopped: Some(184.0), aborted: Some(3.0), ..RequestCounts::default() };
        assert_eq!(text(counts), "200 requests3 aborted92.0 % complete");
        assert_eq!(text(RequestCounts::default()), "no request ended");
    }
}
