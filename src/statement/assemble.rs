//! Makes a statement of folded rows: their order, their total, and the notes.

use jiff::tz::TimeZone;

use super::costed::Costed;
use super::fold::Fold;
use super::list_uses::ListUses;
use super::row::{Statement, StatementRow, gpu_time};
use super::{By, RowKind, leases};
use crate::ledger::Past;
use crate::natural_order::natural_cmp;
use crate::reading::Label;
use crate::units::Money;

impl Statement {
    /// The statement of a past by one key, in the ledger's zone.
    pub fn of(past: &Past, by: By, zone: &TimeZone) -> Self {
        let costed = Costed::of(past);
        let mut uses = ListUses::new(past);
        let accumulator = if by == By::Lease {
            for cell in &past.tokens {
                uses.note(cell);
            }
            leases::fold(past)
        } else {
            Fold::new(past, by, zone, &costed).run(&mut uses)
        };
        let mut statement = Self::assemble(past, by, accumulator.rows(past, costed.any(), by.is_place()));
        uses.sign(&mut statement);
        statement
    }

    fn assemble(past: &Past, by: By, rows: Vec<StatementRow>) -> Self {
        let rows = rows.into_iter().map(|row| if by == By::Lease { row.of_lease() } else { row });
        let (special, mut keys): (Vec<_>, Vec<_>) = rows.partition(|row| row.kind != RowKind::Key);
        match by {
            By::Hour | By::Day | By::Month => keys.sort_by_key(|row| row.start),
            // A lease's rounding stands right after it, as they were made.
            By::Lease => {}
            _ => {
                keys.sort_by(|a, b| {
                    b.revenue.cmp(&a.revenue).then_with(|| natural_cmp(a.key.as_str(), b.key.as_str()))
                });
            }
        }
        let kept = special.into_iter().filter(|row| row.kind.always() || !row.is_empty());
        keys.extend(kept);
        let mut statement = Self {
            since: past.since,
            until: past.until,
            by,
            total: total(&keys),
            rows: keys,
            uncosted_revenue: Money::ZERO,
            uncertainty: Money::ZERO,
            lost_windows: 0,
            upper_bound: false,
            theoretical: true,
            any_paid: false,
            lists: Vec::new(),
        };
        statement.uncosted_revenue = statement.rows.iter().map(|row| row.uncosted_revenue).sum();
        if !past.tokens.is_empty() && past.tokens.iter().all(|cell| cell.tariff.is_none()) {
            statement.forget_revenue();
        }
        statement.settle();
        statement
    }
}

/// The sum of rows. A figure that is unknown in all rows is unknown.
fn total(rows: &[StatementRow]) -> StatementRow {
    let mut total = StatementRow::new(RowKind::Total, Label::new(RowKind::Total.name()));
    let mut millis = 0;
    for row in rows {
        if let Some(tokens) = row.tokens {
            *total.tokens.get_or_insert_default() += tokens;
        }
        let sums =
            [(&mut total.revenue, row.revenue), (&mut total.cost, row.cost), (&mut total.idle_cost, row.idle_cost)];
        for (sum, amount) in sums {
            if let Some(amount) = amount {
                *sum.get_or_insert_default() += amount;
            }
        }
        millis += row.gpu_time.millis();
        total.lower_bound |= row.lower_bound;
        total.origins.extend(&row.origins);
    }
    total.gpu_time = gpu_time(millis);
    total
}
