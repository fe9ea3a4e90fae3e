//! The terms that a simulated fleet works under: its prices, its rent and its latency objectives.

use std::time::Duration;

use super::day::{DAY_END, Holding};
use crate::ledger::Slo;
use crate::pricing::{Book, BookError, Lease, Leased, Pinned};
use crate::units::HourlyRate;

/// Latency objectives of the made-up fleet. Most of its requests meet them.
const OBJECTIVES: Slo =
    Slo { ttft_p99: Some(Duration::from_secs(7)), itl_p99: Some(Duration::from_millis(500)), e2e_p99: None };
/// The price list of the published day's theoretical revenue.
const DAY_LIST: &str = "deepseek-r1-standard";
/// The published rent of a GPU-hour, in dollars.
const DAY_RATE: HourlyRate = HourlyRate::whole(2);

/// The latency objectives of a made-up fleet: the configured ones, or its own if none are configured.
pub fn objectives(configured: Slo) -> Slo {
    if configured == Slo::default() { OBJECTIVES } else { configured }
}

/// Prices the models of a made-up fleet by the standard lists of DeepSeek's overview, at any hour, unless the configuration
/// names other lists. The later lists of these models have an end, and a tier by night.
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
pub fn price_day(book: &mut Book) -> Result<(), BookError> {
    book.pin(vec![Pinned::list("*", DAY_LIST)])
}

/// The leases of the published day: 5,442 node-hours. What was held when the day ended has no end, so that the last instant has
/// a cost an hour like any other.
pub(super) fn leases(holdings: &[Holding]) -> Vec<Lease> {
    let lease = |holding: &Holding| Lease {
        gpus: Some(holding.gpus),
        from: Some(holding.from),
        until: Some(holding.until).filter(|until| *until < DAY_END),
        ..Lease::of(Leased::Node(holding.node.clone()), DAY_RATE)
    };
    holdings.iter().map(lease).collect()
}
