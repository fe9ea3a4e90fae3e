//! Which tariffs were used, and how sure a statement is.

use super::row::{ListUse, Statement};
use crate::ledger::{Past, Tariff, TokenCell};
use crate::units::{Money, Tokens};

/// Which tariffs were used, and for how much.
pub(super) struct ListUses<'a> {
    past: &'a Past,
    by_tariff: Vec<(Tokens, Money)>,
}

impl<'a> ListUses<'a> {
    pub(super) fn new(past: &'a Past) -> Self {
        Self { past, by_tariff: vec![(Tokens::ZERO, Money::ZERO); past.tariffs.len()] }
    }

    /// What a cell earned; `None` is unpriced.
    pub(super) fn note(&mut self, cell: &TokenCell) -> Option<(&'a Tariff, Money)> {
        let id = cell.tariff?;
        let tariff = self.past.tariff(id);
        let value = tariff.value(cell.tokens);
        let used = &mut self.by_tariff[id.index()];
        used.0 += cell.tokens.total();
        used.1 += value;
        Some((tariff, value))
    }

    /// Says in a statement which lists were in force, and how sure it is.
    pub(super) fn sign(self, statement: &mut Statement) {
        let mut lists: Vec<ListUse> = Vec::new();
        for (tariff, (tokens, revenue)) in self.past.tariffs.iter().zip(self.by_tariff) {
            if tokens == Tokens::ZERO {
                continue;
            }
            statement.theoretical &= tariff.paid.is_none();
            let same = |list: &&mut ListUse| (&list.list, &list.tier) == (&tariff.list, &tariff.tier);
            if let Some(list) = lists.iter_mut().find(same) {
                list.tokens += tokens;
                list.revenue += revenue;
            } else {
                let (list, tier) = (tariff.list.clone(), tariff.tier.clone());
                lists.push(ListUse { list, tier, tokens, revenue });
            }
        }
        lists.sort_by(|a, b| b.revenue.cmp(&a.revenue).then_with(|| (&a.list, &a.tier).cmp(&(&b.list, &b.tier))));
        statement.lists = lists;
        let mut lost = 0_i64;
        for doubt in &self.past.uncertainty {
            statement.uncertainty += doubt.timing + doubt.hits;
            statement.upper_bound |= !doubt.hits.is_zero();
            lost += doubt.lost_windows;
        }
        statement.lost_windows = u64::try_from(lost).unwrap_or_default();
        statement.total.lower_bound |= statement.lost_windows > 0;
    }
}
