//! GPUs that are first seen inside an engine's gap: their rent begins there, and the revenue before has no cost.

use crate::restart;
use crate::support;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::units::{Moment, Span};
use support::{answered, at, counters, fleet, gpus, member, moment, page};

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_secs(seconds))
}

fn poll(fleet: &mut Fleet, second: i64) {
    let made = 1000 + 100 * u64::try_from(second).unwrap();
    fleet.apply(answered("one", after(second), page("deepseek-r1", counters(0, 0, made), Some(after(-900).wall))));
}

/// Posted output tokens with a known cost, and without.
fn costed(fleet: &Fleet) -> [u64; 2] {
    [true, false].map(|costed| {
        let of =
            fleet.ledger().today().tokens().filter(|(id, ..)| fleet.ledger().accounts()[id.index()].costed == costed);
        of.map(|(.., tokens)| tokens.output.count()).sum()
    })
}

/// Class: the engine is silent while its GPUs appear, in one run or while nothing is watched.
#[test]
fn revenue_from_before_the_gpus_were_seen_has_no_cost() {
    for is_killed in [false, true] {
        for seen in [20, 35, 50] {
            let mut watch = fleet(vec![member("one", "n", None)], after(0));
            watch.restore(SavedState::default(), Span::from_secs(86_400));
            (0..=10).for_each(|second| poll(&mut watch, second));
            if is_killed {
                let saved = restart::saved(&mut watch);
                let targets = vec![member("one", "n", None)];
                watch =
                    restart::restart(&watch, FleetConfig { targets, ..FleetConfig::local("box") }, saved, after(seen));
            }
            for second in seen..=80 {
                watch.apply(gpus("n", "NVIDIA H200", 2, after(second)));
                if second >= 50 {
                    poll(&mut watch, second);
                }
            }
            let before = 100 * u64::try_from(seen).unwrap();
            assert_eq!(costed(&watch), [8_000 - before, before], "killed {is_killed}, seen at {seen}");
        }
    }
}

/// Class: GPUs whose page is read a moment after the engine's first one.
#[test]
fn gpus_seen_a_moment_after_the_engine_pay_from_the_start() {
    let mut watch = fleet(vec![member("one", "n", None)], after(0));
    poll(&mut watch, 0);
    watch.apply(gpus("n", "NVIDIA H200", 2, after(0) + Span::from_millis(700)));
    (1..=10).for_each(|second| poll(&mut watch, second));
    assert_eq!(costed(&watch), [1_000, 0]);
}
