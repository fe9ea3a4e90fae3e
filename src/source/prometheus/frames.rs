//! The scrapes behind a target's samples. Those of one scrape have one time.

use super::answer::RawSeries;
use super::scraped::ScrapedTarget;

/// The longest time between the first and the last sample of a scrape, in milliseconds: series that were pushed may differ by
/// some.
const WITHIN: i64 = 400;
/// How long a scrape with fewer series than the one before is held back, in milliseconds: a server may show the samples of one
/// scrape one after the other.
pub(super) const SETTLED: i64 = 10_000;

/// One scrape of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScrapeFrame {
    first: i64,
    /// When it was made, in milliseconds since 1970.
    pub(super) at: i64,
    /// The number of its series.
    series: usize,
}

/// The scrapes of a target in the order of time.
pub(super) fn frames(target: &ScrapedTarget) -> Vec<ScrapeFrame> {
    let mut times: Vec<i64> = target.series.iter().flat_map(|series| &series.samples).map(|(at, _)| *at).collect();
    times.sort_unstable();
    let mut frames: Vec<ScrapeFrame> = Vec::new();
    for at in times {
        match frames.last_mut().filter(|frame| at - frame.first <= WITHIN) {
            Some(frame) => (frame.at, frame.series) = (at, frame.series + 1),
            None => frames.push(ScrapeFrame { first: at, at, series: 1 }),
        }
    }
    frames
}

/// The time between two scrapes, in milliseconds: the shortest, as some may be missing. `None` for a single scrape.
pub(super) fn step(frames: &[ScrapeFrame]) -> Option<i64> {
    frames.iter().zip(frames.iter().skip(1)).map(|(one, next)| next.first - one.first).min()
}

/// The scrapes that are complete at an instant: all but the last one, if it may lack series yet.
pub(super) fn settled(frames: &[ScrapeFrame], now: i64) -> &[ScrapeFrame] {
    let Some((last, before)) = frames.split_last() else { return frames };
    let is_whole = before.last().is_some_and(|before| last.series >= before.series);
    if is_whole || now - last.at >= SETTLED { frames } else { before }
}

impl ScrapeFrame {
    /// The sample of a series in this scrape; `None` if it was not in it.
    pub(super) fn value(&self, series: &RawSeries) -> Option<f64> {
        let upto = series.samples.partition_point(|(at, _)| *at <= self.at);
        let (at, value) = series.samples.get(upto.checked_sub(1)?)?;
        (*at >= self.first).then_some(*value)
    }

    /// The start time of a process that was known at this scrape.
    pub(super) fn start(&self, series: &RawSeries) -> Option<f64> {
        let upto = series.samples.partition_point(|(at, _)| *at <= self.at);
        series.samples.get(upto.checked_sub(1)?).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use std::collections::BTreeMap;

    use super::*;

    fn series(times: &[i64]) -> RawSeries {
        let samples = times.iter().map(|at| (*at, *at as f64)).collect();
        RawSeries { name: "a".to_owned(), labels: BTreeMap::new(), samples }
    }

    fn target(series: Vec<RawSeries>) -> ScrapedTarget {
        ScrapedTarget { series, ..ScrapedTarget::default() }
    }

    /// Class: the counters of a process that has ended stand beside the start time of its successor.
    #[test]
    fn a_scrape_has_what_it_read_and_nothing_of_the_one_before() {
        let target = target(vec![series(&[1000, 16_000]), series(&[1000, 16_000, 31_002])]);
        let frames = frames(&target);
        assert_eq!(frames.iter().map(|frame| frame.at).collect::<Vec<_>>(), [1000, 16_000, 31_002]);
        assert_eq!(step(&frames), Some(15_000));
        assert_eq!(frames[2].value(&target.series[0]), None);
        assert_eq!(frames[1].value(&target.series[0]), Some(16_000.0));
    }

    /// Class: a scrape whose series appear one after the other lacks counters, which then count from zero.
    #[test]
    fn a_scrape_with_fewer_series_than_before_waits() {
        let some = frames(&target(vec![series(&[1000, 16_000]), series(&[1000])]));
        assert_eq!(settled(&some, 17_000).len(), 1);
        assert_eq!(settled(&some, 26_000).len(), 2);
        let first = frames(&target(vec![series(&[1000])]));
        assert_eq!(
            (settled(&first, 2000).len(), settled(&first, 11_000).len()),
            (0, 1),
            "nothing says how many there are"
        );
    }

    #[test]
    fn times_of_one_scrape_may_differ_by_a_little() {
        let pushed = frames(&target(vec![series(&[1000, 2000]), series(&[1399, 2300])]));
        assert_eq!(pushed.iter().map(|frame| frame.at).collect::<Vec<_>>(), [1399, 2300]);
    }
}
