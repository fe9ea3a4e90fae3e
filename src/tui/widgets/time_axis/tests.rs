//! Scripted time: the content of a chart second by second.

use super::*;

const CELLS: u16 = 20;

/// 14:02:07 UTC.
const BEGAN: i64 = 1_800_021_727;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// One point per second from `BEGAN` to `now`, with its number as the value.
fn points(now: i64) -> impl Iterator<Item = (Timestamp, Option<f64>)> {
    (BEGAN..=now).map(|second| (at(second), Some((second - BEGAN) as f64)))
}

fn axis(now: i64) -> TimeAxis {
    TimeAxis::new(at(BEGAN), at(now), Span::HOUR, CELLS)
}

#[test]
fn after_some_seconds_there_is_a_dot_for_each() {
    let now = BEGAN + 30;
    let axis = axis(now);
    assert_eq!(axis.dot(), Span::from_secs(1));
    let dots = axis.means(points(now), Span::from_secs(1));
    // 14:02:07 is in the second half of the first cell.
    assert_eq!(dots.first().copied().flatten(), None);
    assert_eq!(dots.iter().flatten().count(), 31);
    assert_eq!(dots.get(32), Some(&None), "what is to come is blank");
}

#[test]
fn dots_fold_when_the_chart_is_full_until_the_span_is_reached() {
    let mut lengths = Vec::new();
    for now in BEGAN..BEGAN + 3 * 3600 {
        let axis = axis(now);
        assert!(axis.dot_of(at(now)).is_some(), "now is always shown");
        if lengths.last() != Some(&axis.dot().millis()) {
            lengths.push(axis.dot().millis());
        }
    }
    assert_eq!(lengths, [1, 2, 5, 10, 15, 30, 45, 60, 90].map(|seconds| seconds * 1000));
    assert_eq!(axis(BEGAN + 20_000).cell(), Span::from_secs(180));
}

#[test]
fn a_passed_cell_never_changes() {
    let mut before: Option<(TimeAxis, Vec<Option<f64>>)> = None;
    let (mut shifts, mut folds) = (0, 0);
    for now in BEGAN..BEGAN + 3 * 3600 {
        let axis = axis(now);
        let dots = axis.means(points(now), Span::from_secs(1));
        if let Some((old, old_dots)) = &before {
            if old.dot() == axis.dot() {
                let moved = axis.start().millis() - old.start().millis();
                assert_eq!(moved % axis.cell().millis(), 0, "by whole cells");
                shifts += i64::from(moved > 0);
                let by = usize::try_from(moved / axis.dot().millis()).unwrap_or(0);
                // With short dots, an incomplete cell is empty.
                let passed = old.dot_of(at(now - 1)).unwrap_or(0);
                let passed = if IN_PAIRS.contains(&old.dot().millis()) { passed / 2 * 2 } else { passed };
                assert_eq!(old_dots.get(by..passed), dots.get(..passed - by), "at {}", now - BEGAN);
            } else {
                folds += 1;
                assert_eq!(axis.start().millis() % axis.cell().millis(), 0, "on the clock");
            }
        }
        before = Some((axis, dots));
    }
    assert_eq!(folds, 8);
    assert!((40..=60).contains(&shifts), "{shifts} shifts of 180 s in two hours");
}

#[test]
fn a_gap_is_a_gap_and_unwatched_time_is_blank() {
    let now = BEGAN + 3 * 3600;
    let axis = axis(now);
    let watched = points(now).filter(|(t, _)| *t >= at(now - 1800)).map(|(t, value)| {
        let is_gap = t >= at(now - 1000) && t < at(now - 500);
        (t, if is_gap { Some(f64::NAN) } else { value })
    });
    let dots = axis.means(watched, Span::from_secs(1));
    let is_known = |ago: i64| dots.get(axis.dot_of(at(now - ago)).unwrap_or(0)).copied().flatten().is_some();
    assert!(!is_known(2500) && is_known(1500) && !is_known(750) && is_known(100));
}

#[test]
fn a_coarse_point_fills_the_dots_that_it_holds_for() {
    let now = BEGAN + 20;
    let axis = axis(now);
    let coarse = (0..5).map(|i| (at(BEGAN + 5 * i), Some(1.0)));
    let dots = axis.means(coarse, Span::from_secs(5));
    assert_eq!(dots.iter().flatten().count(), 21, "and none beyond now");
    let most = axis.largest([(at(BEGAN), Some(1.0)), (at(BEGAN), Some(9.0))], Span::from_secs(1));
    assert_eq!(most.iter().flatten().copied().collect::<Vec<_>>(), [9.0]);
}

#[test]
fn spans_have_the_cells_of_the_design() {
    let long = |span: i64, cells: u16| TimeAxis::new(at(0), at(BEGAN), Span::from_secs(span), cells).cell();
    assert_eq!(long(86_400, 144), Span::from_secs(600));
    assert_eq!(long(86_400, 71), Span::from_secs(1200));
    assert_eq!(long(3_600, 41), Span::from_secs(90));
    assert_eq!(long(900, 41), Span::from_secs(20));
    assert_eq!(long(21_600, 71), Span::from_secs(300));
}

#[test]
fn labels_stand_at_round_local_times() {
    let axis = TimeAxis::new(at(0), at(BEGAN), Span::HOUR, 41);
    let texts = |zone: &TimeZone, every| {
        let ticks = axis.ticks(zone, every);
        ticks.into_iter().map(|tick| (tick.cell, tick.text)).collect::<Vec<_>>()
    };
    let quarter = texts(&TimeZone::UTC, None);
    let wanted = [(9, "┴13:15"), (19, "┴13:30"), (29, "┴13:45"), (39, "┴14:00")];
    assert_eq!(quarter, wanted.map(|(cell, text)| (cell, text.to_owned())));
    let india = TimeZone::fixed(jiff::tz::Offset::from_seconds(5 * 3600 + 1800).unwrap_or(jiff::tz::Offset::UTC));
    assert_eq!(texts(&india, Some(Span::HOUR)), [(19, "┴19:00".to_owned())]);
    let young = TimeAxis::new(at(BEGAN), at(BEGAN + 3), Span::HOUR, 41).ticks(&TimeZone::UTC, None);
    let young: Vec<String> = young.into_iter().map(|tick| tick.text).collect();
    assert_eq!(young, ["┴14:02:30", "┴14:03:00"]);
}

#[test]
fn absurd_times_and_sizes_do_no_harm() {
    for (began, now) in [(0, 0), (5, -5), (i64::MIN / 4, i64::MAX / 4), (i64::MIN, i64::MAX)] {
        for cells in [0, 1, 2000] {
            for span in [-1, 0, 1, i64::MAX / 2] {
                let (began, now) = (Timestamp::from_millis(began), Timestamp::from_millis(now));
                let axis = TimeAxis::new(began, now, Span::from_millis(span), cells);
                let dots = axis.means([(began, Some(1.0)), (now, Some(2.0))], Span::from_millis(span));
                assert_eq!(dots.len(), 2 * usize::from(cells));
                axis.ticks(&TimeZone::UTC, None);
            }
        }
    }
}
