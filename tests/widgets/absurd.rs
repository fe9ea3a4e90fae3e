//! Whatever the data and whatever the area: no panic, and nothing outside the area.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use margintop::tui::theme::{Depth, Glyphs, Ink, Role, Theme, ThemeRegistry};
use margintop::tui::widgets::area::{AreaChart, Layer};
use margintop::tui::widgets::axis_rule::{AxisMark, AxisRule, Tick};
use margintop::tui::widgets::band::BandChart;
use margintop::tui::widgets::digits::{DigitForm, Digits};
use margintop::tui::widgets::event_lane::{EventLanes, Lane, LaneEvent};
use margintop::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel, side_by_side};
use margintop::tui::widgets::gauge::Gauge;
use margintop::tui::widgets::headline::{Headline, SentenceForms};
use margintop::tui::widgets::heat_cell::{Heat, HeatLevel, legend};
use margintop::tui::widgets::hour_bars::{HourBar, HourBars};
use margintop::tui::widgets::line::LineChart;
use margintop::tui::widgets::margin::{MarginChart, MarginForm};
use margintop::tui::widgets::row_bar::{DivergingBar, RowBar};
use margintop::tui::widgets::rule::TitledRule;
use margintop::tui::widgets::scale::{LineScale, Scale};
use margintop::tui::widgets::sparkline::Sparkline;
use margintop::tui::widgets::table::{Cell, Column, Sorted, Table, TableRow, Tree};
use margintop::tui::widgets::time_axis::TimeAxis;
use margintop::tui::widgets::toast::Toast;
use margintop::tui::widgets::waterfall::{Waterfall, WaterfallStep};
use margintop::tui::widgets::{Canvas, Plot, Segment};
use margintop::units::{Money, Span, Timestamp};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What a widget is given.
#[derive(Debug, Clone)]
struct Data {
    values: Vec<Option<f64>>,
    others: Vec<Option<f64>>,
    low: f64,
    top: f64,
    name: String,
}

impl Data {
    fn of(values: Vec<Option<f64>>) -> Self {
        let others = values.iter().rev().copied().collect();
        Self { values, others, low: 0.0, top: 10.0, name: "decode-7".to_owned() }
    }

    fn first(&self) -> Option<f64> {
        self.values.first().copied().flatten()
    }

    fn title(&self) -> Segment<'_> {
        Segment::title(self.name.as_str())
    }
}

fn plots(data: &Data) -> Vec<Box<dyn Plot + '_>> {
    let (values, others) = (&data.values[..], &data.others[..]);
    let (low, top) = (data.low, data.top);
    let margin = |form| MarginChart { revenue: values, cost: others, top, bottom: low, form };
    let layers = vec![Layer { values, role: Role::Prompt }, Layer { values: others, role: Role::Hit }];
    vec![
        Box::new(margin(MarginForm::Stack)),
        Box::new(margin(MarginForm::Profit)),
        Box::new(AreaChart { layers: layers.clone(), low, top, even: data.first(), is_heat: false }),
        Box::new(AreaChart { layers, low, top, even: Some(top), is_heat: true }),
        Box::new(LineChart { values, low, top, role: Role::Hit }),
        Box::new(BandChart { lower: values, upper: others, low, top, limit: Some(low), role: Role::Prompt }),
        Box::new(Sparkline::new(values, top, Role::Output)),
        Box::new(Sparkline { values: Cow::Borrowed(values), top, ink: None }),
    ]
}

fn charts(canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
    for plot in plots(data) {
        plot.draw(canvas, area);
    }
}

fn texts(canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
    let titled = TitledRule::new(data.name.as_str())
        .note([Segment::dim(data.name.as_str())])
        .right([Segment::text("a"), data.title()])
        .right([data.title()]);
    titled.draw(canvas, area);
    Headline { sentences: vec![SentenceForms::new([data.title()]).or([Segment::text("short.")]); 3] }
        .draw(canvas, area);
    Toast::new(data.name.as_str()).draw(canvas, area, &[area]);
    Toast::new(data.name.as_str()).draw(canvas, area, &[]);
    for largest in [DigitForm::Line, DigitForm::Medium, DigitForm::Large] {
        for whole in ["1,902,736,111", "–", data.name.as_str()] {
            let (glyph, sign, currency, role) = ('▲', "+", data.name.as_str(), Role::Gain);
            Digits { glyph, sign, currency, whole, cents: ".01", bound: "≥", role, largest }.draw(canvas, area);
        }
    }
    let mut clip = canvas.clip(area);
    clip.line(0, 0, &legend(&data.name, "0 to 100 %"));
    clip.line_to(u16::MAX, u16::MAX, &[data.title()]);
}

fn bars(canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
    let (low, top) = (data.low, data.top);
    let ink: Ink = Role::Output.into();
    for value in data.values.iter().take(20).copied().chain([data.first(), None]) {
        RowBar { value, top, ink }.draw(canvas, area);
        DivergingBar::of_profit(value, top, 7).draw(canvas, area);
        Gauge { value, low, top, limit: value, ink }.draw(canvas, area);
        Heat::of(value).draw(&mut canvas.clip(area), 3, 0);
        HeatLevel::at(0.3).follow(value.unwrap_or(f64::NAN)).glyph();
    }
    let bar = |(revenue, cost): (&Option<f64>, &Option<f64>)| HourBar {
        revenue: *revenue,
        cost: *cost,
        expected: *revenue,
        label: data.title(),
        figures: vec![data.title(), data.title()],
    };
    let bars: Vec<_> = data.values.iter().zip(&data.others).take(500).map(bar).collect();
    for (width, pitch, text_rows) in [(3, 4, 3), (0, 0, 0), (9, 1, 99), (u16::MAX, u16::MAX, u16::MAX)] {
        HourBars { bars: bars.clone(), top, width, pitch, text_rows }.draw(canvas, area);
    }
    let amount = |value: &Option<f64>| value.map(|v| Money::from_micros((v * 1e6).clamp(-9e18, 9e18) as i64));
    let step = |value: &Option<f64>| WaterfallStep { label: &data.name, note: &data.name, amount: amount(value) };
    let causes: Vec<_> = data.values.iter().take(300).map(step).collect();
    for (places, ends) in [(0, None), (2, Some((low, top))), (99, Some((f64::NAN, 1.0)))] {
        let now = (data.name.as_str(), "now");
        let (before, causes) = (step(&data.first()), causes.clone());
        Waterfall { before, causes, now, bounds: ["≥ ", "≈ "], places, ends }.draw(canvas, area);
    }
}

fn table<'a>(canvas: &mut Canvas<'_>, area: Rect, data: &'a Data) {
    let columns = [
        Column::left(data.name.as_str(), 9).stretch(3),
        Column::left("line", 7).stretch(u16::MAX).rank(2),
        Column::right(data.name.as_str(), 5).rank(1),
        Column::left("", u16::MAX).rank(9),
        Column::right("x", 3).stretch(1).most(0),
    ];
    let row = |number: usize| {
        let tree = [Tree::None, Tree::Leaf, Tree::Folded, Tree::Open, Tree::Child, Tree::LastChild][number % 6];
        let line = Sparkline::new(&data.values, data.top, Role::Output);
        let cells = [Cell::from(data.title()), Cell::Sparkline(line), Cell::unknown(), Cell::Heat(vec![Heat::Lost; 9])];
        TableRow::new(cells).tree(tree).selected(number.is_multiple_of(2))
    };
    for (gap, margin, len, first) in [(1, 1, 9, 0), (2, 0, 10_000, 9_999), (u16::MAX, u16::MAX, 0, usize::MAX)] {
        for title in [vec![], vec![data.title()]] {
            let note = title.clone();
            let sorted = Some(Sorted { column: 2, descending: false, is_asked: true });
            let total = |hidden: usize| row(hidden);
            let total: Option<&dyn Fn(usize) -> TableRow<'a>> = if margin == 1 { Some(&total) } else { None };
            let table = Table {
                title,
                note,
                columns: &columns,
                gap,
                margin,
                sorted,
                len,
                first,
                row: &row,
                beside: &[],
                total,
            };
            let areas = table.draw(canvas, area);
            let all = areas.rows.iter().map(|(_, rect)| rect).chain(areas.headings.iter().map(|(_, rect)| rect));
            for rect in all {
                assert_eq!(rect.intersection(area), *rect, "what a mouse hits lies within");
            }
        }
    }
}

fn over_time(canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
    let millis = |value: Option<f64>| Timestamp::from_millis(value.unwrap_or(0.0).clamp(-1e15, 1e15) as i64);
    let (began, now) = (millis(data.first()), millis(data.values.last().copied().flatten()));
    let axis = TimeAxis::new(began, now, Span::from_secs(3600), area.width);
    let points = data.values.iter().map(|value| (millis(*value), *value));
    let dots = axis.means(points, Span::from_secs(5));
    let scale = data.values.iter().take(50).fold(Scale::new(data.first()), |scale, v| scale.follow(*v, millis(*v)));
    let ends = LineScale::new(Some((data.low, data.top))).follow(data.first().map(|v| (v, v)), now);
    let mut ticks = axis.ticks(&TimeZone::UTC, None);
    ticks.push(Tick { cell: u16::MAX, text: data.name.clone() });
    let marks = [0, area.width, u16::MAX]
        .map(|cell| AxisMark { cell, glyph: 'D', ink: Role::Accent.into(), gives_way: cell == 0 })
        .to_vec();
    for (value, scale_width) in [(scale.top(), 6), (ends.ends().1, 0), (f64::NAN, u16::MAX)] {
        let chart = AreaChart { even: Some(value), ..AreaChart::of(&dots, Role::Output, scale.top()) };
        let label = ScaleLabel { value, text: data.title() };
        let frame = FramedChart {
            rule: TitledRule::new(data.name.as_str()),
            plots: vec![&chart],
            scale: ScaleColumn::of(vec![label; 5]),
            scale_width,
            axis: Some(AxisRule { ticks: ticks.clone(), marks: marks.clone(), floor: Some((&data.name, scale_width)) }),
        };
        frame.draw(canvas, area);
        side_by_side(area, scale_width, scale_width).iter().take(9).for_each(|part| {
            frame.draw(canvas, *part);
        });
    }
    let span = LaneEvent::Span { begin: began, end: Some(now), ink: Role::Critical.into() };
    let open = LaneEvent::Span { begin: now, end: None, ink: Role::Critical.into() };
    let events = vec![span, open, LaneEvent::Letter { at: now, letter: 'D' }];
    let lane = Lane { label: data.title(), events, figure: Some(data.title()) };
    for (label_width, figure_width) in [(12, 4), (u16::MAX, u16::MAX), (0, 0)] {
        let lanes = vec![lane.clone(); 3];
        EventLanes { lanes, axis, label_width, figure_width, grid: vec![0, 6, u16::MAX] }.draw(canvas, area);
    }
}

fn themes() -> [Theme; 4] {
    let palette = ThemeRegistry::built_in().unwrap().palettes()[0].clone();
    let [full, sixteen, none] = [Depth::True, Depth::Sixteen, Depth::None].map(|depth| Theme::new(&palette, depth));
    [full.clone(), sixteen, none, full.with_glyphs(Glyphs::Ascii)]
}

/// Draws everything in an area with air about it, which must stay as it is.
fn draw_all(data: &Data, area: Rect) {
    for theme in themes() {
        let size = Rect::new(0, 0, area.width.saturating_add(8).min(300), area.height.saturating_add(6).min(80));
        let untouched = Buffer::empty(size);
        let draws: [fn(&mut Canvas<'_>, Rect, &Data); 5] = [texts, charts, bars, table, over_time];
        for (number, draw) in draws.into_iter().enumerate() {
            let mut buffer = untouched.clone();
            draw(&mut Canvas::new(&mut buffer, &theme), area, data);
            for place in size.positions().filter(|place| !area.contains(*place)) {
                assert_eq!(buffer[place], untouched[place], "widgets {number} wrote at {place:?} outside {area:?}");
            }
        }
    }
}

fn area(width: u16, height: u16) -> Rect {
    Rect::new(4, 3, width, height)
}

#[test]
fn the_named_absurdities() {
    let million: Vec<Option<f64>> = (0..1_000_000).map(|i| Some(f64::from(i % 977))).collect();
    let cases = [
        Data::of(vec![Some(1.0), None, None, Some(9.0), None]),
        Data::of(vec![Some(3.0)]),
        Data::of(million),
        Data { top: 1e15, ..Data::of(vec![Some(1e15), Some(9e14), None, Some(1e-6)]) },
        Data { top: 1e-6, ..Data::of(vec![Some(1e-6), Some(5e-7), Some(1e15)]) },
        Data { low: -20.0, top: 0.0, ..Data::of((0..90).map(|i| Some(-f64::from(i))).collect()) },
        Data::of(vec![None; 200]),
        Data::of(Vec::new()),
        Data { top: 0.0, ..Data::of(vec![Some(0.0); 50]) },
        Data { low: f64::NAN, top: f64::INFINITY, ..Data::of(vec![Some(f64::NAN), Some(f64::INFINITY), Some(-0.0)]) },
        Data { low: 5.0, top: -5.0, name: "x".repeat(400), ..Data::of(vec![Some(1.0); 30]) },
        Data {
            name: "深度求索モデル\u{202e}שלום\u{200b}\u{1b}[31m\u{301}👩‍👩‍👧".to_owned(),
            ..Data::of(vec![Some(1.0); 30])
        },
        Data { name: String::new(), ..Data::of(vec![Some(1.0); 30]) },
    ];
    for data in &cases {
        for (width, height) in [(0, 0), (1, 1), (0, 5), (5, 0), (2, 2), (7, 3), (40, 8), (120, 20)] {
            draw_all(data, area(width, height));
        }
    }
}

#[test]
fn an_area_beyond_the_screen_is_cut() {
    let data = Data { name: "y".repeat(400), ..Data::of(vec![Some(1.0); 30]) };
    for area in [Rect::new(290, 70, 500, 500), Rect::new(u16::MAX - 5, 3, 5, 5), Rect::new(0, 0, u16::MAX, 1)] {
        draw_all(&data, area);
    }
}

fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        2 => Just(None),
        6 => (-1e3..1e3_f64).prop_map(Some),
        1 => any::<f64>().prop_map(Some),
        1 => Just(Some(1e15)),
        1 => Just(Some(-1e-6)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_data_in_any_area(
        values in prop::collection::vec(value(), 0..150),
        others in prop::collection::vec(value(), 0..150),
        ends in (value(), value()),
        name in "\\PC{0,40}",
        size in (0..60_u16, 0..14_u16),
    ) {
        let (low, top) = (ends.0.unwrap_or(0.0), ends.1.unwrap_or(1.0));
        draw_all(&Data { values, others, low, top, name }, area(size.0, size.1));
    }
}
