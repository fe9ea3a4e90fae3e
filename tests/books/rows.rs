//! What the rows of a report must hold: the model's past, summed by a key.
//!
//! Tokens without a price stand in `(unpriced)`, overhead in `(overhead)` or in its time, and rent that nobody knows in
//! no sum (`rules.md`, section 6).

use std::collections::BTreeMap;

use super::case::{Case, HOUR};
use super::model::{Books, Made};
use super::terms::instant;

/// Exact sums of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Miss, hit, output.
    pub tokens: [i128; 3],
    /// Whose cost is known, and whose is not.
    pub covered: i128,
    pub uncosted: i128,
    pub cost: i128,
}

/// The key of the sum of all rows.
pub const TOTAL: &str = "total";

/// Sums by the keys of rows.
pub type Sums = BTreeMap<String, Sum>;

impl Sum {
    /// Adds another row.
    pub fn add(&mut self, other: &Self) {
        self.tokens = std::array::from_fn(|class| self.tokens[class] + other.tokens[class]);
        self.covered += other.covered;
        self.uncosted += other.uncosted;
        self.cost += other.cost;
    }

    fn made(made: &Made) -> Self {
        let revenue = made.revenue.unwrap_or(0);
        let (covered, uncosted) = if made.costed { (revenue, 0) } else { (0, revenue) };
        Self { tokens: made.tokens, covered, uncosted, ..Self::default() }
    }

    fn cost(cost: i128) -> Self {
        Self { cost, ..Self::default() }
    }
}

/// What a report has rows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Day,
    Hour,
    Node,
    Unit,
    Model,
    Tenant,
    Lease,
}

impl By {
    pub const ALL: [Self; 7] = [Self::Day, Self::Hour, Self::Node, Self::Unit, Self::Model, Self::Tenant, Self::Lease];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Node => "node",
            Self::Unit => "unit",
            Self::Model => "model",
            Self::Tenant => "tenant",
            Self::Lease => "lease",
        }
    }

    /// Whether it says the whole cost of each row.
    pub const fn has_cost(self) -> bool {
        matches!(self, Self::Day | Self::Hour | Self::Lease)
    }

    /// The row of what an engine made at an instant.
    fn of_engine(self, case: &Case, engine: usize, at: i64) -> String {
        let (node, engine) = case.engines().nth(engine).unwrap();
        match self {
            Self::Day => instant(at - at % (24 * HOUR)),
            Self::Hour => instant(at - at % HOUR),
            Self::Node => node.name.to_owned(),
            Self::Unit => node.unit.unwrap_or("(no unit)").to_owned(),
            Self::Model => engine.model.to_owned(),
            Self::Tenant => engine.tenant.unwrap_or("(no tenant)").to_owned(),
            Self::Lease => String::new(),
        }
    }
}

/// The rows of a report, and its total under `total`. Which work a rent was for is no question of the rules: rent of GPUs
/// by node, unit, model or tenant is in the total alone.
pub fn rows(case: &Case, books: &Books, by: By) -> Sums {
    let mut sums = Sums::new();
    let mut add = |key: String, sum: Sum| {
        sums.entry(TOTAL.to_owned()).or_default().add(&sum);
        if !key.is_empty() {
            sums.entry(key).or_default().add(&sum);
        }
    };
    let period = |at: i64| match by {
        By::Day => Some(instant(at - at % (24 * HOUR))),
        By::Hour => Some(instant(at - at % HOUR)),
        _ => None,
    };
    for made in &books.made {
        let key = made.revenue.map_or_else(|| "(unpriced)".to_owned(), |_| by.of_engine(case, made.engine, made.at));
        add(key, Sum::made(made));
        add(period(made.at).unwrap_or_else(|| "(overhead)".to_owned()), Sum::cost(made.overhead));
    }
    for owed in &books.owed {
        let Some(cost) = owed.cost else { continue };
        let named = || match by {
            _ if owed.is_overhead => "(overhead)".to_owned(),
            By::Lease if owed.is_rounding => format!("{} (rounding)", owed.rent.lease),
            By::Lease => owed.rent.lease.clone(),
            _ => String::new(),
        };
        add(period(owed.at).unwrap_or_else(named), Sum::cost(cost));
    }
    sums
}

/// By node and by unit: all that its own GPUs cost; `None` where a rate is unknown, no key without any.
pub fn whole_costs(books: &Books, by: By) -> BTreeMap<String, Option<i128>> {
    let mut costs: BTreeMap<String, Option<i128>> = BTreeMap::new();
    for owed in books.owed.iter().filter(|owed| !owed.is_overhead) {
        let key = match by {
            By::Node => owed.rent.node.clone(),
            By::Unit => Some(owed.rent.unit.unwrap_or("(no unit)").to_owned()),
            _ => None,
        };
        if let Some(key) = key {
            let sum = costs.entry(key).or_insert(Some(0));
            *sum = sum.zip(owed.cost).map(|(sum, cost)| sum + cost);
        }
    }
    costs
}
