//! Who serves a model: its units, or its engines where there are none.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::history::{Measure, Subject};
use crate::reading::{ModelName, Role as EngineRole};
use crate::snapshot::{EngineRow, ModelRow};
use crate::tui::format;
use crate::tui::scene::{Scene, short_target};
use crate::tui::series::Points;
use crate::tui::theme::{Ink, Role};
use crate::tui::view::cells::full;
use crate::tui::view::lines_of::common_top;
use crate::tui::view::list::{Col, List, count, figure};
use crate::tui::view::served::Served;
use crate::tui::view::tables;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::Cell;
use crate::units::{Money, Ratio};

/// Cells of a line of tokens.
const LINE: u16 = 24;

struct Line<'a> {
    name: String,
    subject: Subject,
    nodes: Option<usize>,
    load: Option<Ratio>,
    profit: Option<Money>,
    served: Served<'a>,
}

impl Line<'_> {
    fn tokens(&self) -> Option<f64> {
        if self.measure() == Measure::Prompt { self.served.prompt } else { self.served.output }
    }

    fn measure(&self) -> Measure {
        if self.served.role == Some(EngineRole::Prefill) { Measure::Prompt } else { Measure::Output }
    }
}

type C<'s, 'a> = Col<'s, Line<'a>>;

/// Draws it, those with the least profit first; engines by their tokens.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, row: &ModelRow) {
    let lines = lines(scene, &row.model);
    let top = |measure: Measure| {
        let lines = lines.iter().filter(|line| line.measure() == measure);
        common_top(scene, lines.map(|line| (line.subject.clone(), measure)))
    };
    let (output, prompt) = (top(Measure::Output), top(Measure::Prompt));
    let has_units = lines.iter().any(|line| line.nodes.is_some());
    let columns = [
        C::left("Served by", 14, |line| Cell::text(line.name.clone())).stretch(2, 28),
        C::right("nodes", 5, |line| line.nodes.map_or(Cell::Empty, |nodes| Cell::dim(nodes.to_string())))
            .rank(3)
            .only(has_units),
        C::right("load", 5, |line| figure(&format::percent(line.load))).rank(2).only(has_units),
        C::right("wait", 4, |line| count(line.served.waiting)).rank(2),
        C::right("KV", 5, |line| full(line.served.kv())).rank(1),
        C::left(format!("tok/s, {}", scene.app.charts.reach.word()), 10, move |line| {
            tokens_line(scene, line, if line.measure() == Measure::Prompt { prompt } else { output })
        })
        .rank(4)
        .stretch(1, LINE),
        C::right("tok/s", 6, |line| figure(&format::scaled_tight(line.tokens()))),
        C::right("profit/h", 9, |line| tables::profit(line.profit)).only(has_units),
    ];
    List { gap: 1, ..List::plain("Served by", &columns, &lines) }.draw(canvas, area);
}

fn lines<'a>(scene: &Scene<'a>, model: &ModelName) -> Vec<Line<'a>> {
    let mut groups: BTreeMap<&str, Vec<&'a EngineRow>> = BTreeMap::new();
    for row in scene.snap.engines.iter().filter(|row| row.model.as_ref() == Some(model)) {
        let name = row.unit.as_ref().map_or(row.target.as_str(), |unit| unit.as_str());
        groups.entry(name).or_default().push(row);
    }
    let mut lines: Vec<Line<'a>> = groups.into_iter().filter_map(|(name, rows)| line(scene, name, &rows)).collect();
    let most = |line: &Line<'_>| std::cmp::Reverse(line.tokens().map_or(0, |tokens| tokens as u64));
    lines.sort_by_cached_key(|line| (line.profit.is_none(), line.profit, most(line), format::natural(&line.name)));
    lines
}

fn line<'a>(scene: &Scene<'a>, name: &str, rows: &[&'a EngineRow]) -> Option<Line<'a>> {
    let served = Served::of(rows.iter().copied());
    if let Some(unit) = scene.snap.units.iter().find(|unit| unit.unit.as_str() == name) {
        let profit = unit.revenue_per_hour.zip(unit.cost_per_hour).map(|(revenue, cost)| revenue - cost);
        let subject = Subject::Unit(unit.unit.clone());
        return Some(Line {
            name: name.to_owned(),
            subject,
            nodes: Some(unit.nodes),
            load: unit.utilization,
            profit,
            served,
        });
    }
    let first = rows.first()?;
    let name = format!("{} {}", first.kind, short_target(first));
    let subject = Subject::Engine(first.target.clone(), first.rank.clone().filter(|_| rows.len() == 1));
    Some(Line { name, subject, nodes: None, load: None, profit: None, served })
}

fn tokens_line(scene: &Scene<'_>, line: &Line<'_>, top: f64) -> Cell<'static> {
    let measure = line.measure();
    let role = if measure == Measure::Prompt { Role::Prompt } else { Role::Output };
    let span = scene.app.charts.reach.span();
    let values = Points::of(scene, &line.subject, measure, span).cells(scene.snap.at, span, LINE);
    Cell::Sparkline(Sparkline::new(values, top, Ink::Mixed(role, 75)))
}
