//! Prompts that are counted nowhere. With prefill and decode apart, prompts are on two pages and count on one of them, by
//! their engine. If no engine of that role is watched for the model, the total lacks them.

use super::counts::counts;
use super::{Context, Engine, Metering, Row};
use crate::inventory::TargetInfo;
use crate::reading::{EngineReading, EngineRole, TargetId};
use crate::units::Tokens;

impl Metering {
    /// Notes prompts of a row that count on pages of another role. If no engine of that role is watched for the model, a
    /// lost window is counted.
    pub(super) fn note_uncounted_prompts(
        &mut self,
        context: &mut Context<'_>,
        engine: &Engine,
        reading: &EngineReading,
        prompts: Tokens,
    ) {
        let key = (context.info.target.clone(), reading.model.clone());
        let began = context.ledger.day_began();
        // Each target is asked once before one is missed.
        let waits = context.at.wall - self.began < context.config.stale_after();
        let is_watched = !waits && self.has_counterpart(context, engine, reading);
        let grew = prompts > Tokens::ZERO;
        if self.uncounted.note(key, grew, (!waits).then_some(is_watched), began) {
            context.ledger.lose_window(context.at.wall);
        }
    }

    /// Whether prompts of a row are counted nowhere.
    pub(crate) fn lacks_prompts(&self, target: &TargetId, reading: &EngineReading) -> bool {
        self.uncounted.lacks(&(target.clone(), reading.model.clone()))
    }

    /// Whether an engine whose prompts count is watched for the model of a row whose prompts do not.
    fn has_counterpart(&self, context: &Context<'_>, engine: &Engine, reading: &EngineReading) -> bool {
        let here = engine.rows.iter().map(|row| (context.info, row));
        let others = self.engines.iter().filter_map(|(id, engine)| Some((context.inventory.target(id)?, engine)));
        let others = others.flat_map(|(target, engine)| engine.rows.iter().map(move |row| (&target.info, row)));
        here.chain(others).any(|(info, row)| self.is_counterpart(info, row, reading))
    }

    fn is_counterpart(&self, info: &TargetInfo, row: &Row, reading: &EngineReading) -> bool {
        let role = self.role(info, &row.reading);
        let counts = counts(row.reading.kind, role, false).prompts;
        let is_apart = role == EngineRole::Prefill || role == EngineRole::Decode;
        let root = |reading: &EngineReading| reading.model.as_ref().map(|model| self.names.root_of(model));
        is_apart && counts && root(&row.reading) == root(reading)
    }
}
