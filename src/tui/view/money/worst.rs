//! The nodes with the lowest current profit, why, and their profit over the span.

use std::collections::HashMap;

use ratatui::layout::Rect;

use crate::history::{Measure, Subject};
use crate::reading::Health;
use crate::snapshot::NodeRow;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::series::Points;
use crate::tui::theme::{Ink, Role};
use crate::tui::view::lines_of::common_top;
use crate::tui::view::list::{Col, List, OrderedBy, by_profit};
use crate::tui::view::served::first_word;
use crate::tui::view::settled::sort_by_name;
use crate::tui::view::tables;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::row_bar::DivergingBar;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::Cell;

/// The cells of a sparkline.
const LINE: u16 = 11;

type WorstCol<'s, 'a> = Col<'s, &'a NodeRow>;

/// Draws as many nodes as there are rows, the lowest profit first.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let input = &input.rates();
    let mut nodes: Vec<&NodeRow> = input.snap.nodes.iter().map(AsRef::as_ref).collect();
    let by = [
        WorstCol::left("", 0, |_| Cell::Empty).rising(|node| OrderedBy::Name(node.name.to_string())),
        WorstCol::left("", 0, |_| Cell::Empty)
            .rising(|node| by_profit(node.profit_per_hour, is_unpriced(node)))
            .first(),
    ];
    sort_by_name(&mut nodes, &by);
    nodes.truncate(usize::from(area.height.saturating_sub(1)));
    let whys = whys(input);
    let top = nodes.iter().filter_map(|node| number(node.profit_per_hour)).fold(0.0, |a: f64, b| a.max(b.abs()));
    let revenue = common_top(input, nodes.iter().map(|node| (Subject::Node(node.name.clone()), Measure::Revenue)));
    let has_whys = nodes.iter().any(|node| !why(node, &whys).is_empty());
    let has_units = nodes.iter().any(|node| node.unit.is_some());
    let columns = [
        WorstCol::left("Worst nodes", 13, |node| Cell::text(node.name.to_string())).stretch(1, 20),
        WorstCol::left("unit", 10, |node| Cell::dim(node.unit.as_ref().map_or(String::new(), ToString::to_string)))
            .rank(2)
            .only(has_units),
        WorstCol::left("why", 10, move |node| Cell::dim(why(node, &whys))).rank(1).stretch(2, 24).only(has_whys),
        WorstCol::left(format!("rev/h, {}", input.app.charts.span.word()), LINE, move |node| {
            let (subject, span) = (Subject::Node(node.name.clone()), input.app.charts.span.length());
            let values = Points::of(input, &subject, Measure::Revenue, span).cells(input.snap.at, span, LINE);
            Cell::Sparkline(Sparkline::new(values, revenue, Ink::Mixed(Role::Output, 70)))
        })
        .rank(4),
        WorstCol::left("", 8, move |node| {
            Cell::Diverging(DivergingBar::of_profit(number(node.profit_per_hour), top, 4))
        })
        .rank(3),
        WorstCol::right("profit/h", 9, |node| tables::profit(node.profit_per_hour)),
    ];
    List { gap: 1, ..List::plain("Worst nodes", &columns, &nodes) }.draw(canvas, area);
    if nodes.is_empty() {
        canvas.writer(area, 1).put(Role::Dim, "no node is known");
    }
}

/// The severest alert of each node and unit, in few words.
fn whys<'a>(input: &FrameInput<'a>) -> HashMap<&'a str, String> {
    let mut whys = HashMap::new();
    for alert in &input.snap.alerts {
        let short = alert.text.as_str().split([':', ';', '(']).next().unwrap_or_default().trim();
        let about = alert.subject.as_str().split_once(' ').map_or("", |(_, rest)| rest);
        let text = if about.is_empty() { short.to_owned() } else { format!("{about} {short}") };
        whys.entry(first_word(alert)).or_insert(text);
    }
    whys
}

fn is_unpriced(node: &NodeRow) -> bool {
    node.state == Health::Live && node.revenue_per_hour.is_none() && node.cost_per_hour.is_some()
}

fn why(node: &NodeRow, whys: &HashMap<&str, String>) -> String {
    let of_unit = || node.unit.as_ref().and_then(|unit| whys.get(unit.as_str()));
    let known = whys.get(node.name.as_str()).or_else(of_unit).cloned();
    known.unwrap_or_else(|| match node.state {
        Health::Live if node.profit_per_hour.is_none() => "unpriced".to_owned(),
        Health::Live if node.idle_per_hour.is_some_and(|idle| idle.rounded(2) > 0) => "idle".to_owned(),
        Health::Live => String::new(),
        state => format!("{state} {}", format::age(node.age_seconds)),
    })
}
