//! The meaning of engines' and exporters' pages: names, units and double-count rules, one small file for each program.
//!
//! [`read`] identifies the program by its page, never by its port, and makes readings of the page. A counter with an
//! invalid value is unknown and counted as refused, never 0. Pages are read independently of each other; [`PageReader`]
//! keeps a page's layout only to read the next page faster.

mod adapters;
mod all_smi;
mod amd_exporter;
mod buckets;
mod copies;
mod definition;
mod engines;
mod field;
mod gpu_field;
mod gpu_labels;
mod gpu_layout;
mod gpu_rows;
mod gpus;
mod layout;
mod learn_layout;
mod model_router;
mod nvidia_smi;
mod open_page;
mod page_reader;
mod process;
mod registry;
mod repeated_rows;
mod row_sums;
mod rows;
mod shown_values;
mod stack_router;
mod start_labels;
mod target_labels;
mod values;
mod what_instead;

use crate::exposition::{FamilyKind, LabelText, Limits, Rows, SeriesLabels};
use crate::reading::{EngineKind, GpuState, Label, ModelName, PageReading, Refusals, ScrapeError};
use crate::units::{Span, Timestamp};
use copies::Copies;
use gpu_field::GpuField;
use gpu_rows::GpuRows;
use open_page::{NameOwners, OpenPage};
use start_labels::START;

pub use field::{CountedPart, Policy};
pub use model_router::{ModelRouter, ModelState};
pub use nvidia_smi::{QUERY as NVIDIA_SMI_QUERY, page_of_nvidia_smi};
pub use page_reader::{PageLayouts, PageReader};
pub(crate) use process::{host_of, is_any_machine};
pub use registry::{
    attribution, lists_models, metrics_flags, missing_flags, model_router, model_routers, names_model, owned_by, paths,
    policy, ports, ports_in_words,
};
pub use what_instead::{JSON_ARRAY, is_array};

/// What is known of a page besides its text.
#[derive(Debug, Clone, Default)]
pub struct Hint {
    /// The program as named by `/v1/models`, for a page without any of its series.
    pub kind: Option<EngineKind>,
    /// The model's name, for pages without one (llama.cpp, TGI).
    pub model: Option<ModelName>,
    /// Whether the answer's content type is `OpenMetrics`, which must end with `# EOF`; `None` without a content type.
    pub openmetrics: Option<bool>,
    /// The server's clock.
    pub date: Option<Timestamp>,
}

/// The most characters of an unreadable line that are shown.
const FIRST_LINE: usize = 60;
/// The age of an agent's last poll of its driver from which its GPUs count as hung.
const OLD_POLL: Span = Span::from_secs(5);

/// Reads one page.
///
/// # Errors
/// [`ScrapeError::NotMetrics`] if it has no metric, with what it is instead; an agent's own error if it has nothing
/// else.
pub fn read(page: &[u8], hint: &Hint) -> Result<PageReading, ScrapeError> {
    let (all, (page, truncated)) = (page, ended_lines(page));
    let limits = Limits::default();
    let (mut names, mut gpu_rows) = (NameOwners::default(), GpuRows::default());
    let mut page_rows = OpenPage::with(start_labels::target_labels(page));
    let mut rows = Rows::new(page, limits, |name, kind| wanted(&mut names, name, kind));
    let (mut error, mut polled_at) = (None, None);
    let mut of_copies = NameOwners::default();
    let copies = Copies::of(page, limits, |name, kind| wanted(&mut of_copies, name, kind).is_some());
    for row in rows.by_ref() {
        if copies.is_copy(row.labels) {
            continue;
        }
        match row.tag {
            WantedSeries::Engine(wanted) => page_rows.take(wanted, &row),
            WantedSeries::Start => page_rows.take_start(&row),
            WantedSeries::Gpu(field) => drop(gpu_rows.take(field, &row)),
            WantedSeries::PolledAt => polled_at = Timestamp::from_unix_seconds(row.value),
            WantedSeries::SourceError => error = Some(agent_error(row.labels)),
        }
    }
    for line in rows.unreadable() {
        if let WantedSeries::Engine(wanted) = line.tag
            && !line.labels.is_some_and(|labels| copies.is_copy(labels))
        {
            page_rows.take_unreadable(wanted, line.labels);
        }
    }
    let tally = rows.tally();
    let first_line =
        rows.first_bad().map(|line| Label::new(&String::from_utf8_lossy(&line[..line.len().min(FIRST_LINE)])));
    let over_limit = tally.over_limit + gpu_rows.over_limit() + page_rows.over_limit();
    let hung = hint.date.zip(polled_at).is_some_and(|(now, polled_at)| now - polled_at > OLD_POLL);
    let gpu_hosts = gpu_rows.hosts();
    let gpus = gpu_rows.finish(if hung { GpuState::Hung } else { GpuState::Answering });
    if names.first().is_none() && gpus.is_empty() {
        says_something(all, &limits, error)?;
    }
    page_rows.drop_old_adapters(hint.date);
    let finished = page_rows.finish(&names, hint.model.as_ref());
    let has_row =
        |kind: &EngineKind| finished.engines.is_empty() || finished.engines.iter().any(|row| row.kind == *kind);
    let kind = names.first().filter(has_row).or_else(|| finished.engines.first().map(|row| row.kind));
    Ok(PageReading {
        kind: kind.or(hint.kind).unwrap_or(EngineKind::UNKNOWN),
        start: finished.start,
        other_starts: finished.other_starts,
        instance_starts: finished.instance_starts,
        aliases: None,
        list_refused: None,
        engines: finished.engines,
        gpus,
        gpu_hosts,
        date: hint.date,
        complete: !truncated && over_limit == 0 && (tally.ended || !hint.openmetrics.unwrap_or(tally.openmetrics)),
        refusals: Refusals { lines: tally.bad, over_limit, truncated, first_line, ..finished.refused },
    })
}

/// Whether series of this name are read by a dialect: of an engine, of a GPU exporter or of an agent.
pub fn is_read(name: &str) -> bool {
    wanted(&mut NameOwners::default(), name, FamilyKind::Unknown).is_some()
}

/// The prefixes of the names that are read, except that of start times.
pub fn prefixes() -> Vec<&'static str> {
    let mut prefixes: Vec<&str> = registry::prefixes().chain(gpus::PREFIXES).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes
}

/// Whether a name is that of start times, which every process has that a Prometheus scrapes.
pub fn is_start(name: &str) -> bool {
    name == START
}

/// Fails if a page without an engine and a GPU has no metric.
fn says_something(page: &[u8], limits: &Limits, error: Option<ScrapeError>) -> Result<(), ScrapeError> {
    match error {
        Some(error) => Err(error),
        None if holds_metrics(page, limits) => Ok(()),
        None => Err(ScrapeError::NotMetrics(Label::new(what_instead::what_instead(page)))),
    }
}

/// The lines of a page that end with a line feed, and whether a last line does not. A number whose end is missing reads
/// as a smaller number, and both formats end every line; only `# EOF` needs no line feed.
fn ended_lines(page: &[u8]) -> (&[u8], bool) {
    let (ended, last) = page.split_at(memchr::memrchr(b'\n', page).map_or(0, |at| at + 1));
    match last.trim_ascii() {
        b"" | b"# EOF" => (page, false),
        _ => (ended, true),
    }
}

/// The meaning of a wanted series.
#[derive(Clone, Copy)]
enum WantedSeries {
    Engine(open_page::EngineSeries),
    Start,
    Gpu(GpuField),
    PolledAt,
    SourceError,
}

/// The meaning of a series by its name; `None` if it is not wanted.
fn wanted(names: &mut NameOwners, name: &str, kind: FamilyKind) -> Option<WantedSeries> {
    match names.wants(name, kind) {
        Ok(wanted) => wanted.map(WantedSeries::Engine),
        Err(()) => match name {
            START | ENGINE_START => Some(WantedSeries::Start),
            SOURCE_ERROR | "margintop_trouble" => Some(WantedSeries::SourceError),
            POLLED_AT | "margintop_look_timestamp_seconds" => Some(WantedSeries::PolledAt),
            _ => gpus::field(name).map(WantedSeries::Gpu),
        },
    }
}

/// When the process of an engine started, as the agent prints it beside its own start.
const ENGINE_START: &str = "margintop_process_start_time_seconds";
/// When the agent's driver last answered. Its second name, and that of the next, are of agents of earlier releases.
const POLLED_AT: &str = "margintop_poll_timestamp_seconds";
/// What the agent prints in place of GPUs that it cannot read.
const SOURCE_ERROR: &str = "margintop_source_error";

/// An agent's error, in its own words.
fn agent_error(labels: SeriesLabels<'_>) -> ScrapeError {
    // The second name of each is that of agents of earlier releases.
    let text = |name, former| labels.get(name).or_else(|| labels.get(former)).map(LabelText::text).unwrap_or_default();
    let (source, cause, remedy) = (text("source", "what"), text("cause", "why"), text("remedy", "mend"));
    ScrapeError::Other(Label::new(&format!("{source}: {cause} ({remedy})")))
}

/// Whether a page without known series consists of metrics at all.
fn holds_metrics(page: &[u8], limits: &Limits) -> bool {
    Rows::new(page, *limits, |_, _| Some(())).next().is_some()
}
