//! The page of a target at one scrape, as the target wrote it.

use super::answer::RawSeries;
use super::frames::ScrapeFrame;
use super::scraped::ScrapedTarget;
use crate::dialect::{self, Hint};
use crate::exposition::Emitter;
use crate::reading::{PageReading, ScrapeError};
use crate::units::Timestamp;

/// A target's page, read by its dialect.
///
/// # Errors
/// Those of [`dialect::read`].
pub(super) fn read(target: &ScrapedTarget, frame: ScrapeFrame) -> Result<(PageReading, u64), ScrapeError> {
    let mut page = Emitter::new();
    let mut put = |series: &RawSeries, value: f64| {
        let labels: Vec<(&str, &str)> =
            series.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        page.sample(&series.name, &labels, value);
    };
    for series in &target.series {
        if let Some(value) = frame.value(series) {
            put(series, value);
        }
    }
    for series in &target.starts {
        if let Some(value) = frame.start(series) {
            put(series, value);
        }
    }
    let text = page.finish();
    // The server stamps samples by its own clock, and the page is of the time of its samples.
    let hint = Hint { date: Some(Timestamp::from_millis(frame.at)), ..Hint::default() };
    Ok((dialect::read(text.as_bytes(), &hint)?, text.len() as u64))
}
