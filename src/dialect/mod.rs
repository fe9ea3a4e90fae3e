//! What each engine and exporter means by its page: one small file each, names, units and double-count rules, nothing else.
//!
//! [`read`] tells the program by its page, never by its port, and turns the page into readings. A counter whose value is
//! no count is unknown and counted, never 0. Nothing here keeps anything between two pages.

mod boards;
mod buckets;
mod field;
mod sheet;
mod sniff;
mod sums;

mod dynamo;
mod gateway;
mod gpus;
mod litellm;
mod llamacpp;
mod lmdeploy;
mod nim;
mod ray;
mod sglang;
mod tgi;
mod triton;
mod trtllm;
mod vllm;

use crate::exposition::{LabelText, Labels, Limits, Rows};
use crate::reading::{EngineKind, EngineReading, GpuState, Label, ModelName, PageReading, Refusals, ScrapeTrouble};
use crate::units::{Span, Timestamp};
use boards::Boards;
use field::{Dialect, Field, PageFacts};
use gpus::GpuField;
use sheet::Sheet;
use sums::Sums;

pub use sniff::JSON_ARRAY;

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
    /// When the server says that it is.
    pub date: Option<Timestamp>,
}

/// How old our agent's last look at its driver may be before its GPUs count as hung.
const OLD_LOOK: Span = Span::from_secs(5);

/// Reads one page.
///
/// # Errors
/// [`ScrapeTrouble::NotMetrics`] if nothing on it is a metric, with a word on what it is instead; an agent's own trouble
/// if it has nothing else to show.
pub fn read(page: &[u8], hint: &Hint) -> Result<PageReading, ScrapeTrouble> {
    // A number whose end is missing reads as a smaller number: a line without its end is not read.
    let whole = page.ends_with(b"\n") || !hint.open_ended;
    let page = if whole { page } else { &page[..memchr::memrchr(b'\n', page).map_or(0, |at| at + 1)] };
    let limits = Limits::default();
    let dialect = sniff::sniff(page, &limits).and_then(sniff::dialect);
    let mut sheet = dialect.map(Sheet::new);
    let mut boards = Boards::default();
    let mut rows = Rows::new(page, limits, |name, kind| match dialect.and_then(|d| Sheet::wants(d, name, kind)) {
        Some(field) => Some(Wanted::Engine(field)),
        None if name == TROUBLE => Some(Wanted::Trouble),
        None if name == LOOK => Some(Wanted::Look),
        None => gpus::field(name).map(Wanted::Gpu),
    });
    let (mut trouble, mut looked) = (None, None);
    for row in rows.by_ref() {
        match (row.tag, &mut sheet) {
            (Wanted::Engine(field), Some(sheet)) => sheet.take(field, &row),
            (Wanted::Engine(_), None) => {}
            (Wanted::Gpu(field), _) => boards.take(field, &row),
            (Wanted::Look, _) => looked = Timestamp::from_unix_seconds(row.value),
            (Wanted::Trouble, _) => trouble = Some(told(row.labels)),
        }
    }
    let tally = rows.tally();
    let over_limit = tally.over_limit + boards.over_limit() + sheet.as_ref().map_or(0, Sheet::over_limit);
    let hung = hint.date.zip(looked).is_some_and(|(now, looked)| now - looked > OLD_LOOK);
    let gpus = boards.finish(if hung { GpuState::Hung } else { GpuState::Answering });
    if let Some(trouble) = trouble.filter(|_| dialect.is_none() && gpus.is_empty()) {
        return Err(trouble);
    }
    if dialect.is_none() && gpus.is_empty() && !holds_metrics(page, &limits) {
        return Err(ScrapeTrouble::NotMetrics(Label::new(sniff::what_instead(page))));
    }
    let refused = sheet.as_ref().map_or(0, Sheet::refused);
    Ok(PageReading {
        kind: dialect.map_or(hint.kind.unwrap_or(EngineKind::Unknown), |dialect| dialect.kind),
        start: sheet.as_ref().and_then(Sheet::start),
        instance_starts: Vec::new(),
        aliases: Vec::new(),
        engines: sheet.map_or_else(Vec::new, |sheet| sheet.finish(hint.model.as_ref())),
        gpus,
        date: hint.date,
        complete: whole && over_limit == 0 && (tally.ended || !hint.openmetrics.unwrap_or(tally.openmetrics)),
        refusals: Refusals { lines: tally.bad, values: refused, over_limit },
    })
}

/// What a wanted series speaks of.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Engine(Field),
    Gpu(GpuField),
    Look,
    Trouble,
}

/// When our own agent's driver last answered.
const LOOK: &str = "margintop_look_timestamp_seconds";
/// What our own agent prints in place of GPUs that it can't read.
const TROUBLE: &str = "margintop_trouble";

/// An agent's trouble, in its own words.
fn told(labels: Labels<'_>) -> ScrapeTrouble {
    let text = |name| labels.get(name).map(LabelText::text).unwrap_or_default();
    ScrapeTrouble::Other(Label::new(&format!("{}: {} ({})", text("what"), text("why"), text("mend"))))
}

/// Whether a page on which nothing is known is made of metrics at all.
fn holds_metrics(page: &[u8], limits: &Limits) -> bool {
    Rows::new(page, *limits, |_, _| Some(())).next().is_some()
}

/// The rules of an engine that has none beyond what its fields plainly mean.
const fn plain(_: &Sums, _: &PageFacts, _: &mut EngineReading) {}
