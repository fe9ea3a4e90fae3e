//! The rows of the engines list: units or targets, and the ranks of unfolded ones.

use super::line::{EngineLine, Whole, tokens};
use std::collections::BTreeMap;

use super::columns::{Tops, columns};
use crate::history::Subject;
use crate::reading::{EngineRole, Health, Label, ModelName, NodeName, Rank, UnitName};
use crate::snapshot::{EngineRow, ModelRow, NodeRow, Severity};
use crate::tui::app::Grouping;
use crate::tui::figures_of;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, short_target};
use crate::tui::view::about::about;
use crate::tui::view::engine_rows::alone_on_node;
use crate::tui::view::list::Col;
use crate::tui::view::served::{ServedTogether, alerted};
use crate::tui::view::settled::settle;
use crate::tui::view::{ListKey, ViewId};
use crate::tui::widgets::table::{CHILDREN, Tree};
use crate::units::Ratio;

fn fields(row: &EngineRow) -> [(&'static str, &str); 5] {
    [
        ("target", row.target.as_str()),
        ("node", row.node.as_str()),
        ("unit", row.unit.as_ref().map_or("", |u| u.as_str())),
        ("model", row.model.as_ref().map_or("", |m| m.as_str())),
        ("state", if row.state == Health::Live { "live" } else { "stale lost never" }),
    ]
}

/// Whether a row belongs to the view's subject and matches the filter; `None` if only unknown figures keep it out.
fn judged(input: &FrameInput<'_>, row: &EngineRow) -> Option<bool> {
    let about = input.app.subject().filter(|_| input.app.view() == ViewId::Engines).map(Label::as_str);
    let is_of = about.is_none_or(|about| {
        let names = [
            row.unit.as_ref().map(UnitName::as_str),
            row.model.as_ref().map(ModelName::as_str),
            Some(row.node.as_str()),
            Some(row.target.as_str()),
        ];
        names.contains(&Some(about))
    });
    if !is_of {
        return Some(false);
    }
    input.app.filter.judge(&fields(row), |key| figures_of::of_engine(row, key))
}

/// How many engines and ranks match the filter, and for how many a figure that it asks for is unknown.
pub(super) fn judged_counts(input: &FrameInput<'_>) -> (usize, usize) {
    let mut counts = (0, 0);
    for row in &input.snap.engines {
        match judged(input, row) {
            Some(passes) => counts.0 += usize::from(passes),
            None => counts.1 += 1,
        }
    }
    counts
}

/// The rows in order, with children below unfolded parents.
pub(super) fn lines<'a>(input: &FrameInput<'a>) -> Vec<EngineLine<'a>> {
    let mut groups: BTreeMap<&str, Vec<&'a EngineRow>> = BTreeMap::new();
    for row in input.snap.engines.iter().filter(|row| judged(input, row) == Some(true)) {
        groups.entry(group_of(input.app.grouping, row)).or_default().push(row);
    }
    let alerts = alerted(&input.snap.alerts);
    let mut parents: Vec<(EngineLine<'a>, Vec<&'a EngineRow>)> =
        groups.into_iter().map(|(name, rows)| (parent(input, name, &rows, alerts.get(name).copied()), rows)).collect();
    let mut order: Vec<Keyed<'a>> = parents.drain(..).map(|(line, rows)| Keyed { line, rows }).collect();
    // Sorting compares the parents' rows.
    let columns = columns(input, Tops::default());
    sort_parents(&mut order, &columns, input);
    order.into_iter().flat_map(|Keyed { line, rows }| with_children(input, line, &rows)).collect()
}

/// The name of the group that a row belongs to.
fn group_of(grouping: Grouping, row: &EngineRow) -> &str {
    match grouping {
        Grouping::Unit => row.unit.as_ref().map_or(row.target.as_str(), |unit| unit.as_str()),
        Grouping::Node => row.node.as_str(),
        Grouping::Model => row.model.as_ref().map_or("no model named", ModelName::as_str),
    }
}

struct Keyed<'a> {
    line: EngineLine<'a>,
    rows: Vec<&'a EngineRow>,
}

fn sort_parents<'a>(order: &mut Vec<Keyed<'a>>, columns: &[Col<'_, EngineLine<'a>>], input: &FrameInput<'_>) {
    let mut rows: BTreeMap<ListKey, Vec<&'a EngineRow>> = BTreeMap::new();
    let mut lines = Vec::new();
    for keyed in order.drain(..) {
        rows.insert(keyed.line.key, keyed.rows);
        lines.push(keyed.line);
    }
    settle(&mut lines, columns, input, ViewId::Engines, |line| line.key);
    let with = |line: EngineLine<'a>, rows: &mut BTreeMap<ListKey, Vec<&'a EngineRow>>| {
        let rows = rows.remove(&line.key).unwrap_or_default();
        Keyed { line, rows }
    };
    order.extend(lines.into_iter().map(|line| with(line, &mut rows)));
}

fn parent<'a>(input: &FrameInput<'a>, name: &str, rows: &[&'a EngineRow], gravest: Option<Severity>) -> EngineLine<'a> {
    let mut served = ServedTogether::of(rows.iter().copied());
    served.rows = parts(rows).count();
    // What a filter leaves of a group has neither the group's money nor its tokens.
    let is_part = is_part(input, name, rows);
    let whole = if is_part { whole_node(input, rows) } else { whole(input, name) };
    let only = if rows.len() == 1 && whole.is_none() { rows.first().copied() } else { None };
    let best = rows.iter().map(|row| row.state).min().unwrap_or_default();
    let is_target =
        input.app.grouping == Grouping::Unit && !input.snap.units.iter().any(|unit| unit.unit.as_str() == name);
    let shown = match (&whole, rows.first()) {
        (_, Some(_)) if is_target && input.snap.nodes.len() > 1 => about(input, name),
        (_, Some(row)) if is_target => alone_on_node(input, row),
        (Some((Subject::Node(node), _)), _) if is_part => node.to_string(),
        _ if is_part => format!("{name}, part"),
        _ => name.to_owned(),
    };
    let kind = match (input.app.grouping, &whole) {
        (Grouping::Unit, None) => "target",
        (grouping, _) => grouping.name(),
    };
    let engine = |row: &EngineRow| Subject::Engine(row.target.clone(), row.rank.clone());
    let (subject, whole) = match whole {
        Some((subject, whole)) => (Some(subject), Some(whole)),
        // Several ranks of one target are stored together too.
        None if is_part => (None, None),
        None if only.is_none() => {
            (rows.first().map(|row| Subject::Engine(row.target.clone(), None)), alone(input, rows))
        }
        None => (only.map(engine), alone(input, rows)),
    };
    // A group has the same rates in every view, and its charts those of its row.
    if let Some(whole) = whole {
        (served.prompt, served.output) = (whole.prompt.or(served.prompt), whole.output.or(served.output));
    }
    EngineLine {
        key: ListKey::of((kind, name)),
        name: shown,
        alerts_of: name.to_owned(),
        engine: only,
        subject,
        whole,
        served,
        is_parent: only.is_none(),
        tree: if only.is_some() { Tree::Leaf } else { Tree::Folded },
        state: best,
        gravest,
        over_mean: None,
        share: None,
    }
}

/// The subject of a group's tokens, and its figures as a whole; `None` for a single engine.
fn whole(input: &FrameInput<'_>, name: &str) -> Option<(Subject, Whole)> {
    let snap = input.snap;
    Some(match input.app.grouping {
        Grouping::Unit => {
            let unit = snap.units.iter().find(|unit| unit.unit.as_str() == name)?;
            let (revenue, cost) = (unit.revenue_per_hour, unit.cost_per_hour);
            let profit = revenue.zip(cost).map(|(revenue, cost)| revenue - cost);
            let (prompt, output) = (unit.prompt_per_second, unit.output_per_second);
            (
                Subject::Unit(unit.unit.clone()),
                Whole { revenue, profit, hits: None, is_unpriced: revenue.is_none() && cost.is_some(), prompt, output },
            )
        }
        Grouping::Node => {
            let node = snap.nodes.iter().find(|node| node.name.as_str() == name);
            (Subject::Node(NodeName::new(name)), node.map(|node| of_node(node)).unwrap_or_default())
        }
        Grouping::Model => {
            let model = snap.models.iter().find(|model| model.model.as_str() == name);
            let of_model = |model: &ModelRow| Whole {
                revenue: model.money.revenue_per_hour,
                profit: model.money.profit_per_hour,
                hits: model.cache_hit_rate,
                is_unpriced: model.money.list.is_none() && model.money.cost_per_hour.is_some(),
                prompt: model.prompt_per_second,
                output: model.output_per_second,
            };
            (Subject::Model(ModelName::new(name)), model.map(of_model).unwrap_or_default())
        }
    })
}

/// Whether a filter or the view's subject leaves only some rows of a group.
fn is_part(input: &FrameInput<'_>, name: &str, rows: &[&EngineRow]) -> bool {
    let is_filtered = !input.app.filter.text().is_empty() || input.app.subject().is_some();
    let all = || input.snap.engines.iter().filter(|row| group_of(input.app.grouping, row) == name).count();
    is_filtered && all() > rows.len()
}

/// The node of all rows and its figures, if they are all of its rows.
fn whole_node(input: &FrameInput<'_>, rows: &[&EngineRow]) -> Option<(Subject, Whole)> {
    let name = &rows.first()?.node;
    let on_node = input.snap.engines.iter().filter(|row| row.node == *name).count();
    let is_whole = on_node == rows.len() && rows.iter().all(|row| row.node == *name);
    let node = input.snap.nodes.iter().find(|node| node.name == *name).filter(|_| is_whole)?;
    Some((Subject::Node(name.clone()), of_node(node)))
}

fn of_node(node: &NodeRow) -> Whole {
    Whole {
        revenue: node.revenue_per_hour,
        profit: node.profit_per_hour,
        hits: node.cache_hit_rate,
        is_unpriced: node.state == Health::Live && node.revenue_per_hour.is_none() && node.cost_per_hour.is_some(),
        prompt: node.prompt_per_second,
        output: node.output_per_second,
    }
}

/// The money of an engine that is alone on its node is the node's. With several engines on a node, the money of each is
/// unknown.
fn alone(input: &FrameInput<'_>, rows: &[&EngineRow]) -> Option<Whole> {
    let (target, name) = rows.first().map(|row| (&row.target, &row.node))?;
    let is_shared = input.snap.engines.iter().any(|row| row.node == *name && row.target != *target);
    let node = input.snap.nodes.iter().find(|node| node.name == *name).filter(|_| !is_shared)?;
    Some(of_node(node))
}

fn with_children<'a>(input: &FrameInput<'a>, mut line: EngineLine<'a>, rows: &[&'a EngineRow]) -> Vec<EngineLine<'a>> {
    if !line.is_parent || !input.app.is_open(line.key) {
        return vec![line];
    }
    line.tree = Tree::Open;
    let mut children = children(input, &line, rows);
    let hidden = children.len().saturating_sub(CHILDREN + 1);
    if hidden > 0 {
        children.truncate(CHILDREN);
        children.push(rest(&line, hidden + 1));
    }
    if let Some(last) = children.last_mut() {
        last.tree = Tree::LastChild;
    }
    std::iter::once(line).chain(children).collect()
}

/// All children of a row, the busiest first.
fn children<'a>(input: &FrameInput<'_>, line: &EngineLine<'a>, rows: &[&'a EngineRow]) -> Vec<EngineLine<'a>> {
    let whole = line.tokens();
    let role = line.served.role;
    // Load is compared among ranks that share work.
    let is_compared = input.app.grouping != Grouping::Node;
    let carries = |row: &EngineRow| row.kv_usage.map(Ratio::get).or(row.running.map(|n| n as f64));
    let known: Vec<f64> = parts(rows).filter_map(carries).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let mut children: Vec<EngineLine<'a>> = parts(rows)
        .map(|row| child(line, row, whole, role, carries(row).filter(|_| is_compared).map(|c| c / mean)))
        .collect();
    children
        .sort_by(|a, b| b.state.cmp(&a.state).then(b.over_mean.unwrap_or(0.0).total_cmp(&a.over_mean.unwrap_or(0.0))));
    children
}

/// All ranks of a row of the list.
pub(super) fn ranks_of<'a>(input: &FrameInput<'a>, line: &EngineLine<'a>) -> Vec<EngineLine<'a>> {
    if !line.is_parent {
        return Vec::new();
    }
    let is_of = |row: &&EngineRow| group_of(input.app.grouping, row) == line.alerts_of;
    let rows: Vec<&'a EngineRow> = input.snap.engines.iter().map(AsRef::as_ref).filter(is_of).collect();
    children(input, line, &rows)
}

/// The rows, without the engine rows whose ranks are also among them.
fn parts<'r, 'a>(rows: &'r [&'a EngineRow]) -> impl Iterator<Item = &'a EngineRow> + 'r {
    let is_whole = |row: &EngineRow| {
        let is_its =
            |other: &&EngineRow| other.in_engine_row && other.target == row.target && other.instance == row.instance;
        row.rank.is_none() && rows.iter().any(is_its)
    };
    rows.iter().copied().filter(move |row| !is_whole(row))
}

fn child<'a>(
    parent: &EngineLine<'a>,
    row: &'a EngineRow,
    whole: Option<f64>,
    role: Option<EngineRole>,
    over_mean: Option<f64>,
) -> EngineLine<'a> {
    let served = ServedTogether::one(row);
    let share = tokens(role, &served).zip(whole).map(|(part, whole)| part / whole);
    let rank = row.rank.as_ref().map_or_else(|| short_target(row), |rank| format!("r{rank}"));
    let name = if row.node.as_str().is_empty() { rank } else { format!("{rank} {}", row.node) };
    EngineLine {
        key: ListKey::of((
            "rank",
            parent.key,
            row.target.as_str(),
            row.rank.as_ref().map(Rank::as_str),
            row.instance.as_ref().map(ToString::to_string),
        )),
        name,
        alerts_of: row.node.to_string(),
        engine: Some(row),
        subject: Some(Subject::Engine(row.target.clone(), row.rank.clone())),
        whole: None,
        served,
        is_parent: false,
        tree: Tree::Child,
        state: row.state,
        gravest: None,
        over_mean: over_mean.filter(|over| over.is_finite()),
        share: share.filter(|share| share.is_finite()),
    }
}

/// The row that stands for the children that are not shown.
fn rest<'a>(parent: &EngineLine<'a>, hidden: usize) -> EngineLine<'a> {
    EngineLine {
        key: ListKey::of(("rest", parent.key)),
        name: format!("… {} more", format::grouped(hidden as u128)),
        alerts_of: parent.alerts_of.clone(),
        engine: None,
        subject: None,
        whole: None,
        served: ServedTogether::default(),
        is_parent: false,
        tree: Tree::LastChild,
        state: Health::Live,
        gravest: None,
        over_mean: None,
        share: None,
    }
}
