//! The answers: small results of folds over the ledger's past, ready to be drawn. Pure.

use jiff::tz::TimeZone;

use super::{Against, MoneyQuery, WhatIfQuery};
use crate::ledger::Past;
use crate::natural_order::natural_cmp;
use crate::pricing::{Book, PriceList};
use crate::reading::Label;
use crate::statement::{
    BreakEven, Bridge, By, Capacity, Causes, Levels, Lever, MonthToDate, Period, RevenueAtList, RowKind, Statement,
    Totals, WhatIf, WhatIfChange, break_even, compare, levers, month_of, what_if,
};
use crate::units::{Money, Span, Timestamp};

/// The longest local day, with any change of the clocks.
const MOST_HOURS: usize = 28;
/// The decimals of shown amounts.
pub(super) const CENTS: u32 = 2;

/// One local hour of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Its beginning.
    pub begin: Timestamp,
    /// Its revenue; `None` if nothing is known, and in future hours.
    pub revenue: Option<Money>,
    /// Its cost.
    pub cost: Option<Money>,
    /// Its profit.
    pub profit: Option<Money>,
    /// Whether the true revenue may be higher.
    pub lower_bound: bool,
}

/// The bridge between two spans, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The requested earlier span.
    pub against: Against,
    /// The bridge; `None` if nothing is known of the earlier span.
    pub bridge: Option<Bridge>,
    /// The first known instant of the earlier span, if that is not its beginning.
    pub known_from: Option<Timestamp>,
    /// Whether a part of either span was not watched.
    pub unwatched: bool,
    /// The figures behind the causes; `None` if the spans cannot be compared as a whole.
    pub causes: Option<Causes>,
}

/// The answer for the money view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyPage {
    /// The instant up to which it is known.
    pub at: Timestamp,
    /// The hours of today; 23 to 25.
    pub hours: Vec<Hour>,
    /// Today by model.
    pub models: Statement,
    /// Today by tier.
    pub tiers: Statement,
    /// Today by the other key, if one was requested.
    pub grouped: Option<(By, Statement)>,
    /// The changes that affect today's profit most.
    pub levers: Vec<(Lever, Money)>,
    /// The sums of today.
    pub totals: Totals,
    /// The values at which today breaks even.
    pub break_even: BreakEven,
    /// The number of nodes that today's load needed.
    pub capacity: Capacity,
    /// The month to date; `None` if nothing is known of it.
    pub month: Option<MonthToDate>,
    /// Why the profit an hour changed.
    pub bridge: Crossing,
    /// Today's tokens at every list, the best first.
    pub compare: Vec<RevenueAtList>,
}

/// The answer of a scenario of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIfPage {
    /// Its beginning.
    pub since: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// The query.
    pub changed: WhatIfChange<Label>,
    /// The sums before and after the changes.
    pub what_if: WhatIf,
    /// Whether the book has no list of the requested name.
    pub unknown_list: bool,
    /// Whether a number of nodes was requested and no node is known by name.
    pub unknown_nodes: bool,
    /// The lists that can be requested, by name.
    pub lists: Vec<Label>,
    /// The changes that affect today's profit most.
    pub levers: Vec<(Lever, Money)>,
    /// Today's tokens at every list, the best first.
    pub compare: Vec<RevenueAtList>,
    /// The lists at which they were posted.
    pub in_force: Vec<Label>,
}

impl MoneyPage {
    /// The page of four pasts, as [`time_ranges`](super::time_ranges) requests them.
    pub fn of(
        query: MoneyQuery,
        [today, month, before, after]: &[Past; 4],
        book: &Book,
        zone: &TimeZone,
        budget: Option<Money>,
    ) -> Self {
        let totals = Totals::of(today);
        let month_ends = month_of(zone, query.at).1;
        let to_date = |_| MonthToDate::rounded(month, month.began, month_ends, budget, CENTS);
        let bridge = Crossing::of(query.against, before, after);
        Self {
            at: query.at,
            hours: hours(today, query.at, zone),
            models: Statement::of(today, By::Model, zone).rounded(CENTS),
            tiers: Statement::of(today, By::Tier, zone).rounded(CENTS),
            grouped: (!matches!(query.by, By::Model | By::Tier))
                .then(|| (query.by, Statement::of(today, query.by, zone).rounded(CENTS))),
            levers: levers(today),
            totals: totals.rounded(CENTS),
            break_even: break_even(today, &totals),
            capacity: Capacity::of(today, zone).rounded(CENTS),
            month: first_known(month).map(to_date),
            bridge,
            compare: at_every_list(today, book),
        }
    }
}

impl MoneyPage {
    /// Today by the requested key, or by model until the answer arrives.
    pub fn table(&self, by: By) -> (By, &Statement) {
        match &self.grouped {
            _ if by == By::Tier => (by, &self.tiers),
            Some((grouped, statement)) if *grouped == by => (by, statement),
            _ => (By::Model, &self.models),
        }
    }
}

impl Crossing {
    fn of(against: Against, before: &Past, after: &Past) -> Self {
        let known = first_known(before);
        Self {
            against,
            bridge: known
                .map(|_| Bridge::between(before, after).rounded(CENTS))
                .filter(|bridge| bridge.compared.both > Span::ZERO),
            known_from: known.filter(|from| *from > before.since),
            unwatched: !before.unwatched.is_empty() || !after.unwatched.is_empty(),
            causes: known.and_then(|_| Causes::between(before, after)),
        }
    }
}

impl WhatIfPage {
    /// The page of today.
    pub fn of(query: &WhatIfQuery, today: &Past, book: &Book) -> Self {
        let changed = query.changed.clone();
        let list = changed.list.as_ref().and_then(|name| ours(book, name));
        let change = changed.clone().with_list(list);
        // If no node is known by name, their number cannot be changed.
        let unknown_nodes = change.nodes.is_some() && what_if(today, &change).is_none();
        let change = if unknown_nodes { WhatIfChange { nodes: None, ..change } } else { change };
        let now = Totals::of(today);
        let break_even = break_even(today, &now);
        let as_it_was = WhatIf { before: now, after: now, break_even, levels: Levels::of(today) };
        let WhatIf { before, after, break_even, levels } = what_if(today, &change).unwrap_or(as_it_was);
        let mut lists: Vec<_> = book.lists().map(|list| Label::new(&list.name)).collect();
        lists.retain(|name| ours(book, name).is_some());
        lists.sort_by(|a, b| natural_cmp(a.as_str(), b.as_str()));
        Self {
            since: today.since,
            until: today.until,
            unknown_list: changed.list.is_some() && list.is_none(),
            unknown_nodes,
            changed,
            what_if: WhatIf { before: before.rounded(CENTS), after: after.rounded(CENTS), break_even, levels },
            lists,
            levers: levers(today),
            compare: at_every_list(today, book),
            in_force: Statement::of(today, By::Model, &TimeZone::UTC).lists.into_iter().map(|used| used.list).collect(),
        }
    }
}

fn at_every_list(today: &Past, book: &Book) -> Vec<RevenueAtList> {
    compare(today, book, book.currency()).into_iter().map(|at| at.rounded(CENTS)).collect()
}

/// A list of the ledger's currency, by its name.
fn ours<'a>(book: &'a Book, name: &Label) -> Option<&'a PriceList> {
    book.list(name.as_str()).filter(|list| list.currency == book.currency())
}

/// The first known instant.
fn first_known(past: &Past) -> Option<Timestamp> {
    let tokens = past.tokens.iter().map(|cell| cell.bucket);
    tokens.chain(past.gpu_times.iter().map(|cell| cell.bucket)).min()
}

/// Every local hour of today; hours without a row are unknown.
pub(super) fn hours(today: &Past, at: Timestamp, zone: &TimeZone) -> Vec<Hour> {
    let statement = Statement::of(today, By::Hour, zone).rounded(CENTS);
    // If nothing has a price, revenue is unknown, not zero.
    let priced = !statement.lists.is_empty();
    let day = Period::of(By::Day, zone, at);
    // Missing tokens are known by day only, and may be missing from any of its hours.
    let is_bound = statement.total.lower_bound || statement.lost_windows > 0;
    let mut hours = Vec::new();
    let mut begin = day.begin;
    while begin < day.end && hours.len() < MOST_HOURS {
        let row = statement.rows.iter().find(|row| row.kind == RowKind::Key && row.start == Some(begin));
        let amount = |of: Option<Money>| of.filter(|_| priced);
        hours.push(Hour {
            begin,
            revenue: row.and_then(|row| amount(row.revenue)),
            cost: row.and_then(|row| row.cost),
            profit: row.and_then(|row| amount(row.profit)),
            lower_bound: row.is_some() && is_bound,
        });
        begin = Period::of(By::Hour, zone, begin).end;
    }
    hours
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_all_its_hours_and_none_of_them_is_known_without_a_ledger() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (noon, count) in [("2026-03-29T12:00:00Z", 23), ("2026-10-25T12:00:00Z", 25), ("2026-11-23T12:00:00Z", 24)]
        {
            let at = Timestamp::from_millis(noon.parse::<jiff::Timestamp>().unwrap().as_millisecond());
            let hours = hours(&Past { since: at, until: at, ..Past::default() }, at, &zone);
            assert_eq!(hours.len(), count, "{noon}");
            assert!(hours.iter().all(|hour| (hour.revenue, hour.cost, hour.profit) == (None, None, None)));
            assert!(hours.windows(2).all(|pair| (pair[1].begin - pair[0].begin).millis() == 3_600_000));
        }
    }
}
