//! What is paid, lease by lease, to lay beside an invoice.

use std::collections::{BTreeMap, HashSet};

use super::RowKind;
use super::bucket::Buckets;
use super::desk::{Desk, RowId};
use crate::ledger::{Landlord, Past, RentKind};
use crate::reading::Label;

/// Rows of leases in the order of their names, each with what rounding added right after it.
pub(super) fn fold(past: &Past) -> Desk {
    let mut desk = Desk::new();
    let rows = rows(past, &mut desk);
    for bucket in Buckets::of(past).iter() {
        for cell in bucket.rents {
            let landlord = past.landlord(cell.landlord);
            let time = if landlord.kind == RentKind::Gpus { cell.held.millis() } else { 0 };
            let (Some(row), Some(cost)) = (rows[cell.landlord.index()], landlord.cost(cell)) else {
                desk.add_time(Desk::special(RowKind::Uncosted), time);
                continue;
            };
            desk.add_cost(row, cost);
            desk.add_time(row, time);
            desk.extend(row, bucket.at, bucket.end);
            if landlord.kind == RentKind::Gpus {
                desk.add_idle(row, landlord.idle_cost(cell).unwrap_or_default());
            }
        }
    }
    desk
}

/// The row of each landlord that was paid in this past, by number.
fn rows(past: &Past, desk: &mut Desk) -> Vec<Option<RowId>> {
    let paid: HashSet<_> = past.rents.iter().map(|cell| cell.landlord.index()).collect();
    let mut named: BTreeMap<(Label, RentKind), Vec<usize>> = BTreeMap::new();
    for (number, landlord) in past.landlords.iter().enumerate().filter(|(number, _)| paid.contains(number)) {
        if let Some(name) = name(landlord) {
            named.entry((name, landlord.kind)).or_default().push(number);
        }
    }
    let mut rows = vec![None; past.landlords.len()];
    for ((name, kind), landlords) in named {
        let row = match kind {
            RentKind::Gpus => desk.key(&name),
            RentKind::Rounding => desk.key(&Label::new(&format!("{name} {}", RowKind::Rounding.name()))),
            RentKind::Overhead => Desk::special(RowKind::Overhead),
        };
        let node = past.landlords[landlords[0]].node.as_ref();
        desk.name_node(row, node.filter(|_| landlords.iter().all(|at| past.landlords[*at].node.as_ref() == node)));
        for landlord in landlords {
            rows[landlord] = Some(row);
        }
    }
    rows
}

/// The lease as a person names it, else the assumption; none without a rate.
fn name(landlord: &Landlord) -> Option<Label> {
    let rate = landlord.rate?;
    Some(landlord.lease.clone().unwrap_or_else(|| Label::new(&format!("{} assumed {rate}", landlord.gpu))))
}
