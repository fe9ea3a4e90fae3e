//! The rows of the present with what is asked of them more than once: each is judged once for a snapshot.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::rc::Rc;

use super::Fleet;
use super::coverable::Coverable;
use super::lookup::{engine_of, has_left, nodes_of};
use super::sample_age;
use crate::inventory::Target;
use crate::metering::{Counts, Engine, Row};
use crate::pricing::ModelPrice;
use crate::reading::{EngineRole, Health, Label, ModelName, NodeName, TargetId, TokenCounters, UnitName};
use crate::units::Span;

/// The fleet at one moment, and its rows in the order of their targets.
#[derive(Debug)]
pub(super) struct PresentFleet<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) rows: Vec<RowView<'a>>,
    by_target: BTreeMap<&'a TargetId, Range<usize>>,
}

/// A row of an engine or proxy, with its target.
#[derive(Debug)]
pub(super) struct RowView<'a> {
    pub(super) target: &'a Target,
    pub(super) engine: &'a Engine,
    pub(super) row: &'a Row,
    pub(super) node: NodeName,
    pub(super) unit: Option<UnitName>,
    pub(super) role: EngineRole,
    /// Which of its tokens count in sums.
    pub(super) counts: Counts,
    /// Its target's health, or worse if the target's pages no longer have the row.
    pub(super) health: Health,
    /// Whether less may be posted for its target than was produced: then the total is a lower bound.
    pub(super) holds_back: bool,
    /// Whether its processes are counted at other targets.
    pub(super) is_duplicate: bool,
    /// Its present counters.
    pub(super) counters: TokenCounters,
    /// The price of its model for its tenant.
    pub(super) price: Option<Rc<ModelPrice<'a>>>,
}

/// What of a row its rates are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedRow<'a> {
    pub(super) engine: &'a Engine,
    pub(super) row: &'a Row,
    pub(super) counts: Counts,
    pub(super) holds_back: bool,
}

impl<'a> CountedRow<'a> {
    /// Those of all live rows, in the order of their targets.
    pub(super) fn live(fleet: &'a Fleet) -> impl Iterator<Item = Self> {
        let of_target = move |target: &'a Target| {
            let engine = engine_of(fleet, target)?;
            let holds_back = engine.holds_back();
            let live = engine.rows.iter().filter(move |row| health(fleet, target, row) == Health::Live);
            Some(live.map(move |row| {
                let is_duplicate = fleet.metering.is_duplicate(&target.info.target, row, fleet.now());
                let counts = fleet.metering.counts(&target.info, row, is_duplicate);
                Self { engine, row, counts, holds_back }
            }))
        };
        fleet.inventory.targets.values().filter_map(of_target).flatten()
    }
}

/// The health of a row's target, or worse if the target's pages no longer have the row.
fn health(fleet: &Fleet, target: &Target, row: &Row) -> Health {
    let stands = !row.grows || sample_age::is_old(fleet, target, row);
    let gone = if stands { Health::Stale } else { Health::Live };
    fleet.inventory.health_of(target).max(fleet.inventory.health(row.seen)).max(gone)
}

type Prices<'a> = HashMap<(&'a ModelName, Option<&'a Label>), Option<Rc<ModelPrice<'a>>>>;

impl<'a> PresentFleet<'a> {
    /// Judges all rows.
    pub(super) fn of(fleet: &'a Fleet) -> Self {
        let count = fleet.metering.engines.values().map(|engine| engine.rows.len()).sum();
        let (mut rows, mut by_target, mut prices) = (Vec::with_capacity(count), BTreeMap::new(), Prices::new());
        for target in fleet.inventory.targets.values() {
            let Some(engine) = engine_of(fleet, target) else { continue };
            let from = rows.len();
            let holds_back = engine.holds_back();
            for row in &engine.rows {
                let view = RowView::of(fleet, (target, engine, row), &mut prices);
                rows.push(RowView { holds_back, ..view });
            }
            by_target.insert(&target.info.target, from..rows.len());
        }
        Self { fleet, rows, by_target }
    }

    /// The rows of a target.
    pub(super) fn rows_of(&self, target: &Target) -> &[RowView<'a>] {
        self.by_target.get(&target.info.target).map_or(&[], |rows| &self.rows[rows.clone()])
    }

    /// All rows except those of proxies that are not counted.
    pub(super) fn counted_rows(&self) -> impl Iterator<Item = &RowView<'a>> {
        self.rows.iter().filter(|view| !view.is_uncounted_proxy())
    }

    pub(super) fn live_rows(&self) -> impl Iterator<Item = &RowView<'a>> {
        self.rows.iter().filter(|view| view.health == Health::Live)
    }

    /// Targets that serve or may serve requests, on nodes that are allocated: engines and proxies.
    pub(super) fn serving(&self) -> impl Iterator<Item = &'a Target> {
        let fleet = self.fleet;
        let is_allocated = move |target: &&Target| {
            fleet.inventory.health_of(target) == Health::Live
                || !nodes_of(fleet, target).into_iter().all(|node| has_left(fleet, node))
        };
        fleet.inventory.targets.values().filter(|target| !target.only_gpus).filter(is_allocated)
    }
}

impl<'a> RowView<'a> {
    fn of(fleet: &'a Fleet, (target, engine, row): (&'a Target, &'a Engine, &'a Row), prices: &mut Prices<'a>) -> Self {
        let (metering, now, info) = (&fleet.metering, fleet.now(), &target.info);
        let tenant = info.tenant.as_ref();
        let price = row.reading.model.as_ref().and_then(|model| {
            let find = || super::prices::price(fleet, Some(model), tenant);
            prices.entry((model, tenant)).or_insert_with(|| find().map(Rc::new)).clone()
        });
        let is_duplicate = metering.is_duplicate(&info.target, row, now);
        let node = fleet.inventory.node_of_row(info, &row.reading);
        Self {
            target,
            engine,
            row,
            node: node.clone(),
            unit: fleet.inventory.unit_of(info, node),
            role: metering.role(info, &row.reading),
            counts: metering.counts(info, row, is_duplicate),
            health: health(fleet, target, row),
            holds_back: false,
            is_duplicate,
            counters: metering.counters(&info.target, engine, row, (now, is_duplicate)),
            price,
        }
    }

    /// What its rates are made of.
    pub(super) fn counted(&self) -> CountedRow<'a> {
        CountedRow { engine: self.engine, row: self.row, counts: self.counts, holds_back: self.holds_back }
    }

    /// Whether it is a proxy's row that is not counted, since watched engines serve or may serve its model.
    pub(super) fn is_uncounted_proxy(&self) -> bool {
        self.role == EngineRole::Proxy && self.counts == Counts::NOTHING
    }

    /// Whether its target's last page has a value of a counter that is billed and unknown, since it was refused.
    pub(super) fn refuses_billed(&self) -> bool {
        let [prompt, output] = self.row.reading.refused;
        let on_page = self.engine.last_page == Some(self.row.seen);
        on_page && (prompt && self.counts.prompts || output && self.counts.outputs)
    }

    /// Which counters that are billed, prompts and outputs, its last page lacks.
    pub(super) fn lacks(&self) -> [bool; 2] {
        let [prompt, output] = self.row.lacks().map(|lacks| lacks || self.engine.shows_no_tokens());
        let on_page = self.engine.last_page == Some(self.row.seen);
        [on_page && prompt && self.counts.prompts, on_page && output && self.counts.outputs]
    }

    /// Whether less may be posted than its engine makes, since its last page has no value of a counter that is billed.
    pub(super) fn leaves_out_billed(&self) -> bool {
        self.refuses_billed() || self.lacks().contains(&true)
    }

    /// Whether its page has no value of a counter that is billed: what it earns is unknown.
    pub(super) fn lacks_billed(&self) -> bool {
        let [prompt, output] = self.engine.gone();
        self.leaves_out_billed() || prompt && self.counts.prompts || output && self.counts.outputs
    }

    /// Whether what it earns an hour is known, or unknown; neither if nothing of it is or will be posted.
    fn earns(&self, fleet: &Fleet) -> Option<bool> {
        let may_earn = self.health == Health::Live && self.counts != Counts::NOTHING && self.row.posts();
        let known = self.row.account.as_ref().is_some_and(|(_, id)| self.row.has_rate(&fleet.ledger, *id));
        (may_earn && !self.engine.lacks_rows(fleet.now())).then_some(known && !self.row.quarantined)
    }

    /// Whether what rows earn an hour together is unknown: one lacks a counter, or too many of them, or all, earn at rates that
    /// are not known yet, or nothing is heard of all that earn. And whether it leaves out some.
    pub(super) fn lacks_pace<'v>(fleet: &Fleet, rows: impl Iterator<Item = &'v Self>) -> (bool, bool)
    where
        Self: 'v,
    {
        let (mut lacks, mut any, mut stale, mut of) = (false, false, false, Coverable::default());
        for view in rows {
            lacks |= view.lacks_billed();
            stale |= view.is_unheard(fleet);
            if let Some(is_known) = view.earns(fleet) {
                any = true;
                of.note(is_known, view.holds_back);
            }
        }
        let is_none_known = if any { of.known == 0 } else { stale };
        (lacks || of.lacks() || is_none_known, of.is_partial())
    }

    /// Whether its samples are older than they are where its server is reached.
    pub(super) fn has_old_samples(&self, fleet: &Fleet) -> bool {
        sample_age::is_old(fleet, self.target, self.row)
    }

    /// How old its figures are.
    pub(super) fn age(&self, fleet: &Fleet) -> Span {
        sample_age::age(fleet, self.target, self.row)
    }

    /// Whether what it makes at present is unknown: its target is stale, or was lost within the span of the rates, a mean of
    /// which would fall as the silence goes on, or its samples are older than that span.
    fn is_unheard(&self, fleet: &Fleet) -> bool {
        let span = fleet.config.pace();
        // A minute's last tokens leave its mean a moment after it.
        let faded = span + Span::from_secs(5);
        if self.has_old_samples(fleet) {
            return self.age(fleet) > span;
        }
        match fleet.inventory.health_of(self.target) {
            Health::Stale => true,
            Health::Lost => self.target.answered.is_some_and(|answered| fleet.now().since(answered) <= faded),
            Health::Live | Health::Never => false,
        }
    }

    /// Whether its gauges are an engine's own: not a proxy's, nor a duplicate's.
    pub(super) fn is_engine(&self) -> bool {
        !self.is_duplicate && self.role != EngineRole::Proxy
    }
}
