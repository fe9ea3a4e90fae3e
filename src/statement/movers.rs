//! The models, units and nodes with the largest changes of profit.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{By, RowKind, Statement};
use crate::ledger::Past;
use crate::natural_order::natural_cmp;
use crate::reading::Label;
use crate::units::Money;

/// The largest number of names.
const MOST: usize = 5;

/// Revenue and cost of a key an hour, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// The model, unit or node.
    pub key: Label,
    /// Its profit an hour before.
    pub before: Money,
    /// Its profit an hour after.
    pub after: Money,
}

impl Mover {
    /// The change of its profit an hour.
    pub fn change(&self) -> Money {
        self.after - self.before
    }
}

/// The keys with the largest changes, the largest first.
pub(super) fn movers(before: &Past, after: &Past, by: By) -> Vec<Mover> {
    let mut all: BTreeMap<Label, (Money, Money)> = BTreeMap::new();
    for (key, profit) in profits(before, by) {
        all.entry(key).or_default().0 = profit;
    }
    for (key, profit) in profits(after, by) {
        all.entry(key).or_default().1 = profit;
    }
    let movers = all.into_iter().map(|(key, (before, after))| Mover { key, before, after });
    let mut movers: Vec<_> = movers.filter(|mover| !mover.change().is_zero()).collect();
    let size = |mover: &Mover| std::cmp::Reverse(mover.change().grains().unsigned_abs());
    movers.sort_by(|a, b| size(a).cmp(&size(b)).then_with(|| natural_cmp(a.key.as_str(), b.key.as_str())));
    movers.truncate(MOST);
    movers
}

/// Profit an hour by key.
fn profits(past: &Past, by: By) -> impl Iterator<Item = (Label, Money)> {
    let statement = Statement::of(past, by, &TimeZone::UTC);
    let span = (past.until - past.since).millis();
    statement.rows.into_iter().filter(|row| row.kind == RowKind::Key).filter_map(move |row| {
        let profit = row.profit?;
        Some((row.key, profit.scaled(3_600_000, span).unwrap_or_default()))
    })
}
