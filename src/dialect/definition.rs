//! The definition of a dialect: its fields, and the defaults that most engines and exporters share.

use super::field::{CountedPart, Policy, ProcessFacts, SeriesField, SeriesPlace, StartOf};
use super::model_router::ModelRouter;
use super::row_sums::RowSums;
use crate::exposition::SeriesLabels;
use crate::reading::{EngineKind, EngineReading, EngineRole};

/// The flag without which a program has no metrics page.
#[derive(Debug, Clone, Copy)]
pub(super) struct MetricsFlag {
    /// The program, as its users call it.
    pub(super) program: &'static str,
    pub(super) flag: &'static str,
    /// The status of its answer without the flag.
    pub(super) status: u16,
}

/// Everything that is specific to an engine or exporter.
#[derive(Debug)]
pub(super) struct Dialect {
    /// The name of the program.
    pub(super) kind: EngineKind,
    /// The prefixes of its series. A page with one of them is the program's own.
    pub(super) names: &'static [&'static str],
    /// Prefixes that other programs have too: they are the program's if the page also has one of `names`.
    pub(super) shared_names: &'static [&'static str],
    /// The values of `owned_by` in `/v1/models`, in lower case.
    pub(super) owners: &'static [&'static str],
    /// The possible paths of its metrics page, in the order in which they are requested.
    pub(super) paths: &'static [&'static str],
    /// The ports that it listens on by default.
    pub(super) ports: &'static [u16],
    /// The flag without which it has no metrics page.
    pub(super) metrics_flag: Option<MetricsFlag>,
    /// The labels that identify a process on a page of several.
    pub(super) processes: &'static [ProcessLabel],
    /// Whether `/v1/models` on the page's address lists the models that it serves.
    pub(super) lists_models: bool,
    /// Whether its page names the model.
    pub(super) names_model: bool,
    /// How a server of it with a process for each model is scraped, if there are such servers.
    pub(super) router: Option<&'static ModelRouter>,
    /// The process that `process_start_time_seconds` on its page refers to.
    pub(super) start: StartOf,
    /// How its rows are treated after they were read.
    pub(super) policy: Policy,
    /// Which of its tokens count in a role.
    pub(super) counts: fn(EngineRole) -> CountedPart,
    /// The meaning of a series' name; `None` if the series is not wanted, and its line is not parsed.
    pub(super) field: fn(&str) -> Option<SeriesField>,
    /// The row of a series by its labels; `None` if the series would count something twice.
    pub(super) entry: for<'p> fn(SeriesField, SeriesLabels<'p>) -> Option<SeriesPlace<'p>>,
    /// Rules of the engine that apply after the plain meaning of each field was written into the reading.
    pub(super) settle: fn(&RowSums<'_>, &ProcessFacts, &mut EngineReading),
}

/// A label that identifies a process other than the program that made the page.
#[derive(Debug)]
pub(super) struct ProcessLabel {
    /// Its key.
    pub(super) key: &'static [u8],
    /// Whether its values are long ids, which are shortened when they follow another name.
    pub(super) is_long: bool,
    /// Whether it identifies a server behind a router.
    pub(super) is_routed: bool,
}

impl ProcessLabel {
    /// A label without special treatment.
    pub(super) const fn of(key: &'static [u8]) -> Self {
        Self { key, is_long: false, is_routed: false }
    }
}

/// The paths of a page whose program is unknown. Reading `TensorRT-LLM`'s `/metrics` consumes it, so its alternative
/// path comes first.
pub(super) const SEARCH: &[&str] = &["/prometheus/metrics", "/metrics", "/v1/metrics"];

/// The paths of a page that is not `TensorRT-LLM`'s.
pub(super) const METRICS_FIRST: &[&str] = &["/metrics", "/prometheus/metrics", "/v1/metrics"];

/// The defaults, which each dialect completes.
pub(super) const PLAIN: Dialect = Dialect {
    kind: EngineKind::UNKNOWN,
    names: &[],
    shared_names: &[],
    owners: &[],
    paths: SEARCH,
    ports: &[],
    metrics_flag: None,
    processes: &[],
    lists_models: false,
    names_model: true,
    router: None,
    start: StartOf::Instance,
    policy: Policy::PLAIN,
    counts: CountedPart::by_role,
    field: |_| None,
    entry: |field, _| Some(SeriesPlace::whole(field)),
    settle: |_, _, _| {},
};
