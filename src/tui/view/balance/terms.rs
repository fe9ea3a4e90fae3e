//! What the parts of the balance view have in common: bounds, headings, and how a group is named.

use crate::balance::{Group, GroupBalance};
use crate::reading::NodeName;
use crate::tui::scene::short_address;
use crate::units::Span;

/// From here on the ranks are called uneven: a quarter above the mean.
pub(super) const UNEVEN: f64 = 1.25;

/// The heading of groups of ranks, and of nodes where no engine tells of its ranks.
pub(super) const RANKS: &str = "Ranks of";

pub(super) const NODES: &str = "Nodes of";

/// How far back the charts reach: ranks are kept for an hour.
pub(super) const HOUR: Span = Span::from_secs(3_600);

/// A group's name in few cells: an engine by its node and port.
pub(super) fn name(group: &GroupBalance) -> String {
    let Group::Engine(target) = &group.group else { return group.group.name().to_owned() };
    let address = short_address(target.as_str());
    match (node(group), address.rsplit_once(':')) {
        (Some(node), Some((_, port))) => format!("{node}:{port}"),
        (Some(node), None) => node.to_string(),
        (None, _) => address,
    }
}

/// The node of an engine whose ranks are all on one.
pub(super) fn node(group: &GroupBalance) -> Option<&NodeName> {
    if matches!(group.group, Group::Unit(_)) {
        return None;
    }
    let mut nodes = group.balances.iter().flat_map(|balance| &balance.ranks).map(|rank| &rank.node);
    nodes.next().filter(|first| nodes.all(|node| node == *first))
}
