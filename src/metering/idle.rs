//! Idle cost: the cost of GPUs on nodes that produced no billable token in a minute.
//!
//! A minute is classified while it is kept separately, for an hour. Tokens of a longer outage are posted into older
//! minutes, which are not classified again. Idle cost is then an upper bound; no other amount depends on it.

use std::collections::HashSet;

use crate::ledger::{CostAccount, CostKind, Ledger, PostingSums};
use crate::reading::{NodeName, UnitName};
use crate::units::{GpuTime, Span, Timestamp};

/// Classifies the minutes that were written to, and the one after each: a minute that has just begun has the result of the
/// previous one.
pub(super) fn judge(ledger: &mut Ledger) {
    let touched = ledger.take_touched();
    for minute in touched.iter().flat_map(|minute| [*minute, *minute + Span::MINUTE]) {
        for (cost_account, idle) in idle_of(ledger, minute, Span::MINUTE) {
            ledger.judge_idle(minute, cost_account, idle);
        }
    }
}

/// Computes each cost account's idle time in a minute.
fn idle_of(ledger: &Ledger, minute: Timestamp, span: Span) -> Vec<(crate::ledger::CostAccountId, GpuTime)> {
    let Some(sums) = ledger.minute_sums(minute) else { return Vec::new() };
    let newest = ledger.minute_sums(minute + span).is_none();
    let before = if newest { ledger.minute_sums(minute - span) } else { None };
    let busy = Busy::of(ledger, [Some(sums), before].into_iter().flatten());
    let judged = |cost_account: &CostAccount| cost_account.kind == CostKind::Gpus && !busy.has(cost_account);
    sums.gpu_times()
        .map(|(id, line)| {
            (id, if judged(&ledger.cost_accounts()[id.index()]) { line.allocated } else { GpuTime::ZERO })
        })
        .collect()
}

/// The nodes and units that produced a billable token.
struct Busy<'a> {
    nodes: HashSet<&'a NodeName>,
    units: HashSet<&'a UnitName>,
    /// All nodes with revenue. A node without any is busy if its unit is.
    own: HashSet<&'a NodeName>,
}

impl<'a> Busy<'a> {
    fn of<'s>(ledger: &'a Ledger, sheets: impl Iterator<Item = &'s PostingSums>) -> Self {
        let own = ledger.accounts().iter().map(|account| &account.node).collect();
        let mut busy = Self { nodes: HashSet::new(), units: HashSet::new(), own };
        for (account, ..) in sheets.flat_map(PostingSums::tokens).filter(|(.., tokens)| !tokens.is_zero()) {
            let account = &ledger.accounts()[account.index()];
            busy.nodes.insert(&account.node);
            busy.units.extend(account.unit.as_ref());
        }
        busy
    }

    fn has(&self, cost_account: &CostAccount) -> bool {
        match (&cost_account.node, &cost_account.unit) {
            (Some(node), Some(unit)) if !self.own.contains(node) => self.units.contains(unit),
            (Some(node), _) => self.nodes.contains(node),
            (None, Some(unit)) => self.units.contains(unit),
            (None, None) => !self.nodes.is_empty(),
        }
    }
}
