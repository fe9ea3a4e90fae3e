//! The headline where the profit an hour is not known: the true reason, and what to do.

use std::sync::Arc;

use super::headline::{dollars, fleet, words};
use margintop::reading::{EngineRole, Label};
use margintop::snapshot::{EngineRow, QUARANTINED, Snapshot};

#[test]
fn what_is_not_known_is_said_with_what_to_do() {
    let mut snapshot = fleet(5, 2);
    snapshot.money.profit_per_hour = None;
    snapshot.money.cost_per_hour = None;
    snapshot.money.unrated_gpus = 8;
    assert_eq!(
        words(&snapshot, None),
        "Revenue $5.00/h; the profit is unknown, as no GPU has a rate. Write a [[lease]]."
    );
    (snapshot.money.revenue_per_hour, snapshot.money.cost_per_hour) = (None, Some(dollars(2)));
    snapshot.models.iter_mut().for_each(|row| row.money.list = None);
    assert_eq!(
        words(&snapshot, None),
        "The GPUs cost $2.00/h; the profit is unknown, as no model has a price. Write a [[price]]."
    );
    snapshot.money.per_hour_preliminary = true;
    assert!(words(&snapshot, None).contains("as no model has a price"), "also at the start");
    snapshot.money.cost_per_hour = None;
    assert_eq!(words(&snapshot, None), "Neither a price nor a GPU rate is known. Write a [[price]] and a [[lease]].");
}

/// A fleet of priced models whose revenue an hour is unknown.
fn without_revenue() -> Snapshot {
    let mut snapshot = fleet(5, 2);
    (snapshot.money.profit_per_hour, snapshot.money.revenue_per_hour) = (None, None);
    snapshot
}

fn of_first_engine(snapshot: &mut Snapshot, change: impl FnOnce(&mut EngineRow)) {
    change(Arc::make_mut(&mut snapshot.engines[0]));
}

#[test]
fn an_unknown_revenue_has_its_own_reason_and_not_a_missing_price() {
    let why = |snapshot: &Snapshot| {
        let words = words(snapshot, None);
        let rest = words.strip_prefix("The GPUs cost $2.00/h; the profit is unknown, as ").map(str::to_owned);
        rest.unwrap_or(words)
    };
    let mut silent = without_revenue();
    silent.coverage.engines_live = 0;
    assert_eq!(why(&silent), "no engine answers.");
    silent.coverage.engines_known = 0;
    silent.engines.clear();
    silent.models.clear();
    assert_eq!(why(&silent), "no engine is found.");
    let mut lacks = without_revenue();
    of_first_engine(&mut lacks, |row| row.output_total = None);
    assert_eq!(why(&lacks), "vllm :8000 has no count of output tokens.");
    of_first_engine(&mut lacks, |row| row.prompt_total = None);
    assert_eq!(why(&lacks), "vllm :8000 has no count of prompt tokens.");
    of_first_engine(&mut lacks, |row| row.role = EngineRole::Decode);
    assert_eq!(why(&lacks), "vllm :8000 has no count of output tokens.", "decode counts no prompts");
    let mut moved = without_revenue();
    of_first_engine(&mut moved, |row| row.note = Some(Label::new(QUARANTINED)));
    assert_eq!(why(&moved), "vllm :8000 has a counter that moved without a known cause.");
    let mut first = without_revenue();
    of_first_engine(&mut first, |row| (row.prompt_per_second, row.output_per_second) = (None, None));
    let one = first.engines[0].clone();
    first.engines.push(one);
    assert_eq!(why(&first), "vllm :8000 and one more engine have no known rate of tokens yet.");
    first.money.per_hour_preliminary = true;
    assert_eq!(words(&first, None), "The GPUs cost $2.00/h; it is too early to say what an hour earns.");
}

#[test]
fn an_unknown_cost_has_its_own_reason_and_not_a_missing_rate() {
    let mut snapshot = fleet(5, 2);
    (snapshot.money.profit_per_hour, snapshot.money.cost_per_hour) = (None, None);
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; the profit is unknown, as the GPUs have no known cost yet.");
    snapshot.money.per_hour_preliminary = true;
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; it is too early to say what an hour earns.");
    snapshot.gpus.reporting = 0;
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; the profit is unknown, as no GPU reports.");
    snapshot.gpus.count = 0;
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; the profit is unknown, as no GPU is found.");
    snapshot.money.revenue_per_hour = None;
    snapshot.coverage.engines_live = 0;
    assert_eq!(words(&snapshot, None), "The profit is unknown, as no engine answers and no GPU is found.");
}

#[test]
fn a_profit_that_is_known_is_said_however_young() {
    let mut young = fleet(5, 2);
    young.money.per_hour_preliminary = true;
    assert!(words(&young, None).starts_with("Earning +$3.00/h so far."), "{}", words(&young, None));
    (young.money.revenue_per_hour, young.money.cost_per_hour, young.money.profit_per_hour) = (None, None, None);
    assert_eq!(words(&young, None), "It is too early to say what an hour earns.");
}
