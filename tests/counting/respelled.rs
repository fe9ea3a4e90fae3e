//! One target under two spellings of its address in two runs is one target.

use crate::restart;
use crate::support;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::inventory::TargetInfo;
use margintop::reading::PageReading;
use margintop::units::{Moment, Span, Timestamp};
use support::{answered, at, counters, fleet, member, moment, page, posted};

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_secs(seconds))
}

fn made(second: i64, start: Option<Timestamp>) -> PageReading {
    let made = 1000 + 50 * u64::try_from(second).unwrap();
    page("deepseek-r1", counters(made, 0, made), start)
}

fn targets(names: &[&str]) -> Vec<TargetInfo> {
    names.iter().map(|name| member(name, "n", None)).collect()
}

/// Runs of 10 s with 10 s in between; each watches an address under a name of its own.
fn watch(names: &[&str], start: Option<Timestamp>) -> Fleet {
    let mut watch = fleet(targets(&names[..1]), after(0));
    watch.restore(SavedState::default(), Span::from_secs(86_400));
    for (run, name) in (0..).zip(names) {
        if run > 0 {
            let saved = restart::saved(&mut watch);
            let config = FleetConfig { targets: targets(&[name]), ..FleetConfig::local("box") };
            watch = restart::restart(&watch, config, saved, after(20 * run));
        }
        for second in 20 * run..=20 * run + 10 {
            watch.apply(answered(name, after(second), made(second, start)));
        }
    }
    watch
}

/// Class: the next run names the same address otherwise. Its growth in between is bridged, and nothing is counted twice.
#[test]
fn an_address_under_another_spelling_goes_on() {
    let long = "http://127.0.0.1:8000/metrics";
    for other in [
        "http://localhost:8000/metrics",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://127.0.0.1:8000//metrics",
    ] {
        for start in [None, Some(after(-900).wall)] {
            assert_eq!(posted(&watch(&[long, other], start))[2], 50 * 30, "{other} {start:?}");
            let to_and_fro = watch(&[long, other, long], start);
            assert_eq!(posted(&to_and_fro)[2], 50 * 50, "{other} {start:?}");
            assert!(!to_and_fro.snapshot().money.upper_bound);
        }
    }
}

/// Class: another server, whose counters are higher. It begins with a baseline.
#[test]
fn another_address_begins_anew() {
    for other in ["http://127.0.0.1:8001/metrics", "https://127.0.0.1:8000/metrics", "http://127.0.0.2:8000/metrics"] {
        assert_eq!(posted(&watch(&["http://127.0.0.1:8000/metrics", other], None))[2], 50 * 20, "{other}");
    }
}

/// Class: both spellings were targets of the first run. The one that stays goes on from its own values.
#[test]
fn of_two_spellings_each_goes_on_from_its_own() {
    let names = ["http://127.0.0.1:8000", "http://127.0.0.1:8000/metrics"];
    let start = Some(after(-900).wall);
    let mut watch = fleet(targets(&names), after(0));
    watch.restore(SavedState::default(), Span::from_secs(86_400));
    for second in 0..=10 {
        for name in names {
            watch.apply(answered(name, after(second), made(second, start)));
        }
    }
    let saved = restart::saved(&mut watch);
    let config = FleetConfig { targets: targets(&names[1..]), ..FleetConfig::local("box") };
    let mut next = restart::restart(&watch, config, saved, after(20));
    for second in 20..=30 {
        next.apply(answered(names[1], after(second), made(second, start)));
    }
    assert_eq!(posted(&next)[2], 50 * 30);
}
