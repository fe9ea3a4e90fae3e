//! Rows and their total, and the rounding that makes printed amounts add up.

use std::collections::BTreeMap;

use super::origins::Origins;
use super::{By, Totals};
use crate::ledger::Classes;
use crate::natural_order::natural_cmp;
use crate::reading::{Label, NodeName};
use crate::units::{GpuTime, Money, Ratio, Share, Span, Timestamp, Tokens, gross_margin, profit_on_cost};

/// The kind of a row. Rows without a key come last, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// A key of the statement: an hour, a model, a lease.
    Key,
    /// Time of GPUs without a rate. Revenue whose cost is unknown is in the rows of the accounts that earned it.
    Uncosted,
    /// Tokens without a price, and the cost of producing them.
    Unpriced,
    /// Overhead by the hour and by share of revenue.
    Overhead,
    /// What providers' rounding added at the ends of leases.
    Rounding,
    /// GPUs that were allocated and produced no billable token.
    Idle,
    /// All rows.
    Total,
}

impl RowKind {
    /// The kinds without a key, in the order of their rows.
    pub(super) const SPECIAL: [Self; 5] = [Self::Uncosted, Self::Unpriced, Self::Overhead, Self::Rounding, Self::Idle];

    /// The name in place of a key; empty for a row with a key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "",
            Self::Uncosted => "(uncosted)",
            Self::Unpriced => "(unpriced)",
            Self::Overhead => "(overhead)",
            Self::Rounding => "(rounding)",
            Self::Idle => "(idle)",
            Self::Total => "total",
        }
    }

    /// Whether a statement has the row even when it is empty.
    pub(super) const fn always(self) -> bool {
        matches!(self, Self::Uncosted | Self::Unpriced | Self::Idle)
    }
}

/// One row, or the total. `None` is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// Its kind.
    pub kind: RowKind,
    /// Its key; `(idle)` and the like for rows without a key.
    pub key: Label,
    /// The beginning of a period, or of a lease's first posted cost.
    pub start: Option<Timestamp>,
    /// The end of a period, or of a lease's last posted cost; exclusive.
    pub end: Option<Timestamp>,
    /// The node of a lease that is for one node only.
    pub node: Option<NodeName>,
    /// Tokens; `None` where a row has none of its own: a lease earns nothing.
    pub tokens: Option<Classes>,
    /// GPU time that was paid.
    pub gpu_time: GpuTime,
    /// Its revenue.
    pub revenue: Option<Money>,
    /// The part of the revenue whose cost is unknown, which is in no profit.
    pub uncosted_revenue: Money,
    /// Its cost.
    pub cost: Option<Money>,
    /// Revenue with a known cost less cost.
    pub profit: Option<Money>,
    /// The part of the cost that is for idle GPUs.
    pub idle_cost: Option<Money>,
    /// By node and by unit, the cost of all its own GPUs, whichever rows it is in: idle time is in `(idle)`, and work
    /// without a price in `(unpriced)`. `None` if a rate is unknown or a lease of the whole unit pays, and in all other
    /// rows.
    pub whole_cost: Option<Money>,
    /// By node and by unit, its own tokens without a price, which are in `(unpriced)`; `None` in all other rows.
    pub unpriced_tokens: Option<Tokens>,
    /// Whether the true revenue may be higher: there are tokens without a price, or lost windows.
    pub lower_bound: bool,
    /// The lists and rates behind its amounts.
    pub origins: Origins,
    /// Revenue with a known cost, and that cost, as they were before they were rounded.
    pub(super) unrounded: Option<(Money, Money)>,
}

/// A list and tier under which tokens were posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListUse {
    /// The list.
    pub list: Label,
    /// The tier.
    pub tier: Label,
    /// The paid share; `None` if none was set.
    pub paid: Option<Share>,
    /// From when on, if the prices of this name and tier changed.
    pub from: Option<Timestamp>,
    /// Until when, likewise.
    pub until: Option<Timestamp>,
    /// The number of tokens.
    pub tokens: Tokens,
    /// Their revenue.
    pub revenue: Money,
}

/// The past folded by one key. Amounts are exact until [`rounded`](Statement::rounded).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its beginning.
    pub since: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
    /// The key of its rows.
    pub by: By,
    /// Rows with keys first, by time or else by revenue, then the rows without a key.
    pub rows: Vec<StatementRow>,
    /// The sum of the rows.
    pub total: StatementRow,
    /// Revenue whose cost is unknown: it is in the total's revenue, and not in its profit.
    pub uncosted_revenue: Money,
    /// The largest error of the revenue, either way.
    pub uncertainty: Money,
    /// The number of lost windows.
    pub lost_windows: u64,
    /// Whether misses may have been hits, so that the true revenue may be lower.
    pub upper_bound: bool,
    /// Whether at least a part of it is at list price because no paid share was set.
    pub theoretical: bool,
    /// Whether a paid share was set for at least a part of it.
    pub any_paid: bool,
    /// Lists in force, by revenue.
    pub lists: Vec<ListUse>,
}

impl StatementRow {
    /// A row in which nothing is known yet.
    pub fn new(kind: RowKind, key: Label) -> Self {
        Self {
            kind,
            key,
            start: None,
            end: None,
            node: None,
            tokens: None,
            gpu_time: GpuTime::ZERO,
            revenue: None,
            uncosted_revenue: Money::ZERO,
            cost: None,
            profit: None,
            idle_cost: None,
            whole_cost: None,
            unpriced_tokens: None,
            lower_bound: false,
            origins: Origins::default(),
            unrounded: None,
        }
    }

    /// Profit by the figures of the row: `None` if the cost is unknown, and minus the cost if the revenue is.
    pub(super) fn settle(&mut self) {
        self.profit = match self.kind {
            RowKind::Uncosted => None,
            RowKind::Unpriced => self.tokens.and(self.cost).map(|cost| -cost),
            _ => self.covered().map(|(revenue, cost)| revenue - cost),
        };
    }

    /// Revenue whose cost is known, and that cost; `None` if either is unknown.
    pub fn covered(&self) -> Option<(Money, Money)> {
        self.revenue.zip(self.cost).map(|(revenue, cost)| (revenue - self.uncosted_revenue, cost))
    }

    /// Profit as a share of cost, of exact amounts: a share of rounded ones is off while they are a few cents.
    pub fn profit_on_cost(&self) -> Option<Ratio> {
        self.exact().and_then(|(revenue, cost)| profit_on_cost(revenue, cost))
    }

    /// Profit as a share of the revenue with a known cost, of exact amounts.
    pub fn gross_margin(&self) -> Option<Ratio> {
        self.exact().and_then(|(revenue, cost)| gross_margin(revenue, cost))
    }

    fn exact(&self) -> Option<(Money, Money)> {
        let shown = self.covered()?;
        Some(self.unrounded.unwrap_or(shown))
    }

    /// A lease has no revenue: figures that are not its own are unknown.
    pub(super) fn of_lease(mut self) -> Self {
        (self.tokens, self.revenue, self.uncosted_revenue, self.lower_bound) = (None, None, Money::ZERO, false);
        self.settle();
        self
    }

    /// All prompt tokens: misses and hits.
    pub fn prompt(&self) -> Option<Tokens> {
        self.tokens.map(|tokens| tokens.miss + tokens.hit)
    }

    /// Whether the row is empty.
    pub fn is_empty(&self) -> bool {
        let none = |amount: Option<Money>| amount.is_none_or(Money::is_zero);
        let silent = self.tokens.is_none_or(Classes::is_zero) && self.gpu_time == GpuTime::ZERO;
        silent && none(self.revenue) && none(self.cost)
    }
}

impl Statement {
    /// The same with amounts rounded to so many decimals, at most 15. Each row is the difference of two rounded running
    /// sums, so that rows add up to the total, which is rounded once; profit is the shown revenue less the shown cost.
    #[must_use]
    pub fn rounded(mut self, places: u32) -> Self {
        let [revenue, mut cost, mut idle] = std::array::from_fn(|_| RunningSum::new(places));
        let both = |row: &StatementRow| row.revenue.map(|amount| (amount - row.uncosted_revenue, row.uncosted_revenue));
        let both: Vec<_> = self.rows.iter().map(|row| both(row).unwrap_or_default()).collect();
        for row in self.rows.iter_mut().chain([&mut self.total]) {
            row.unrounded = row.unrounded.or_else(|| row.covered());
        }
        self.uncosted_revenue = Money::ZERO;
        for (row, (covered, uncosted)) in self.rows.iter_mut().zip(revenue.add_both(&both)) {
            row.uncosted_revenue = uncosted;
            self.uncosted_revenue += uncosted;
            row.revenue = row.revenue.map(|_| covered + uncosted);
            row.cost = row.cost.map(|amount| cost.add(amount));
            row.idle_cost = row.idle_cost.map(|amount| idle.add(amount));
            row.whole_cost = row.whole_cost.map(|amount| amount.round_to(places));
            row.settle();
        }
        let total = &mut self.total;
        total.revenue = total.revenue.map(|amount| amount.round_to(places));
        total.cost = total.cost.map(|amount| amount.round_to(places));
        total.idle_cost = total.idle_cost.map(|amount| amount.round_to(places));
        self.uncertainty = self.uncertainty.round_to(places);
        self.settle();
        self
    }

    /// The time was not watched: its amounts are unknown, not zero.
    #[must_use]
    pub fn unwatched(mut self) -> Self {
        for row in self.rows.iter_mut().chain([&mut self.total]) {
            (row.revenue, row.cost, row.profit, row.idle_cost, row.whole_cost) = (None, None, None, None, None);
        }
        self
    }

    /// Nothing was produced, and nothing has a price: revenue is unknown, not zero.
    #[must_use]
    pub fn without_revenue(mut self) -> Self {
        self.forget_revenue();
        self
    }

    /// Nothing that was produced has a price: revenue is unknown, not zero.
    pub(super) fn forget_revenue(&mut self) {
        self.uncosted_revenue = Money::ZERO;
        for row in self.rows.iter_mut().chain([&mut self.total]) {
            (row.revenue, row.uncosted_revenue) = (None, Money::ZERO);
            row.settle();
        }
    }

    /// The total's profit by its shown figures. If all revenue is unknown, so is the profit of every row.
    pub(super) fn settle(&mut self) {
        if self.total.revenue.is_none() {
            self.rows.iter_mut().for_each(|row| row.profit = None);
        }
        self.total.uncosted_revenue = self.uncosted_revenue;
        self.total.settle();
    }
}

/// The revenue of each key as a statement prints it: rows add up to the total, which is rounded once.
pub fn rounded_revenues(totals: BTreeMap<Label, Totals>, places: u32) -> BTreeMap<Label, Money> {
    let mut rows: Vec<_> = totals.into_iter().collect();
    rows.sort_by(|(a_key, a), (b_key, b)| {
        b.revenue.cmp(&a.revenue).then_with(|| natural_cmp(a_key.as_str(), b_key.as_str()))
    });
    let both: Vec<_> = rows.iter().map(|(_, totals)| (totals.covered_revenue(), totals.uncosted_revenue)).collect();
    let shown = RunningSum::new(places).add_both(&both);
    rows.into_iter().zip(shown).map(|((key, _), (covered, uncosted))| (key, covered + uncosted)).collect()
}

/// A sum with rounded parts that add up to its rounded value.
#[derive(Debug, Clone)]
pub struct RunningSum {
    places: u32,
    exact: Money,
    shown: Money,
}

impl RunningSum {
    /// A sum of amounts with so many decimals, at most 15.
    pub const fn new(places: u32) -> Self {
        Self { places, exact: Money::ZERO, shown: Money::ZERO }
    }

    /// Adds an amount, and returns the shown one.
    pub fn add(&mut self, amount: Money) -> Money {
        self.exact += amount;
        let upto = self.exact.round_to(self.places);
        let part = upto - self.shown;
        self.shown = upto;
        part
    }

    /// Revenue of rows with and without a known cost, as shown. Revenue without a known cost comes last: then the
    /// amount that profit is computed from is rounded once, too.
    fn add_both(mut self, rows: &[(Money, Money)]) -> Vec<(Money, Money)> {
        let covered: Vec<_> = rows.iter().map(|(covered, _)| self.add(*covered)).collect();
        let uncosted: Vec<_> = rows.iter().map(|(_, uncosted)| self.add(*uncosted)).collect();
        covered.into_iter().zip(uncosted).collect()
    }
}

/// GPU time of rows in hours, as counts of `10^-places`, at most 6, rounded like amounts, so that they add up to the
/// total, which comes last.
pub fn rounded_hours(rows: impl IntoIterator<Item = GpuTime>, places: u32) -> Vec<i128> {
    // Hours are rounded by the same code as money.
    const MICROS: i128 = Money::GRAINS_PER_UNIT / 3_600_000;
    let amount = |time: GpuTime| Money::from_grains(i128::from(time.millis()) * MICROS);
    let mut running = RunningSum::new(places);
    let mut hours: Vec<_> = rows.into_iter().map(|time| running.add(amount(time)).rounded(places)).collect();
    hours.push(running.shown.rounded(places));
    hours
}

/// GPU time of so many milliseconds.
pub(super) fn gpu_time(millis: i64) -> GpuTime {
    GpuTime::of(1, Span::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_a_cent_is_in_one_row_of_three() {
        let third = Money::from_grains(Money::GRAINS_PER_UNIT / 300);
        let mut running = RunningSum::new(2);
        let shown: Vec<_> = (0..3).map(|_| running.add(third).rounded(2)).collect();
        assert_eq!(shown, [0, 1, 0]);
    }

    /// Class: shares of amounts that were rounded to cents, while they are a few cents.
    #[test]
    fn margins_are_those_of_the_exact_amounts() {
        let amount = |micros| Money::from_micros(micros);
        let totals = Totals { revenue: amount(14_000), cost: Some(amount(6_000)), ..Totals::default() }.rounded(2);
        assert_eq!((totals.revenue, totals.cost), (amount(10_000), Some(amount(10_000))));
        let percent = |ratio: Option<Ratio>| ratio.map(|ratio| (ratio.get() * 1e4).round());
        assert_eq!((percent(totals.profit_on_cost()), percent(totals.gross_margin())), (Some(13_333.0), Some(5_714.0)));
        assert_eq!(crate::statement::break_even_load(&totals), Some(428_571), "0.006 of 0.014");
        let mut row = StatementRow::new(RowKind::Key, Label::new("m"));
        (row.revenue, row.cost) = (Some(amount(14_000)), Some(amount(6_000)));
        row.unrounded = row.covered();
        (row.revenue, row.cost) = (Some(amount(10_000)), Some(amount(10_000)));
        assert_eq!((percent(row.profit_on_cost()), percent(row.gross_margin())), (Some(13_333.0), Some(5_714.0)));
        row.revenue = None;
        assert_eq!(row.profit_on_cost(), None, "what is not known has no margin");
    }

    #[test]
    fn hours_add_up_to_the_total() {
        let hours = rounded_hours([1, 1, 1, 3_600_000].map(gpu_time), 6);
        assert_eq!(hours, [0, 1, 0, 1_000_000, 1_000_001]);
        assert_eq!(rounded_hours([], 6), [0]);
    }
}
