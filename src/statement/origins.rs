//! Where the amounts of a row come from: the lists that priced its tokens, and the rates that its GPU time was paid at.

use crate::ledger::{CostAccountId, Past, TariffId};
use crate::natural_order::natural_cmp;
use crate::reading::Label;
use crate::units::HourlyRate;

/// A rate that GPU time was paid at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateOrigin {
    /// The GPU as the rate names it.
    pub gpu: Label,
    /// Per GPU and hour.
    pub rate: HourlyRate,
    /// The lease; `None` for an assumed rate.
    pub lease: Option<Label>,
}

/// The lists and rates behind the amounts of a row, in order and without duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// The list and tier of each price.
    pub lists: Vec<(Label, Label)>,
    /// The rates.
    pub rates: Vec<RateOrigin>,
}

/// The numbers of the tariffs and cost accounts behind the amounts of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct OriginNumbers {
    tariffs: NumberSet,
    cost_accounts: NumberSet,
}

/// A set of small numbers, as bits.
#[derive(Debug, Clone, Default)]
struct NumberSet(Vec<u64>);

impl NumberSet {
    fn insert(&mut self, number: usize) {
        let (word, bit) = (number / 64, number % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        let bits = |(word, bits): (usize, &u64)| {
            let bits = *bits;
            (0..64).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| word * 64 + bit)
        };
        self.0.iter().enumerate().flat_map(bits)
    }
}

impl OriginNumbers {
    pub(super) fn add_tariff(&mut self, tariff: TariffId) {
        self.tariffs.insert(tariff.index());
    }

    pub(super) fn add_rate(&mut self, cost_account: CostAccountId) {
        self.cost_accounts.insert(cost_account.index());
    }

    /// Their names in a past.
    pub(super) fn named(&self, past: &Past) -> Origins {
        let tariffs = self.tariffs.iter().filter_map(|number| past.tariffs.get(number));
        let accounts = self.cost_accounts.iter().filter_map(|number| past.cost_accounts.get(number));
        let rate = |account: &crate::ledger::CostAccount| {
            Some(RateOrigin { gpu: account.gpu.clone(), rate: account.rate?, lease: account.lease.clone() })
        };
        let mut origins = Origins {
            lists: tariffs.map(|tariff| (tariff.list.clone(), tariff.tier.clone())).collect(),
            rates: accounts.filter_map(rate).collect(),
        };
        origins.sort();
        origins
    }
}

impl Origins {
    /// Adds those of another row, which most often has the same ones.
    pub(super) fn extend(&mut self, other: &Self) {
        let before = self.lists.len() + self.rates.len();
        add_new(&mut self.lists, &other.lists);
        add_new(&mut self.rates, &other.rates);
        if self.lists.len() + self.rates.len() > before {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.lists
            .sort_by(|(a, a_tier), (b, b_tier)| natural_cmp(a.as_str(), b.as_str()).then_with(|| a_tier.cmp(b_tier)));
        self.lists.dedup();
        self.rates.sort_by(|a, b| {
            let by_rate = || a.rate.cmp(&b.rate).then_with(|| a.lease.cmp(&b.lease));
            natural_cmp(a.gpu.as_str(), b.gpu.as_str()).then_with(by_rate)
        });
        self.rates.dedup();
    }
}

/// Adds what a list does not contain.
fn add_new<T: Clone + PartialEq>(list: &mut Vec<T>, others: &[T]) {
    for other in others {
        if !list.contains(other) {
            list.push(other.clone());
        }
    }
}
