//! Rates of first pages, and what may be counted twice or too early at first.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;
use crate::support;

use margintop::reading::{EngineReading, PageReading, TokenCounters};
use margintop::units::Span;
use rate_truth::{both, known, poll, refused, rows, second, started, watched, wrong};

/// Class: a rate of nothing where nothing is known yet. GPUs are paid beside it.
#[test]
fn before_there_is_growth_over_a_known_time_money_an_hour_is_unknown() {
    for pace in [Some(Span::from_secs(1)), None] {
        let mut fleet = watched(&["a"], pace);
        for nth in 0..10 {
            fleet.apply(support::gpus("node of a", "NVIDIA H200", 2, second(nth)));
            let snapshot = if nth < 3 {
                fleet.apply(refused("a", nth));
                fleet.apply(margintop::reading::Event::Tick(second(nth)));
                fleet.snapshot()
            } else {
                let output = u64::try_from(5_000 + 100 * nth).unwrap();
                poll(&mut fleet, "a", nth, rows(&[("0", "m", output)], started(99)))
            };
            let money = &snapshot.money;
            if nth < 4 {
                assert_eq!((money.revenue_per_hour, snapshot.tokens.output_per_second), (None, None), "poll {nth}");
                assert_eq!((snapshot.nodes[0].revenue_per_hour, money.profit_per_hour), (None, None), "poll {nth}");
                assert!(snapshot.models.iter().all(|row| row.money.revenue_per_hour.is_none()), "poll {nth}");
            } else {
                assert_eq!(wrong(&snapshot, 100.0, 0.01), None, "poll {nth}");
                assert!(known(&snapshot), "poll {nth}");
            }
        }
    }
}

/// Class: a fleet's rate leaves out rows whose own is unknown, without a mark; money an hour beside it has them.
#[test]
fn a_fleets_rate_without_some_of_its_rows_is_unknown_or_marked() {
    for engines in [2_i64, 3, 12] {
        let names: Vec<String> = (0..engines).map(|nth| format!("e{nth}")).collect();
        let targets: Vec<&str> = names.iter().map(String::as_str).collect();
        for mut fleet in both(&targets) {
            for nth in 0..40 {
                // The last one is there from poll 20 on.
                for (place, name) in (0..).zip(&targets) {
                    if place + 1 == engines && nth < 20 {
                        fleet.apply(refused(name, nth));
                        continue;
                    }
                    let output = u64::try_from(1_000_000 * (place + 1) + 100 * nth).unwrap();
                    poll(&mut fleet, name, nth, rows(&[("0", "m", output)], started(100 + place * 77)));
                }
                let truth = 100 * if nth < 20 { engines - 1 } else { engines };
                let snapshot = fleet.snapshot();
                assert_eq!(wrong(&snapshot, truth as f64, 0.01), None, "{engines}, poll {nth}");
                let is_due = nth > 0 && (nth != 20 || engines > 8);
                assert!(!is_due || known(&snapshot), "{engines}, poll {nth}: unknown");
                let money = &snapshot.money;
                let both = (snapshot.tokens.output_per_second.is_some(), money.revenue_per_hour.is_some());
                assert_eq!(both.0, both.1, "{engines}, poll {nth}");
                assert!(!money.lower_bound || nth == 20, "{engines}, poll {nth}");
            }
        }
    }
}

/// Class: two addresses of one process count twice until it is found, without a mark.
#[test]
fn what_may_be_one_process_at_two_addresses_is_marked() {
    let (one, other) = ("http://router:8080/metrics?model=a", "http://router:8080/metrics?model=alias");
    let page_of = |model: &str, output| {
        let mut page = rows(&[("0", model, output)], None);
        page.engines[0].page = Some(7);
        page
    };
    for start in [None, started(99)] {
        for mut fleet in both(&[one, other]) {
            for nth in 0..30 {
                let output = u64::try_from(9_000 + 100 * nth).unwrap();
                let page = |model: &str| match start {
                    None => page_of(model, output),
                    start => rows(&[("0", "a", output)], start),
                };
                poll(&mut fleet, one, nth, page("a"));
                let snapshot = poll(&mut fleet, other, nth, page("alias"));
                assert_eq!(wrong(&snapshot, 100.0, 0.05), None, "poll {nth}");
                assert!(nth < 10 || !snapshot.money.upper_bound && known(&snapshot), "poll {nth}");
            }
        }
    }
}

/// Class: counters that show nothing at first, or are not there, and then all that they had before the watch: posted, with no
/// word that it may be of before.
#[test]
fn much_at_once_after_nothing_is_marked() {
    let nothing: [fn(&mut EngineReading); 4] = [
        |row| row.tokens = support::counters(0, 0, 0),
        |row| row.tokens = TokenCounters::default(),
        |row| row.tokens.output = Some(margintop::units::Tokens::ZERO),
        |row| row.tokens.output = None,
    ];
    for (which, clear) in nothing.into_iter().enumerate() {
        for start in [started(999), None] {
            for mut fleet in both(&["a"]) {
                for nth in 0..40 {
                    let output = u64::try_from(60_000 + 100 * nth).unwrap();
                    let mut page: PageReading = rows(&[("0", "m", output)], start);
                    if nth < 2 {
                        clear(&mut page.engines[0]);
                    }
                    let mut snapshot = poll(&mut fleet, "a", nth, page);
                    let what = format!("{which}, start time {}, poll {nth}", start.is_some());
                    if nth < 2 {
                        // As much as its pages show.
                        continue;
                    }
                    let money = &snapshot.money;
                    let is_marked = money.upper_bound || money.lower_bound || money.disputed_tokens > 0;
                    assert!(is_marked, "{what}");
                    snapshot.money.upper_bound = false;
                    assert_eq!(wrong(&snapshot, 100.0, 0.05), None, "{what}");
                }
            }
        }
    }
    // A process that was born while it was watched had nothing indeed.
    let mut fleet = watched(&["a"], None);
    fleet.apply(refused("a", 0));
    for nth in 1..20 {
        let output = u64::try_from(if nth < 5 { 0 } else { 40_000 * (nth - 4) }).unwrap();
        let money = poll(&mut fleet, "a", nth, rows(&[("0", "m", output)], Some(second(1).wall))).money;
        assert!(!money.upper_bound, "poll {nth}");
    }
}
