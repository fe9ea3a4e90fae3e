//! A bridge compares watched time with watched time, and says how much there was.
//!
//! The class of fault: what nobody watched is shown as a fall of revenue, or as a rise when it is watched again.
#![allow(clippy::cast_possible_wrap)]

use crate::past as making;
use crate::support;

use making::{Making, R1, classes};
use margintop::ledger::Past;
use margintop::reading::EngineRole;
use margintop::statement::{Bridge, Compared};
use margintop::units::{GpuTime, Money, Span, Timestamp};
use support::instant;

const MINUTE: i64 = 60;

fn secs(seconds: i64) -> Span {
    Span::from_secs(seconds)
}

/// A span of so many minutes of even work, of which these were not watched, and what was made in them is not known.
fn even(since: &str, minutes: i64, unwatched: &[(i64, i64)]) -> Past {
    let start = instant(since);
    let mut past = Making::new(since, &(start + secs(minutes * MINUTE)).to_string());
    let tariff = past.tariff("r1", "standard", R1);
    let account = past.account("n1", Some("u"), "m", EngineRole::Unified);
    let cost_account = past.cost_account(Some("n1"), None, Some("2.00"));
    for nth in 0..minutes {
        let at = start + secs(nth * MINUTE);
        let end = at + secs(MINUTE);
        let lost: i64 = unwatched
            .iter()
            .map(|(from, to)| {
                let (from, to) = (start + secs(*from), start + secs(*to));
                (to.min(end) - from.max(at)).millis().max(0)
            })
            .sum();
        let watched = (60_000 - lost.min(60_000)) as u64;
        past.tokens(at, account, Some(tariff), classes(watched * 20, watched * 10, watched));
        past.rent(at, cost_account, GpuTime::from_millis(8 * watched as i64), GpuTime::ZERO);
    }
    let mut past = past.0;
    past.unwatched = unwatched.iter().map(|(from, to)| (start + secs(*from), start + secs(*to))).collect();
    past
}

fn of(before: &Past, after: &Past) -> (Money, Compared) {
    let bridge = Bridge::between(before, after);
    assert_eq!(bridge.parts.iter().map(|(_, part)| *part).sum::<Money>(), bridge.change(), "it adds up");
    (bridge.change(), bridge.compared)
}

const BEFORE: &str = "2026-03-09T10:00:00Z";
const AFTER: &str = "2026-03-10T10:00:00Z";

#[test]
fn a_span_of_which_half_was_not_watched_is_no_fall() {
    let whole = even(BEFORE, 60, &[]);
    for gap in [(0, 1_800), (1_800, 3_600), (600, 2_400), (601, 2_399), (59, 61)] {
        for (before, after) in
            [(even(BEFORE, 60, &[gap]), even(AFTER, 60, &[])), (whole.clone(), even(AFTER, 60, &[gap]))]
        {
            let (change, compared) = of(&before, &after);
            assert_eq!(change, Money::ZERO, "{gap:?}");
            assert!(
                !compared.is_whole() && compared.both < secs(3_600) && compared.both >= secs(1_740),
                "{compared:?}"
            );
            assert_eq!(compared.both, compared.before.min(compared.after));
        }
    }
    let both = Bridge::between(&whole, &even(AFTER, 60, &[]));
    assert!(both.compared.is_whole() && both.change().is_zero() && both.before > Money::ZERO);
    // The level is that of the whole span too.
    let half = Bridge::between(&even(BEFORE, 60, &[(0, 1_800)]), &even(AFTER, 60, &[]));
    assert_eq!((half.before, half.after), (both.before, both.after));
}

#[test]
fn what_was_watched_at_other_minutes_is_not_compared() {
    let (before, after) = (even(BEFORE, 60, &[(0, 2_400)]), even(AFTER, 60, &[(1_200, 3_600)]));
    let bridge = Bridge::between(&before, &after);
    let compared = Compared { whole: secs(3_600), before: secs(1_200), after: secs(1_200), both: Span::ZERO };
    assert_eq!((bridge.compared, bridge.change()), (compared, Money::ZERO));
    assert!(!bridge.cost_known, "and nothing is known of a change");
    let (change, compared) = of(&even(BEFORE, 60, &[(0, 2_400)]), &even(AFTER, 60, &[(3_000, 3_600)]));
    assert_eq!((change, compared.both), (Money::ZERO, secs(600)));
}

#[test]
fn what_lies_before_the_ledgers_first_poll_was_not_watched() {
    let mut before = even(BEFORE, 60, &[(0, 1_250)]);
    before.unwatched.clear();
    before.began = instant(BEFORE) + secs(1_250);
    let (change, compared) = of(&before, &even(AFTER, 60, &[]));
    // The minute in which it began is not compared: 39 of 60 are.
    assert_eq!((change, compared.both, compared.after), (Money::ZERO, secs(39 * MINUTE), secs(3_600)));
    before.began = Timestamp::from_millis(i64::MAX / 2);
    assert_eq!(of(&before, &even(AFTER, 60, &[])).1.both, Span::ZERO);
}

#[test]
fn a_true_fall_is_still_one() {
    let mut after = even(AFTER, 60, &[(0, 1_800)]);
    for cell in &mut after.tokens {
        cell.tokens =
            classes(cell.tokens.miss.count() / 2, cell.tokens.hit.count() / 2, cell.tokens.output.count() / 2);
    }
    let bridge = Bridge::between(&even(BEFORE, 60, &[]), &after);
    assert!(bridge.change() < Money::ZERO);
    let earned = |bridge: &Bridge| bridge.before + of_cost();
    assert_eq!(bridge.change().grains() * 2, -earned(&bridge).grains(), "half of what was earned");
}

/// What the eight GPUs cost an hour.
fn of_cost() -> Money {
    Money::from_micros(16_000_000)
}

/// Class: revenue without a known cost that is taken for profit.
#[test]
fn revenue_whose_cost_is_unknown_moves_no_profit() {
    let with_uncosted = |since: &str, made: u64| {
        let mut past = Making(even(since, 60, &[]));
        let tariff = past.tariff("r1", "standard", R1);
        let account = past.account("remote", None, "remote-model", EngineRole::Unified);
        past.0.accounts[account.index()].costed = false;
        past.tokens(instant(since), account, Some(tariff), classes(made, 0, made));
        past.0
    };
    let bridge = Bridge::between(&with_uncosted(BEFORE, 1_000), &with_uncosted(AFTER, 90_000_000));
    assert_eq!(bridge.change(), Money::ZERO);
    for movers in [&bridge.models, &bridge.units, &bridge.nodes] {
        assert!(movers.is_empty(), "{movers:?}");
    }
}
