//! Charts beside their mocks.

use jiff::tz::TimeZone;
use margintop::tui::theme::{Ink, Role, Theme};
use margintop::tui::widgets::area::{AreaChart, Layer};
use margintop::tui::widgets::axis_rule::{AxisMark, AxisRule, Tick};
use margintop::tui::widgets::band::BandChart;
use margintop::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel, change, side_by_side};
use margintop::tui::widgets::hour_bars::{HourBar, HourBars};
use margintop::tui::widgets::line::LineChart;
use margintop::tui::widgets::margin::{MarginChart, MarginForm};
use margintop::tui::widgets::rule::TitledRule;
use margintop::tui::widgets::time_axis::TimeAxis;
use margintop::tui::widgets::{Canvas, Plot, Segment};
use margintop::units::{Span, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::mock::Mock;

/// A mock's time of day, which it counts in minutes.
pub(crate) fn minute(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * 60_000)
}

#[test]
fn the_margin_chart_stacks_profit_on_cost_and_hatches_what_is_missing() {
    let mock = Mock::read("margin");
    let (revenue, cost) = (mock.data("revenue"), mock.data("cost"));
    let chart = MarginChart { revenue: &revenue, cost: &cost, top: 40.0, bottom: 0.0, form: MarginForm::Stack };
    mock.check(|canvas, area| chart.draw(canvas, area));
}

#[test]
fn areas_are_stacked_from_zero() {
    let mock = Mock::read("area");
    let (prompt, hit) = (mock.data("prompt"), mock.data("hit"));
    let layers = vec![Layer { values: &prompt, role: Role::Prompt }, Layer { values: &hit, role: Role::Hit }];
    let chart = AreaChart { layers, low: 0.0, top: 15.0, even: Some(2.2), is_heat: false };
    mock.check(|canvas, area| chart.draw(canvas, area));
}

#[test]
fn a_load_takes_the_colours_of_its_height() {
    let mock = Mock::read("area-heat");
    let load = mock.data("load");
    let chart = AreaChart { even: Some(0.1), is_heat: true, ..AreaChart::of(&load, Role::Output, 1.0) };
    mock.check(|canvas, area| chart.draw(canvas, area));
}

#[test]
fn a_line_breaks_where_nothing_is_known() {
    let mock = Mock::read("line");
    let hits = mock.data("hits");
    let chart = LineChart { values: &hits, low: 0.55, top: 0.58, role: Role::Hit };
    mock.check(|canvas, area| chart.draw(canvas, area));
}

#[test]
fn a_band_has_two_edges() {
    let mock = Mock::read("band");
    let (p50, p99) = (mock.data("p50"), mock.data("p99"));
    let chart = BandChart { lower: &p50, upper: &p99, low: 0.0, top: 1.0, limit: None, role: Role::Prompt };
    mock.check(|canvas, area| chart.draw(canvas, area));
}

#[test]
fn hours_are_bars_and_those_to_come_are_yesterdays() {
    let mock = Mock::read("hour-bars");
    let (revenue, cost, expected) = (mock.data("revenue"), mock.data("cost"), mock.data("expected"));
    let bars = (0..11_usize).map(|i| {
        let label = Segment::dim(format!("{i:02}"));
        let figures = match (revenue[i], cost[i]) {
            (Some(r), Some(k)) => {
                vec![Segment::new(Role::Gain, format!("{:.0}", r - k)), Segment::dim(format!("{:.0}", k / r * 100.0))]
            }
            _ => Vec::new(),
        };
        let label = if i == 7 { Segment::title("07") } else { label };
        HourBar { revenue: revenue[i], cost: cost[i], expected: expected[i], label, figures }
    });
    let chart = HourBars { bars: bars.collect(), top: 40.0, width: 3, pitch: 4, text_rows: 3 };
    mock.check(|canvas, area| chart.draw(canvas, area));
}

#[test]
fn a_label_that_would_touch_a_mark_is_left_out() {
    let mock = Mock::read("axis");
    let ticks = [(3, "┴14:15"), (13, "┴14:30"), (25, "┴14:45"), (37, "┴15:00")];
    let ticks = ticks.map(|(cell, text)| Tick { cell, text: text.to_owned() }).to_vec();
    let marks = vec![AxisMark { cell: 30, glyph: '▲', ink: Role::Critical.into(), gives_way: false }];
    let axis = AxisRule { ticks, marks, floor: Some(("0", 6)) };
    mock.check(|canvas, area| axis.draw(canvas, area));
}

#[test]
fn a_small_multiple_has_its_figure_scale_and_times() {
    let mock = Mock::read("small-multiple");
    let output = mock.data("output");
    let cells = FramedChart::chart_width(48, 6);
    // The newest cell of the mock ends at 15:01:30.
    let now = Timestamp::from_millis((15 * 3600 + 89) * 1000);
    let axis = TimeAxis::shifting(now, Span::from_secs(90), cells);
    let chart = AreaChart { even: Some(449e3), ..AreaChart::of(&output, Role::Output, 4e6) };
    let title = vec![
        Segment::key(Role::Output),
        Segment::text(" "),
        Segment::title("Output"),
        Segment::text("  "),
        Segment::title("2.93M"),
        Segment::dim(" tok/s"),
    ];
    let frame = FramedChart {
        rule: TitledRule { title, ..TitledRule::default() }.right(change("▼ 7 %")),
        plots: vec![&chart],
        scale: ScaleColumn::of(vec![ScaleLabel::end(4e6, "4.00M"), ScaleLabel::end(449e3, "449k")]),
        scale_width: 6,
        axis: Some(AxisRule {
            ticks: axis.ticks(&TimeZone::UTC, Some(Span::from_secs(900))),
            marks: axis.mark(minute(892), '▲', Role::Critical).into_iter().collect(),
            floor: Some(("0", 6)),
        }),
    };
    mock.check(|canvas, area| {
        frame.draw(canvas, area);
    });
}

#[test]
fn the_large_chart_writes_now_and_cost_beside_their_heights() {
    let mock = Mock::read("large-chart");
    let (revenue, cost) = (mock.data("revenue"), mock.data("cost"));
    let now = Timestamp::from_millis((15 * 3600 + 1199) * 1000);
    let axis = TimeAxis::shifting(now, Span::from_secs(1200), FramedChart::chart_width(79, 7));
    let chart = MarginChart { revenue: &revenue, cost: &cost, top: 4e4, bottom: 0.0, form: MarginForm::Stack };
    let legend = |role: Role, name: &'static str, figure: &'static str| {
        [Segment::key(role), Segment::dim(name), Segment::text(figure)]
    };
    let frame = FramedChart {
        rule: TitledRule::new("Revenue = cost + profit")
            .note([Segment::dim(" · $/h, 24 h")])
            .right(legend(Role::Gain, " profit ", "$24,524"))
            .right([Segment::text("  ")].into_iter().chain(legend(Role::Cost, " cost ", "$4,448"))),
        plots: vec![&chart],
        scale: ScaleColumn::of(vec![
            ScaleLabel::end(4e4, "$40k"),
            ScaleLabel::end(4448.0, "$4.4k"),
            ScaleLabel::now(29_000.0, "$29.0k"),
        ]),
        scale_width: 7,
        axis: Some(AxisRule {
            ticks: axis.ticks(&TimeZone::UTC, Some(Span::from_secs(3 * 3600))),
            marks: axis.mark(minute(892), '▲', Role::Critical).into_iter().collect(),
            floor: Some(("0", 7)),
        }),
    };
    mock.check(|canvas, area| {
        frame.draw(canvas, area);
    });
}

#[test]
fn the_keys_of_layers_stand_in_free_rows_of_the_scale_all_or_none() {
    let key = |role, name: &'static str| vec![Segment::key(role), Segment::dim(name)];
    let keys = vec![key(Role::Hit, "hit"), key(Role::Prompt, "comp")];
    let written = |labels: Vec<ScaleLabel<'static>>, height| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, height));
        let area = buffer.area;
        let theme = Theme::of_roles();
        ScaleColumn { labels, keys: keys.clone() }.draw(&mut Canvas::new(&mut buffer, &theme), area, (0.0, 100.0));
        let row = |y| (0..6).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(row).collect::<Vec<_>>()
    };
    let top = || ScaleLabel::end(100.0, "15M");
    assert_eq!(written(vec![top()], 3), ["   15M", "  ▪hit", " ▪comp"]);
    assert_eq!(written(vec![top()], 2), ["   15M", "      "], "one of two says nothing");
    let three = || vec![top(), ScaleLabel::end(60.0, "9M")];
    assert_eq!(written(three(), 4), ["   15M", "    9M", "  ▪hit", " ▪comp"]);
}

#[test]
fn four_in_a_row_have_the_same_width() {
    let areas = side_by_side(Rect::new(1, 3, 118, 5), 4, 2);
    assert_eq!(
        areas.iter().map(|area| (area.x, area.width)).collect::<Vec<_>>(),
        [(1, 28), (31, 28), (61, 28), (91, 28)]
    );
    let heat = Ink::heat(0.5);
    assert_eq!(heat, Ink::Heat(6));
}

#[test]
fn a_thin_margin_is_shown_about_zero() {
    let revenue: Vec<Option<f64>> = (0..40).map(|i| Some(30.0 + 3.0 * (f64::from(i) / 6.0).sin())).collect();
    let cost = vec![Some(30.0); 40];
    let chart = MarginChart { revenue: &revenue, cost: &cost, top: 4.0, bottom: -4.0, form: MarginForm::Profit };
    let area = Rect::new(0, 0, 20, 4);
    let mut buffer = ratatui::buffer::Buffer::empty(area);
    let theme = margintop::tui::theme::Theme::of_roles();
    chart.draw(&mut margintop::tui::widgets::Canvas::new(&mut buffer, &theme), area);
    let wanted = ["   ⣠⣤⣤⣀", "⣀⣴⣿⣿⣿⣿⣿⣿⣦⡀⣀ ⣀ ⣀ ⣀ ⣀⢀", "          ⠙⢿⣿⣿⣿⣿⣿⠿⠋", "            ⠉⠛⠛⠋⠁"];
    assert_eq!(super::mock::lines(&buffer), wanted);
    let colour_at = |x: u16, y: u16| buffer[(x, y)].fg;
    let [gain, loss, rule] = [Role::Gain, Role::Loss, Role::Rule].map(|role| theme.style(role).fg.unwrap());
    assert_eq!([colour_at(4, 0), colour_at(14, 2), colour_at(12, 1)], [gain, loss, rule]);
}

#[test]
fn an_hour_of_loss_shows_what_is_missing() {
    let bar = |revenue, cost| HourBar { revenue, cost, ..HourBar::default() };
    let bars = vec![bar(Some(1.0), Some(3.0)), bar(Some(3.0), None), bar(None, Some(2.0)), bar(None, None)];
    let chart = HourBars { bars, top: 4.0, width: 1, pitch: 2, text_rows: 0 };
    let area = Rect::new(0, 0, 8, 4);
    let mut buffer = ratatui::buffer::Buffer::empty(area);
    let theme = margintop::tui::theme::Theme::of_roles();
    chart.draw(&mut margintop::tui::widgets::Canvas::new(&mut buffer, &theme), area);
    assert_eq!(super::mock::lines(&buffer), ["", "█ █", "█ █ █", "█ █ █"]);
    let colour = |role: Role| theme.style(role).fg.unwrap();
    assert_eq!(buffer[(0, 1)].fg, colour(Role::Loss));
    assert_eq!(buffer[(0, 3)].fg, colour(Role::Cost));
    assert_eq!(buffer[(2, 2)].fg, colour(Role::Dim), "without a cost nothing is called profit");
}
