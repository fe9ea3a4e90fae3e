//! Alerts that a person silences for an hour: they stay in the list, below the others.

use std::sync::Arc;

use super::{App, Effect, Silenced};
use crate::snapshot::{Alert, Severity, Snapshot};
use crate::tui::format;
use crate::tui::frame_input::subject_in;
use crate::units::{Span, Timestamp};

impl App {
    /// Until when an alert is silenced.
    pub fn silenced(&self, alert: &Alert) -> Option<Timestamp> {
        let is_it = |silenced: &&Silenced| silenced.rule == alert.rule && silenced.subject == alert.subject;
        self.silenced.iter().find(is_it).map(|silenced| silenced.until).filter(|until| *until > self.shown.at)
    }

    /// Silences the alerts of the chosen row, or ends their silence.
    pub(super) fn silence(&mut self) -> Effect {
        let chosen = self.view().view().chosen_alerts(&self.input());
        let Some((_, first)) = chosen.first() else { return Effect::None };
        let more = if chosen.len() > 1 { format!(" and {} more", chosen.len() - 1) } else { String::new() };
        let name = format!("{}{more}", format::shorten(&subject_in(&self.shown, first.as_str()), 30));
        let known = self.silenced.len();
        self.silenced.retain(|silenced| {
            !chosen.iter().any(|(rule, subject)| silenced.rule == *rule && silenced.subject == *subject)
        });
        if self.silenced.len() < known {
            let verb = if chosen.len() > 1 { "are" } else { "is" };
            self.say(format!("{name} {verb} no longer silenced"));
        } else {
            let until = self.shown.at + Span::HOUR;
            let clock = format::clock_minute(until, &self.zone);
            let verb = if chosen.len() > 1 { "are" } else { "is" };
            self.say(format!("{name} {verb} silenced until {clock}"));
            self.silenced.extend(chosen.into_iter().map(|(rule, subject)| Silenced { rule, subject, until }));
        }
        if self.frozen.is_none() {
            self.show(self.received.clone());
        }
        Effect::Redraw
    }

    /// The snapshot with silenced alerts as notes after all others.
    pub(super) fn hushed(&mut self, snapshot: &Arc<Snapshot>) -> Arc<Snapshot> {
        self.silenced.retain(|silenced| silenced.until > snapshot.at);
        let is_silenced = |alert: &Alert| {
            self.silenced.iter().any(|silenced| silenced.rule == alert.rule && silenced.subject == alert.subject)
        };
        if !snapshot.alerts.iter().any(is_silenced) {
            return snapshot.clone();
        }
        let mut hushed = (**snapshot).clone();
        let (mut quiet, loud): (Vec<Alert>, Vec<Alert>) = hushed.alerts.drain(..).partition(is_silenced);
        for alert in &mut quiet {
            alert.severity = Severity::Info;
        }
        hushed.alerts = loud.into_iter().chain(quiet).collect();
        Arc::new(hushed)
    }
}
