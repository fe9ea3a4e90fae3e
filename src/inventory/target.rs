//! A target: when it last answered, and how scraping it goes.

use super::TargetInfo;
use crate::reading::{EngineKind, Label, PageReading, Refusals, ScrapeCost, ScrapeTrouble};
use crate::units::{Moment, Span};

/// One target.
#[derive(Debug)]
pub struct Target {
    /// What the configuration says of it.
    pub(crate) info: TargetInfo,
    /// Its place in the order in which targets were named.
    pub(crate) named: usize,
    /// What program answers.
    pub(crate) kind: Option<EngineKind>,
    /// When it last answered with a page that was taken in.
    pub(crate) answered: Option<Moment>,
    /// Why its last scrape gave no page.
    pub(crate) trouble: Option<ScrapeTrouble>,
    /// What its last page cost.
    pub(crate) cost: Option<ScrapeCost>,
    /// What was refused in its last page.
    pub(crate) refusals: Refusals,
    /// Scrapes that gave no page.
    pub(crate) failures: u64,
    /// Whether its page holds GPUs and no engine.
    pub(crate) only_gpus: bool,
}

impl Target {
    pub(super) const fn new(info: TargetInfo, named: usize) -> Self {
        Self {
            info,
            named,
            kind: None,
            answered: None,
            trouble: None,
            cost: None,
            refusals: Refusals::NONE,
            failures: 0,
            only_gpus: false,
        }
    }

    /// Whether a page that came at `at` is older than the last one.
    pub(crate) fn is_late(&self, at: Moment) -> bool {
        self.answered.is_some_and(|last| at.since(last) <= Span::ZERO)
    }

    /// A scrape gave no page.
    pub(crate) fn fail(&mut self, trouble: Option<ScrapeTrouble>) {
        self.failures += 1;
        self.trouble = trouble.or(self.trouble.take());
    }

    /// A page came whose end is missing, or of which a part is beyond a limit: nothing of it is posted.
    pub(crate) fn fail_incomplete(&mut self, page: &PageReading, bytes: u64) {
        self.refusals = page.refusals.clone();
        self.kind = self.kind.or(Some(page.kind));
        self.fail(Some(match page.refusals.over_limit {
            0 if page.refusals.unended => ScrapeTrouble::Unended(bytes),
            0 => ScrapeTrouble::Cut(bytes),
            n => ScrapeTrouble::Other(Label::new(&format!("{n} lines or series beyond a limit: not counted"))),
        }));
    }

    /// A complete page came.
    pub(crate) fn answer(&mut self, page: &PageReading, cost: ScrapeCost) {
        self.trouble = None;
        self.cost = Some(cost);
        self.refusals = page.refusals.clone();
        self.kind = Some(page.kind);
        self.only_gpus = page.engines.is_empty() && !page.gpus.is_empty();
    }
}
