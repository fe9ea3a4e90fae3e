//! The rows of a statement under construction.

use std::collections::HashMap;

use super::RowKind;
use super::calendar::Period;
use super::origins::OriginNumbers;
use super::row::{StatementRow, gpu_time};
use crate::ledger::{Classes, CostAccountId, Past, TariffId};
use crate::reading::{Label, NodeName};
use crate::units::{Money, Timestamp, Tokens};

/// The number of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowId(usize);

/// The sums of one row.
#[derive(Debug, Clone)]
struct Draft {
    kind: RowKind,
    key: Label,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    node: Option<NodeName>,
    tokens: Classes,
    millis: i64,
    revenue: Money,
    /// The part of the revenue whose cost is unknown, where there are such tokens.
    uncosted: Option<Money>,
    /// Whether anything in the row has a known cost, or zero.
    has_cost: bool,
    cost: Money,
    idle: Money,
    origins: OriginNumbers,
}

/// Sums of a node or unit that are in special rows.
#[derive(Debug, Clone, Copy, Default)]
struct KeylessRows {
    /// `None` without GPU time of its own: a unit's lease pays for no node in particular.
    whole_cost: Option<Money>,
    unpriced: Tokens,
    /// Whether it has GPU time without a rate.
    unrated: bool,
}

/// The rows of a statement: the special ones, then one for each key.
#[derive(Debug)]
pub(super) struct RowAccumulator {
    drafts: Vec<Draft>,
    keys: HashMap<Label, RowId>,
    /// By node and by unit.
    beside: HashMap<Label, KeylessRows>,
}

impl RowAccumulator {
    pub(super) fn new() -> Self {
        let drafts = RowKind::SPECIAL.into_iter().map(|kind| Draft::new(kind, Label::new(kind.name()))).collect();
        Self { drafts, keys: HashMap::new(), beside: HashMap::new() }
    }

    /// The special row of a kind.
    pub(super) fn special(kind: RowKind) -> RowId {
        RowId(RowKind::SPECIAL.into_iter().position(|special| special == kind).unwrap_or_default())
    }

    /// The row of a key.
    pub(super) fn key(&mut self, key: &Label) -> RowId {
        if let Some(row) = self.keys.get(key) {
            return *row;
        }
        let row = RowId(self.drafts.len());
        self.drafts.push(Draft::new(RowKind::Key, key.clone()));
        self.keys.insert(key.clone(), row);
        row
    }

    /// The row of a period.
    pub(super) fn period(&mut self, period: &Period) -> RowId {
        let row = self.key(&period.key);
        let draft = &mut self.drafts[row.0];
        (draft.start, draft.end) = (Some(period.begin), Some(period.end));
        row
    }

    pub(super) fn add_tokens(&mut self, row: RowId, tokens: Classes, revenue: Money) {
        let draft = &mut self.drafts[row.0];
        draft.has_cost = true;
        draft.tokens += tokens;
        draft.revenue += revenue;
    }

    /// Adds tokens whose cost is unknown: they are in the row's revenue and not in its profit.
    pub(super) fn add_uncosted(&mut self, row: RowId, tokens: Classes, revenue: Money) {
        let draft = &mut self.drafts[row.0];
        draft.tokens += tokens;
        draft.revenue += revenue;
        *draft.uncosted.get_or_insert_default() += revenue;
    }

    pub(super) fn add_cost(&mut self, row: RowId, cost: Money) {
        let draft = &mut self.drafts[row.0];
        draft.has_cost = true;
        draft.cost += cost;
    }

    /// Notes the tariff that a part of a row's tokens is priced by.
    pub(super) fn add_tariff(&mut self, row: RowId, tariff: TariffId) {
        self.drafts[row.0].origins.add_tariff(tariff);
    }

    /// Adds cost at the rate of an account.
    pub(super) fn add_cost_of(&mut self, row: RowId, cost_account: CostAccountId, cost: Money) {
        self.add_cost(row, cost);
        if !cost.is_zero() {
            self.drafts[row.0].origins.add_rate(cost_account);
        }
    }

    pub(super) fn add_idle(&mut self, row: RowId, idle: Money) {
        self.drafts[row.0].idle += idle;
    }

    /// Adds to all that a key's own GPUs cost; `None` has no rate.
    pub(super) fn add_whole_cost(&mut self, key: &Label, cost: Option<Money>) {
        let beside = self.beside_of(key);
        *beside.whole_cost.get_or_insert_default() += cost.unwrap_or_default();
        beside.unrated |= cost.is_none();
    }

    /// Adds to a key's own tokens without a price.
    pub(super) fn add_unpriced(&mut self, key: &Label, tokens: Tokens) {
        self.beside_of(key).unpriced += tokens;
    }

    fn beside_of(&mut self, key: &Label) -> &mut KeylessRows {
        self.beside.entry(key.clone()).or_default()
    }

    /// GPU time in milliseconds.
    pub(super) fn add_time(&mut self, row: RowId, millis: i64) {
        self.drafts[row.0].millis += millis;
    }

    /// Notes that rent was due in a row between two instants.
    pub(super) fn extend(&mut self, row: RowId, from: Timestamp, to: Timestamp) {
        let draft = &mut self.drafts[row.0];
        draft.start = Some(draft.start.map_or(from, |start| start.min(from)));
        draft.end = Some(draft.end.map_or(to, |end| end.max(to)));
    }

    /// Sets the node of a row.
    pub(super) fn name_node(&mut self, row: RowId, node: Option<&NodeName>) {
        self.drafts[row.0].node = node.cloned();
    }

    /// The finished rows, unordered, with the special ones first. `known` is whether any cost is.
    /// `is_place` is whether they are by node or unit.
    pub(super) fn rows(self, past: &Past, known: bool, is_place: bool) -> Vec<StatementRow> {
        let beside = |draft: &Draft| {
            let is_key = is_place && draft.kind == RowKind::Key;
            is_key.then(|| self.beside.get(&draft.key).copied().unwrap_or_default())
        };
        self.drafts.iter().map(|draft| draft.row(past, known, beside(draft))).collect()
    }
}

impl Draft {
    fn new(kind: RowKind, key: Label) -> Self {
        Self {
            kind,
            key,
            start: None,
            end: None,
            node: None,
            tokens: Classes::default(),
            millis: 0,
            revenue: Money::ZERO,
            uncosted: None,
            has_cost: false,
            cost: Money::ZERO,
            idle: Money::ZERO,
            origins: OriginNumbers::default(),
        }
    }

    fn row(&self, past: &Past, known: bool, beside: Option<KeylessRows>) -> StatementRow {
        let known = known && self.kind != RowKind::Uncosted && (self.has_cost || self.uncosted.is_none());
        let unpriced = self.kind == RowKind::Unpriced;
        let mut row = StatementRow {
            start: self.start,
            end: self.end,
            node: self.node.clone(),
            tokens: Some(self.tokens),
            gpu_time: gpu_time(self.millis),
            revenue: (!unpriced).then_some(self.revenue),
            uncosted_revenue: self.uncosted.unwrap_or_default(),
            cost: known.then_some(self.cost),
            idle_cost: known.then_some(self.idle),
            whole_cost: beside.filter(|beside| !beside.unrated).and_then(|beside| beside.whole_cost),
            unpriced_tokens: beside.map(|beside| beside.unpriced),
            lower_bound: unpriced && !self.tokens.is_zero(),
            origins: self.origins.named(past),
            ..StatementRow::new(self.kind, self.key.clone())
        };
        row.settle();
        row
    }
}
