//! Attribution of prompts to prefill nodes. Decode nodes of some engines count the prompts that prefill nodes computed.
//! Their prompt tokens are posted to the prefill nodes in proportion to the prompts that each counted since the last
//! attribution, so that each has the revenue of its own work. Totals do not change: parts are differences of cumulative
//! floors.

use super::prompt_weight::PromptWeight;
use super::{Context, Metering};
use crate::counters::ProcessId;
use crate::dialect;
use crate::ledger::{Classes, RevenueAccount, RevenueAccountId};
use crate::reading::{EngineRole, NodeName, TargetId};
use crate::units::Tokens;

/// A prefill row: its target, its index there, its node, and its weight.
struct PrefillRow {
    target: TargetId,
    place: usize,
    node: NodeName,
    weight: PromptWeight,
}

impl Metering {
    /// Splits a decode account's prompts among the accounts that computed them; empty if no prefill row of its model is
    /// known to have computed any.
    pub(super) fn attribute_prompts(
        &mut self,
        context: &mut Context<'_>,
        account: &RevenueAccount,
        prompts: Classes,
    ) -> Vec<(RevenueAccountId, Classes)> {
        let rows = self.prefill_rows(context, account);
        let grown = rows.iter().any(|row| row.weight.new > 0);
        let weight = |row: &PrefillRow| if grown { row.weight.new } else { row.weight.last };
        let whole: u128 = rows.iter().map(|row| u128::from(weight(row))).sum();
        let (mut upto, mut done) = (0, Classes::default());
        let mut parts = Vec::with_capacity(rows.len());
        for row in rows.iter().filter(|_| whole > 0) {
            upto += u128::from(weight(row));
            let running = share(prompts, upto, whole);
            parts.push((self.prefill_account(context, row, account, grown), running.less(done)));
            done = running;
        }
        parts
    }

    /// The prefill rows of a decode account's model: those of its unit if there are any, otherwise those of other units.
    fn prefill_rows(&self, context: &Context<'_>, decode: &RevenueAccount) -> Vec<PrefillRow> {
        let (mut of_unit, mut of_model) = (Vec::new(), Vec::new());
        for (id, engine) in &self.engines {
            let Some(info) = context.inventory.target(id).map(|target| &target.info) else { continue };
            let is_prefill = |row: &super::Row| {
                dialect::policy(row.reading.kind).attributes_prompts
                    && row.reading.model == decode.model
                    && self.role(info, &row.reading) == EngineRole::Prefill
            };
            let rows = engine.rows.iter().enumerate().filter(|(_, row)| is_prefill(row));
            for (place, row) in rows {
                let node = context.inventory.node_of_row(info, &row.reading);
                let found = PrefillRow { target: id.clone(), place, node: node.clone(), weight: row.prompts };
                let is_of_unit = context.inventory.unit_of(info, node) == decode.unit;
                if is_of_unit { of_unit.push(found) } else { of_model.push(found) }
            }
        }
        if of_unit.is_empty() { of_model } else { of_unit }
    }

    /// The account of a prefill row, with the prices of the traffic that the decode row served.
    fn prefill_account(
        &mut self,
        context: &mut Context<'_>,
        prefill: &PrefillRow,
        decode: &RevenueAccount,
        grown: bool,
    ) -> RevenueAccountId {
        let mut account = RevenueAccount { role: EngineRole::Prefill, ..decode.clone() };
        if let Some(info) = context.inventory.target(&prefill.target).map(|target| &target.info) {
            account.node.clone_from(&prefill.node);
            account.unit = context.inventory.unit_of(info, &account.node);
            account.costed = context.knows_cost(&account.node, account.unit.as_ref());
        }
        let rows = self.engines.get_mut(&prefill.target).map(|engine| &mut engine.rows);
        match rows.and_then(|rows| rows.get_mut(prefill.place)) {
            Some(row) => {
                if grown {
                    row.prompts = PromptWeight { new: 0, last: row.prompts.new };
                }
                let source = row.source(ProcessId(0));
                row.number(source, account, context.at.wall, context.ledger)
            }
            None => context.ledger.account(&account),
        }
    }
}

/// A share of each class, rounded down.
fn share(tokens: Classes, part: u128, whole: u128) -> Classes {
    let floor = |tokens: Tokens| {
        let quotient = (u128::from(tokens.count()) * part).checked_div(whole).unwrap_or(0);
        Tokens::new(u64::try_from(quotient).unwrap_or(u64::MAX))
    };
    Classes { miss: floor(tokens.miss), hit: floor(tokens.hit), output: floor(tokens.output) }
}
