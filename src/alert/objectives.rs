//! The rule for objectives of latency that are not met.

use super::finding::Finding;
use crate::snapshot::{Rule, Severity, Snapshot};
use crate::units::{Ratio, Span, Timestamp};

/// The share of requests and tokens that the objectives ask for: they are 99th percentiles.
const ASKED: f64 = 0.99;
/// How long the objectives are missed before there is an alert, and met before it ends.
const PATIENCE: Span = Span::from_secs(60);

/// Whether the objectives are missed, and since when the snapshots say otherwise.
#[derive(Debug, Default)]
pub(super) struct MissedObjectives {
    is_missed: bool,
    other_since: Option<Timestamp>,
    /// The last share below what is asked for.
    within: Option<Ratio>,
}

impl MissedObjectives {
    pub(super) fn finding(&mut self, snapshot: &Snapshot) -> Option<Finding> {
        let Some(slo) = &snapshot.slo else {
            *self = Self::default();
            return None;
        };
        if let Some(within) = slo.within {
            if within.get() < ASKED {
                self.within = Some(within);
            }
            if (within.get() < ASKED) == self.is_missed {
                self.other_since = None;
            } else {
                let since = *self.other_since.get_or_insert(snapshot.at);
                if snapshot.at - since >= PATIENCE {
                    (self.is_missed, self.other_since) = (!self.is_missed, None);
                }
            }
        }
        let within = self.within.filter(|_| self.is_missed)?;
        // Rounded down: less than 99 % is never shown as 99.0 %.
        let percent = (within.get() * 1000.0).floor() / 10.0;
        let text = format!("{percent:.1} % in SLO, 99 % wanted: see which engines have long queues");
        Some(Finding { rule: Rule::SloMissed, severity: Severity::Warning, subject: "the fleet".to_owned(), text })
    }
}
