//! Any bytes as a page: no panic, no row beyond a limit, and readings whose histograms are histograms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use margintop::dialect::{self, Hint};
use margintop::exposition::{Limits, Rows};

fuzz_target!(|page: &[u8]| {
    let limits = Limits { page: 32 << 10, line: 4 << 10, labels: 16, label: 256, series: 200 };
    let mut rows = Rows::new(page, limits, |_, _| Some(()));
    let read: Vec<_> = rows.by_ref().collect();
    assert!(read.len() <= limits.series);
    for row in &read {
        assert!(!row.name.is_empty() && row.labels.into_iter().count() <= limits.labels);
        for (_, value) in row.labels {
            assert!(value.text().len() <= 3 * limits.label);
        }
    }
    let Ok(reading) = dialect::read(page, &Hint { open_ended: page.len() % 2 == 0, ..Hint::default() }) else { return };
    for (place, row) in reading.engines.iter().enumerate() {
        let same = |other: &margintop::reading::EngineReading| {
            (other.kind, &other.instance, &other.model, &other.rank) == (row.kind, &row.instance, &row.model, &row.rank)
        };
        assert!(!reading.engines[..place].iter().any(same), "each row is one");
        let sum = |of: &[margintop::reading::SeriesValue]| {
            of.iter().map(|series| series.value).sum::<margintop::units::Tokens>()
        };
        assert!(row.series.output.is_empty() || row.tokens.output == Some(sum(&row.series.output)));
        assert!(row.series.cached.is_empty() || row.tokens.cached == Some(sum(&row.series.cached)));
        assert!(row.kv_usage.is_none_or(|share| (0.0..=1.0).contains(&share.get())));
    }
    let latencies = reading.engines.iter().flat_map(|row| [&row.latency.ttft, &row.latency.itl, &row.latency.e2e]);
    for histogram in latencies.flatten() {
        assert_eq!(histogram.bounds.len(), histogram.counts.len());
        assert!(histogram.bounds.is_sorted() && histogram.counts.is_sorted());
        assert_eq!(histogram.bounds.last(), Some(&f64::INFINITY));
    }
});
