//! The rows of one instance share the bound of their node's GPUs.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::pricing::Book;
use margintop::reading::PageReading;
use margintop::units::{Moment, Span};
use support::{answered, at, counters, gpus, member, moment, page, page_of_rank};

const TARGET: &str = "http://n:8000";

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_secs(seconds))
}

fn fleet(cards: u32) -> Fleet {
    let config = FleetConfig { targets: vec![member(TARGET, "n", None)], ..FleetConfig::local("hub") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), after(0));
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    if cards > 0 {
        fleet.apply(gpus("n", "NVIDIA H100", cards, after(0)));
    }
    fleet
}

/// A page of rows, by model and rank, with so many output tokens.
fn read(fleet: &mut Fleet, second: i64, rows: &[(&str, &str, u64)]) {
    let mut reading: PageReading = page("m", counters(0, 0, 0), Some(after(-3600).wall));
    let row = |(model, rank, output): &(&str, &str, u64)| page_of_rank(model, rank, counters(*output, 0, *output));
    reading.engines = rows.iter().map(row).collect();
    fleet.apply(answered(TARGET, after(second), reading));
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

fn disputed(fleet: &Fleet) -> u64 {
    let entries = fleet.ledger().disputes().iter().flat_map(|dispute| &dispute.entries);
    entries.map(|entry| entry.tokens.output.count()).sum()
}

/// Class: N ranks of one engine have N times the bound of its GPUs. 2 GPUs produce 100,000 a second.
#[test]
fn ranks_share_the_bound_of_their_nodes_gpus() {
    let mut fleet = fleet(2);
    read(&mut fleet, 0, &[("m", "0", 0), ("m", "1", 0)]);
    read(&mut fleet, 1, &[("m", "0", 50_000), ("m", "1", 50_000)]);
    assert_eq!((output(&fleet), disputed(&fleet)), (100_000, 0), "as much as they produce");
    // The rank that grew by more than its half is disputed, the other one is posted.
    read(&mut fleet, 2, &[("m", "0", 90_000), ("m", "1", 120_000)]);
    assert_eq!((output(&fleet), disputed(&fleet)), (140_000, 70_000));
    let bound = fleet.ledger().disputes()[0].evidence.bound.clone();
    assert!(bound.contains("110000 output tokens of 2 rows in 1.0 s; 2 GPUs produce at most 50000"), "{bound}");
    // Both go on.
    read(&mut fleet, 3, &[("m", "0", 90_100), ("m", "1", 120_200)]);
    assert_eq!((output(&fleet), disputed(&fleet)), (140_300, 70_000));
}

/// Class: honest growth that is disputed: a rank that counts once in a while, a late one, more ranks than the node has GPUs,
/// and a fleet that is summed by model.
#[test]
fn honest_rows_are_not_disputed_together() {
    let mut slow = fleet(2);
    read(&mut slow, 0, &[("m", "0", 0), ("m", "1", 0)]);
    for second in 1..=60 {
        let flushed = if second == 60 { 60 * 30_000 } else { 0 };
        read(&mut slow, second, &[("m", "0", 60_000 * second.unsigned_abs()), ("m", "1", flushed)]);
    }
    assert_eq!((output(&slow), disputed(&slow)), (60 * 90_000, 0), "one of them is counted once a minute");

    let mut late = fleet(2);
    read(&mut late, 0, &[("m", "0", 0)]);
    read(&mut late, 1, &[("m", "0", 90_000)]);
    read(&mut late, 2, &[("m", "0", 180_000), ("m", "1", 900)]);
    assert_eq!((output(&late), disputed(&late)), (180_900, 0), "a late rank");

    let mut wide = fleet(2);
    let ranks: Vec<String> = (0..8).map(|rank| rank.to_string()).collect();
    for second in 0..5_u64 {
        let rows: Vec<_> = ranks.iter().map(|rank| ("m", rank.as_str(), 40_000 * second)).collect();
        read(&mut wide, i64::try_from(second).unwrap(), &rows);
    }
    assert_eq!((output(&wide), disputed(&wide)), (4 * 320_000, 0), "a rank has a GPU at least");

    // 8 GPUs are assumed where none are known: 400,000 a second for each model, and for its ranks together.
    let mut summed = fleet(0);
    for second in 0..5_u64 {
        let rows = [("a", "0", 300_000 * second), ("b", "0", 300_000 * second)];
        read(&mut summed, i64::try_from(second).unwrap(), &rows);
    }
    assert_eq!((output(&summed), disputed(&summed)), (4 * 600_000, 0), "a fleet by model");
    let mut ranks = fleet(0);
    read(&mut ranks, 0, &[("a", "0", 0), ("a", "1", 0)]);
    read(&mut ranks, 1, &[("a", "0", 300_000), ("a", "1", 300_000)]);
    assert_eq!((output(&ranks), disputed(&ranks)), (0, 600_000), "ranks of one model");
}
