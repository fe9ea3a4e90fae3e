//! Tables, and what stands in their rows, beside the mocks.

use margintop::tui::theme::{Ink, Role};
use margintop::tui::widgets::event_lane::{EventLanes, Lane, LaneEvent};
use margintop::tui::widgets::gauge::Gauge;
use margintop::tui::widgets::heat_cell::{Heat, legend};
use margintop::tui::widgets::row_bar::{DivergingBar, RowBar};
use margintop::tui::widgets::sparkline::Sparkline;
use margintop::tui::widgets::table::{Cell, Column, Sorted, Table, TableRow, Tree};
use margintop::tui::widgets::time_axis::TimeAxis;
use margintop::tui::widgets::waterfall::{Waterfall, WaterfallStep};
use margintop::tui::widgets::{Canvas, Plot, Segment};
use margintop::units::{Money, Span, Timestamp};
use ratatui::layout::Rect;

use super::charts::minute;
use super::mock::Mock;

const LINE: Ink = Ink::Mixed(Role::Output, 70);

/// Row `y` of an area, from cell `x` on, `width` cells wide.
fn part(area: Rect, x: u16, y: u16, width: u16) -> Rect {
    Rect { x: area.x + x, y: area.y + y, width, height: 1 }
}

#[test]
fn bars_in_rows_and_about_an_axis() {
    let mock = Mock::read("row-bars");
    mock.check(|canvas, area| {
        for (y, value) in (0..).zip([288.0, 240.0, 171.0, 9.0]) {
            let bar = RowBar { value: Some(value), top: 288.0, ink: Role::Loss.into() };
            bar.draw(canvas, part(area, 0, y, 20));
        }
        for (y, value) in (4..).zip([-2084.0, 288.0, -288.0, 1100.0]) {
            DivergingBar::of_profit(Some(value), 2400.0, 17).draw(canvas, part(area, 0, y, 30));
        }
    });
}

#[test]
fn gauges_have_a_track_and_a_limit() {
    let mock = Mock::read("gauge");
    mock.check(|canvas, area| {
        Gauge::of(Some(0.59), LINE).draw(canvas, part(area, 0, 0, 20));
        Gauge::of(Some(0.97), Role::Warning).draw(canvas, part(area, 0, 1, 20));
        Gauge::of(Some(0.753), Role::Cost).limit(0.88).draw(canvas, part(area, 0, 2, 20));
        Gauge::of(Some(0.0), LINE).draw(canvas, part(area, 0, 3, 20));
    });
}

#[test]
fn causes_hang_where_the_last_ended() {
    let mock = Mock::read("waterfall");
    let amounts = mock.data("amounts");
    let amount = |i: usize| amounts[i].map(|value: f64| Money::from_micros((value * 1e6).round() as i64));
    let names = [
        ("traffic", "−7 % tokens"),
        ("mix", "–"),
        ("hit rate", "56.6 → 56.0 %"),
        ("price", "no change"),
        ("unpriced", "none"),
        ("GPUs at work", "2,224 → 2,080"),
        ("idle", "0 → 144 GPUs"),
    ];
    let causes =
        names.iter().enumerate().map(|(i, (label, note))| WaterfallStep { label, note, amount: amount(i + 1) });
    let waterfall = Waterfall {
        before: WaterfallStep { label: "before", note: "14:49", amount: amount(0) },
        causes: causes.collect(),
        now: ("now", "15:04"),
        bounds: [""; 2],
        places: 0,
        ends: Some((24_000.0, 26_800.0)),
    };
    mock.check(|canvas, area| waterfall.draw(canvas, area));
}

#[test]
fn heat_is_height_and_colour() {
    let mock = Mock::read("heat");
    mock.check(|canvas, area| {
        let mut clip = canvas.clip(area);
        let shares = [0.0, 0.1, 0.16, 0.3, 0.44, 0.58, 0.72, 0.86, 0.99, 1.0];
        let cells = shares.map(|share| Heat::of(Some(share)));
        for (x, heat) in (0..).zip(cells.into_iter().chain([Heat::Lost, Heat::Silent, Heat::of(None)])) {
            heat.draw(&mut clip, x, 0);
        }
        clip.line(0, 1, &legend("GPU load", "0 to 100 %"));
    });
}

#[test]
fn sparklines_compare_over_rows() {
    let mock = Mock::read("sparkline");
    let values = mock.data("values");
    let twice: Vec<Option<f64>> = values.iter().chain(&values).map(|value| value.map(|v| v * 40.0)).collect();
    mock.check(|canvas, area| {
        Sparkline::new(&values, 1.0, LINE).draw(canvas, part(area, 0, 0, 24));
        Sparkline::heat(&values).draw(canvas, part(area, 0, 1, 24));
        Sparkline::new(&twice, 50.0, Ink::Mixed(Role::Prompt, 80)).draw(canvas, part(area, 0, 2, 24));
    });
}

const COLUMNS: usize = 7;

fn columns() -> [Column<'static>; COLUMNS] {
    [
        Column::left("Engines", 13),
        Column::left("model", 11),
        Column::right("run", 5),
        Column::left("KV", 7).stretch(1),
        Column::right("", 4),
        Column::left("tok/s, 1 h", 8).stretch(1),
        Column::right("profit/h", 9),
    ]
}

fn gauge(share: f64, ink: impl Into<Ink>) -> Cell<'static> {
    Cell::Gauge(Gauge::of(Some(share), ink))
}

fn rows(line: &[Option<f64>]) -> Vec<TableRow<'_>> {
    let line = || Cell::Sparkline(Sparkline::new(line, 1.0, LINE));
    let gain = |text: &'static str| Cell::from(Segment::new(Role::Gain, text));
    let warn = |text: &'static str| Cell::from(Segment::new(Role::Warning, text));
    vec![
        TableRow::new([
            Cell::text("decode-1"),
            Cell::text("deepseek-r1"),
            Cell::text("12966"),
            gauge(0.59, LINE),
            Cell::text("59 %"),
            line(),
            gain("+2,110"),
        ])
        .tree(Tree::Folded),
        TableRow::new([
            warn("decode-4"),
            Cell::text("deepseek-r1-distill-qwen"),
            Cell::text("12165"),
            gauge(0.74, LINE),
            Cell::text("74 %"),
            line(),
            gain("+2,007"),
        ])
        .tree(Tree::Open)
        .selected(true),
        TableRow::new([
            warn("r017"),
            Cell::dim("rank"),
            Cell::text("107"),
            gauge(0.97, Role::Warning),
            warn("97 %"),
            line(),
            Cell::dim("of unit"),
        ])
        .tree(Tree::Child),
        TableRow::new([
            Cell::dim("… 139 more"),
            Cell::Empty,
            Cell::dim("84"),
            gauge(0.73, Ink::Mixed(Role::Output, 40)),
            Cell::dim("73 %"),
        ])
        .tree(Tree::LastChild),
        TableRow::new([
            Cell::from(Segment::new(Role::Critical, "decode-7")),
            Cell::text("deepseek-r1"),
            Cell::text("0"),
            Cell::Empty,
            Cell::unknown(),
            Cell::Empty,
            Cell::from(Segment::new(Role::Loss, "▼ −288")),
        ])
        .tree(Tree::Folded),
    ]
}

fn total(_hidden: usize) -> TableRow<'static> {
    let gain = Cell::from(Segment::new(Role::Gain, "+24,524"));
    TableRow::new([Cell::dim("total"), Cell::Empty, Cell::text("103k"), Cell::Empty, Cell::Empty, Cell::Empty, gain])
}

fn draw_table(
    canvas: &mut Canvas<'_>,
    area: Rect,
    rows: &[TableRow<'_>],
    first: usize,
) -> margintop::tui::widgets::table::TableAreas {
    let columns = columns();
    let table = Table {
        title: vec![Segment::title("Engines")],
        note: Vec::new(),
        columns: &columns,
        gap: 1,
        margin: 1,
        sorted: Some(Sorted { column: 6, descending: true, is_asked: false }),
        len: rows.len(),
        first,
        row: &|number| rows[number].clone(),
        beside: &[],
        total: Some(&|hidden| total(hidden)),
    };
    table.draw(canvas, area)
}

#[test]
fn a_table_has_its_headings_in_the_rule_and_its_tree_in_the_first_column() {
    let mock = Mock::read("table");
    let line = mock.data("line");
    let rows = rows(&line);
    mock.check(|canvas, area| {
        let areas = draw_table(canvas, area, &rows, 0);
        assert_eq!(areas.hidden, 0);
        assert_eq!(areas.rows.len(), 5);
        assert_eq!(areas.rows[1], (1, part(area, 0, 2, 72)));
        assert_eq!(areas.headings.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1, 2, 4, 5, 6]);
    });
}

#[test]
fn a_total_never_scrolls_away() {
    let mock = Mock::read("table");
    let line = mock.data("line");
    let rows = rows(&line);
    let theme = margintop::tui::theme::Theme::of_roles();
    let mut buffer = ratatui::buffer::Buffer::empty(Rect::new(0, 0, 72, 4));
    let area = buffer.area;
    let areas = draw_table(&mut Canvas::new(&mut buffer, &theme), area, &rows, 3);
    assert_eq!((areas.hidden, areas.rows[0].0, areas.rows[1].0), (3, 3, 4));
    let lines = super::mock::lines(&buffer);
    assert!(lines[3].starts_with(" total") && lines[2].contains("decode-7"), "{lines:#?}");
}

#[test]
fn events_lie_in_lanes_over_their_times() {
    let mock = Mock::read("event-lanes");
    let span = |ink: Role, begin: i64, end: i64| LaneEvent::Span {
        begin: minute(begin),
        end: (end != 904).then(|| minute(end)),
        ink: ink.into(),
    };
    let letter = |at: i64, letter: char| LaneEvent::Letter { at: minute(at), letter };
    let (critical, warn) = (Role::Critical, Role::Warning);
    let lane = |label: Segment<'static>, events: Vec<LaneEvent>, figure: Option<Segment<'static>>| Lane {
        label,
        events,
        figure,
    };
    let lanes = vec![
        lane(
            Segment::new(critical, "decode-7 stopped"),
            vec![span(critical, 892, 904)],
            Some(Segment::new(critical, "12m")),
        ),
        lane(
            Segment::text("gpu-0118 silent"),
            vec![span(warn, 903, 904), span(warn, 800, 803), span(warn, 771, 772)],
            Some(Segment::new(warn, "12s")),
        ),
        lane(
            Segment::dim("gpu-0019 held by heat"),
            vec![span(warn, 750, 760), span(warn, 775, 800)],
            Some(Segment::dim("5x")),
        ),
        lane(Segment::dim("deploys, prices"), vec![letter(871, 'D'), letter(790, '$')], None),
    ];
    let width = EventLanes::lane_width(60, 22, 6);
    let now = Timestamp::from_millis(904 * 60_000);
    let axis = TimeAxis::shifting(now, Span::from_secs(300), width);
    let grid = (0..width).filter(|cell| cell % 12 == 6).collect();
    let lanes = EventLanes { lanes, axis, label_width: 22, figure_width: 6, grid };
    mock.check(|canvas, area| assert_eq!(lanes.draw(canvas, area), 0));
}
