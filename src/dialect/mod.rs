//! What each engine and exporter means by its page: one small file each, names, units and double-count rules, nothing else.
//!
//! [`read`] tells the program by its page, never by its port, and turns the page into readings. A counter whose value is
//! no count is unknown and counted, never 0. Nothing of a page changes what the next one means; [`PageReader`] keeps a page's
//! layout to read the next one sooner.

mod adapters;
mod buckets;
mod copies;
mod definition;
mod engines;
mod field;
mod gpu_layout;
mod gpu_rows;
mod gpus;
mod layout;
mod learn_layout;
mod page_reader;
mod process;
mod registry;
mod rows;
mod sheet;
mod stack_router;
mod start_labels;
mod sums;
mod target_labels;
mod values;
mod what_instead;

use crate::exposition::{FamilyKind, LabelText, Limits, Rows, SeriesLabels};
use crate::reading::{EngineKind, GpuState, Label, ModelName, PageReading, Refusals, ScrapeTrouble};
use crate::units::{Span, Timestamp};
use copies::Copies;
use gpu_rows::GpuRows;
use gpus::GpuField;
use sheet::{NameOwners, Sheet};
use start_labels::START;

pub use field::{CountedPart, Policy};
pub use page_reader::{PageLayouts, PageReader};
pub use registry::{attribution, lists_models, names_model, owned_by, paths, policy, ports};
pub use what_instead::{JSON_ARRAY, is_array};

/// What is known of a page besides its bytes.
#[derive(Debug, Clone, Default)]
pub struct Hint {
    /// What `/v1/models` said of the program, for a page that shows none of its series.
    pub kind: Option<EngineKind>,
    /// The model's name, for pages that do not tell one (llama.cpp, TGI).
    pub model: Option<ModelName>,
    /// Whether the answer called itself `OpenMetrics`, which must end in `# EOF`; `None` where nothing was said.
    pub openmetrics: Option<bool>,
    /// When the server says that it is.
    pub date: Option<Timestamp>,
}

/// How much of a line that can't be read is shown.
const FIRST_LINE: usize = 60;
/// How old our agent's last look at its driver may be before its GPUs count as hung.
const OLD_LOOK: Span = Span::from_secs(5);

/// Reads one page.
///
/// # Errors
/// [`ScrapeTrouble::NotMetrics`] if nothing on it is a metric, with a word on what it is instead; an agent's own trouble
/// if it has nothing else to show.
pub fn read(page: &[u8], hint: &Hint) -> Result<PageReading, ScrapeTrouble> {
    let (all, (page, unended)) = (page, ended_lines(page));
    let limits = Limits::default();
    let (mut names, mut gpu_rows) = (NameOwners::default(), GpuRows::default());
    let mut sheet = Sheet::with(start_labels::target_labels(page));
    let mut rows = Rows::new(page, limits, |name, kind| wanted(&mut names, name, kind));
    let (mut trouble, mut looked) = (None, None);
    let mut copies = Copies::of(page);
    for row in rows.by_ref() {
        if copies.is_copy(row.labels) {
            continue;
        }
        match row.tag {
            WantedSeries::Engine(wanted) => sheet.take(wanted, &row),
            WantedSeries::Start => sheet.take_start(&row),
            WantedSeries::Gpu(field) => drop(gpu_rows.take(field, &row)),
            WantedSeries::Look => looked = Timestamp::from_unix_seconds(row.value),
            WantedSeries::SourceError => trouble = Some(told(row.labels)),
        }
    }
    for line in rows.unreadable() {
        if let WantedSeries::Engine(wanted) = line.tag
            && !line.labels.is_some_and(|labels| copies.is_copy(labels))
        {
            sheet.take_unreadable(wanted, line.labels);
        }
    }
    let tally = rows.tally();
    let first_line =
        rows.first_bad().map(|line| Label::new(&String::from_utf8_lossy(&line[..line.len().min(FIRST_LINE)])));
    let over_limit = tally.over_limit + gpu_rows.over_limit() + sheet.over_limit();
    let hung = hint.date.zip(looked).is_some_and(|(now, looked)| now - looked > OLD_LOOK);
    let gpus = gpu_rows.finish(if hung { GpuState::Hung } else { GpuState::Answering });
    if names.first().is_none() && gpus.is_empty() {
        says_something(all, &limits, trouble)?;
    }
    sheet.drop_old_adapters(hint.date);
    let told = sheet.finish(&names, hint.model.as_ref());
    let has_row = |kind: &EngineKind| told.engines.is_empty() || told.engines.iter().any(|row| row.kind == *kind);
    let kind = names.first().filter(has_row).or_else(|| told.engines.first().map(|row| row.kind));
    Ok(PageReading {
        kind: kind.or(hint.kind).unwrap_or(EngineKind::UNKNOWN),
        start: told.start,
        other_starts: told.other_starts,
        instance_starts: told.instance_starts,
        aliases: None,
        list_refused: None,
        engines: told.engines,
        gpus,
        date: hint.date,
        complete: !unended && over_limit == 0 && (tally.ended || !hint.openmetrics.unwrap_or(tally.openmetrics)),
        refusals: Refusals { lines: tally.bad, over_limit, unended, first_line, ..told.refused },
    })
}

/// Whether a page without an engine and a GPU is one of metrics.
fn says_something(page: &[u8], limits: &Limits, trouble: Option<ScrapeTrouble>) -> Result<(), ScrapeTrouble> {
    match trouble {
        Some(trouble) => Err(trouble),
        None if holds_metrics(page, limits) => Ok(()),
        None => Err(ScrapeTrouble::NotMetrics(Label::new(what_instead::what_instead(page)))),
    }
}

/// The lines of a page that have their line feed, and whether a last one has none. A number whose end is missing reads as
/// a smaller number, and both formats end every line: `# EOF` alone needs no more.
fn ended_lines(page: &[u8]) -> (&[u8], bool) {
    let (ended, last) = page.split_at(memchr::memrchr(b'\n', page).map_or(0, |at| at + 1));
    match last.trim_ascii() {
        b"" | b"# EOF" => (page, false),
        _ => (ended, true),
    }
}

/// What a wanted series speaks of.
#[derive(Clone, Copy)]
enum WantedSeries {
    Engine(sheet::EngineSeries),
    Start,
    Gpu(GpuField),
    Look,
    SourceError,
}

/// What a series speaks of, by its name; `None` if nothing of it is wanted.
fn wanted(names: &mut NameOwners, name: &str, kind: FamilyKind) -> Option<WantedSeries> {
    match names.wants(name, kind) {
        Ok(wanted) => wanted.map(WantedSeries::Engine),
        Err(()) => match name {
            START => Some(WantedSeries::Start),
            TROUBLE => Some(WantedSeries::SourceError),
            LOOK => Some(WantedSeries::Look),
            _ => gpus::field(name).map(WantedSeries::Gpu),
        },
    }
}

/// When our own agent's driver last answered.
const LOOK: &str = "margintop_look_timestamp_seconds";
/// What our own agent prints in place of GPUs that it can't read.
const TROUBLE: &str = "margintop_trouble";

/// An agent's trouble, in its own words.
fn told(labels: SeriesLabels<'_>) -> ScrapeTrouble {
    let text = |name| labels.get(name).map(LabelText::text).unwrap_or_default();
    ScrapeTrouble::Other(Label::new(&format!("{}: {} ({})", text("what"), text("why"), text("mend"))))
}

/// Whether a page on which nothing is known is made of metrics at all.
fn holds_metrics(page: &[u8], limits: &Limits) -> bool {
    Rows::new(page, *limits, |_, _| Some(())).next().is_some()
}
