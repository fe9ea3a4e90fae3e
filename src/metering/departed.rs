//! Instances and rows that leave their page: what they made after their last page, before they ended, is unknown.

use super::counts::Counts;
use super::relabelled::InstancePart;
use super::{Context, Engine, Metering, Row};
use crate::units::{Moment, Span};

/// A row whose tokens did not grow for this long had no request when it left.
const IDLE: Span = Span::from_secs(60);

impl Metering {
    /// Counts a lost window for each instance of the last page that left in a gap; one that returns has lost nothing.
    pub(super) fn note_departed(&self, context: &mut Context<'_>, engine: &mut Engine, parts: &[InstancePart<'_>]) {
        let last = engine.last_page;
        let is_gap = last.is_some_and(|last| context.at.since(last) > context.config.stale_after());
        for place in 0..engine.instances.len() {
            let instance = &mut engine.instances[place];
            let is_shown = parts.iter().any(|(id, _)| *id == instance.id.as_ref());
            if is_shown && std::mem::take(&mut instance.has_departed) {
                context.ledger.regain_window(context.at.wall);
            }
            let was_last = Some(instance.seen.boot) == last.map(|last| last.boot);
            if is_gap && !is_shown && was_last && self.is_counted(context, engine, place) {
                engine.instances[place].has_departed = true;
                context.ledger.lose_window(context.at.wall);
            }
        }
    }

    /// Counts a lost window for each instance with rows that grew and have left for longer than a page is late; one for
    /// whose rows a window was counted is regained when they return.
    pub(super) fn note_left_rows(&self, context: &mut Context<'_>, engine: &mut Engine) {
        for row in engine.rows.iter_mut().filter(|row| row.seen == context.at) {
            if std::mem::take(&mut row.growth.has_departed) {
                context.ledger.regain_window(context.at.wall);
            }
        }
        let Some(last) = engine.last_page else { return };
        let late = context.config.stale_after();
        let leaves = |row: &Row, at: Moment| at.since(row.seen) > late && last.since(row.seen) <= late;
        let grew = |row: &Row| row.growth.at.is_some_and(|grew| row.seen.since(grew) < IDLE);
        for place in 0..engine.rows.len() {
            let row = &engine.rows[place];
            if !leaves(row, context.at) || !grew(row) || row.may_be_renamed || engine.may_grow(row, context.at) {
                continue;
            }
            let of_it = |other: &&Row| other.instance == row.instance && other.growth.has_departed;
            let is_noted = engine.instances.iter().any(|known| known.id == row.instance && known.has_departed)
                || engine.rows.iter().any(|other| of_it(&other));
            let role = self.role(context.info, &row.reading);
            if !is_noted && self.row_counts(context, engine, &row.reading, role) != Counts::NOTHING {
                engine.rows[place].growth.has_departed = true;
                context.ledger.lose_window(context.at.wall);
            }
        }
    }

    fn is_counted(&self, context: &Context<'_>, engine: &Engine, place: usize) -> bool {
        let id = &engine.instances[place].id;
        engine.rows.iter().filter(|row| row.instance == *id).any(|row| {
            let role = self.role(context.info, &row.reading);
            self.row_counts(context, engine, &row.reading, role) != Counts::NOTHING
        })
    }
}
