//! Leases of renamed nodes.

use std::collections::BTreeMap;

use super::{Lease, Leased};
use crate::reading::NodeName;

/// The known nodes with their former names.
pub type FormerNames = BTreeMap<NodeName, Vec<NodeName>>;

/// Updates each lease of a renamed node to the current name. A lease keeps its name if a node has that name now. It is not
/// updated to a node that another lease names, nor if several nodes had the name.
pub fn follow_renames(leases: &mut [Lease], known: &FormerNames) {
    let written = |lease: &Lease| match &lease.leased {
        Leased::Node(name) => Some(name.clone()),
        Leased::Gpu(_) | Leased::Unit(_) => None,
    };
    let named: Vec<NodeName> = leases.iter().filter_map(written).collect();
    for lease in leases.iter_mut() {
        lease.renamed = written(lease).filter(|name| !known.contains_key(name)).and_then(|name| {
            let mut nodes = known.iter().filter(|(_, former)| former.contains(&name)).map(|(node, _)| node);
            nodes.next().filter(|node| nodes.next().is_none() && !named.contains(node)).cloned()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{DecimalError, HourlyRate};

    #[test]
    fn a_present_name_goes_before_a_former_one() -> Result<(), DecimalError> {
        let rate: HourlyRate = "2".parse()?;
        let follows = |leases: &[&str], known: &[(&str, &[&str])]| {
            let mut leases: Vec<_> =
                leases.iter().map(|node| Lease::of(Leased::Node(NodeName::new(node)), rate)).collect();
            let former = |names: &[&str]| names.iter().map(|name| NodeName::new(name)).collect();
            let known = known.iter().map(|(node, names)| (NodeName::new(node), former(names))).collect();
            follow_renames(&mut leases, &known);
            leases.into_iter().map(|lease| lease.renamed.map(|node| node.to_string())).collect::<Vec<_>>()
        };
        let to = |node: &str| Some(node.to_owned());
        assert_eq!(follows(&["a"], &[("b", &["a"])]), [to("b")]);
        assert_eq!(follows(&["a"], &[("c", &["a", "b"]), ("d", &[])]), [to("c")]);
        assert_eq!(follows(&["a"], &[("b", &["a"]), ("a", &[])]), [None]);
        assert_eq!(follows(&["a", "b"], &[("b", &["a"])]), [None, None]);
        assert_eq!(follows(&["a"], &[("b", &["a"]), ("c", &["a"])]), [None]);
        assert_eq!(follows(&["a"], &[]), [None]);
        Ok(())
    }
}
