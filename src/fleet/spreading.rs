//! Spreading: `SGLang`'s decode nodes count the prompts that prefill nodes computed. What they count is posted to those,
//! in proportion to the prompts that each of them saw since the last time, so that a prefill node earns what its rent
//! is paid for. Totals are untouched: parts are differences of cumulative floors.

use super::Fleet;
use crate::ledger::{Account, AccountId, Classes};
use crate::reading::{EngineKind, Role, TargetId};
use crate::units::Tokens;

/// Prompts that a prefill row saw.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Prompted {
    /// Since something was last spread.
    unspread: u64,
    /// When something was last spread that had grown: its weight until it grows again.
    spread: u64,
}

impl Prompted {
    /// Notes prompts that were seen.
    pub(super) fn note(&mut self, prompts: Tokens) {
        self.unspread = self.unspread.saturating_add(prompts.count());
    }
}

/// A prefill row: its target, its place there, and what it weighs.
struct Prefill {
    target: TargetId,
    place: usize,
    prompted: Prompted,
}

impl Fleet {
    /// The accounts that computed the prompts of a decode account, each with its part; none if no prefill row of its
    /// model is known to have worked.
    pub(super) fn spread(&mut self, decode: &Account, prompts: Classes) -> Vec<(AccountId, Classes)> {
        let rows = self.prefills(decode);
        let grown = rows.iter().any(|row| row.prompted.unspread > 0);
        let weight = |row: &Prefill| if grown { row.prompted.unspread } else { row.prompted.spread };
        let whole: u128 = rows.iter().map(|row| u128::from(weight(row))).sum();
        let (mut upto, mut done) = (0, Classes::default());
        let mut parts = Vec::with_capacity(rows.len());
        for row in rows.iter().filter(|_| whole > 0) {
            upto += u128::from(weight(row));
            let running = share(prompts, upto, whole);
            parts.push((self.prefill_account(row, decode, grown), running.less(done)));
            done = running;
        }
        parts
    }

    /// The prefill rows of a decode account's model: those of its unit, or all where its unit has none.
    fn prefills(&self, decode: &Account) -> Vec<Prefill> {
        let (mut of_unit, mut of_model) = (Vec::new(), Vec::new());
        for target in self.targets.values() {
            let mut prefills = target
                .rows
                .iter()
                .enumerate()
                .filter(|(_, row)| {
                    row.reading.kind == EngineKind::Sglang
                        && row.reading.model == decode.model
                        && target.role(&row.reading, &self.pairs) == Role::Prefill
                })
                .peekable();
            if prefills.peek().is_none() {
                continue;
            }
            let unit = self.unit_of(&target.member, &self.node_of(&target.member));
            let found = if unit == decode.unit { &mut of_unit } else { &mut of_model };
            let target = &target.member.target;
            found.extend(prefills.map(|(place, row)| Prefill {
                target: target.clone(),
                place,
                prompted: row.prompted,
            }));
        }
        if of_unit.is_empty() { of_model } else { of_unit }
    }

    /// The account of a prefill row; its prices are those of the traffic that decode served.
    fn prefill_account(&mut self, prefill: &Prefill, decode: &Account, grown: bool) -> AccountId {
        let mut account = Account { role: Role::Prefill, ..decode.clone() };
        if let Some(member) = self.targets.get(&prefill.target).map(|target| &target.member) {
            account.node = self.node_of(member);
            account.unit = self.unit_of(member, &account.node);
        }
        let rows = self.targets.get_mut(&prefill.target).map(|target| &mut target.rows);
        match rows.and_then(|rows| rows.get_mut(prefill.place)) {
            Some(row) => {
                if grown {
                    row.prompted = Prompted { unspread: 0, spread: row.prompted.unspread };
                }
                row.number(account, &mut self.ledger)
            }
            None => self.ledger.account(&account),
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
