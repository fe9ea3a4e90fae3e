//! Proxies beside watched engines: their tokens are posted, held, or left to the engine that serves the model.

use super::proxy_guard::{self, Held, ProxyGuard, WATCHED};
use super::revenue::subtract;
use super::row::Row;
use super::{Context, Engine, Metering};
use crate::ledger::TokenChange;
use crate::reading::{EngineReading, Role};
use crate::units::Timestamp;

impl Metering {
    /// Holds a proxy's tokens while a watched engine may count them too. Returns the tokens to post now.
    pub(super) fn guard(&self, row: &mut Row, role: Role, held: Held) -> Option<Held> {
        if role != Role::Proxy {
            return Some(held);
        }
        row.guard.get_or_insert_default().advance(held, self.names.any_served())
    }

    /// Stops counting a proxy's row when a watched engine serves its model. The engine's first page is a baseline, so
    /// tokens from before it are lost; then a lost window is counted.
    pub(super) fn hand_over(&self, context: &mut Context<'_>, row: &mut Row, reading: &EngineReading, now: Held) {
        let Some(guard) = row.guard.take() else { return };
        let served_since = reading.model.as_ref().and_then(|model| self.names.served_since(model));
        let from = guard.held().map_or(now.from, |held| held.from);
        let uncounted = guard.held().is_some() || guard.has_counted() && !now.tokens.is_zero();
        if uncounted && served_since.is_some_and(|since| since > from) {
            context.ledger.lose_window(context.at.wall);
        }
    }

    /// Judges the rows of a proxy whose page was just read.
    pub(super) fn judge_proxies(&mut self, context: &mut Context<'_>, engine: &mut Engine) {
        let at = context.at;
        let mut guards: Vec<_> = engine.rows.iter_mut().filter_map(|row| row.guard.as_mut()).collect();
        if guards.iter().any(|guard| guard.is_due(at)) {
            let behind = self.engines.values().any(|engine| self.is_behind(context, engine));
            let parted = proxy_guard::judge(&mut guards, at, &self.produced, behind);
            (0..parted).for_each(|_| context.ledger.lose_window(at.wall));
            self.take_back_proxied(context, engine);
        }
    }

    /// Takes back what was posted for rows of a proxy that are probably an engine's.
    fn take_back_proxied(&mut self, context: &mut Context<'_>, engine: &mut Engine) {
        let day = context.ledger.day_began();
        for row in &mut engine.rows {
            let back = row.guard.as_mut().map(ProxyGuard::take_back).unwrap_or_default();
            if back.is_empty() {
                continue;
            }
            context.ledger.reverse(&back);
            row.forget_correctable();
            for entry in &back {
                row.earned.add(day, entry.tariff, TokenChange::taken_back(entry.tokens));
            }
            let Some(instance) = engine.instances.iter_mut().find(|instance| instance.id == row.instance) else {
                continue;
            };
            instance.trial.values_mut().for_each(|kept| subtract(kept, &back));
            for process in instance.processes.all() {
                self.drop_entries(context, row.instance.as_ref(), process.id(), &back);
            }
        }
    }

    /// Whether growth of an engine is probably still to come: it is silent, but not for long.
    fn is_behind(&self, context: &Context<'_>, engine: &Engine) -> bool {
        let Some(last) = engine.last_page else { return false };
        let silent = context.at.since(last);
        let watched = context.at.wall - self.began;
        let serves = || engine.rows.iter().any(Row::serves);
        silent >= context.config.stale_after() && silent.min(watched) < WATCHED && serves()
    }

    /// Restores the models that were served before the restart, until the engines' first pages.
    pub(super) fn restore_served(&mut self, engine: &Engine) {
        for row in engine.rows.iter().filter(|row| row.serves()) {
            self.names.note_served(&row.reading, Timestamp::default());
        }
    }
}

/// Counts a lost window for each row that is dropped with held tokens.
pub(super) fn note_dropped(context: &mut Context<'_>, engine: &Engine) {
    let dropped = engine.rows.iter().filter(|row| row.is_outdated(context.at));
    let held = dropped.filter(|row| row.guard.as_ref().is_some_and(|guard| guard.held().is_some()));
    held.for_each(|_| context.ledger.lose_window(context.at.wall));
}
