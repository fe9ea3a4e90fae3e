//! Tokens without a price, by model, and those of them that lack an exchange rate.

use std::collections::BTreeMap;

use crate::ledger::Past;
use crate::pricing::Book;
use crate::reading::ModelName;
use crate::units::{Timestamp, Tokens};

/// Tokens of a model whose price in the book is in another currency, before the first rate between the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unconverted {
    /// The model.
    pub model: ModelName,
    /// The currency of the price.
    pub currency: String,
    /// The first bucket with such tokens.
    pub since: Timestamp,
    /// The number of tokens.
    pub tokens: Tokens,
}

/// All of them, by model and currency.
pub fn unconverted(past: &Past, book: &Book) -> Vec<Unconverted> {
    let price = |account: &crate::ledger::RevenueAccount| {
        let tenant = account.tenant.as_ref().map(crate::reading::Label::as_str);
        book.price_for(account.model.as_ref()?.as_str(), tenant)
    };
    let prices: Vec<_> = past.accounts.iter().map(price).collect();
    let mut found: BTreeMap<(&ModelName, &str), Unconverted> = BTreeMap::new();
    for cell in past.tokens.iter().filter(|cell| cell.tariff.is_none() && !cell.tokens.is_zero()) {
        let price = prices.get(cell.account.index()).and_then(Option::as_ref);
        let list = price.and_then(|price| price.not_converted(cell.bucket));
        let model = past.account(cell.account).model.as_ref();
        let Some((model, currency)) = model.zip(list.and_then(|list| list.converted_from.as_deref())) else { continue };
        let known = found.entry((model, currency)).or_insert_with(|| Unconverted {
            model: model.clone(),
            currency: currency.to_owned(),
            since: cell.bucket,
            tokens: Tokens::ZERO,
        });
        known.since = known.since.min(cell.bucket);
        known.tokens += cell.tokens.total();
    }
    found.into_values().collect()
}

/// Tokens without a price by model, the most first.
pub fn unpriced_models(past: &Past) -> Vec<(Option<ModelName>, Tokens)> {
    let mut sums: BTreeMap<Option<&ModelName>, Tokens> = BTreeMap::new();
    for cell in past.tokens.iter().filter(|cell| cell.tariff.is_none() && !cell.tokens.is_zero()) {
        *sums.entry(past.account(cell.account).model.as_ref()).or_default() += cell.tokens.total();
    }
    let mut all: Vec<_> = sums.into_iter().map(|(model, tokens)| (model.cloned(), tokens)).collect();
    all.sort_by_key(|(_, tokens)| std::cmp::Reverse(*tokens));
    all
}
