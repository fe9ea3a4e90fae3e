//! The terms of a simulated fleet: its prices, GPU rates and latency objectives.

use std::time::Duration;

use super::day::{DAY_END, SimulatedLease};
use crate::ledger::Slo;
use crate::pricing::{Book, BookError, Lease, Leased, Pinned};
use crate::units::HourlyRate;

/// Latency objectives of the fictitious fleet, which most of its requests meet.
const OBJECTIVES: Slo =
    Slo { ttft_p99: Some(Duration::from_secs(7)), itl_p99: Some(Duration::from_millis(500)), e2e_p99: None };
/// The price list of the published day's theoretical revenue.
const DAY_LIST: &str = "deepseek-r1-standard";
/// The published rate of a GPU-hour, in dollars.
const DAY_RATE: HourlyRate = HourlyRate::whole(2);

/// The latency objectives of a fictitious fleet: the configured ones, or its own if there are none.
pub fn objectives(configured: Slo) -> Slo {
    if configured == Slo::default() { OBJECTIVES } else { configured }
}

/// Prices the models of a fictitious fleet by the standard lists of DeepSeek's overview, at any hour, unless the
/// configuration names other lists. The later lists of these models have an end date and a night tier.
///
/// # Errors
/// The configuration pins a list that the book does not have.
pub fn price_models(book: &mut Book) -> Result<(), BookError> {
    let mut choices = book.pinned().to_vec();
    for model in ["deepseek-r1", "deepseek-v3"] {
        // A book in another currency does not have these lists.
        let list = Some(format!("{model}-standard")).filter(|list| book.list(list).is_some());
        choices.push(Pinned { model: model.to_owned(), tenant: None, list, paid: None });
    }
    book.pin(choices)
}

/// Prices the published day by the list that its publisher used.
///
/// # Errors
/// The book lacks that list, as one in another currency does.
pub fn price_day(book: &mut Book) -> Result<(), BookError> {
    book.pin(vec![Pinned::list("*", DAY_LIST)])
}

/// The leases of the published day, 5,442 node-hours. GPUs that were allocated when the day ended have no end, so that the
/// last instant has a cost per hour like any other.
pub(super) fn leases(holdings: &[SimulatedLease]) -> Vec<Lease> {
    let lease = |holding: &SimulatedLease| Lease {
        gpus: Some(holding.gpus),
        from: Some(holding.from),
        until: Some(holding.until).filter(|until| *until < DAY_END),
        ..Lease::of(Leased::Node(holding.node.clone()), DAY_RATE)
    };
    holdings.iter().map(lease).collect()
}
