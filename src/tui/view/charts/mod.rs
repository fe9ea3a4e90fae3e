//! Framed charts of the recent past, used by several views.

mod cursor;
mod margin;
mod marks;

pub(super) use margin::Margin;
pub(super) use marks::{letter, marks};

pub(super) use cursor::{Reading, line as cursor_line};
use ratatui::layout::Rect;

use crate::history::{Measure, Subject};
use crate::snapshot::Severity;
use crate::tui::against;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::series::{Points, axis_from, began};
use crate::tui::theme::Role;
use crate::tui::view::latencies;
use crate::tui::widgets::area::{AreaChart, Layer};
use crate::tui::widgets::axis_rule::AxisRule;
use crate::tui::widgets::band::BandChart;
use crate::tui::widgets::clipped::ClippedPlot;
use crate::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel, side_by_side};
use crate::tui::widgets::line::LineChart;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::{LineScale, robust_largest, step_above};
use crate::tui::widgets::time_axis::TimeAxis;
use crate::tui::widgets::{Canvas, Plot, PlotArea, Segment};
use crate::units::{Span, Timestamp};

/// The least number of columns for a title with its full unit and a legend.
const WIDE_TITLE: u16 = 36;

/// A chart of one or several measures.
pub(super) struct Chart<'a> {
    pub(super) rule: TitledRule<'a>,
    pub(super) subject: Subject,
    /// The layers, from the bottom up.
    pub(super) layers: Vec<(Measure, Role)>,
    /// The upper end of the scale, if it is fixed.
    pub(super) top: Option<f64>,
    /// A dotted line: the break-even, or an objective.
    pub(super) even: Option<f64>,
    pub(super) kind: Kind,
    /// The text if there is nothing to draw.
    pub(super) absent: &'static str,
    /// The earliest instant known to the charts of the same row, which share one span.
    pub(super) began: Option<Timestamp>,
    /// Formats the values at the scale.
    pub(super) format: fn(f64) -> String,
    /// The prefix of each value: the currency of an amount.
    pub(super) symbol: String,
    pub(super) scale_width: u16,
    /// The unit of the title's figure: in full, and where the title is narrow.
    pub(super) unit: [&'static str; 2],
    /// Whether the title has the colour and the change over a quarter hour.
    pub(super) says_more: bool,
}

/// A name that is shortened where its title is narrow.
pub(super) const HIT_RATE: &str = "Hit rate";

/// A value of a scale, and how it is written.
type ScaleValue = (f64, fn(f64) -> String);

const fn is_share(measure: Measure) -> bool {
    matches!(measure, Measure::HitRate | Measure::Kv | Measure::Load)
}

/// The values of a layer, one per dot.
type DotValues = Vec<Option<f64>>;

/// How a chart is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Area,
    Heat,
    Line,
    /// The area between the first layer and the second.
    Band,
}

impl Chart<'_> {
    /// The chart with a dotted line at an objective.
    pub(super) fn with(self, objective: Option<f64>) -> Self {
        Self { even: objective, ..self }
    }

    /// Draws the chart over the chosen span.
    pub(super) fn draw(mut self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
        self.complete_title(area.width, input);
        let span = input.app.charts.span.length();
        let cells = FramedChart::chart_width(area.width, self.scale_width);
        let began = self.began.or_else(|| self.known_since(input));
        let axis = axis_from(input, &self.subject, began, span, cells);
        let points = |measure| Points::over(input, &self.subject, measure, span, &axis);
        let values: Vec<Vec<Option<f64>>> = self.layers.iter().map(|(measure, _)| points(*measure).on(&axis)).collect();
        let chart = if self.kind == Kind::Band { self.over(input, (&axis, &values), area.width) } else { self };
        chart.draw_on(canvas, area, input, &axis, &values);
    }

    /// When the first known value begins.
    fn known_since(&self, input: &FrameInput<'_>) -> Option<Timestamp> {
        let layers = self.layers.iter().map(|(measure, _)| (&self.subject, *measure));
        began(input, layers, input.app.charts.span.length())
    }

    /// Adds to the title the colour, the unit and what changed, as its width allows.
    fn complete_title(&mut self, width: u16, input: &FrameInput<'_>) {
        let is_wide = width >= WIDE_TITLE;
        let [long, short] = self.unit;
        let is_known = self.rule.title.last().is_none_or(|figure| figure.text != format::UNKNOWN);
        let unit = if !is_known {
            ""
        } else if is_wide {
            long
        } else {
            short
        };
        self.rule.title.extend((!unit.is_empty()).then(|| Segment::dim(unit)));
        if let Some(name) = self.rule.title.first_mut().filter(|name| !is_wide && name.text == HIT_RATE) {
            // The change has precedence over the full name.
            *name = Segment::title("Hits");
        }
        if !self.says_more {
            return;
        }
        match (self.kind, self.layers.as_slice()) {
            (Kind::Area | Kind::Line, [(_, role)]) => {
                self.rule.title.splice(0..0, [Segment::key(*role), Segment::dim(" ")]);
            }
            (Kind::Area, [(Measure::PromptComputed, below), (Measure::PromptCached, above)]) if is_wide => {
                let key = |role: Role, name| [Segment::key(role), Segment::dim(name)];
                self.rule.right.push([key(*above, " hit "), key(*below, " computed")].concat());
            }
            _ => {}
        }
        let Some(measure) = self.layers.first().map(|(measure, _)| *measure) else { return };
        let measure = if measure == Measure::PromptComputed { Measure::Prompt } else { measure };
        let is_share = is_share(measure);
        let change = against::change(input, &self.subject, measure, is_share).filter(|_| self.kind != Kind::Band);
        let change = changed(change, is_share);
        // The gap is left out together with what stands before it.
        if let Some(before) = self.rule.right.last_mut().filter(|_| !change.is_empty()) {
            before.push(Segment::dim("  "));
        }
        self.rule.right.push(change);
    }

    /// The colour keys of prompt tokens, if the title has no room for them.
    fn keys(&self, width: u16) -> Vec<Vec<Segment<'static>>> {
        let [(Measure::PromptComputed, below), (Measure::PromptCached, above)] = self.layers.as_slice() else {
            return Vec::new();
        };
        let is_shown = self.rule.right.iter().flatten().any(|segment| *segment == Segment::key(*above));
        if is_shown && self.rule.fits(width) {
            return Vec::new();
        }
        [(above, "hit"), (below, "comp")].map(|(role, name)| vec![Segment::key(*role), Segment::dim(name)]).into()
    }

    /// The chart with the span of its figures after its name: quantiles are computed over all samples of a span.
    fn over(mut self, input: &FrameInput<'_>, (axis, values): (&TimeAxis, &[DotValues]), width: u16) -> Self {
        let chosen = input.app.charts.span;
        let span = is_known(values).then(|| known_span(axis, chosen.length(), chosen.word()));
        self.rule.title = latencies::titled(&self.rule.title, span.as_deref(), width);
        self
    }

    fn draw_on(
        self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        input: &FrameInput<'_>,
        axis: &TimeAxis,
        values: &[DotValues],
    ) {
        match self.kind {
            Kind::Line => self.line(canvas, area, input, axis, values),
            Kind::Band => self.band(canvas, area, input, axis, values),
            Kind::Area | Kind::Heat => self.area(canvas, area, input, axis, values),
        }
    }

    fn band(self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, axis: &TimeAxis, values: &[DotValues]) {
        let [lower, upper] = values else { return };
        let Some((_, role)) = self.layers.first() else { return };
        let most = ends(upper).map_or(0.0, |(_, most)| most);
        // An objective that values exceed stays in the chart.
        let exceeded = self.even.filter(|limit| *limit < most).unwrap_or(0.0);
        let reached = robust_largest(upper, dots_of_a_minute(axis)).unwrap_or(0.0).max(exceeded);
        let top = self.top.unwrap_or_else(|| step_above(1.02 * reached));
        let limit = self.even.filter(|limit| *limit < top && is_known(values));
        let band = BandChart { lower, upper, low: 0.0, top, limit, role: *role };
        let chart = ClippedPlot { plot: &band, values: upper, format: &self.format };
        let labels: Vec<ScaleValue> = std::iter::once(top).chain(limit).map(|at| (at, self.format)).collect();
        self.frame(canvas, area, input, (axis, values), (&chart, &labels, Some("0")));
    }

    fn area(self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, axis: &TimeAxis, values: &[DotValues]) {
        let top = self.top.unwrap_or_else(|| step_above(1.02 * largest_sum(values)));
        let even = self.even.filter(|even| *even < top);
        let layers = values.iter().zip(&self.layers).map(|(values, (_, role))| Layer { values, role: *role });
        let chart = AreaChart { layers: layers.collect(), low: 0.0, top, even, is_heat: self.kind == Kind::Heat };
        // The top is round; a value that moves keeps its digits, so that its width stays.
        let moving = if self.kind == Kind::Heat { whole_share } else { precise };
        let labels: Vec<ScaleValue> =
            std::iter::once((top, self.format)).chain(even.map(|even| (even, moving as fn(f64) -> String))).collect();
        self.frame(canvas, area, input, (axis, values), (&chart, &labels, Some("0")));
    }

    fn line(self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, axis: &TimeAxis, values: &[DotValues]) {
        let Some((shown, (measure, role))) = values.first().zip(self.layers.first()) else { return };
        let scale = match measure {
            Measure::HitRate => LineScale::of_shares,
            Measure::Profit => LineScale::of_amounts,
            _ => LineScale::new,
        };
        let (low, top) = scale(ends(shown)).ends();
        let chart = LineChart { values: shown, low, top, role: *role };
        // Both ends have the same decimals.
        let is_exact = |value: f64| (value * 100.0 - (value * 100.0).round()).abs() < 0.05;
        let has_tenths = *measure == Measure::HitRate && !(is_exact(low) && is_exact(top));
        let format = if has_tenths { exact_share } else { self.format };
        self.frame(canvas, area, input, (axis, values), (&chart, &[(top, format), (low, format)], None));
    }

    /// Draws a plot in its frame, with scale labels at the given values and a label at the foot of the scale.
    fn frame(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        input: &FrameInput<'_>,
        (axis, values): (&TimeAxis, &[DotValues]),
        (plot, labels, floor): (&dyn Plot, &[ScaleValue], Option<&str>),
    ) {
        let written = |value: f64, format: fn(f64) -> String| {
            let sign = if value < 0.0 && !self.symbol.is_empty() { "−" } else { "" };
            let value = if sign.is_empty() { value } else { -value };
            format!("{sign}{}{}", self.symbol, format(value))
        };
        let labels = labels.iter().map(|(value, format)| ScaleLabel::end(*value, written(*value, *format))).collect();
        let is_share = self.layers.iter().all(|(measure, _)| is_share(*measure));
        let read = if is_share { exact_share } else { self.format };
        let format = |value: f64| written(value, read);
        let scale = ScaleColumn { labels, keys: self.keys(area.width) };
        framed(
            canvas,
            area,
            input,
            axis,
            self.rule.clone(),
            &[plot],
            scale,
            (floor, self.scale_width),
            (&self.subject, is_known(values), self.absent),
            &readings(&self.layers, values, &format),
        );
    }
}

/// How many dots a minute may touch.
fn dots_of_a_minute(axis: &TimeAxis) -> usize {
    let dots = Span::MINUTE.millis().div_euclid(axis.dot().millis().max(1)) + 1;
    usize::try_from(dots).unwrap_or(1)
}

/// Draws charts side by side over one span: that of the one of which something is known longest.
pub(super) fn draw_row(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    charts: impl IntoIterator<Item = Chart<'static>>,
    columns: u16,
) {
    let charts: Vec<Chart<'static>> = charts.into_iter().collect();
    let began = charts.iter().filter_map(|chart| chart.known_since(input)).min();
    for (chart, place) in charts.into_iter().zip(side_by_side(area, columns, 2)) {
        Chart { began, ..chart }.draw(canvas, place, input);
    }
}

/// The text of a chart without data yet.
pub(super) const NOT_YET: &str = "nothing recorded yet";

/// The span of an axis in a word: `whole`, or the known part of it on a young axis.
pub(super) fn known_span(axis: &TimeAxis, span: Span, whole: &str) -> String {
    let known = Span::from_millis((axis.now() - axis.start()).millis().max(1_000));
    if known.millis() < span.millis() * 9 / 10 { format::duration(known) } else { whole.to_owned() }
}

/// The values that the cursor reads, one per layer.
fn readings<'a>(
    layers: &[(Measure, Role)],
    values: &'a [Vec<Option<f64>>],
    format: &'a dyn Fn(f64) -> String,
) -> Vec<Reading<'a>> {
    let reading = |(values, (measure, role)): (&'a Vec<Option<f64>>, &(Measure, Role))| {
        let name = match measure {
            Measure::PromptComputed => "computed ",
            Measure::PromptCached => "hit ",
            Measure::Waiting => "wait ",
            Measure::Running => "run ",
            _ => "",
        };
        Reading { role: *role, name, values, format }
    };
    values.iter().zip(layers).map(reading).collect()
}

fn is_known(values: &[Vec<Option<f64>>]) -> bool {
    values.iter().any(|layer| ends(layer).is_some())
}

fn largest_sum(values: &[Vec<Option<f64>>]) -> f64 {
    let dots = values.first().map_or(0, Vec::len);
    let sum = |dot: usize| values.iter().filter_map(|layer| layer.get(dot).copied().flatten()).sum::<f64>();
    (0..dots).map(sum).fold(0.0, f64::max)
}

/// The minimum and the maximum of the finite values.
pub(super) fn ends(values: &[Option<f64>]) -> Option<(f64, f64)> {
    let known = values.iter().flatten().copied().filter(|value| value.is_finite());
    known.fold(None, |ends: Option<(f64, f64)>, value| {
        Some(ends.map_or((value, value), |(a, b)| (a.min(value), b.max(value))))
    })
}

/// Draws plots in a frame with a time axis, its marks and the cursor.
#[allow(clippy::too_many_arguments, reason = "a chart and its frame")]
pub(super) fn framed(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    axis: &TimeAxis,
    rule: TitledRule<'_>,
    plots: &[&dyn Plot],
    scale: ScaleColumn<'_>,
    (floor, scale_width): (Option<&str>, u16),
    (subject, is_known, absent): (&Subject, bool, &str),
    readings: &[Reading<'_>],
) {
    let below = AxisRule {
        ticks: axis.ticks(input.zone(), None),
        marks: marks(input, axis, subject),
        floor: floor.map(|floor| (floor, scale_width)),
    };
    let chart = FramedChart {
        rule: cursor::titled(rule, input, (axis, area.width), readings),
        plots: plots.to_vec(),
        scale: if is_known { scale } else { ScaleColumn::default() },
        scale_width,
        axis: Some(below),
    };
    let place = chart.draw(canvas, area);
    canvas.plots.push(PlotArea { area: place, axis: *axis, is_line: false });
    cursor::line(canvas, place, input, axis);
    if !is_known {
        let row = place.height.saturating_sub(1) / 2;
        for (row, text) in (row..place.height).zip(format::wrapped(absent, usize::from(place.width))) {
            canvas.writer(place, row).put(Role::Dim, &text);
        }
    }
}

/// The role of a severity.
pub(super) fn severity(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::Warning => Role::Warning,
        Severity::Info => Role::Dim,
    }
}

/// Formats a rate for a scale: `4M`, `31.5k`.
pub(super) fn rate(value: f64) -> String {
    format::axis_figure(value)
}

/// The unit of tokens per second, long and short.
pub(super) const TOKENS: [&str; 2] = [" tok/s", "/s"];

/// Formats a rate that moves, with three digits: `31.0k`.
pub(super) fn precise(value: f64) -> String {
    format::scaled_tight(Some(value)).trim().to_owned()
}

fn exact_share(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

fn whole_share(value: f64) -> String {
    format!("{:.0} %", value * 100.0)
}

/// Formats a share for a scale.
pub(super) fn share(value: f64) -> String {
    let percent = value * 100.0;
    if (percent - percent.round()).abs() < 0.05 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

/// The change over a quarter hour, for the right end of a heading.
pub(super) fn changed(change: Option<f64>, is_share: bool) -> Vec<Segment<'static>> {
    let Some(change) = change.filter(|change| change.is_finite()) else { return Vec::new() };
    if is_share {
        return vec![Segment::dim(format::points(change))];
    }
    let arrow = if change > 0.0 { '▲' } else { '▼' };
    let text = match change.abs() * 100.0 {
        amount if amount < 0.5 => "▬ 0 %".to_owned(),
        amount if amount > 999.0 => format!("{arrow} >999 %"),
        amount => format!("{arrow} {amount:.0} %"),
    };
    vec![Segment::dim(text)]
}

/// A chart with a name and the current value, or a text if it is unknown.
pub(super) fn blank(name: &'static str, figure: impl AsRef<str>, subject: &Subject) -> Chart<'static> {
    let figure = figure.as_ref().trim();
    let figure = if figure.is_empty() { format::UNKNOWN } else { figure };
    let mut rule = TitledRule::new(name);
    rule.title.extend([Segment::dim("  "), Segment::title(figure.to_owned())]);
    Chart {
        rule,
        subject: subject.clone(),
        layers: Vec::new(),
        top: None,
        even: None,
        kind: Kind::Area,
        absent: NOT_YET,
        began: None,
        format: rate,
        symbol: String::new(),
        scale_width: 6,
        unit: [""; 2],
        says_more: true,
    }
}
