//! The rules that turn a snapshot into alerts, and since when each alert has held.
//!
//! A rule reads the snapshot only. State from earlier snapshots is kept in the [`AlertWatch`]: since when a rule has
//! held, whether a loss continues, and since when an engine has produced no token.

mod engines;
mod errors;
mod finding;
mod ledger;
mod money;
mod nodes;
mod objectives;
mod sources;
mod stalled;

use std::collections::HashMap;

use crate::natural_order::natural_cmp;
use crate::reading::Label;
use crate::snapshot::{Alert, Rule, Snapshot};
use crate::units::Timestamp;
use finding::Finding;

/// Evaluates the rules on successive snapshots.
#[derive(Debug, Default)]
pub struct AlertWatch {
    since: HashMap<(Rule, Label), Timestamp>,
    loss: money::Loss,
    stalls: stalled::Stalls,
    errors: errors::Errors,
    objectives: objectives::MissedObjectives,
}

impl AlertWatch {
    /// Adds the alerts to a snapshot, the most severe first.
    pub fn judge(&mut self, snapshot: &mut Snapshot) {
        let rows = nodes::findings(snapshot).into_iter().chain(engines::findings(snapshot));
        let remembered = self.loss.finding(snapshot).into_iter().chain(self.stalls.findings(snapshot));
        let errors = self.errors.findings(snapshot).into_iter().chain(self.objectives.finding(snapshot));
        let found = rows
            .chain(remembered)
            .chain(errors)
            .chain(money::disputed(snapshot))
            .chain(snapshot.notices.iter().map(Finding::from))
            .chain(ledger::findings(snapshot))
            .chain(sources::findings(snapshot));
        let found = found.filter(|finding| !(snapshot.resuming && finding.is_silence()));
        let mut alerts: Vec<_> = found.map(|finding| self.stand(&finding, snapshot.at)).collect();
        alerts.sort_by(|a, b| {
            let subjects = || natural_cmp(a.subject.as_str(), b.subject.as_str());
            b.severity.cmp(&a.severity).then_with(subjects).then(a.rule.cmp(&b.rule))
        });
        self.since
            .retain(|(rule, subject), _| alerts.iter().any(|alert| alert.rule == *rule && alert.subject == *subject));
        snapshot.alerts = alerts;
    }

    fn stand(&mut self, finding: &Finding, now: Timestamp) -> Alert {
        let subject = Label::new(&finding.subject);
        let since = *self.since.entry((finding.rule, subject.clone())).or_insert(now);
        Alert { rule: finding.rule, severity: finding.severity, subject, since, text: Label::new(&finding.text) }
    }
}
