//! The energy posted and disputed for series of readings.

use super::*;
use crate::units::{Power, Span};

fn at(seconds: i64) -> Moment {
    Moment::default() + Span::from_secs(seconds)
}

/// The energy drawn and the energy disputed when these values are read a second apart.
fn read(values: &[u64]) -> (u64, Vec<u64>) {
    read_with(Power::from_watts(400.0), values)
}

fn read_with(limit: Option<Power>, values: &[u64]) -> (u64, Vec<u64>) {
    let bound = Plausibility::default().energy(limit);
    let mut meter = EnergyMeter::new(values[0], at(0));
    let (mut posted, mut disputed) = (0, Vec::new());
    for (value, second) in values.iter().zip(0..).skip(1) {
        match meter.advance(*value, at(second), bound) {
            Movement::None => {}
            Movement::Disputed(jump, drawn) => {
                posted += drawn;
                disputed.push(jump.energy);
            }
            Movement::Drawn(drawn, ..) | Movement::Baseline(_, drawn) => posted += drawn,
            Movement::Reset(jump, drawn) => posted += jump.energy + drawn,
            Movement::Returned(drawn, ..) => {
                posted += drawn;
                disputed.clear();
            }
        }
    }
    (posted, disputed)
}

const BASE: u64 = 5_000_000_000_000;

/// A GPU that draws 400 W for 20 s, with the displayed counter changed by `shown`.
fn with(shown: impl Fn(u64, u64) -> u64) -> (u64, Vec<u64>) {
    let values: Vec<u64> = (0..=20).map(|second| shown(second, BASE + second * 400_000)).collect();
    read(&values)
}

#[test]
fn a_dip_loses_nothing_and_doubles_nothing() {
    for dips in [1, 2, 5] {
        let dipped = with(|second, value| if (4..4 + dips).contains(&second) { 0 } else { value });
        assert_eq!(dipped, (8_000_000, vec![]));
    }
}

#[test]
fn a_counter_that_begins_anew_counts_from_zero_once_it_is_sure() {
    let anew = with(|second, value| if second < 5 { value } else { (second - 4) * 400_000 });
    assert_eq!(anew, (8_000_000, vec![]));
}

/// The class of errors: a value is too high for a while, then the old values return.
#[test]
fn a_value_too_high_for_once_is_nothing() {
    for polls in [1, 2] {
        let high = with(|second, value| value + if (5..5 + polls).contains(&second) { 3_600_000_000 } else { 0 });
        assert_eq!(high, (8_000_000, vec![]));
    }
}

/// Class: a value that is too high for so long that it is disputed: it is withdrawn, and the final energy is right.
#[test]
fn a_jump_that_goes_back_is_no_dispute_and_no_energy_is_lost() {
    for polls in [3, 4, 9] {
        let high = with(|second, value| value + if (5..5 + polls).contains(&second) { 3_600_000_000 } else { 0 });
        assert_eq!(high, (8_000_000, vec![]), "{polls}");
    }
}

#[test]
fn a_jump_that_stays_is_disputed_and_what_follows_is_billed() {
    let high = with(|second, value| value + if second >= 5 { 3_600_000_000 } else { 0 });
    assert_eq!(high, (7_600_000, vec![3_600_400_000]));
}

/// The class of errors: an exporter refreshes the counter less often than it is polled.
#[test]
fn a_counter_that_is_refreshed_seldom_is_no_jump() {
    for first in [1, 2, 9] {
        let values: Vec<u64> = (0..100).map(|second| BASE + (second + first) / 10 * 4_000_000).collect();
        let (posted, disputed) = read(&values);
        assert_eq!((posted, disputed), (values[99] - values[0], vec![]), "{first}");
    }
}

/// The class of errors: a value is slightly too high and is posted, then the old values return.
#[test]
fn a_small_misreading_that_is_posted_is_made_up_for() {
    for more in [100_000, 190_000, 1_500_000, 30_000_000] {
        for polls in [1, 2, 3, 9] {
            let high = with(|second, value| value + if (5..5 + polls).contains(&second) { more } else { 0 });
            assert_eq!(high, (8_000_000, vec![]), "{more} {polls}");
        }
    }
    for polls in [1, 2, 3, 9] {
        let shown =
            |second: u64| BASE + second * 400_000 + if (5..5 + polls).contains(&second) { 1_500_000 } else { 0 };
        let values: Vec<u64> = (0..=20).map(shown).collect();
        assert_eq!(read_with(None, &values), (8_000_000, vec![]), "{polls}");
    }
}

/// The class of errors: a lasting fall. It is a new baseline, never a dispute about all energy ever drawn.
#[test]
fn a_fall_that_goes_on_is_a_new_baseline() {
    for part in [2, 3, 100, 1_000] {
        let halved = with(|second, value| if second < 5 { value } else { value / part });
        assert!(halved.1.is_empty(), "{part}");
        let kept = with(|second, value| if second < 5 { value } else { BASE / part + second * 400_000 });
        assert_eq!(kept, (1_600_000 + 15 * 400_000, vec![]), "{part}");
    }
}

/// The class of errors: lower values grow for some polls, then the old values return.
#[test]
fn a_dip_that_grows_and_returns_loses_nothing_and_doubles_nothing() {
    for polls in [1, 2, 3, 4, 5, 10, 15] {
        for low in [0, 300_000, 1_000_000_000, BASE / 2] {
            let dip = |second: u64, value: u64| {
                if (5..5 + polls).contains(&second) { low + (second - 5) * 400_000 } else { value }
            };
            assert_eq!(with(dip), (8_000_000, vec![]), "{polls} {low}");
        }
    }
}

/// The class of errors: the old values return after more than ten minutes.
#[test]
fn old_values_that_return_late_are_no_dispute() {
    let shown = |second: u64| {
        if (5..800).contains(&second) { BASE / 2 + second * 400_000 } else { BASE + second * 400_000 }
    };
    let values: Vec<u64> = (0..=820).map(shown).collect();
    let (posted, disputed) = read(&values);
    assert!(disputed.is_empty());
    assert!((810 * 400_000..=820 * 400_000).contains(&posted), "{posted}");
}

/// The class of errors: a counter reads 0 at first.
#[test]
fn a_first_value_after_zeros_is_a_baseline() {
    let values: Vec<u64> = (0..=100).map(|second| if second < 5 { 0 } else { BASE + second * 400_000 }).collect();
    assert_eq!(read(&values), (95 * 400_000, vec![]));
}

/// Class: a bound that the configuration sets and that does not hold.
#[test]
fn the_configured_bound_holds() {
    let rise = |bound: EnergyBound| {
        let mut meter = EnergyMeter::new(BASE, at(0));
        meter.advance(BASE + 600_000, at(1), bound)
    };
    let usual = Plausibility::default();
    let drawn = Movement::Drawn(600_000, at(0), at(1));
    assert_eq!(rise(usual.energy(Power::from_watts(400.0))), drawn);
    assert_eq!(
        rise(Plausibility { energy_thousandths: 1_499, ..usual }.energy(Power::from_watts(400.0))),
        Movement::None
    );
    assert_eq!(
        [rise(usual.energy(None)), rise(Plausibility { watts_per_gpu: 399, ..usual }.energy(None))],
        [drawn, Movement::None]
    );
}
