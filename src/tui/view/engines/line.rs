//! A row of the engines list: a unit, a target, or a rank of either.

use crate::history::Subject;
use crate::reading::{EngineRole, Health};
use crate::snapshot::{EngineRow, Severity};
use crate::tui::view::ListKey;
use crate::tui::view::served::ServedTogether;
use crate::tui::widgets::table::Tree;
use crate::units::{Money, Ratio};

/// A row: a unit, a target, or a rank of either.
pub(super) struct EngineLine<'a> {
    pub(super) key: ListKey,
    pub(super) name: String,
    /// The subject name of its alerts.
    pub(super) alerts_of: String,
    /// The row of one engine or rank.
    pub(super) engine: Option<&'a EngineRow>,
    /// The subject that its tokens are stored under.
    pub(super) subject: Option<Subject>,
    /// The figures of a unit, a node or a model as a whole.
    pub(super) whole: Option<Whole>,
    pub(super) served: ServedTogether<'a>,
    pub(super) is_parent: bool,
    pub(super) tree: Tree,
    pub(super) state: Health,
    pub(super) gravest: Option<Severity>,
    /// Its load relative to the mean of its siblings.
    pub(super) over_mean: Option<f64>,
    /// Its share of its parent's tokens.
    pub(super) share: Option<f64>,
}

impl EngineLine<'_> {
    /// The token rate by which ranks are compared: prompts for prefill, else output.
    pub(super) fn tokens(&self) -> Option<f64> {
        tokens(self.served.role, &self.served)
    }

    pub(super) fn revenue(&self) -> Option<Money> {
        self.whole.and_then(|whole| whole.revenue)
    }

    pub(super) fn profit(&self) -> Option<Money> {
        self.whole.and_then(|whole| whole.profit)
    }
}

/// The figures of a unit, a node or a model that are not sums of its engines' rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Whole {
    /// Revenue per hour.
    pub(super) revenue: Option<Money>,
    /// Profit per hour.
    pub(super) profit: Option<Money>,
    /// Cached share of its prompt tokens.
    pub(super) hits: Option<Ratio>,
    /// Whether it has a cost, and what it makes has no price.
    pub(super) is_unpriced: bool,
    /// Prompt and output tokens per second.
    pub(super) prompt: Option<f64>,
    pub(super) output: Option<f64>,
}

pub(super) fn tokens(role: Option<EngineRole>, served: &ServedTogether<'_>) -> Option<f64> {
    if role == Some(EngineRole::Prefill) { served.prompt } else { served.output }
}
