//! Targets: when they last answered, and how their scrapes went.

use super::TargetInfo;
use super::samples::SampleTimes;
use crate::counters::{SLACK, UNSET};
use crate::reading::{EngineKind, Label, PageReading, Refusals, ScrapeCost, ScrapeError};
use crate::units::{Moment, Span};

/// One target.
#[derive(Debug)]
pub struct Target {
    /// Its configuration.
    pub(crate) info: TargetInfo,
    /// Its position in the order in which targets were added.
    pub(crate) named: usize,
    /// The kind of program that answers.
    pub(crate) kind: Option<EngineKind>,
    /// When its last accepted page came.
    pub(crate) answered: Option<Moment>,
    /// Why its last scrape failed.
    pub(crate) failure: Option<ScrapeError>,
    /// The cost of its last scrape.
    pub(crate) cost: Option<ScrapeCost>,
    /// The values refused on its last page.
    pub(crate) refusals: Refusals,
    /// What is wrong with a start time on its last page.
    pub(crate) odd_start: Option<Label>,
    /// Why its model list can't be read.
    pub(crate) list_refused: Option<Label>,
    /// The number of failed scrapes.
    pub(crate) failures: u64,
    /// Whether its page has GPUs and no engine.
    pub(crate) only_gpus: bool,
    /// When the samples of its pages were taken.
    pub(crate) samples: SampleTimes,
    /// Since when it is no longer listed where it was found.
    pub(crate) left: Option<Moment>,
}

impl Target {
    pub(super) fn new(info: TargetInfo, named: usize) -> Self {
        Self {
            info,
            named,
            kind: None,
            answered: None,
            failure: None,
            cost: None,
            refusals: Refusals::NONE,
            odd_start: None,
            list_refused: None,
            failures: 0,
            only_gpus: false,
            samples: SampleTimes::default(),
            left: None,
        }
    }

    /// Whether a page that came at `at` is not newer than the last one.
    pub(crate) fn is_late(&self, at: Moment) -> bool {
        self.answered.is_some_and(|last| at.since(last) <= Span::ZERO)
    }

    /// Records a failed scrape.
    pub(crate) fn fail(&mut self, failure: Option<ScrapeError>) {
        self.failures += 1;
        self.failure = failure.or(self.failure.take());
    }

    /// Records a page that was cut short or exceeds a limit, which posts nothing.
    pub(crate) fn fail_incomplete(&mut self, page: &PageReading, bytes: u64) {
        self.refusals = page.refusals.clone();
        self.kind = self.kind.or(Some(page.kind));
        self.fail(Some(match page.refusals.over_limit {
            0 if page.refusals.truncated => ScrapeError::Unended(bytes),
            0 => ScrapeError::Cut(bytes),
            n => ScrapeError::Other(Label::new(&format!("{n} lines or series beyond a limit: not counted"))),
        }));
    }

    /// Records a complete page that came at `at`.
    pub(crate) fn answer(&mut self, page: &PageReading, cost: ScrapeCost, at: Moment) {
        self.failure = None;
        self.samples.note(page, at);
        self.odd_start = odd_start(page, at).map(|text| Label::new(&text));
        self.list_refused.clone_from(&page.list_refused);
        self.cost = Some(cost);
        self.refusals = page.refusals.clone();
        self.kind = Some(page.kind);
        self.only_gpus = page.engines.is_empty() && !page.gpus.is_empty();
    }
}

/// What is wrong with a start time on a page, if any process on it has one that cannot be right.
fn odd_start(page: &PageReading, at: Moment) -> Option<String> {
    let refused = page.refusals.start.as_ref().map(ToString::to_string);
    let mut starts = page.start.into_iter().chain(page.instance_starts.iter().map(|(_, start)| *start));
    let odd = refused.or_else(|| starts.clone().find(|start| *start <= UNSET).map(|start| start.to_string()));
    if let Some(start) = odd {
        return Some(format!("start time {start} is not plausible: the process is identified by its values"));
    }
    let now = page.date.unwrap_or(at.wall);
    let future = starts.find(|start| *start > now + SLACK)?;
    Some(format!("start time {future} lies in the future: it does not prove a restart"))
}
