//! What the fleet must not forget when the process ends, and how it goes on from there.
//!
//! What was made and held while nobody watched is posted when it is seen again: tokens because counters went on, rent
//! because GPUs are known on both sides. So a remembered node waits, and posts nothing, until its GPUs are looked at.

use std::collections::BTreeMap;

use super::gpus::{Gpu, Origin};
use super::nodes::Node;
use super::row::Row;
use super::targets::Target;
use super::{FinishedMemory, Fleet, Leakage, Member};
use crate::counters::{Incarnation, Meter, ProcessMemory};
use crate::ledger::{Entry, Journal, Kept, Marker};
use crate::reading::{
    EngineKind, EngineReading, GpuId, GpuState, Label, ModelName, NodeName, Rank, TargetId, UnitName,
};
use crate::units::{Energy, Moment, Span, Timestamp};

/// Everything that is remembered of a watch.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The ledger's tables and its day.
    pub kept: Kept,
    /// When the ledger's first look was.
    pub began: Option<Timestamp>,
    /// Since when it is watched without a gap that was too long.
    pub watched_from: Option<Timestamp>,
    /// When the last thing was known.
    pub last: Moment,
    /// Targets.
    pub targets: Vec<TargetMemory>,
    /// Nodes.
    pub nodes: Vec<NodeMemory>,
    /// Up to when each lease that pays by schedule was posted.
    pub schedules: Vec<(String, Timestamp)>,
    /// Ends of leases by hand that are not applied yet.
    pub lease_ends: Vec<(i64, NodeName, Timestamp)>,
}

/// What is remembered of a target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetMemory {
    /// Which.
    pub target: TargetId,
    /// When it last answered.
    pub answered: Moment,
    /// The process behind it.
    pub process: ProcessMemory,
    /// When a successor was last believed in.
    pub restarted: Option<Moment>,
    /// What was posted since: taken back if it was none.
    pub since_restart: Vec<Entry>,
    /// Its counters.
    pub rows: Vec<RowMemory>,
}

/// What is remembered of one row of counters.
#[derive(Debug, Clone, PartialEq)]
pub struct RowMemory {
    /// The engine.
    pub kind: EngineKind,
    /// The rank.
    pub rank: Option<Rank>,
    /// The model.
    pub model: Option<ModelName>,
    /// The last values.
    pub meter: Meter,
    /// Those of finished requests, and what leaked beside them.
    pub finished: FinishedMemory,
}

/// What is remembered of a node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeMemory {
    /// Which.
    pub node: NodeName,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// When its GPUs were last looked at.
    pub looked: Moment,
    /// When its first GPU was seen.
    pub held_from: Option<Timestamp>,
    /// Up to when the rent of its GPUs was posted.
    pub held: Option<Moment>,
    /// The same for GPUs that are paid while an engine answers.
    pub serving: Option<Moment>,
    /// Its GPUs; `None` where they are those of before.
    pub gpus: Option<Vec<GpuMemory>>,
}

/// What is remembered of a GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuMemory {
    /// Which.
    pub id: GpuId,
    /// Its place on its node.
    pub index: u32,
    /// The driver's name for it.
    pub name: Option<Label>,
    /// The page that reports it; `None` is the node's own driver.
    pub page: Option<TargetId>,
    /// When it was last seen, where that is not the node's last look.
    pub seen: Option<Moment>,
    /// Its energy counter.
    pub energy: Option<Energy>,
}

/// What changed since it was last handed on: one consistent cut through postings and counters.
#[derive(Debug, Clone, Default)]
pub struct Handover {
    /// What was posted.
    pub journal: Journal,
    /// Targets that answered.
    pub targets: Vec<TargetMemory>,
    /// Nodes, with their GPUs where those changed.
    pub nodes: Vec<NodeMemory>,
    /// Up to when leases by schedule are posted.
    pub schedules: Vec<(String, Timestamp)>,
    /// Ends of leases by hand that are applied with it.
    pub ended: Vec<i64>,
    /// When the ledger's first look was.
    pub began: Option<Timestamp>,
    /// Since when it is watched without a gap that was too long.
    pub watched_from: Option<Timestamp>,
    /// When the last thing was known.
    pub last: Moment,
}

/// What waits to be seen again.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    targets: BTreeMap<TargetId, TargetMemory>,
    nodes: BTreeMap<NodeName, NodeMemory>,
}

impl Memory {
    /// The same with its moments on the present boot's clock. Another boot's moments are placed by the calendar.
    #[must_use]
    pub fn onto(mut self, now: Moment, same_boot: bool) -> Self {
        let rebase = |moment: Moment| Moment {
            wall: moment.wall,
            boot: if same_boot { moment.boot } else { now.boot - (now.wall - moment.wall).max(Span::ZERO) },
        };
        self.last = rebase(self.last);
        for target in &mut self.targets {
            target.answered = rebase(target.answered);
            target.restarted = target.restarted.map(rebase);
            if let (Some(wall), Some(boot)) = (target.process.first_wall, target.process.first_boot) {
                let first = Moment { wall: Timestamp::from_millis(wall), boot: Span::from_millis(boot) };
                target.process.first_boot = Some(rebase(first).boot.millis());
            }
        }
        for node in &mut self.nodes {
            node.looked = rebase(node.looked);
            node.held = node.held.map(rebase);
            node.serving = node.serving.map(rebase);
            for gpu in node.gpus.iter_mut().flatten() {
                gpu.seen = gpu.seen.map(rebase);
            }
        }
        self
    }
}

impl Handover {
    /// Takes a later one in.
    pub fn merge(&mut self, later: Self) {
        self.journal.merge(later.journal);
        for target in later.targets {
            self.targets.retain(|known| known.target != target.target);
            self.targets.push(target);
        }
        for mut node in later.nodes {
            let before = self.nodes.iter().position(|known| known.node == node.node);
            let before = before.map(|place| self.nodes.swap_remove(place));
            node.gpus = node.gpus.or_else(|| before.and_then(|before| before.gpus));
            self.nodes.push(node);
        }
        self.schedules = later.schedules;
        self.ended.extend(later.ended);
        (self.began, self.watched_from, self.last) = (later.began, later.watched_from, later.last);
    }
}

impl Fleet {
    /// Goes on from what was remembered. After an absence of more than `limit` nothing of it is posted, and
    /// the span is noted as unwatched.
    pub fn recall(&mut self, memory: Memory, limit: Span) {
        let now = self.now;
        self.ledger.keep_journal();
        self.ledger.set_closed(false);
        self.ledger.recall(memory.kept);
        (self.began, self.watched_from) = (memory.began, memory.watched_from);
        let absence = now.since(memory.last);
        if memory.began.is_some() && absence > limit {
            self.ledger.note_unwatched(memory.last.wall, now.wall);
            self.watched_from = Some(now.wall);
            return;
        }
        self.rents.recall(&memory.schedules);
        let targets = memory.targets.into_iter().map(|target| (target.target.clone(), target)).collect();
        let nodes = memory.nodes.into_iter().map(|node| (node.node.clone(), node)).collect();
        self.remembered = Remembered { targets, nodes };
        let known: Vec<TargetId> = self.targets.keys().cloned().collect();
        for target in known {
            self.recall_target(&target);
        }
        self.end_leases(memory.lease_ends);
    }

    /// A fleet that takes over a ledger which somebody else kept until now: what it knows of names and lines stays, and
    /// counting goes on from what that one remembered.
    pub fn take_over(&mut self, memory: Memory, limit: Span) {
        let members = std::mem::take(&mut self.targets).into_values().map(|target| target.member);
        let site = super::Site { members: members.collect::<Vec<Member>>(), ..self.site.clone() };
        let mut next = Self::new(site, self.ledger.book().clone(), self.now);
        std::mem::swap(&mut next.lines, &mut self.lines);
        next.troubles = std::mem::take(&mut self.troubles);
        next.kept_where = std::mem::take(&mut self.kept_where);
        next.recall(memory, limit);
        *self = next;
    }

    /// Shows a ledger that somebody else keeps: nothing is posted here.
    pub fn follow(&mut self, kept: Kept, began: Option<Timestamp>) {
        // Numbers of names are those of that ledger from now on.
        for row in self.targets.values_mut().flat_map(|target| &mut target.rows) {
            row.account = None;
            row.finished.leakage = Leakage::default();
        }
        self.ledger.recall(kept);
        self.ledger.set_closed(true);
        self.began = began.or(self.began);
    }

    /// Names the present.
    pub fn mark(&mut self, at: Timestamp, text: &str) {
        self.ledger.mark(Marker { at, text: Label::new(text) });
    }

    /// Ends leases of nodes by hand: what was posted after the end is taken back by a counter-entry, and rent begins anew
    /// when the node's GPUs are next looked at.
    pub fn end_leases(&mut self, ends: Vec<(i64, NodeName, Timestamp)>) {
        for (id, node, at) in ends {
            if self.ended.contains(&id) {
                continue;
            }
            self.recall_node(&node);
            let held = super::Held { site: &self.site, nodes: &self.nodes, gpus: &self.gpus };
            self.rents.end(&mut self.ledger, held, &node, at);
            if let Some(known) = self.nodes.get_mut(&node) {
                for id in std::mem::take(&mut known.gpus).into_values() {
                    self.gpus.remove(&id);
                }
                (known.changed, known.awaited, known.held_from) = (true, false, None);
            }
            self.ended.push(id);
        }
    }

    /// What changed since this was last asked; `None` if no journal is kept.
    pub fn hand_on(&mut self) -> Option<Handover> {
        let journal = self.ledger.hand_on()?;
        let targets = self.targets.values_mut().filter_map(|target| {
            let changed = std::mem::take(&mut target.changed);
            if changed { remember_target(target) } else { None }
        });
        let targets = targets.collect();
        let gpus = &self.gpus;
        let rents = &self.rents;
        let nodes = self.nodes.iter_mut().filter(|(_, node)| !node.awaited && node.held_from.is_some() || node.changed);
        let nodes = nodes.map(|(name, node)| {
            let (held, serving) = rents.cursors(name);
            NodeMemory {
                node: name.clone(),
                unit: node.unit.clone(),
                looked: node.looked,
                held_from: node.held_from,
                held,
                serving,
                gpus: std::mem::take(&mut node.changed).then(|| remember_gpus(node, gpus)),
            }
        });
        Some(Handover {
            journal,
            targets,
            nodes: nodes.collect(),
            schedules: self.rents.schedules(),
            ended: std::mem::take(&mut self.ended),
            began: self.began,
            watched_from: self.watched_from,
            last: self.now,
        })
    }

    /// A target that was remembered goes on where it was.
    pub(super) fn recall_target(&mut self, id: &TargetId) {
        let (Some(memory), Some(target)) = (self.remembered.targets.remove(id), self.targets.get_mut(id)) else {
            return;
        };
        let window = self.site.window;
        target.process = Incarnation::recall(&memory.process, memory.answered);
        target.answered = Some(memory.answered);
        target.recall(memory.restarted, memory.since_restart);
        let recall = |row: RowMemory| {
            let mut known = Row::new(EngineReading::new(row.kind, row.model, row.rank), window);
            (known.meter, known.finished) = (row.meter, row.finished);
            known
        };
        target.rows = memory.rows.into_iter().map(recall).collect();
    }

    /// A node that was remembered waits for a look at its GPUs.
    pub(super) fn recall_node(&mut self, name: &NodeName) {
        let Some(memory) = self.remembered.nodes.remove(name) else { return };
        self.rents.recall_node(name, memory.held, memory.serving);
        let window = self.site.window;
        let node = self.nodes.entry(name.clone()).or_insert_with(|| Node::new(memory.looked, window));
        node.unit = node.unit.take().or(memory.unit);
        node.held_from = memory.held_from;
        node.looked = memory.looked;
        for gpu in memory.gpus.into_iter().flatten() {
            node.awaited = true;
            node.gpus.insert(gpu.index, gpu.id.clone());
            let id = gpu.id.clone();
            self.gpus.entry(id).or_insert_with(|| Gpu::remembered(name, gpu, memory.looked));
        }
    }
}

fn remember_target(target: &Target) -> Option<TargetMemory> {
    let (restarted, since_restart) = target.probation();
    Some(TargetMemory {
        target: target.member.target.clone(),
        answered: target.answered?,
        process: target.process.memory(),
        restarted,
        since_restart,
        rows: target
            .rows
            .iter()
            .map(|row| RowMemory {
                kind: row.reading.kind,
                rank: row.reading.rank.clone(),
                model: row.reading.model.clone(),
                meter: row.meter,
                finished: row.finished.clone(),
            })
            .collect(),
    })
}

fn remember_gpus(node: &Node, gpus: &BTreeMap<GpuId, Gpu>) -> Vec<GpuMemory> {
    let known = node.gpus.iter().filter_map(|(index, id)| Some((index, id, gpus.get(id)?)));
    known
        .map(|(index, id, gpu)| GpuMemory {
            id: id.clone(),
            index: *index,
            name: gpu.reading.name.clone(),
            page: match &gpu.origin {
                Origin::Driver => None,
                Origin::Page(target) => Some(target.clone()),
            },
            seen: (gpu.state != GpuState::Answering).then_some(gpu.answered),
            energy: gpu.reading.energy,
        })
        .collect()
}
