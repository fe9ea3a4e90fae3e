//! Instances that are not on the first page after a gap: what they made in it before they ended is unknown.

use super::counts::Counts;
use super::relabelled::InstancePart;
use super::{Context, Engine, Metering};

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

    fn is_counted(&self, context: &Context<'_>, engine: &Engine, place: usize) -> bool {
        let id = &engine.instances[place].id;
        engine.rows.iter().filter(|row| row.instance == *id).any(|row| {
            let role = self.role(context.info, &row.reading);
            self.row_counts(context, engine, &row.reading, role) != Counts::NOTHING
        })
    }
}
