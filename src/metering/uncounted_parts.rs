//! Tokens that are counted nowhere. With prefill and decode apart, prompts are on two pages and count on one of them, by
//! their engine, and the output is on the page of the decode engine. If no engine of that role is watched for the model, the
//! total lacks them.

use super::counts::{Counts, counts};
use super::{Context, Engine, Metering, Row};
use crate::counters::Delta;
use crate::dialect;
use crate::inventory::TargetInfo;
use crate::reading::{EngineReading, EngineRole, TargetId};
use crate::units::Tokens;

impl Metering {
    /// Notes growth of a row of which a part counts on pages of another role, given what counts here. If no engine of that
    /// role is watched for the model, a lost window is counted.
    pub(super) fn note_uncounted(
        &mut self,
        context: &mut Context<'_>,
        engine: &Engine,
        reading: &EngineReading,
        here: Counts,
        grown: Delta,
    ) {
        let key = (context.info.target.clone(), reading.model.clone());
        let began = context.ledger.day_began();
        // Each target is asked once before one is missed.
        let waits = context.at.wall - self.began < context.config.stale_after();
        let is_watched = !waits && self.has_counterpart(context, engine, reading, here);
        let grew = grown.miss + grown.hit > Tokens::ZERO || here.prompts && grown.output > Tokens::ZERO;
        if self.uncounted.note(key, grew, (!waits).then_some(is_watched), began) {
            context.ledger.lose_window(context.at.wall);
        }
        if is_watched {
            self.note_coverage(context, reading, grown);
        }
    }

    /// Whether a part of a row's tokens is counted nowhere.
    pub(crate) fn lacks_part(&self, target: &TargetId, reading: &EngineReading) -> bool {
        self.uncounted.lacks(&(target.clone(), reading.model.clone()))
    }

    /// Whether an engine is watched for a row's model that counts what the row does not.
    fn has_counterpart(&self, context: &Context<'_>, engine: &Engine, reading: &EngineReading, here: Counts) -> bool {
        let own = engine.rows.iter().map(|row| (context.info, row));
        let others = self.engines.iter().filter_map(|(id, engine)| Some((context.inventory.target(id)?, engine)));
        let others = others.flat_map(|(target, engine)| engine.rows.iter().map(move |row| (&target.info, row)));
        own.chain(others).any(|(info, row)| self.is_counterpart((info, row), reading, here))
    }

    fn is_counterpart(&self, (info, row): (&TargetInfo, &Row), reading: &EngineReading, here: Counts) -> bool {
        let role = self.role(info, &row.reading);
        let there = counts(row.reading.kind, role, false);
        let is_apart = role == EngineRole::Prefill || role == EngineRole::Decode;
        let root = |reading: &EngineReading| reading.model.as_ref().map(|model| self.names.root_of(model));
        let counts_it = (here.prompts || there.prompts) && (here.outputs || there.outputs);
        is_apart && counts_it && root(&row.reading) == root(reading)
    }

    /// Compares the prompts of a page with those of the model's engines of the other role.
    pub(super) fn note_coverage(&mut self, context: &mut Context<'_>, reading: &EngineReading, grown: Delta) {
        let role = self.role(context.info, reading);
        if dialect::policy(reading.kind).attributes_prompts {
            return;
        }
        let Some(model) = reading.model.as_ref().map(|model| self.names.root_of(model)) else { return };
        let page = (&context.info.target, role, (grown.miss + grown.hit).count());
        let now = (context.at, context.config.stale_after(), context.ledger.day_began());
        if self.coverage.note(model, page, now) {
            context.ledger.lose_window(context.at.wall);
        }
    }

    /// The role of which engines seem to lack for a model, so that some of its tokens are counted nowhere.
    pub(crate) fn lacking_role(&self, reading: &EngineReading) -> Option<EngineRole> {
        let model = self.names.root_of(reading.model.as_ref()?);
        self.coverage.lacking(&model)
    }
}
