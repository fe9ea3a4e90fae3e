//! A counter of one row that restarts alone, without a start time, while the others of its page go on: it is counted
//! from zero after three steady pages, and its engine is not called stalled.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::Book;
use margintop::reading::Event;
use margintop::snapshot::Rule;
use margintop::units::Span;
use support::{answered_dated, at, counters, member, moment, page, page_of_rank};

/// Seconds between pages, what the counters have at first, and which counter of the second row restarts.
fn watched(every: u64, base: u64, restarts: usize) -> Fleet {
    let began = moment("2025-02-20T10:00:00Z");
    let config = FleetConfig {
        interval: Span::from_secs(every.cast_signed()),
        targets: vec![member("e", "n", None)],
        ..FleetConfig::local("box")
    };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
    for nth in 0..=200 / every {
        let second = nth * every;
        let when = at(began.wall + Span::from_secs(second.cast_signed()));
        let mut row = [base + 1_000 * second, base / 2, base + 500 * second];
        let first = page_of_rank("q-0", "0", counters(row[0], row[1], row[2]));
        if nth >= 6 {
            row[restarts] = [1_000, 0, 500][restarts] * (second - 6 * every);
        }
        let mut page = page("q-1", counters(row[0], row[1], row[2]), None);
        page.engines.push(first);
        page.engines.iter_mut().for_each(|row| row.running = Some(5));
        fleet.apply(answered_dated("e", when, page));
        fleet.apply(Event::Tick(when));
        let snapshot = fleet.snapshot();
        assert!(snapshot.alerts.iter().all(|alert| alert.rule != Rule::EngineStalled), "at {second} s");
        let waits =
            snapshot.engines.iter().any(|row| row.note.as_ref().is_some_and(|note| note.as_str().contains("waits")));
        assert_eq!(waits, (6..8).contains(&nth), "every {every} s, {base}, counter {restarts}, at {second} s");
    }
    fleet
}

#[test]
fn a_counter_that_restarts_alone_counts_from_zero_after_three_pages() {
    for (every, base) in [(1, 1_000_000), (1, 40_000), (2, 3_000_000), (5, 1_000_000), (10, 500_000)] {
        for restarts in [0, 2] {
            let fleet = watched(every, base, restarts);
            let seconds = 200 / every * every;
            let posted = fleet.ledger().today().tokens().fold([0, 0], |[prompt, output], (.., tokens)| {
                [prompt + tokens.miss.count() + tokens.hit.count(), output + tokens.output.count()]
            });
            // What it made between its last page and its restart is not known.
            let mut made = [2_000 * seconds, 1_000 * seconds];
            made[restarts / 2] -= [1_000, 500][restarts / 2] * every;
            assert_eq!(posted, made, "every {every} s, {base}, counter {restarts}");
            assert_eq!(fleet.snapshot().money.lost_windows, 1, "every {every} s, {base}, counter {restarts}");
        }
    }
}
