//! Tokens and revenue by model, to compare with the counts of others.

use std::collections::BTreeMap;

use crate::ledger::{Classes, Past};
use crate::reading::{ModelName, canonical_model};
use crate::units::{Money, Tokens};

/// Tokens of one model and their worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServedTokens {
    /// Tokens, priced or not.
    pub tokens: Classes,
    /// The part of them without a price.
    pub unpriced: Classes,
    /// Their revenue.
    pub revenue: Money,
    /// Their revenue at list price.
    pub list_value: Money,
    /// The amount by which it would be higher if every hit had been a miss.
    pub hits_as_misses: Money,
    /// The part of the revenue without a tenant.
    pub without_tenant: Money,
    /// The revenue by class: misses, hits and output.
    pub by_class: [Money; 3],
}

/// Tokens and revenue of each model, by its canonical name; `""` is no name.
pub fn served_by_model(past: &Past) -> BTreeMap<String, ServedTokens> {
    let mut all: BTreeMap<String, ServedTokens> = BTreeMap::new();
    for cell in &past.tokens {
        let account = past.account(cell.account);
        let name = account.model.as_ref().map(ModelName::as_str).map(canonical_model).unwrap_or_default();
        let served = all.entry(name).or_default();
        served.tokens += cell.tokens;
        let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)) else {
            served.unpriced += cell.tokens;
            continue;
        };
        let Classes { miss, hit, output } = cell.tokens;
        let value = tariff.value(cell.tokens);
        served.revenue += value;
        served.list_value += tariff.prices.of(miss, hit, output);
        let missed = Classes { miss: miss + hit, hit: Tokens::ZERO, output };
        served.hits_as_misses += tariff.value(missed) - value;
        if account.tenant.is_none() {
            served.without_tenant += value;
        }
        let none = Classes::default();
        let classes = [Classes { miss, ..none }, Classes { hit, ..none }, Classes { output, ..none }];
        served.by_class.iter_mut().zip(classes).for_each(|(sum, tokens)| *sum += tariff.value(tokens));
    }
    all
}
