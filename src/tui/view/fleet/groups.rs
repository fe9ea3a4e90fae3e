//! The groups of the fleet block: units, and nodes without a unit.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::natural_order::{Natural, natural_cmp};
use crate::reading::UnitName;
use crate::snapshot::{NodeRow, Severity, UnitRow, WorstRank};
use crate::tui::figures_of;
use crate::tui::frame_input::FrameInput;
use crate::tui::view::ListKey;
use crate::tui::view::served::{ServedTogether, alerted, by_node};
use crate::units::{Money, Ratio};

/// The kind of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupKind {
    Unit,
    /// A node without a unit.
    Node,
    /// Nodes without a unit that serve the same model, or none.
    Model,
}

/// A unit, a node without a unit, or several such nodes.
pub(super) struct FleetGroup<'a> {
    pub(super) name: &'a str,
    pub(super) kind: GroupKind,
    /// The indexes of its nodes in the snapshot.
    pub(super) nodes: Vec<usize>,
    pub(super) load: Option<Ratio>,
    pub(super) kv: Option<Ratio>,
    pub(super) waiting: Option<u64>,
    pub(super) profit: Option<Money>,
    pub(super) cost: Option<Money>,
    /// Whether it serves, and what it makes has no price.
    pub(super) serves_unpriced: bool,
    pub(super) worst: Option<&'a WorstRank>,
    /// The severest alert on the group or on one of its nodes.
    pub(super) gravest: Option<Severity>,
}

impl FleetGroup<'_> {
    /// The list key of its row.
    pub(super) fn key(&self) -> ListKey {
        let kind = match self.kind {
            GroupKind::Unit => "unit",
            GroupKind::Node => "node",
            GroupKind::Model => "nodes of",
        };
        ListKey::of((kind, self.name))
    }

    /// Whether it has a cost, and what it makes has no price.
    pub(super) fn is_unpriced(&self) -> bool {
        self.serves_unpriced && self.cost.is_some()
    }

    /// The label; the name of a model stands in parentheses for the nodes that serve it.
    pub(super) fn label(&self) -> Cow<'_, str> {
        if self.kind == GroupKind::Model { Cow::Owned(format!("({})", self.name)) } else { Cow::Borrowed(self.name) }
    }

    /// The names of the group: its unit or its node, and the model that it serves.
    fn names(&self, input: &FrameInput<'_>, served: &HashMap<&str, ServedTogether<'_>>) -> [(&'static str, String); 3] {
        let node = |place: &usize| input.snap.nodes.get(*place);
        let unit = match self.kind {
            GroupKind::Unit => self.name,
            _ => self.nodes.iter().find_map(node).and_then(|node| node.unit.as_ref()).map_or("", UnitName::as_str),
        };
        let name = if self.kind == GroupKind::Unit { "" } else { self.name };
        let model = self.nodes.iter().find_map(|place| served.get(node(place)?.name.as_str())?.model);
        [("unit", unit), ("node", name), ("model", model.unwrap_or_default())].map(|(key, name)| (key, name.to_owned()))
    }
}

/// The groups that match the filter. A unit that it does not name gives way to those of its nodes that match.
fn filtered<'a>(
    input: &FrameInput<'a>,
    groups: Vec<FleetGroup<'a>>,
    alerts: &HashMap<&str, Severity>,
) -> Vec<FleetGroup<'a>> {
    let served = by_node(input.snap);
    let is_accepted = |group: &FleetGroup<'_>| {
        let names = group.names(input, &served);
        let figure = |key: &str| figures_of::of_group(group.load, group.kv, group.waiting, group.profit, key);
        input.app.filter.accepts_with(&names.each_ref().map(|(key, name)| (*key, name.as_str())), figure)
    };
    let is_named = |group: &FleetGroup<'_>| {
        let names = group.names(input, &served);
        input.app.filter.names(&names.each_ref().map(|(key, name)| (*key, name.as_str())))
    };
    let parts = |group: FleetGroup<'a>| {
        if group.kind != GroupKind::Unit || is_named(&group) {
            return vec![group];
        }
        of_nodes(input, group.nodes, alerts)
    };
    groups.into_iter().flat_map(parts).filter(is_accepted).collect()
}

/// The groups that match the filter, units before nodes.
pub(super) fn groups<'a>(input: &FrameInput<'a>) -> Vec<FleetGroup<'a>> {
    let alerts = alerted(&input.snap.alerts);
    let mut nodes: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut alone = Vec::new();
    for (place, node) in input.snap.nodes.iter().enumerate() {
        match &node.unit {
            Some(unit) => nodes.entry(unit.as_str()).or_default().push(place),
            None => alone.push(place),
        }
    }
    let of_unit =
        |unit: &'a UnitRow| of_unit(input, unit, nodes.remove(unit.unit.as_str()).unwrap_or_default(), &alerts);
    let mut groups: Vec<FleetGroup<'a>> = input.snap.units.iter().map(of_unit).collect();
    groups.extend(of_nodes(input, alone, &alerts));
    if input.app.filter.text().is_empty() { groups } else { filtered(input, groups, &alerts) }
}

fn of_unit<'a>(
    input: &FrameInput<'a>,
    unit: &'a UnitRow,
    nodes: Vec<usize>,
    alerts: &HashMap<&str, Severity>,
) -> FleetGroup<'a> {
    let name = unit.unit.as_str();
    let of_nodes = nodes.iter().filter_map(|place| input.snap.nodes.get(*place));
    let gravest = of_nodes.filter_map(|node| alerts.get(node.name.as_str())).max();
    FleetGroup {
        name,
        kind: GroupKind::Unit,
        load: unit.utilization,
        kv: unit.kv_usage,
        waiting: unit.waiting,
        profit: unit.revenue_per_hour.zip(unit.cost_per_hour).map(|(revenue, cost)| revenue - cost),
        cost: unit.cost_per_hour,
        serves_unpriced: unit.revenue_per_hour.is_none() && unit.output_per_second.is_some(),
        worst: unit.worst.as_ref(),
        gravest: alerts.get(name).max(gravest).copied(),
        nodes,
    }
}

fn of_nodes<'a>(input: &FrameInput<'a>, places: Vec<usize>, alerts: &HashMap<&str, Severity>) -> Vec<FleetGroup<'a>> {
    if places.is_empty() {
        return Vec::new();
    }
    let mut served = by_node(input.snap);
    let nodes = places.into_iter().filter_map(|place| Some((place, input.snap.nodes.get(place)?.as_ref())));
    let group = |(place, node): (usize, &'a NodeRow)| {
        let served = served.remove(node.name.as_str()).unwrap_or_default();
        let loads: Vec<f64> = node.gpus.iter().filter_map(|gpu| gpu.utilization).map(Ratio::get).collect();
        FleetGroup {
            name: node.name.as_str(),
            kind: GroupKind::Node,
            nodes: vec![place],
            load: Ratio::of(loads.iter().sum(), loads.len() as f64),
            kv: served.kv(),
            waiting: served.waiting,
            profit: node.profit_per_hour,
            cost: node.cost_per_hour,
            serves_unpriced: served.live > 0 && node.revenue.is_none() && node.revenue_per_hour.is_none(),
            worst: None,
            gravest: alerts.get(node.name.as_str()).copied(),
        }
    };
    nodes.map(group).collect()
}

/// The number of nodes without a unit above which a table groups them by model.
const FOLDED: usize = 8;
/// The label for nodes that serve no model.
const NO_MODEL: &str = "no model";

/// The groups, with nodes without a unit merged by model where there are too many to leave room for units.
pub(super) fn folded<'a>(input: &FrameInput<'a>, groups: Vec<FleetGroup<'a>>) -> Vec<FleetGroup<'a>> {
    let alone = groups.iter().filter(|group| group.kind == GroupKind::Node).count();
    if alone <= FOLDED || alone == groups.len() {
        return groups;
    }
    let (nodes, mut kept): (Vec<FleetGroup<'a>>, Vec<FleetGroup<'a>>) =
        groups.into_iter().partition(|group| group.kind == GroupKind::Node);
    let served = by_node(input.snap);
    let mut models: BTreeMap<&'a str, Vec<FleetGroup<'a>>> = BTreeMap::new();
    for node in nodes {
        let model = served.get(node.name).and_then(|served| served.model).unwrap_or(NO_MODEL);
        models.entry(model).or_default().push(node);
    }
    kept.extend(models.into_iter().map(|(model, nodes)| together(model, &nodes)));
    kept
}

/// Merges nodes into one group.
fn together<'a>(name: &'a str, nodes: &[FleetGroup<'a>]) -> FleetGroup<'a> {
    let mean = |of: fn(&FleetGroup<'_>) -> Option<Ratio>| {
        let known: Vec<f64> = nodes.iter().filter_map(of).map(Ratio::get).collect();
        Ratio::of(known.iter().sum(), known.len() as f64)
    };
    let profits: Option<Vec<Money>> = nodes.iter().map(|node| node.profit).collect();
    FleetGroup {
        name,
        kind: GroupKind::Model,
        nodes: nodes.iter().flat_map(|node| node.nodes.iter().copied()).collect(),
        load: mean(|node| node.load),
        kv: mean(|node| node.kv),
        waiting: nodes.iter().filter_map(|node| node.waiting).reduce(|a, b| a + b),
        profit: profits.map(|all| all.into_iter().sum()),
        cost: nodes.iter().map(|node| node.cost).sum(),
        serves_unpriced: nodes.iter().all(|node| node.serves_unpriced),
        worst: None,
        gravest: nodes.iter().filter_map(|node| node.gravest).max(),
    }
}

/// Sorts by name, with numbers in numerical order; nodes that are merged by model come last.
pub(super) fn by_name(groups: &mut [FleetGroup<'_>]) {
    let is_model = |group: &FleetGroup<'_>| group.kind == GroupKind::Model;
    groups.sort_by(|one, other| is_model(one).cmp(&is_model(other)).then_with(|| natural_cmp(one.name, other.name)));
}

/// Sorts by profit: those without a price first, then the lowest, and unknown profits last. Groups with one prefix stay together, since they share
/// rows.
pub(super) fn worst_first(groups: &mut [FleetGroup<'_>], prefix: impl Fn(&str) -> &str) {
    let rank = |group: &FleetGroup<'_>| (group.profit.is_none() && !group.is_unpriced(), group.profit);
    let mut worst: HashMap<String, (bool, Option<Money>)> = HashMap::new();
    for group in groups.iter() {
        let known = worst.entry(prefix(group.name).to_owned()).or_insert_with(|| rank(group));
        *known = rank(group).min(*known);
    }
    groups.sort_by_cached_key(|group| {
        let prefix = prefix(group.name);
        (worst.get(prefix).copied(), prefix.to_owned(), rank(group), Natural(group.name.to_owned()))
    });
}
