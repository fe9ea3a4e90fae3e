//! What serves a model: its units, or its engines without units.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::history::{Measure, Subject};
use crate::natural_order::Natural;
use crate::reading::ModelName;
use crate::snapshot::{EngineRow, ModelRow};
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, subject_in};
use crate::tui::series::Points;
use crate::tui::theme::{Ink, Role};
use crate::tui::view::cells::full;
use crate::tui::view::lines_of::common_top;
use crate::tui::view::list::{Col, List, count, figure};
use crate::tui::view::served::ServedTogether;
use crate::tui::view::tables;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::Cell;
use crate::units::{Money, Ratio};

/// The cells of a token sparkline.
const LINE: u16 = 24;

struct ServedLine<'a> {
    name: String,
    subject: Subject,
    nodes: Option<usize>,
    load: Option<Ratio>,
    profit: Option<Money>,
    served: ServedTogether<'a>,
}

type ServedCol<'s, 'a> = Col<'s, ServedLine<'a>>;

/// Draws the list, units with the least profit first; engines are sorted by their tokens.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, row: &ModelRow) {
    let lines = lines(input, &row.model);
    let top = |measure: Measure| {
        let lines = lines.iter().filter(|line| line.served.rate(measure).is_some());
        common_top(input, lines.map(|line| (line.subject.clone(), measure)))
    };
    let span = input.app.charts.span.word();
    let line = |name: &str, measure: Measure, rank| {
        let top = top(measure);
        ServedCol::left(format!("{name}, {span}"), 10, move |line| tokens_line(input, line, measure, top))
            .rank(rank)
            .stretch(1, LINE)
    };
    let rate = |measure| {
        move |line: &ServedLine<'_>| match line.served.rate(measure) {
            None => Cell::Empty,
            rate => figure(&format::scaled_tight(rate)),
        }
    };
    // A name has precedence over the sparklines beside it.
    let longest = lines.iter().map(|line| format::width(&line.name)).max().unwrap_or(0).clamp(14, 20) as u16;
    let has_units = lines.iter().any(|line| line.nodes.is_some());
    let columns = [
        ServedCol::left("Served by", longest, |line| Cell::text(line.name.clone())).stretch(2, 28),
        ServedCol::right("nodes", 5, |line| line.nodes.map_or(Cell::Empty, |nodes| Cell::dim(nodes.to_string())))
            .rank(3)
            .only(has_units),
        ServedCol::right("load", 5, |line| figure(&format::percent(line.load))).rank(2).only(has_units),
        ServedCol::right("wait", 4, |line| count(line.served.waiting)).rank(4),
        ServedCol::right("KV", 5, |line| full(line.served.kv())).rank(2),
        line("in/s", Measure::Prompt, 6),
        ServedCol::right("in/s", 5, rate(Measure::Prompt)).rank(1),
        line("out/s", Measure::Output, 5),
        ServedCol::right("out/s", 5, rate(Measure::Output)),
        ServedCol::right("profit/h", 9, |line| tables::profit(line.profit)).only(has_units),
    ];
    List { gap: 1, ..List::plain("Served by", &columns, &lines) }.draw(canvas, area);
}

/// The rows that the list takes, with its heading.
pub(super) fn rows(input: &FrameInput<'_>, model: &ModelName) -> u16 {
    lines(input, model).len().min(1_000) as u16 + 1
}

fn lines<'a>(input: &FrameInput<'a>, model: &ModelName) -> Vec<ServedLine<'a>> {
    let mut groups: BTreeMap<&str, Vec<&'a EngineRow>> = BTreeMap::new();
    for row in input.snap.engines.iter().filter(|row| row.model.as_ref() == Some(model)) {
        let name = row.unit.as_ref().map_or(row.target.as_str(), |unit| unit.as_str());
        groups.entry(name).or_default().push(row);
    }
    let mut lines: Vec<ServedLine<'a>> =
        groups.into_iter().filter_map(|(name, rows)| line(input, name, &rows)).collect();
    let made = |line: &ServedLine<'_>| line.served.rate(Measure::Output).or(line.served.rate(Measure::Prompt));
    let most = |line: &ServedLine<'_>| std::cmp::Reverse(made(line).map_or(0, |tokens| tokens as u64));
    lines.sort_by_cached_key(|line| (line.profit.is_none(), line.profit, most(line), Natural(line.name.clone())));
    lines
}

fn line<'a>(input: &FrameInput<'a>, name: &str, rows: &[&'a EngineRow]) -> Option<ServedLine<'a>> {
    let served = ServedTogether::of(rows.iter().copied());
    if let Some(unit) = input.snap.units.iter().find(|unit| unit.unit.as_str() == name) {
        let profit = unit.revenue_per_hour.zip(unit.cost_per_hour).map(|(revenue, cost)| revenue - cost);
        let subject = Subject::Unit(unit.unit.clone());
        return Some(ServedLine {
            name: name.to_owned(),
            subject,
            nodes: Some(unit.nodes),
            load: unit.utilization,
            profit,
            served,
        });
    }
    let first = rows.first()?;
    // A node's name tells more than an address; its only engine needs no port.
    let name = subject_in(input.snap, first.target.as_str());
    let subject = Subject::Engine(first.target.clone(), first.rank.clone().filter(|_| rows.len() == 1));
    Some(ServedLine { name, subject, nodes: None, load: None, profit: None, served })
}

fn tokens_line(input: &FrameInput<'_>, line: &ServedLine<'_>, measure: Measure, top: f64) -> Cell<'static> {
    if line.served.rate(measure).is_none() {
        return Cell::Empty;
    }
    let role = if measure == Measure::Prompt { Role::Prompt } else { Role::Output };
    let span = input.app.charts.span.length();
    let values = Points::of(input, &line.subject, measure, span).cells(input.snap.at, span, LINE);
    Cell::Sparkline(Sparkline::new(values, top, Ink::Mixed(role, 75)))
}
