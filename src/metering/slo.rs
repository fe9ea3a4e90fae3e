//! Latency objectives: which minutes of a node met them, by the growth of its engines' histograms.

use std::collections::BTreeMap;

use crate::counters::{ProcessId, above};
use crate::ledger::{LATENCIES, Ledger, Slo};
use crate::reading::{Histogram, Label, Latency, NodeName};
use crate::units::{Moment, Span, Timestamp};

/// Growth over a longer interval is not assigned to a minute.
const LONGEST: Span = Span::from_secs(900);
/// An objective is met if at most one in this many samples is above it.
const OF: u64 = 100;

/// The samples of each latency, and those above its objective, as [`above`] counts them.
type Samples = [(u64, u64); LATENCIES];

/// The latencies of the current minute, by node.
#[derive(Debug, Default)]
pub(super) struct SloMeter {
    minutes: BTreeMap<NodeName, (Timestamp, Samples)>,
}

impl SloMeter {
    /// Adds the growth of a row's latencies.
    pub(super) fn note(&mut self, ledger: &mut Ledger, slo: &Slo, node: &NodeName, at: Timestamp, grown: Samples) {
        if grown.iter().all(|(samples, _)| *samples == 0) {
            return;
        }
        let minute = at.minute();
        match self.minutes.get_mut(node) {
            Some((known, sums)) if *known == minute => add(sums, grown),
            Some(other) => {
                let (minute, sums) = std::mem::replace(other, (minute, grown));
                judge(ledger, slo, node, minute, sums);
            }
            None => drop(self.minutes.insert(node.clone(), (minute, grown))),
        }
    }

    /// Evaluates completed minutes.
    pub(super) fn tick(&mut self, ledger: &mut Ledger, slo: &Slo, now: Timestamp) {
        self.minutes.retain(|node, (minute, sums)| {
            let is_present = *minute == now.minute();
            if !is_present {
                judge(ledger, slo, node, *minute, *sums);
            }
            is_present
        });
    }
}

fn add(sums: &mut Samples, grown: Samples) {
    for (sum, more) in sums.iter_mut().zip(grown) {
        *sum = (sum.0.saturating_add(more.0), sum.1.saturating_add(more.1));
    }
}

fn judge(ledger: &mut Ledger, slo: &Slo, node: &NodeName, minute: Timestamp, sums: Samples) {
    let met = sums.iter().all(|(samples, over)| over.saturating_mul(OF) <= *samples);
    ledger.note_slo(&Label::new(&slo.to_string()), node, minute, met);
}

/// The latencies of a row's last pages, by process.
#[derive(Debug, Default)]
pub(super) struct LastLatencies(BTreeMap<ProcessId, (Moment, Latency)>);

impl LastLatencies {
    /// Applies a page. Returns the samples since the same process's previous page, and those above their objectives. The
    /// first page of a process, a page after a quarter hour or more, and a page on which a histogram fell are baselines.
    pub(super) fn grown(&mut self, slo: &Slo, process: ProcessId, latency: &Latency, at: Moment) -> Samples {
        self.0.retain(|_, (seen, _)| at.since(*seen) < LONGEST);
        let before = self.0.insert(process, (at, latency.clone()));
        let Some((_, before)) = before else { return Samples::default() };
        let parts = |latency: &Latency| [latency.ttft.clone(), latency.itl.clone(), latency.e2e.clone()];
        let (now, then) = (parts(latency), parts(&before));
        let limits = slo.limits();
        std::array::from_fn(|nth| {
            let grown = now[nth].as_ref().zip(then[nth].as_ref()).and_then(|(now, then)| growth(now, then));
            let limit = limits[nth].map(|limit| limit.as_secs_f64());
            grown.zip(limit).and_then(|(grown, limit)| above(&grown, limit)).unwrap_or_default()
        })
    }
}

fn growth(now: &Histogram, then: &Histogram) -> Option<Histogram> {
    let continues = now.has_bounds_of(then) && now.counts.iter().zip(then.counts.iter()).all(|(now, then)| now >= then);
    continues.then(|| crate::counters::growth(now, then))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::counters::ONE_SAMPLE;
    use crate::pricing::Book;

    const SLO: Slo = Slo { ttft_p99: Some(Duration::from_secs(2)), itl_p99: None, e2e_p99: None };

    fn latency(within: u64, over: u64) -> Latency {
        let counts = [within, within + over, within + over];
        Latency {
            ttft: Some(Histogram { bounds: [2.0, 4.0, f64::INFINITY].into(), counts: counts.into() }),
            ..Latency::default()
        }
    }

    fn moment(second: i64) -> Moment {
        let millis = 1_795_000_020_000 + second * 1000;
        Moment { wall: Timestamp::from_millis(millis), boot: Span::from_millis(millis) }
    }

    #[test]
    fn growth_is_of_one_process_and_minute() {
        let mut last = LastLatencies::default();
        let mut grown = |process, latency: &Latency, second| {
            let (samples, over) = last.grown(&SLO, ProcessId(process), latency, moment(second))[0];
            (samples / ONE_SAMPLE, over / ONE_SAMPLE)
        };
        assert_eq!(grown(1, &latency(100, 10), 0), (0, 0), "a baseline");
        assert_eq!(grown(1, &latency(150, 11), 1), (51, 1));
        assert_eq!(grown(2, &latency(7, 7), 2), (0, 0), "another process");
        assert_eq!(grown(1, &latency(160, 11), 3), (10, 0));
        assert_eq!(grown(2, &latency(8, 7), 4), (1, 0));
        assert_eq!(grown(1, &latency(5, 0), 5), (0, 0), "it fell");
        assert_eq!(grown(1, &latency(6, 0), 6), (1, 0));
        assert_eq!(grown(1, &latency(60, 0), 906), (0, 0), "over a quarter hour");
    }

    #[test]
    fn a_minute_holds_if_99_of_100_do() {
        let mut ledger = Ledger::new(Book::default(), Timestamp::default());
        ledger.record_changes();
        let (mut meter, node) = (SloMeter::default(), NodeName::new("a"));
        let minutes = [(100, 1), (100, 2), (0, 0), (1, 0), (0, 0)];
        for (nth, samples) in (0..).zip(minutes) {
            let at = moment(nth * 60).wall;
            meter.note(&mut ledger, &SLO, &node, at, [samples, (0, 0), (0, 0)]);
            meter.tick(&mut ledger, &SLO, at);
        }
        let posted = ledger.take_changes().map(|changes| changes.slo_minutes).unwrap_or_default();
        let sums = posted.values().fold((0, 0), |sums, minutes| (sums.0 + minutes.met, sums.1 + minutes.missed));
        assert_eq!(sums, (2, 1), "a minute without a latency is in neither: {posted:?}");
        assert!(posted.keys().all(|(slo, of, _)| slo.as_str() == "ttft_p99 2s" && *of == node));
    }
}
