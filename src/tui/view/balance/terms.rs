//! Shared definitions of the balance view: the threshold, headings, and group names.

use crate::balance::{Group, GroupBalance};
use crate::reading::NodeName;
use crate::tui::frame_input::short_address;

/// The ratio of maximum to mean from which ranks count as uneven.
pub(super) const UNEVEN: f64 = 1.25;

/// The headings of groups of ranks, and of nodes if no engine reports ranks.
pub(super) const RANKS: &str = "Ranks";

pub(super) const NODES: &str = "Nodes";

/// A short name of a group: an engine is named by its node, and by its port if it is not alone there.
pub(super) fn name(group: &GroupBalance, is_alone: bool) -> String {
    let Group::Engine(target) = &group.group else { return group.group.name().to_owned() };
    let address = short_address(target.as_str());
    match (node(group), address.rsplit_once(':')) {
        (Some(node), _) if is_alone => node.to_string(),
        (Some(node), Some((_, port))) => format!("{node}:{port}"),
        (Some(node), None) => node.to_string(),
        (None, _) => address,
    }
}

/// Whether an engine is the only one on its node among these groups.
pub(super) fn is_alone(group: &GroupBalance, all: &[GroupBalance]) -> bool {
    let own = node(group);
    own.is_some() && all.iter().filter(|other| node(other) == own).count() == 1
}

/// The node of an engine whose ranks are all on the same node.
pub(super) fn node(group: &GroupBalance) -> Option<&NodeName> {
    if matches!(group.group, Group::Unit(_)) {
        return None;
    }
    let mut nodes = group.balances.iter().flat_map(|balance| &balance.ranks).map(|rank| &rank.node);
    nodes.next().filter(|first| nodes.all(|node| node == *first))
}
