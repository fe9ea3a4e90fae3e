//! The four vital figures: as charts side by side, as sparklines below each other, or as figures alone.

use ratatui::layout::Rect;

use super::selection::{self, Selection, selection};
use super::{pointed, published};
use crate::history::{Measure, Subject};
use crate::tui::against;
use crate::tui::app::RefreshPace;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::pane;
use crate::tui::series::{Points, axis_from, began};
use crate::tui::theme::{Ink, Role};
use crate::tui::view::charts::{self, Chart, Kind, changed, ends};
use crate::tui::view::latencies;
use crate::tui::widgets::framed_chart::side_by_side;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::{LineScale, step_above};
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::{Canvas, Plot, Segment};
use crate::units::{Ratio, Timestamp};

/// The least number of columns for charts side by side.
const CHARTS: u16 = 106;
/// The least number of columns for sparklines below each other.
const LINES: u16 = 56;
/// The widths in cells of label, figure and change before a sparkline, and of the scale after it.
const LEFT: u16 = 31;
const RIGHT: u16 = 8;

/// A vital figure.
pub(super) struct OverviewVital {
    label: &'static str,
    short: &'static str,
    figure: String,
    unit: &'static str,
    measure: Measure,
    role: Role,
    change: Option<f64>,
    pub(super) is_share: bool,
    /// The published day's figure, which is compared in place of the change over a quarter hour.
    average: Option<String>,
}

/// Draws the vital figures.
pub(in crate::tui::view) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let slow = input.rates();
    let selected = selection(&slow);
    if area.width >= CHARTS && area.height >= 5 {
        let selected = selected.as_ref();
        let places = side_by_side(area, 4, 2).into_iter().zip(vitals(&slow, selected));
        let charts = places.map(|(place, vital)| chart(place.width, &slow, &vital, selected)).collect::<Vec<_>>();
        charts::draw_row(canvas, area, &slow, charts, 4);
    } else if area.width >= LINES && area.height >= 5 {
        lines(canvas, area, &slow, selected.as_ref());
    } else if area.height >= 4 {
        pane::vitals_brief(canvas, area, &slow);
    } else {
        pairs(canvas, area, &vitals(&slow, selected.as_ref()));
    }
}

/// Draws two figures in a row.
fn pairs(canvas: &mut Canvas<'_>, area: Rect, vitals: &[OverviewVital]) {
    for (row, pair) in (0..area.height).zip(vitals.chunks(2)) {
        let line = Rect { y: area.y + row, height: 1, ..area };
        for (column, vital) in (0..).zip(pair) {
            let place = Rect { x: line.x + column * (line.width / 2), width: line.width / 2, ..line };
            let unit = if vital.unit.is_empty() { "" } else { "/s" };
            let figure = format!("{}{unit}", vital.figure);
            canvas.writer(place, 0).name(Role::Dim, &vital.short.to_lowercase(), 8).put(Role::Text, &figure);
        }
    }
}

/// The subject of the vital figures: the fleet, or the rows that pass the filter.
#[derive(Default)]
struct VitalFigures {
    output: Option<f64>,
    prompt: Option<f64>,
    hits: Option<Ratio>,
    load: Option<Ratio>,
}

impl VitalFigures {
    fn of(input: &FrameInput<'_>, selected: Option<&Selection>) -> Self {
        let snap = input.snap;
        let Some(selected) = selected else {
            return Self {
                output: snap.tokens.output_per_second,
                prompt: snap.tokens.prompt_per_second,
                hits: snap.cache_hit_rate,
                load: snap.gpus.utilization,
            };
        };
        Self { output: selected.output, prompt: selected.prompt, hits: selected.hit_rate, load: selected.load }
    }
}

fn vitals(input: &FrameInput<'_>, selected: Option<&Selection>) -> [OverviewVital; 4] {
    let tokens = &input.snap.tokens;
    let figures = VitalFigures::of(input, selected);
    let subject = subject(selected);
    let changed = |measure, is_share| against::change(input, &subject, measure, is_share);
    let hits_unknown =
        tokens.cached_per_second.is_none() && tokens.prompt_total.is_some() && tokens.cached_total.is_none();
    let hits = match figures.hits {
        None if hits_unknown => "n/a".to_owned(),
        rate => format::percent1(rate).trim().to_owned(),
    };
    let rate = |label, measure, role, value| OverviewVital {
        label,
        short: label,
        figure: format::scaled_tight(value).trim().to_owned(),
        unit: " tok/s",
        measure,
        role,
        change: changed(measure, false),
        is_share: false,
        average: None,
    };
    let share = |label, short, figure, measure, role| OverviewVital {
        label,
        short,
        figure,
        unit: "",
        measure,
        role,
        change: changed(measure, true),
        is_share: true,
        average: None,
    };
    let load = format::percent(figures.load).trim().to_owned();
    let last = if published::is_shown(input) {
        // For the published day only the number of allocated nodes is known.
        let nodes = Some(input.snap.coverage.nodes_known as f64);
        let average = published::average(input).map(|nodes| format!("{nodes:.2}"));
        OverviewVital { unit: "", average, ..rate("Nodes", Measure::Nodes, Role::Cost, nodes) }
    } else {
        share("GPU load", "Load", load, Measure::Load, Role::Output)
    };
    let average = |total| {
        let known = published::average_rate(input, total).filter(|_| published::is_shown(input));
        known.map(|rate| format::scaled_tight(Some(rate)).trim().to_owned())
    };
    let output = rate("Output", Measure::Output, Role::Output, figures.output);
    let prompt = rate("Prompt", Measure::Prompt, Role::Prompt, figures.prompt);
    [
        OverviewVital { average: average(tokens.output_total), ..output },
        OverviewVital { average: average(tokens.prompt_total), ..prompt },
        share("Hit rate", "Hits", hits, Measure::HitRate, Role::Hit),
        last,
    ]
}

/// The name with its colour, and the figure with its unit.
fn titled(vital: &OverviewVital, is_wide: bool) -> TitledRule<'static> {
    let mut rule = TitledRule::default();
    // Next to a mean, a narrow title fits both figures and nothing else.
    let is_tight = vital.average.is_some() && !is_wide;
    if vital.measure != Measure::Prompt && vital.measure != Measure::Load {
        rule.title.extend([Segment::key(vital.role), Segment::dim(" ")]);
    }
    let (label, unit) = match (is_wide, vital.unit) {
        (true, unit) => (vital.label, unit),
        (false, "") => (vital.short, ""),
        (false, _) if is_tight => (vital.short, ""),
        (false, _) => (vital.short, "/s"),
    };
    rule.title.extend([
        Segment::title(label),
        Segment::dim(if is_tight { " " } else { "  " }),
        Segment::title(vital.figure.clone()),
        Segment::dim(unit),
    ]);
    rule
}

fn chart(width: u16, input: &FrameInput<'_>, vital: &OverviewVital, selected: Option<&Selection>) -> Chart<'static> {
    let is_wide = width >= 40;
    let mut rule = titled(vital, is_wide);
    if let Some(window) = latencies::window(input).filter(|_| is_wide && vital.measure == Measure::HitRate) {
        // The hit rate in the causes of a change is of a quarter hour.
        rule.title.push(Segment::dim(format!(" last {window}")));
    }
    rule = rule.note([Segment::dim(selection::note(input, selected))]);
    // The break-even is that of the whole fleet.
    let even = input.snap.money.break_even_load.filter(|_| selected.is_none()).map(Ratio::get);
    let now = |value: Option<f64>| value.zip(even).map(|(now, even)| now * even);
    let (layers, kind, top, even, format): (_, _, _, _, fn(f64) -> String) = match vital.measure {
        Measure::Prompt => {
            if is_wide && input.snap.tokens.cached_per_second.is_some() {
                rule = rule.right([
                    Segment::key(Role::Hit),
                    Segment::dim(" hit "),
                    Segment::key(Role::Prompt),
                    Segment::dim(" computed  "),
                ]);
            }
            (prompt_layers(input), Kind::Area, None, None, charts::rate)
        }
        Measure::HitRate => (vec![(vital.measure, vital.role)], Kind::Line, None, None, charts::share),
        Measure::Load => {
            let even = now(input.snap.gpus.utilization.map(Ratio::get));
            (vec![(vital.measure, vital.role)], Kind::Heat, Some(1.0), even, charts::share)
        }
        Measure::Nodes => (vec![(vital.measure, vital.role)], Kind::Area, None, None, charts::rate),
        _ => {
            let even = now(input.snap.tokens.output_per_second);
            (vec![(vital.measure, vital.role)], Kind::Area, None, even, charts::rate)
        }
    };
    let rule = match &vital.average {
        Some(average) => rule.right([Segment::dim(format!("avg {average}"))]),
        None => rule.right(change(vital)),
    };
    let subject = subject(selected);
    let is_unkept = vital.measure == Measure::Load && matches!(subject, Subject::Model(_));
    Chart {
        rule,
        subject,
        layers,
        top,
        even,
        kind,
        absent: if is_unkept { NOT_OF_MODELS } else { charts::NOT_YET },
        began: None,
        format,
        symbol: String::new(),
        scale_width: 6,
        unit: [""; 2],
        says_more: false,
    }
}

/// The text in place of the GPU load of a model: GPUs are not assigned to models.
const NOT_OF_MODELS: &str = "recorded of nodes and units, not of a model";

fn subject(selected: Option<&Selection>) -> Subject {
    selected.map_or(Subject::Fleet, |selected| selected.subject.clone())
}

/// Layers of prompt tokens: computed ones at the bottom and hits on top; one layer if hits are unknown.
fn prompt_layers(input: &FrameInput<'_>) -> Vec<(Measure, Role)> {
    if input.snap.tokens.cached_per_second.is_none() {
        return vec![(Measure::Prompt, Role::Prompt)];
    }
    vec![(Measure::PromptComputed, Role::Prompt), (Measure::PromptCached, Role::Hit)]
}

/// The change of a figure; `None` if its present value is unknown.
fn change(vital: &OverviewVital) -> Vec<Segment<'static>> {
    let change = vital.change.filter(|_| vital.figure != format::UNKNOWN);
    changed(change, vital.is_share)
}

/// Draws one sparkline per figure, followed by its scale.
fn lines(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, selected: Option<&Selection>) {
    let chosen = input.app.charts.span;
    let of = selection::note(input, selected);
    let subject = subject(selected);
    let vitals = vitals(input, selected);
    let measures = vitals.iter().map(|vital| (&subject, vital.measure));
    let began = began(input, measures, chosen.length());
    let title = pointed::title(input).unwrap_or_else(|| span_of(input, began));
    TitledRule::new(title + &of).right([Segment::dim("scale")]).draw(canvas, area);
    for (row, vital) in (1..area.height).zip(&vitals) {
        let line = Rect { y: area.y + row, height: 1, ..area };
        let place = Rect { x: line.x + LEFT, width: line.width.saturating_sub(LEFT + RIGHT + 1), ..line };
        // A dot of the axis corresponds to a cell of the sparkline.
        let axis = axis_from(input, &subject, began, chosen.length(), place.width / 2);
        let values = Points::over(input, &subject, vital.measure, chosen.length(), &axis).on(&axis);
        let then = pointed::figure(input, vital.is_share, &axis, &values);
        let mut writer = canvas.writer(line, 0);
        let label = if vital.measure == Measure::Load { vital.label.to_owned() } else { vital.label.to_lowercase() };
        let figure = then.as_ref().unwrap_or(&vital.figure);
        writer.name(Role::Dim, &label, 9).right(Role::Text, figure, 6).name(Role::Dim, vital.unit, 7);
        for segment in change(vital).into_iter().filter(|_| then.is_none()) {
            writer.put(Role::Dim, &segment.text);
        }
        let (low, top) = scale(vital, &values);
        let values: Vec<Option<f64>> = values.into_iter().map(|value| value.map(|value| value - low)).collect();
        let spark = match vital.measure {
            Measure::Load => Sparkline::heat(values),
            _ => Sparkline::new(values, top - low, Ink::Role(vital.role)),
        };
        let place = Rect { width: 2 * (place.width / 2), ..place };
        spark.draw(canvas, place);
        pointed::mark(canvas, place, input, &axis);
        let text = if vital.is_share {
            format!("{:.0}–{:.0}", low * 100.0, top * 100.0)
        } else {
            format!("0–{}", format::axis_figure(top))
        };
        let mut clip = canvas.clip(line);
        let end = clip.width();
        clip.line_to(end, 0, &[Segment::dim(text)]);
    }
}

/// `Last 24 h`, or since when it is known where that is less.
fn span_of(input: &FrameInput<'_>, began: Option<Timestamp>) -> String {
    let chosen = input.app.charts.span;
    let young = began.filter(|began| {
        let known = input.at(RefreshPace::Charts).snap.at - *began;
        known.millis() < chosen.length().millis() * 9 / 10
    });
    young.map_or_else(
        || format!("Last {}", chosen.name()),
        |began| format!("Since {}", format::clock_minute(began, input.zone()).trim()),
    )
}

fn scale(vital: &OverviewVital, values: &[Option<f64>]) -> (f64, f64) {
    match (vital.measure, ends(values)) {
        (Measure::HitRate, known) => LineScale::of_shares(known).ends(),
        (Measure::Load, _) => (0.0, 1.0),
        (_, known) => (0.0, step_above(1.02 * known.map_or(0.0, |(_, top)| top))),
    }
}
