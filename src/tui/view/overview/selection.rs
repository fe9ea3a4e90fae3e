//! The selection: the one node, unit or model that passes the filter, which charts can show.

use std::collections::HashSet;

use crate::history::Subject;
use crate::snapshot::{ModelRow, NodeRow, UnitRow};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::view::fleet;
use crate::tui::view::model_money::cost;
use crate::tui::view::served::{ServedTogether, by_node};
use crate::units::{Money, Ratio};

/// One node, unit or model, and its present figures.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) subject: Subject,
    pub(super) name: String,
    /// Revenue and cost per hour.
    pub(super) money: [Option<Money>; 2],
    pub(super) output: Option<f64>,
    pub(super) prompt: Option<f64>,
    pub(super) hit_rate: Option<Ratio>,
    pub(super) load: Option<Ratio>,
}

/// Whether a filter is set.
pub(super) fn is_filtered(input: &FrameInput<'_>) -> bool {
    !input.app.filter.text().is_empty()
}

/// The text after a title that names the subject of the figures under a filter. Empty without a filter.
pub(super) fn note(input: &FrameInput<'_>, selection: Option<&Selection>) -> String {
    match selection {
        Some(selection) => format!(" · {}", format::shorten(&selection.name, 24)),
        None if is_filtered(input) => " · whole fleet".to_owned(),
        None => String::new(),
    }
}

/// The selection, if exactly one node, all nodes of one unit, or all nodes of one model pass the filter.
pub(super) fn selection(input: &FrameInput<'_>) -> Option<Selection> {
    if !is_filtered(input) {
        return None;
    }
    let snap = input.snap;
    let passing: HashSet<usize> = fleet::passing(input).into_iter().collect();
    let node = |place: &usize| snap.nodes.get(*place).map(AsRef::as_ref);
    let rows: Vec<&NodeRow> = passing.iter().filter_map(node).collect();
    let first = *rows.first()?;
    if rows.len() == snap.nodes.len() {
        return None;
    }
    if rows.len() == 1 {
        return Some(Selection::of_node(first));
    }
    let are_all_of = |is_of: &dyn Fn(&NodeRow) -> bool| {
        rows.iter().all(|row| is_of(row)) && snap.nodes.iter().filter(|row| is_of(row)).count() == rows.len()
    };
    let unit = first.unit.as_ref().filter(|_| are_all_of(&|row| row.unit == first.unit));
    if let Some(unit) = unit.and_then(|name| snap.units.iter().find(|row| row.unit == *name)) {
        return Some(Selection::of_unit(input, unit));
    }
    let served = by_node(snap);
    let on = |row: &NodeRow| served.get(row.name.as_str());
    let model = on(first)?.model?;
    let is_of = |row: &NodeRow| on(row).is_some_and(|served| served.models == 1 && served.model == Some(model));
    // A node that also serves another model is not counted.
    let is_whole = |row: &ModelRow| {
        let own = snap.engines.iter().filter(|engine| engine.model.as_ref() == Some(&row.model));
        let nodes: HashSet<&str> = own.map(|engine| engine.node.as_str()).collect();
        nodes.len() == rows.len()
    };
    let row = snap.models.iter().find(|row| row.model.as_str() == model)?;
    (are_all_of(&is_of) && is_whole(row)).then(|| Selection::of_model(row, &rows))
}

impl Selection {
    fn of_node(row: &NodeRow) -> Self {
        Self {
            subject: Subject::Node(row.name.clone()),
            name: row.name.to_string(),
            money: [row.revenue_per_hour, row.cost_per_hour],
            output: row.output_per_second,
            prompt: row.prompt_per_second,
            hit_rate: row.cache_hit_rate,
            load: mean_load(&[row]),
        }
    }

    fn of_unit(input: &FrameInput<'_>, row: &UnitRow) -> Self {
        let engines = input.snap.engines.iter().map(AsRef::as_ref);
        Self {
            subject: Subject::Unit(row.unit.clone()),
            name: row.unit.to_string(),
            money: [row.revenue_per_hour, row.cost_per_hour],
            output: row.output_per_second,
            prompt: row.prompt_per_second,
            hit_rate: ServedTogether::of(engines.filter(|engine| engine.unit.as_ref() == Some(&row.unit))).hits(),
            load: row.utilization,
        }
    }

    fn of_model(row: &ModelRow, nodes: &[&NodeRow]) -> Self {
        Self {
            subject: Subject::Model(row.model.clone()),
            name: row.model.to_string(),
            money: [row.money.revenue_per_hour, cost(row)],
            output: row.output_per_second,
            prompt: row.prompt_per_second,
            hit_rate: row.cache_hit_rate,
            load: mean_load(nodes),
        }
    }
}

fn mean_load(nodes: &[&NodeRow]) -> Option<Ratio> {
    let gpus = nodes.iter().flat_map(|node| &node.gpus);
    let known: Vec<f64> = gpus.filter_map(|gpu| gpu.utilization).map(Ratio::get).collect();
    Ratio::of(known.iter().sum(), known.len() as f64)
}
