//! The reason for a cost without revenue, and a line of it.

use crate::units::Money;

/// The reason for a cost without revenue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// GPUs that are allocated while their node produces no billable token.
    Idle,
    /// Ranks that wait for the slowest of their unit.
    Imbalance,
    /// Output and prompts of requests that never finished.
    Aborted,
    /// Units with less than half the load of the others of their role.
    BelowMean,
    /// GPUs that do not answer and are still paid for.
    Silent,
    /// GPUs that serve models without a price.
    Unpriced,
    /// GPUs whose clocks are throttled by heat or power.
    Throttled,
    /// Requests that were preempted, so that their work is repeated.
    Preempted,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct ReasonLine {
    /// The reason.
    pub reason: Reason,
    /// The place: the first unit, node or model, and how many there are.
    pub what: String,
    /// The cost per hour; `None` if unknown.
    pub per_hour: Option<Money>,
    /// The cost since the figures of the day began, where the snapshot has it; `None` if not.
    pub today: Option<Money>,
}

impl Reason {
    /// Its name on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Imbalance => "imbalance",
            Self::Aborted => "aborted",
            Self::BelowMean => "below mean",
            Self::Silent => "silent",
            Self::Unpriced => "unpriced",
            Self::Throttled => "throttled",
            Self::Preempted => "preempted",
        }
    }

    /// Whether the amount is an estimate, which is marked `≈`.
    pub const fn is_estimate(self) -> bool {
        matches!(self, Self::Imbalance | Self::Aborted | Self::BelowMean | Self::Throttled | Self::Preempted)
    }

    /// How the amount is computed, in a sentence.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Idle => "The rent of GPUs that answer, in minutes in which their node made no billable token.",
            Self::Imbalance => {
                "The rent of each unit times 1 − mean/max over its ranks, by its worst balancer: an estimate from above."
            }
            Self::Aborted => {
                "What was made beyond finished requests, at the prices in force; an estimate for an hour is that share of the present output."
            }
            Self::BelowMean => {
                "The rent of each unit below half the mean load of its role, times 1 − load/mean: an estimate."
            }
            Self::Silent => "The rent of GPUs that do not answer. They are not counted as idle as well.",
            Self::Unpriced => "The rent of GPUs that answer and serve models without a price.",
            Self::Throttled => {
                "The rent of throttled GPUs, times 1 − clock/highest clock of the same kind: an estimate from above."
            }
            Self::Preempted => {
                "The rent of each engine, times the share of its requests that is done again: an estimate."
            }
        }
    }
}
