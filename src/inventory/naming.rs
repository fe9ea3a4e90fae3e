//! Names of nodes: the `Hostname` label if it names one node, otherwise the address of the target.
//!
//! A node is the host that a target is configured on. Exporters that share a hostname, such as `localhost` or a pod's
//! name, are told apart by their GPUs. If a label changes while the GPUs stay, the same node has a new name.

use super::{Change, Changes, Inventory, Origin, SavedGpu, TargetInfo};
use crate::reading::{EngineReading, GpuHost, GpuId, GpuReading, NodeName, TargetId};

/// The GPUs of one node on a page.
#[derive(Clone, Copy)]
struct NamedGpus<'a> {
    info: &'a TargetInfo,
    readings: &'a [GpuReading],
    /// Whether the page reports no other node.
    alone: bool,
    /// The hostname that others of the page have too.
    shared: Option<&'a NodeName>,
}

impl NamedGpus<'_> {
    /// The UUIDs of the GPUs that have one.
    fn ids(&self) -> Vec<&GpuId> {
        self.readings.iter().filter_map(|reading| reading.id.as_ref()).collect()
    }
}

/// The GPUs of one page by node, and the changes that naming the nodes made.
pub(crate) type Grouped = (Vec<(NodeName, Vec<GpuReading>)>, Changes);

impl Inventory {
    /// The node of a target: the configured one, otherwise the one that GPU pages from its host report, otherwise its
    /// host.
    pub(crate) fn node_of<'a>(&'a self, info: &'a TargetInfo) -> &'a NodeName {
        if let Some(node) = &info.node {
            return node;
        }
        let drives_itself =
            info.host.is_none() && self.nodes.get(&self.local).is_some_and(|node| !node.gpus.is_empty());
        let known = if drives_itself { None } else { self.hosts.of(info.host.as_ref()) };
        known.or(info.host.as_ref()).unwrap_or(&self.local)
    }

    /// The node of an engine's row. On a page that collects others', it is that of the row's host, if GPUs are known there.
    pub(crate) fn node_of_row<'a>(&'a self, info: &'a TargetInfo, row: &EngineReading) -> &'a NodeName {
        let host = row.host.as_ref().filter(|_| info.node.is_none());
        host.and_then(|host| self.node_at(host)).unwrap_or_else(|| self.node_of(info))
    }

    /// The rows of a page by their nodes; the target's own node if it has none.
    pub(crate) fn rows_by_node<'p>(
        &self,
        info: &TargetInfo,
        rows: &'p [EngineReading],
    ) -> Vec<(NodeName, Vec<&'p EngineReading>)> {
        let mut nodes: Vec<(NodeName, Vec<&EngineReading>)> = Vec::with_capacity(1);
        for row in rows {
            let node = self.node_of_row(info, row);
            match nodes.iter_mut().rev().find(|(known, _)| known == node) {
                Some((_, rows)) => rows.push(row),
                None => nodes.push((node.clone(), vec![row])),
            }
        }
        if nodes.is_empty() {
            nodes.push((self.node_of(info).clone(), Vec::new()));
        }
        nodes
    }

    /// The node with GPUs that a host is: by the pages of its GPUs, or by its name, without case and domain.
    fn node_at(&self, host: &NodeName) -> Option<&NodeName> {
        let holding = self.nodes.iter().filter(|(_, node)| !node.gpus.is_empty()).map(|(name, _)| name);
        let remembered = self.earlier.nodes.iter().filter(|(_, (node, _))| !node.gpus.is_empty()).map(|(name, _)| name);
        let known = || {
            let exact =
                self.nodes.key(host).filter(|name| self.nodes.get(name).is_some_and(|node| !node.gpus.is_empty()));
            exact.or_else(|| {
                if is_address(host.as_str()) {
                    None
                } else {
                    only(holding.chain(remembered).filter(|name| is_same_host(name, host)))
                }
            })
        };
        self.hosts.of(Some(host)).or_else(known)
    }

    /// Groups the GPUs of a page by node. Leaves out GPUs that another source already reports.
    /// `hosts` are those that the page names for their labels.
    pub(crate) fn group_by_node(
        &mut self,
        info: &TargetInfo,
        gpus: Vec<(Option<NodeName>, GpuReading)>,
        hosts: &[GpuHost],
    ) -> Grouped {
        let mut by_label: Vec<(Option<NodeName>, Vec<GpuReading>)> = Vec::with_capacity(1);
        let count = gpus.len();
        for (label, reading) in gpus {
            if let Some((_, readings)) = by_label.iter_mut().rev().find(|(known, _)| *known == label) {
                readings.push(reading);
                continue;
            }
            // Mostly all are of one node.
            let mut readings = Vec::with_capacity(if by_label.is_empty() { count } else { 1 });
            readings.push(reading);
            by_label.push((label, readings));
        }
        let alone = by_label.len() == 1;
        let (mut grouped, mut changes): Grouped = Default::default();
        for (label, readings) in by_label {
            let hosts = || hosts.iter().filter(|known| known.node == label);
            let shared = hosts().find_map(|known| known.shared.as_ref());
            let page = NamedGpus { info, readings: &readings, alone, shared };
            let node = self.name_page(page, label.as_ref(), &mut changes);
            for known in hosts() {
                self.hosts.note(Some(&known.host), &node);
            }
            let origin = Origin::Page(info.target.clone());
            let mut ours = readings;
            ours.retain(|reading| {
                let id = self.gpu_of(reading, &node, &origin);
                let elsewhere = self.is_reported_elsewhere(&id, &origin);
                if elsewhere {
                    self.note_other_source(&id, &info.target);
                }
                !elsewhere
            });
            match grouped.iter_mut().find(|(known, _)| *known == node) {
                Some((_, readings)) => readings.append(&mut ours),
                None => grouped.push((node, ours)),
            }
        }
        (grouped, changes)
    }

    /// The name of the node of a page's GPUs. A configured name replaces an earlier one.
    fn name_page(&mut self, page: NamedGpus<'_>, label: Option<&NodeName>, changes: &mut Changes) -> NodeName {
        let info = page.info;
        if let Some(node) = &info.node {
            self.labels.forget_target(&info.target);
            self.call(page, node, changes);
            return node.clone();
        }
        let node = if let Some(label) = label { self.name(page, label, changes) } else { self.node_of(info).clone() };
        if label.is_none() && page.alone {
            self.call(page, &node, changes);
        }
        self.hosts.note(info.host.as_ref(), &node);
        self.labels.note(&info.target, &node, page.shared.or(label).unwrap_or(&node), page.alone);
        node
    }

    /// Sets the name of the node that holds a page's GPUs: renames the node if no other source reports it.
    fn call(&mut self, page: NamedGpus<'_>, name: &NodeName, changes: &mut Changes) {
        let ids = page.ids();
        let holder =
            if ids.is_empty() && page.alone { self.holder_by_place(page.info) } else { self.holder(&ids, page.info) };
        let Some(holder) = holder else { return };
        if holder != *name && self.is_of_no_other(&holder, &page.info.target) {
            self.rename(&holder, name, changes);
        }
    }

    /// The name of the node that a page labels `label`.
    fn name(&mut self, page: NamedGpus<'_>, label: &NodeName, changes: &mut Changes) -> NodeName {
        let NamedGpus { info, alone, .. } = page;
        let holder = self.holder(&page.ids(), info);
        let mut others = self.others_called(label, info, holder.as_ref());
        others.retain(|(target, node)| !self.is_of_one_machine(page, label, target, node));
        if !others.is_empty() {
            return self.name_by_address(page, label, holder, others, changes);
        }
        match holder {
            Some(node) if node == *label || !self.is_all_from(&node, &info.target) => node,
            Some(node) if self.nodes.get(label).is_some_and(|other| !other.gpus.is_empty()) => node,
            Some(node) => {
                self.rename(&node, label, changes);
                label.clone()
            }
            None => {
                let place = info.host.as_ref().unwrap_or(&self.local);
                if alone && place != label && self.is_unnamed(info.host.as_ref()) {
                    self.rename(&place.clone(), label, changes);
                }
                label.clone()
            }
        }
    }

    /// Whether no GPUs were ever reported at a host, so that engines on it are listed under its address; `None` is this
    /// machine.
    fn is_unnamed(&self, host: Option<&NodeName>) -> bool {
        let is_here = |page: &TargetId| self.targets.get(page).is_some_and(|known| known.info.host.as_ref() == host);
        let mut earlier = self.earlier.nodes.values().flat_map(|(node, _)| &node.gpus);
        let place = host.unwrap_or(&self.local);
        !self.hosts.knows(host)
            && self.nodes.get(place).is_none_or(|node| node.gpus.is_empty())
            && !self.earlier.nodes.contains_key(place)
            && !earlier.any(|gpu| gpu.page.as_ref().is_some_and(is_here))
    }

    /// Whether a page and another target are exporters of one machine, of which one prints no UUIDs: their addresses have
    /// one host, and they say one hostname. Their GPUs are told apart by index then.
    fn is_of_one_machine(&self, page: NamedGpus<'_>, label: &NodeName, target: &TargetId, node: &NodeName) -> bool {
        let there = self.targets.get(target).and_then(|target| target.info.host.as_ref());
        let is_one_host =
            there.is_some() && there == page.info.host.as_ref() && !label.as_str().starts_with("localhost");
        is_one_host && page.ids().is_empty() != self.is_numbered_only(node)
    }

    /// Whether no GPU of a node has a UUID.
    fn is_numbered_only(&self, node: &NodeName) -> bool {
        let is_at_place = |index: u32, id: &GpuId| *id == GpuId::from_place(node, index);
        match (self.nodes.get(node), self.earlier.nodes.get(node)) {
            (Some(known), _) => known.gpus.iter().all(|(index, id)| is_at_place(*index, id)),
            (None, Some((saved, _))) => saved.gpus.iter().all(|gpu| is_at_place(gpu.index, &gpu.id)),
            (None, None) => false,
        }
    }

    /// Names nodes by their targets' addresses, as several targets report different GPUs under one label.
    fn name_by_address(
        &mut self,
        page: NamedGpus<'_>,
        label: &NodeName,
        holder: Option<NodeName>,
        others: Vec<(TargetId, NodeName)>,
        changes: &mut Changes,
    ) -> NodeName {
        let mut address = self.address(page.info);
        if !page.alone {
            address = NodeName::new(&format!("{label}@{address}"));
        }
        for (target, node) in others.into_iter().filter(|(_, node)| node == label) {
            self.restore_node(&node);
            let its = self.targets.get(&target).map(|target| self.address(&target.info));
            if let Some(its) = its.filter(|its| its != label && *its != address && self.is_all_from(&node, &target)) {
                self.rename(&node, &its, changes);
            }
        }
        let name = match holder {
            Some(node) if node == address || !self.is_all_from(&node, &page.info.target) => node,
            Some(node) => {
                self.rename(&node, &address, changes);
                address
            }
            None => address,
        };
        self.note_shared(label, &name);
        name
    }

    /// The node that already holds one of these GPUs.
    fn holder(&mut self, ids: &[&GpuId], info: &TargetInfo) -> Option<NodeName> {
        let mut gpus = ids.iter().filter_map(|id| self.gpus.get(id)).peekable();
        let known = gpus.peek().map(|gpu| gpu.node.clone());
        let from_driver = gpus.any(|gpu| matches!(gpu.origin, Origin::Driver(_)));
        let remembered = || {
            let holds = |node: &super::SavedNode| node.gpus.iter().any(|gpu| ids.contains(&&gpu.id));
            self.earlier.nodes.iter().find(|(_, (node, _))| holds(node)).map(|(name, _)| name.clone())
        };
        let node = known.or_else(remembered)?;
        self.restore_node(&node);
        if info.node.is_some() {
            return Some(node);
        }
        self.hosts.note(info.host.as_ref().filter(|_| !from_driver), &node);
        Some(node)
    }

    /// Whether one target reports all GPUs of a node, so that it may name the node.
    fn is_all_from(&self, node: &NodeName, target: &TargetId) -> bool {
        let origin = Origin::Page(target.clone());
        let gpus = self.nodes.get(node).into_iter().flat_map(|node| node.gpus.values());
        gpus.filter_map(|id| self.gpus.get(id)).all(|gpu| gpu.origin == origin)
    }

    /// Whether neither a driver nor another watched target reports GPUs of a node.
    fn is_of_no_other(&self, node: &NodeName, target: &TargetId) -> bool {
        let gpus = self.nodes.get(node).into_iter().flat_map(|node| node.gpus.values());
        gpus.filter_map(|id| self.gpus.get(id)).all(|gpu| match &gpu.origin {
            Origin::Page(page) => page == target || !self.targets.contains_key(page),
            Origin::Driver(_) => false,
        })
    }

    /// The only node whose GPUs all come from this target and have no UUID.
    fn holder_by_place(&mut self, info: &TargetInfo) -> Option<NodeName> {
        let known = self.nodes.iter().filter(|(name, node)| {
            let is_at_place = |(index, id): (&u32, &GpuId)| *id == GpuId::from_place(name, *index);
            !node.gpus.is_empty() && self.is_all_from(name, &info.target) && node.gpus.iter().all(is_at_place)
        });
        let remembered = self.earlier.nodes.iter().filter(|(name, (node, _))| {
            let is_at_place = |gpu: &SavedGpu| gpu.id == GpuId::from_place(name, gpu.index);
            let is_ours = |gpu: &SavedGpu| gpu.page.as_ref() == Some(&info.target);
            !node.gpus.is_empty() && node.gpus.iter().all(|gpu| is_ours(gpu) && is_at_place(gpu))
        });
        let mut found = known.map(|(name, _)| name).chain(remembered.map(|(name, _)| name));
        let node = found.next().filter(|_| found.next().is_none())?.clone();
        self.restore_node(&node);
        Some(node)
    }

    /// Renames the node under which the driver of this machine reported its GPUs in an earlier watch.
    pub(crate) fn name_driver(&mut self, name: &NodeName, readings: &[GpuReading]) -> Changes {
        let mut changes = Changes::default();
        let ids: Vec<&GpuId> = readings.iter().filter_map(|reading| reading.id.as_ref()).collect();
        let holds = |node: &super::SavedNode| {
            node.gpus.iter().all(|gpu| gpu.page.is_none()) && node.gpus.iter().any(|gpu| ids.contains(&&gpu.id))
        };
        let found = self.earlier.nodes.iter().find(|(known, (node, _))| *known != name && holds(node));
        if let Some(from) = found.map(|(known, _)| known.clone()) {
            self.rename(&from, name, &mut changes);
        }
        changes
    }

    /// A target's address as a node's name: its host, or host and port if other targets share the host.
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

    /// Renames a node. GPUs, hosts, labels and listings stay attached.
    fn rename(&mut self, from: &NodeName, to: &NodeName, changes: &mut Changes) {
        self.restore_node(from);
        let Some(mut node) = self.nodes.remove(from) else {
            // An earlier run may have posted under the name.
            changes.push(Change::Renamed { from: from.clone(), to: to.clone() });
            return;
        };
        self.restore_node(to);
        for (index, id) in &mut node.gpus {
            let Some(mut gpu) = self.gpus.remove(id) else { continue };
            gpu.node = to.clone();
            // A GPU without a UUID is identified by node and index.
            if *id == GpuId::from_place(from, *index) {
                *id = GpuId::from_place(to, *index);
            }
            self.gpus.insert(id.clone(), gpu);
        }
        match self.nodes.get_mut(to) {
            Some(known) => known.merge(node),
            None => drop(self.nodes.insert(to.clone(), node)),
        }
        self.note_former(from, to);
        self.hosts.rename(from, to);
        self.labels.rename(from, to);
        for listed in self.listings.values_mut() {
            if listed.remove(from) {
                listed.insert(to.clone());
            }
        }
        changes.push(Change::Renamed { from: from.clone(), to: to.clone() });
    }
}

/// The only name of several that may be equal.
fn only<'a>(mut names: impl Iterator<Item = &'a NodeName>) -> Option<&'a NodeName> {
    let first = names.next()?;
    names.all(|other| other == first).then_some(first)
}

/// Whether two names are of one host: one of them may lack the domain. An address has none.
fn is_same_host(one: &NodeName, other: &NodeName) -> bool {
    let (one, other) = (one.as_str(), other.as_str());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let begins = long.get(..short.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(short));
    begins && (short.len() == long.len() || long.as_bytes()[short.len()] == b'.' && !is_address(short))
}

fn is_address(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit() || c == '[')
}
