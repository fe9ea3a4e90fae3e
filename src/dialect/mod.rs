//! What each engine and exporter means by its page: one small file each, names, units and double-count rules, nothing else.
//!
//! [`read`] tells the program by its page, never by its port, and turns the page into readings. A counter whose value is
//! no count is unknown and counted, never 0. Nothing here keeps anything between two pages.

mod buckets;
mod field;
mod llamacpp;
mod sglang;
mod sheet;
mod sniff;
mod sums;
mod vllm;

use crate::exposition::{Limits, Rows};
use crate::reading::{EngineKind, Label, ModelName, PageReading, Refusals, ScrapeTrouble};
use field::Dialect;
use sheet::Sheet;

/// What is known of a page besides its bytes.
#[derive(Debug, Clone, Default)]
pub struct Hint {
    /// What `/v1/models` said of the program, for a page that shows none of its series.
    pub kind: Option<EngineKind>,
    /// The model's name, for pages that do not tell one (llama.cpp, TGI).
    pub model: Option<ModelName>,
    /// Whether the answer called itself `OpenMetrics`, which must end in `# EOF`; `None` where nothing was said.
    pub openmetrics: Option<bool>,
    /// The body's end may be missing: nothing told its length.
    pub open_ended: bool,
}

/// Reads one page.
///
/// # Errors
/// [`ScrapeTrouble::NotMetrics`] if nothing on it is a metric, with a word on what it is instead.
pub fn read(page: &[u8], hint: &Hint) -> Result<PageReading, ScrapeTrouble> {
    // A number whose end is missing reads as a smaller number: a line without its end is not read.
    let whole = page.ends_with(b"\n") || !hint.open_ended;
    let page = if whole { page } else { &page[..memchr::memrchr(b'\n', page).map_or(0, |at| at + 1)] };
    let limits = Limits::default();
    let found = sniff::sniff(page, &limits);
    let Some(dialect) = found.and_then(sniff::dialect) else {
        return unknown(page, &limits, hint, whole);
    };
    let mut sheet = Sheet::new(dialect);
    let mut rows = Rows::new(page, limits, |name, kind| Sheet::wants(dialect, name, kind));
    for row in rows.by_ref() {
        sheet.take(&row);
    }
    let tally = rows.tally();
    let start = sheet.start();
    let refusals = Refusals { lines: tally.bad, values: sheet.refused(), over_limit: tally.over_limit };
    let mut engines = sheet.finish();
    for engine in &mut engines {
        engine.model = engine.model.take().or_else(|| hint.model.clone());
    }
    let complete = whole && tally.over_limit == 0 && (tally.ended || !hint.openmetrics.unwrap_or(tally.openmetrics));
    Ok(PageReading { kind: dialect.kind, engines, gpus: Vec::new(), start, date: None, complete, refusals })
}

/// A page of no known program: metrics, or something else altogether.
fn unknown(page: &[u8], limits: &Limits, hint: &Hint, whole: bool) -> Result<PageReading, ScrapeTrouble> {
    let mut rows = Rows::new(page, *limits, |_, _| Some(()));
    if rows.next().is_none() {
        return Err(ScrapeTrouble::NotMetrics(Label::new(sniff::what_instead(page))));
    }
    let tally = rows.tally();
    Ok(PageReading {
        kind: hint.kind.unwrap_or(EngineKind::Unknown),
        engines: Vec::new(),
        gpus: Vec::new(),
        start: None,
        date: None,
        complete: whole && tally.over_limit == 0,
        refusals: Refusals { lines: tally.bad, values: 0, over_limit: tally.over_limit },
    })
}
