//! What a node is called: by its `Hostname` label where that names one node, else by the address of its target.
//!
//! A node is the host that a target is configured on. Exporters that all call themselves `localhost`, or by a pod's name,
//! are told apart by their GPUs; a label that changes while the GPUs stay is a new name of the same node.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Changes, Inventory, Origin, TargetInfo};
use crate::reading::{GpuId, GpuReading, NodeName, TargetId};

/// Hosts in addresses, and the nodes that pages from there are of.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    nodes: BTreeMap<Option<NodeName>, BTreeSet<NodeName>>,
    /// Labels that several nodes call themselves by.
    shared: BTreeSet<NodeName>,
}

impl Hosts {
    /// A page of GPUs from `host` is of a node.
    pub(super) fn note(&mut self, host: Option<&NodeName>, node: &NodeName) {
        let nodes = self.nodes.entry(host.cloned()).or_default();
        if !nodes.contains(node) {
            nodes.insert(node.clone());
        }
    }

    /// The one node that pages from `host` are of, if they agree.
    fn of(&self, host: Option<&NodeName>) -> Option<&NodeName> {
        let nodes = self.nodes.get(&host.cloned())?;
        if nodes.len() == 1 { nodes.first() } else { None }
    }

    /// The hosts from which pages of a node come; empty text is this machine.
    pub(super) fn hosts_of(&self, node: &NodeName) -> Vec<Option<NodeName>> {
        self.nodes.iter().filter(|(_, nodes)| nodes.contains(node)).map(|(host, _)| host.clone()).collect()
    }

    fn rename(&mut self, from: &NodeName, to: &NodeName) {
        for nodes in self.nodes.values_mut() {
            if nodes.remove(from) {
                nodes.insert(to.clone());
            }
        }
    }
}

/// GPUs of one page by node, and what naming them changed.
pub(crate) type Grouped = (Vec<(NodeName, Vec<GpuReading>)>, Changes);

impl Inventory {
    /// The node of a target: the configuration's word, else what the GPU pages from its host are of, else its host.
    pub(crate) fn node_of(&self, info: &TargetInfo) -> NodeName {
        if let Some(node) = &info.node {
            return node.clone();
        }
        let drives_itself =
            info.host.is_none() && self.nodes.get(&self.local).is_some_and(|node| !node.gpus.is_empty());
        let known = if drives_itself { None } else { self.hosts.of(info.host.as_ref()) };
        known.or(info.host.as_ref()).unwrap_or(&self.local).clone()
    }

    /// Labels that several nodes call themselves by.
    pub(crate) fn shared_hostnames(&self) -> impl Iterator<Item = &NodeName> {
        self.hosts.shared.iter()
    }

    /// The GPUs of a page by the nodes that they are on. GPUs that a nearer source reports are left out.
    pub(crate) fn group_by_node(&mut self, info: &TargetInfo, gpus: Vec<(Option<NodeName>, GpuReading)>) -> Grouped {
        let mut by_label: Vec<(Option<NodeName>, Vec<GpuReading>)> = Vec::new();
        for (label, reading) in gpus {
            match by_label.iter_mut().rev().find(|(known, _)| *known == label) {
                Some((_, readings)) => readings.push(reading),
                None => by_label.push((label, vec![reading])),
            }
        }
        let alone = by_label.len() == 1;
        let (mut grouped, mut changes): Grouped = Default::default();
        for (label, readings) in by_label {
            let node = match (&info.node, label) {
                (Some(node), _) => node.clone(),
                (None, None) => self.node_of(info),
                (None, Some(label)) => self.name(info, label, &readings, alone, &mut changes),
            };
            if info.node.is_none() {
                self.hosts.note(info.host.as_ref(), &node);
            }
            let origin = Origin::Page(info.target.clone());
            let mut ours = readings;
            ours.retain(|reading| !self.is_reported_elsewhere(&self.gpu_of(reading, &node), &origin));
            match grouped.iter_mut().find(|(known, _)| *known == node) {
                Some((_, readings)) => readings.append(&mut ours),
                None => grouped.push((node, ours)),
            }
        }
        (grouped, changes)
    }

    /// What a node is called whose page labels it `label` and reports these GPUs.
    fn name(
        &mut self,
        info: &TargetInfo,
        label: NodeName,
        readings: &[GpuReading],
        alone: bool,
        changes: &mut Changes,
    ) -> NodeName {
        let ids: Vec<&GpuId> = readings.iter().filter_map(|reading| reading.id.as_ref()).collect();
        let address =
            if alone { self.address(info) } else { NodeName::new(&format!("{label}@{}", self.address(info))) };
        match self.holder(&ids, info) {
            Some(node) if node == label || node == address || !self.is_all_from(&node, &info.target) => node,
            Some(_) if self.hosts.shared.contains(&label) => address,
            Some(node) if self.nodes.get(&label).is_some_and(|other| !other.gpus.is_empty()) => node,
            Some(node) => {
                self.rename(&node, &label, changes);
                label
            }
            None => self.name_new(info, label, address, alone, changes),
        }
    }

    /// What a node is called whose GPUs are new.
    fn name_new(
        &mut self,
        info: &TargetInfo,
        label: NodeName,
        address: NodeName,
        alone: bool,
        changes: &mut Changes,
    ) -> NodeName {
        if let Some(other) = self.other_source_of(&label, info).filter(|_| label != self.local) {
            // Two targets report different GPUs under one name: both are called by their addresses.
            let its_address = self.targets.get(&other).map(|target| self.address(&target.info));
            self.hosts.shared.insert(label.clone());
            if let Some(its_address) = its_address.filter(|its| *its != label && *its != address) {
                self.rename(&label, &its_address, changes);
            }
        }
        if self.hosts.shared.contains(&label) {
            return address;
        }
        // Engines on the host may have answered before its GPUs did.
        let by_host = self.node_of(info);
        let unnamed =
            info.host.as_ref() == Some(&by_host) && self.nodes.get(&by_host).is_some_and(|n| n.gpus.is_empty());
        if alone && unnamed && by_host != label {
            self.rename(&by_host, &label, changes);
        }
        label
    }

    /// The node that holds GPUs of these already, as far as this target or its host reports it.
    fn holder(&mut self, ids: &[&GpuId], info: &TargetInfo) -> Option<NodeName> {
        let known = ids.iter().find_map(|id| self.gpus.get(id)).map(|gpu| gpu.node.clone());
        let remembered = || {
            let holds = |node: &super::SavedNode| node.gpus.iter().any(|gpu| ids.contains(&&gpu.id));
            self.remembered.iter().find(|(_, (node, _))| holds(node)).map(|(name, _)| name.clone())
        };
        let node = known.or_else(remembered)?;
        self.restore_node(&node);
        let from_driver = ids.iter().filter_map(|id| self.gpus.get(id)).any(|gpu| gpu.origin == Origin::Driver);
        self.hosts.note(info.host.as_ref().filter(|_| !from_driver), &node);
        Some(node)
    }

    /// Whether all GPUs of a node are reported by one target, so that it may name it.
    fn is_all_from(&self, node: &NodeName, target: &TargetId) -> bool {
        let origin = Origin::Page(target.clone());
        let gpus = self.nodes.get(node).into_iter().flat_map(|node| node.gpus.values());
        gpus.filter_map(|id| self.gpus.get(id)).all(|gpu| gpu.origin == origin)
    }

    /// Another target that reports GPUs of a node by this name.
    fn other_source_of(&self, name: &NodeName, info: &TargetInfo) -> Option<TargetId> {
        let live = self.nodes.get(name).into_iter().flat_map(|node| node.gpus.values());
        let live = live.filter_map(|id| self.gpus.get(id)).filter_map(|gpu| match &gpu.origin {
            Origin::Page(target) => Some(target),
            Origin::Driver => None,
        });
        let saved = self.remembered.get(name).into_iter().flat_map(|(node, _)| &node.gpus);
        let saved = saved.filter_map(|gpu| gpu.page.as_ref());
        live.chain(saved).find(|target| **target != info.target && self.targets.contains_key(*target)).cloned()
    }

    /// A target's address as a node's name: its host, or host and port where other targets share the host.
    fn address(&self, info: &TargetInfo) -> NodeName {
        let shared = self
            .targets
            .values()
            .any(|other| other.info.target != info.target && other.info.host == info.host && other.only_gpus);
        match &info.host {
            Some(host) if !shared => host.clone(),
            _ => {
                let text = info.target.as_str();
                let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
                NodeName::new(bare.split('/').next().unwrap_or(bare))
            }
        }
    }

    /// Calls a node by another name; GPUs, hosts and listings stay attached.
    fn rename(&mut self, from: &NodeName, to: &NodeName, changes: &mut Changes) {
        self.restore_node(from);
        let Some(node) = self.nodes.remove(from) else { return };
        self.restore_node(to);
        for id in node.gpus.values() {
            if let Some(gpu) = self.gpus.get_mut(id) {
                gpu.node = to.clone();
            }
        }
        match self.nodes.get_mut(to) {
            Some(known) => {
                known.unit = known.unit.take().or(node.unit);
                known.allocated_from = known.allocated_from.or(node.allocated_from);
                known.gpus.extend(node.gpus);
            }
            None => drop(self.nodes.insert(to.clone(), node)),
        }
        self.hosts.rename(from, to);
        for listed in self.listings.values_mut() {
            if listed.remove(from) {
                listed.insert(to.clone());
            }
        }
        changes.push(Change::Renamed { from: from.clone(), to: to.clone() });
    }
}
