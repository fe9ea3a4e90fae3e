//! What an engine or exporter is to be read by: the fields of a dialect, and what most of them have in common.

use super::field::{CountedPart, Policy, ProcessFacts, SeriesField, SeriesPlace, StartOf};
use super::sums::RowSums;
use crate::exposition::SeriesLabels;
use crate::reading::{EngineKind, EngineReading, EngineRole};

/// Everything that is particular to an engine or exporter.
#[derive(Debug)]
pub(super) struct Dialect {
    /// The program.
    pub(super) kind: EngineKind,
    /// How the names of its series begin. One of them on a page tells that the page is its own.
    pub(super) names: &'static [&'static str],
    /// Beginnings that others have too: read as its own where one of `names` stands on the page.
    pub(super) shared_names: &'static [&'static str],
    /// What `/v1/models` calls it in `owned_by`, in lower case.
    pub(super) owners: &'static [&'static str],
    /// Where its metrics page may be, in the order to ask.
    pub(super) paths: &'static [&'static str],
    /// The ports that it listens on unless it is told otherwise.
    pub(super) ports: &'static [u16],
    /// Labels that name a process, on a page of several processes.
    pub(super) processes: &'static [ProcessLabel],
    /// Whether `/v1/models` on the page's address lists the models that it serves.
    pub(super) lists_models: bool,
    /// Whether its page names the model.
    pub(super) names_model: bool,
    /// Whose start `process_start_time_seconds` on its page is.
    pub(super) start: StartOf,
    /// What is particular to its rows once they are read.
    pub(super) policy: Policy,
    /// Which of its tokens count in a role.
    pub(super) counts: fn(EngineRole) -> CountedPart,
    /// What a series' name means; `None`: nothing that is wanted, and the line is not read.
    pub(super) field: fn(&str) -> Option<SeriesField>,
    /// Where a series belongs, by its labels; `None`: it would count something twice.
    pub(super) entry: for<'p> fn(SeriesField, SeriesLabels<'p>) -> Option<SeriesPlace<'p>>,
    /// The engine's own rules, after the plain meaning of each field was written into the reading.
    pub(super) settle: fn(&RowSums<'_>, &ProcessFacts, &mut EngineReading),
}

/// A label that names not the program that made the page, but one that it speaks of.
#[derive(Debug)]
pub(super) struct ProcessLabel {
    /// Its key.
    pub(super) key: &'static [u8],
    /// Whether its values are long ids: only their beginning is shown, after another name.
    pub(super) is_long: bool,
    /// Whether it names a server behind a router.
    pub(super) is_routed: bool,
}

impl ProcessLabel {
    /// One with nothing particular.
    pub(super) const fn of(key: &'static [u8]) -> Self {
        Self { key, is_long: false, is_routed: false }
    }
}

/// Where a page is looked for. `TensorRT-LLM`'s `/metrics` is used up by reading, so what it has in its place is asked
/// first where the program is not known.
pub(super) const SEARCH: &[&str] = &["/prometheus/metrics", "/metrics", "/v1/metrics"];

/// Where a page is looked for that is not `TensorRT-LLM`'s.
pub(super) const METRICS_FIRST: &[&str] = &["/metrics", "/prometheus/metrics", "/v1/metrics"];

/// A dialect without anything particular, to be completed by each.
pub(super) const PLAIN: Dialect = Dialect {
    kind: EngineKind::UNKNOWN,
    names: &[],
    shared_names: &[],
    owners: &[],
    paths: SEARCH,
    ports: &[],
    processes: &[],
    lists_models: false,
    names_model: true,
    start: StartOf::Instance,
    policy: Policy::PLAIN,
    counts: CountedPart::by_role,
    field: |_| None,
    entry: |field, _| Some(SeriesPlace::whole(field)),
    settle: |_, _, _| {},
};
