//! Ranks: the worst one of a unit, and their shares of what their engine earned.

use crate::support;

use margintop::efficiency::efficiency;
use margintop::fleet::{Fleet, TargetInfo};
use margintop::history::{History, Measure, Query, Subject};
use margintop::reading::{
    EngineKind, EngineReading, Event, LiveTokens, ModelName, PageReading, Rank, TokenCounters, UnitName,
};
use margintop::snapshot::{EngineRow, UnitRow};
use margintop::units::{Moment, Money, Span, Tokens};
use support::{answered, at, counters, fleet, gpus, member, moment, page, page_of_rank};

const MODEL: &str = "deepseek-r1";

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_secs(seconds))
}

fn watched() -> Fleet {
    let in_unit = TargetInfo { unit: Some(UnitName::new("u")), ..member("e", "n", None) };
    let mut fleet = fleet(vec![in_unit], after(0));
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    fleet
}

/// A page of these readings.
fn page_of(engines: Vec<EngineReading>) -> PageReading {
    PageReading { engines, ..page(MODEL, TokenCounters::default(), None) }
}

/// A page of ranks that count their own tokens: the output of each.
fn counting(outputs: &[u64]) -> PageReading {
    let rank = |(n, output): (usize, &u64)| page_of_rank(MODEL, &n.to_string(), counters(2 * output, *output, *output));
    page_of(outputs.iter().enumerate().map(rank).collect())
}

/// A page whose tokens are counted for the engine as a whole, beside the live output of each rank.
fn whole(tokens: TokenCounters, live: &[u64]) -> PageReading {
    let reading = |rank: Option<usize>| {
        let rank = rank.map(|n| Rank::new(&n.to_string()));
        EngineReading::new(EngineKind::named("sglang"), Some(ModelName::new(MODEL)), rank)
    };
    let of_rank = |(n, output): (usize, &u64)| {
        let live = LiveTokens { output: Some(Tokens::new(*output)), ..LiveTokens::default() };
        EngineReading { live: Some(live), ..reading(Some(n)) }
    };
    let ranks = live.iter().enumerate().map(of_rank);
    page_of(std::iter::once(EngineReading { tokens, ..reading(None) }).chain(ranks).collect())
}

fn poll(fleet: &mut Fleet, second: i64, page: PageReading) {
    fleet.apply(answered("e", after(second), page));
    fleet.apply(Event::Tick(after(second)));
}

/// Class: an engine whose own row holds the totals of its ranks. Sums over rows have them once: the history's engine, node
/// and model, and the tokens of a node beside the published day.
#[test]
fn what_is_in_the_engines_own_row_is_summed_once() {
    let mut fleet = watched();
    for second in 0..30_u64 {
        let tokens = counters(2_000 * second, 0, 1_000 * second);
        poll(&mut fleet, second.cast_signed(), whole(tokens, &[700 * second, 300 * second]));
    }
    let snapshot = fleet.snapshot();
    let made = snapshot.tokens.output_per_second.unwrap();
    let marked: Vec<_> = snapshot.engines.iter().map(|row| (row.rank.is_some(), row.in_engine_row)).collect();
    assert_eq!(marked, [(false, false), (true, true), (true, true)]);
    let history = History::default();
    history.record(&snapshot, Span::from_secs(5));
    let until = snapshot.at + Span::from_secs(60);
    let engine = Subject::Engine(snapshot.engines[0].target.clone(), None);
    let node = Subject::Node(snapshot.nodes[0].name.clone());
    for subject in [engine, node, Subject::Model(ModelName::new(MODEL))] {
        let query = Query { subject, measure: Measure::Output, until, step: Span::from_secs(60), points: 2 };
        let drawn = history.series(&query).points.into_iter().flatten().next().unwrap();
        assert!((drawn - made).abs() < made * 0.01, "{:?}: {drawn} of {made}", query.subject);
    }
    let a_node = efficiency(&snapshot).output_per_node.unwrap();
    assert!((a_node - made).abs() < made * 0.01, "{a_node} of {made}");
}

/// Where each rank counts its own tokens, there is no row that holds them too.
#[test]
fn ranks_that_count_for_themselves_are_all_summed() {
    let mut fleet = watched();
    for second in 0..30_u64 {
        poll(&mut fleet, second.cast_signed(), counting(&[700 * second, 300 * second]));
    }
    assert!(fleet.snapshot().engines.iter().all(|row| !row.in_engine_row));
}

fn unit(fleet: &Fleet) -> UnitRow {
    fleet.snapshot().units[0].clone()
}

/// The rows of the engine, by rank; the engine's own is first.
fn rows(fleet: &Fleet) -> Vec<EngineRow> {
    fleet.snapshot().engines.iter().map(|row| (**row).clone()).collect()
}

#[test]
fn the_worst_rank_is_reported_once_the_window_is_full() {
    let mut fleet = watched();
    for second in 0..=9_u64 {
        poll(&mut fleet, i64::try_from(second).unwrap(), counting(&[10 * second, 30 * second]));
        assert_eq!(unit(&fleet).worst, None, "{second} s of a window of ten");
    }
    poll(&mut fleet, 10, counting(&[100, 300]));
    let worst = unit(&fleet).worst.unwrap();
    assert_eq!((worst.rank, worst.over_mean.get()), (Rank::new("1"), 1.5));
}

#[test]
fn a_rank_that_appears_has_no_load_until_its_window_is_full() {
    let mut fleet = watched();
    for second in 0..20_u64 {
        poll(&mut fleet, i64::try_from(second).unwrap(), counting(&[10 * second, 30 * second]));
    }
    for second in 20..30_u64 {
        let late = 1000 * (second - 20);
        poll(&mut fleet, i64::try_from(second).unwrap(), counting(&[10 * second, 30 * second, late]));
        assert_eq!(unit(&fleet).worst.unwrap().rank, Rank::new("1"), "at {second} s");
    }
    poll(&mut fleet, 30, counting(&[300, 900, 10_000]));
    assert_eq!(unit(&fleet).worst.unwrap().rank, Rank::new("2"));
}

#[test]
fn a_single_rank_is_not_the_worst() {
    let mut fleet = watched();
    for second in 0..=20_u64 {
        poll(&mut fleet, i64::try_from(second).unwrap(), counting(&[10 * second]));
    }
    assert_eq!(unit(&fleet).worst, None);
}

#[test]
fn ranks_that_count_their_own_tokens_earn_what_they_made() {
    let mut fleet = watched();
    poll(&mut fleet, 0, counting(&[0, 0]));
    poll(&mut fleet, 10, counting(&[1_000, 3_000]));
    let revenues: Vec<String> = rows(&fleet).iter().map(|row| row.revenue.unwrap().to_string()).collect();
    // By output 2.19, hit 0.14 and miss 0.55 a million: 2.88 for a million of each.
    assert_eq!(revenues, ["0.00288", "0.00864"]);
    assert_eq!(fleet.snapshot().money.revenue.unwrap().to_string(), "0.01152");
}

/// Adds up to the engine's revenue, to the last digit that is printed.
fn assert_shares(fleet: &Fleet, parts: [u64; 3]) {
    let rows = rows(fleet);
    let all = fleet.snapshot().money.revenue.unwrap().round_to(6);
    assert_eq!((rows.len(), rows[0].rank.clone(), rows[0].revenue), (4, None, Some(all)));
    let shares: Vec<Money> = rows[1..].iter().map(|row| row.revenue.unwrap()).collect();
    assert_eq!(shares.iter().copied().sum::<Money>(), all);
    let total: u64 = parts.iter().sum();
    for (share, part) in shares.iter().zip(parts) {
        let due = all.grains() * i128::from(part) / i128::from(total);
        assert!(
            (*share - Money::from_grains(due)).rounded(6).abs() <= 1,
            "{share} is not {part} of {total} parts of {all}"
        );
    }
}

#[test]
fn ranks_share_their_engines_revenue_by_their_own_deltas() {
    let mut fleet = watched();
    poll(&mut fleet, 0, whole(counters(0, 0, 0), &[5_000_000, 0, 70]));
    poll(&mut fleet, 2, whole(counters(7_001, 3_000, 1_013), &[5_000_100, 300, 77]));
    assert_shares(&fleet, [100, 300, 7]);
    let engine = rows(&fleet)[0].clone();
    let totals = [engine.prompt_total, engine.cached_total, engine.output_total];
    assert_eq!(totals.map(|total| total.unwrap().count()), [7_001, 3_000, 1_013], "the engine's row has its totals");
    for row in &rows(&fleet)[1..] {
        assert_eq!([row.prompt_total, row.cached_total, row.output_total], [None; 3], "and a rank has none");
    }
    // Another rank works from now on.
    poll(&mut fleet, 4, whole(counters(9_001, 3_500, 9_013), &[5_000_100, 300, 8_077]));
    assert_shares(&fleet, [100, 300, 8_007]);
}

#[test]
fn the_engines_own_row_has_the_rates_of_its_ranks() {
    let mut fleet = watched();
    poll(&mut fleet, 0, whole(counters(0, 0, 0), &[0, 0, 0]));
    poll(&mut fleet, 2, whole(counters(0, 0, 0), &[20, 60, 10]));
    let rates: Vec<_> = rows(&fleet).iter().map(|row| row.output_per_second).collect();
    assert_eq!(rates, [Some(45.0), Some(10.0), Some(30.0), Some(5.0)]);
}

/// Ranks share what was produced in a gap by what each of them counted.
#[test]
fn ranks_share_what_was_made_in_a_gap_by_their_deltas() {
    let mut fleet = watched();
    poll(&mut fleet, 0, whole(counters(0, 0, 0), &[0, 0, 0]));
    poll(&mut fleet, 2, whole(counters(7_001, 3_000, 400), &[100, 300, 0]));
    poll(&mut fleet, 60, whole(counters(17_001, 3_000, 4_400), &[100, 300, 4_000]));
    poll(&mut fleet, 62, whole(counters(17_001, 3_000, 4_400), &[100, 300, 4_000]));
    assert_shares(&fleet, [100, 300, 4_000]);
}
