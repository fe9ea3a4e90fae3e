//! Rates of streams of postings.

use super::*;

const SPAN: Span = Span::from_secs(60);
const PATIENCE: Span = Span::from_secs(3);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

/// Adds a thousandth of a unit for each millisecond.
fn even(recent: &mut Recent, from: i64, to: i64) {
    recent.add(PostingSource::default(), Money::from_micros((to - from) * 1000), (at(from), at(to)), SPAN);
}

fn per_hour(recent: &Recent, now: i64) -> Option<i128> {
    recent.rate((at(now), &BTreeMap::new()), SPAN, PATIENCE).map(|rate| rate.per_hour.rounded(3))
}

#[test]
fn the_first_interval_has_the_rate_of_all_others() {
    let mut recent = Recent::default();
    assert_eq!(per_hour(&recent, 0), None);
    let mut from = 0;
    for to in (250..200_000).step_by(250) {
        even(&mut recent, from, to);
        assert_eq!(per_hour(&recent, to + 90), Some(3_600_000));
        from = to;
    }
    assert!(recent.streams[0].pieces.len() <= 14, "{}", recent.streams[0].pieces.len());
}

#[test]
fn sources_of_one_account_add_up_whatever_their_instants() {
    let mut recent = Recent::default();
    for second in 0..100 {
        for source in 0..4 {
            let late = source * 230 + second % 3;
            even(&mut recent, second * 1000 + late - i64::from(second % 3 > 0), second * 1000 + 1000 + late);
        }
        assert_eq!(per_hour(&recent, second * 1000 + 1700).map(|rate| rate / 30_000), Some(480));
    }
    assert_eq!(recent.streams.len(), 4);
}

#[test]
fn clocks_that_are_read_a_millisecond_apart_leave_the_rate_as_it_is() {
    for apart in [-2, -1, 1, 2] {
        let mut recent = Recent::default();
        for end in (1000..90_000).step_by(1000) {
            even(&mut recent, end - 1000 + apart * (end / 1000 % 2), end);
            assert_eq!(per_hour(&recent, end), Some(3_600_000), "{apart}");
        }
    }
}

#[test]
fn silence_is_waited_for_then_counts_and_is_made_up_for() {
    let mut recent = Recent::default();
    even(&mut recent, 0, 30_000);
    even(&mut recent, 30_000, 31_000);
    even(&mut recent, 31_000, 32_000);
    assert_eq!(per_hour(&recent, 34_900), Some(3_600_000));
    assert!(per_hour(&recent, 60_000) < Some(2_200_000));
    assert_eq!(per_hour(&recent, 96_000), None);
    even(&mut recent, 32_000, 82_000);
    assert_eq!(per_hour(&recent, 82_000), Some(3_600_000));
}

#[test]
fn after_a_hole_only_the_time_since_counts() {
    let mut recent = Recent::default();
    even(&mut recent, 0, 30_000);
    even(&mut recent, 80_000, 81_000);
    assert_eq!((per_hour(&recent, 81_000), recent.streams.len()), (Some(3_600_000), 1));
}

#[test]
fn what_is_taken_back_leaves_no_burst_below_zero() {
    let mut recent = Recent::default();
    even(&mut recent, 0, 100_000);
    recent.take_back(Money::from_micros(50_000_000), at(0), at(100_000));
    assert_eq!(per_hour(&recent, 100_000), Some(1_800_000));
}

#[test]
fn a_calendar_that_was_set_leaves_nothing_behind() {
    for step in [-7_200_000, 7_200_000] {
        let mut recent = Recent::default();
        even(&mut recent, 0, 10_000);
        even(&mut recent, 10_000 + step, 11_000 + step);
        recent.settle(at(11_000 + step));
        assert_eq!(per_hour(&recent, 11_000 + step), Some(3_600_000), "set by {step}");
    }
}

/// Class: a correction that is larger than what was posted in its time makes a rate below zero.
#[test]
fn what_is_lowered_is_taken_from_earlier_postings_and_no_rate_falls_below_zero() {
    let source = PostingSource { row: 1, ..PostingSource::default() };
    let mut recent = Recent::default();
    let posted = |recent: &mut Recent, from: i64, to: i64, micros: i64| {
        recent.add(source, Money::from_micros(micros), (at(from), at(to)), SPAN);
    };
    posted(&mut recent, 0, 10_000, 5_000_000);
    posted(&mut recent, 10_000, 20_000, 1_000_000);
    recent.lower(source, Money::from_micros(3_000_000), (at(10_000), at(20_000)));
    assert_eq!(per_hour(&recent, 20_000), Some(540_000), "3 of 6 in 20 s");
    recent.lower(source, Money::from_micros(9_000_000), (at(10_000), at(20_000)));
    assert_eq!(per_hour(&recent, 20_000), Some(0), "the rest is older");
    posted(&mut recent, 20_000, 30_000, 3_000_000);
    assert_eq!(per_hour(&recent, 30_000), Some(360_000));
}
