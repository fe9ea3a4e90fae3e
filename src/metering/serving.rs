//! Since when an engine serves that was silent. Leases with `when = "serving"` pay from when its tokens count: over the gap if
//! its process continued, otherwise from the start of the new one.

use super::{Engine, Metering};
use crate::counters::{JITTER, Process};
use crate::inventory::{FleetConfig, TargetInfo};
use crate::reading::{EngineReading, NodeName, PageReading, TargetId, TokenCounters};
use crate::units::{Moment, Span, Timestamp};

impl Metering {
    /// Before the GPU time of serving leases is posted up to a page: leaves out a silence of the node's engines, if the
    /// page's process did not serve in it. `rows` are those of the page on the node.
    pub(crate) fn resume_serving(
        &mut self,
        config: &FleetConfig,
        (node, info): (&NodeName, &TargetInfo),
        (page, rows): (&PageReading, &[&EngineReading]),
        at: Moment,
    ) {
        let Some(last) = self.gpu_cost.served_until(node) else { return };
        if at.since(last) <= config.stale_after() || self.continues(&info.target, (page, rows)) {
            return;
        }
        let ahead = page.date.map_or(Span::ZERO, |date| date - at.wall);
        let starts = rows.iter().filter_map(|row| page.start_of(row.instance.as_ref()));
        let began = starts.map(|start| start - ahead).filter(|start| *start <= at.wall).min();
        let moment = |wall: Timestamp| Moment { wall, boot: at.boot - (at.wall - wall) };
        let from = began.map_or(at, moment);
        self.gpu_cost.serve_from(node, if from.since(last) > Span::ZERO { from } else { last });
    }

    /// Whether any process of some rows of a page was known before.
    fn continues(&self, target: &TargetId, (page, rows): (&PageReading, &[&EngineReading])) -> bool {
        let Some(engine) = self.engines.get(target) else { return false };
        rows.iter().any(|reading| is_known(engine, reading, page.start_of(reading.instance.as_ref())))
    }
}

fn is_known(engine: &Engine, reading: &EngineReading, start: Option<Timestamp>) -> bool {
    let of_instance = engine.instances.iter().filter(|instance| instance.id == reading.instance);
    let mut processes = of_instance.flat_map(|instance| instance.processes.all());
    match start {
        Some(start) => processes.any(|process| process.start().is_some_and(|known| is_near(known, start))),
        None => processes.any(|process| goes_on(process, reading)),
    }
}

fn is_near(one: Timestamp, other: Timestamp) -> bool {
    (one - other).millis().abs() < JITTER.millis()
}

/// Whether no counter of a row is below the last value of the process.
fn goes_on(process: &Process, reading: &EngineReading) -> bool {
    let mut rows = process.rows().iter().filter(|row| row.key.is_of(reading)).peekable();
    let values = |tokens: &TokenCounters| [tokens.prompt.counted(), tokens.output].map(Option::unwrap_or_default);
    let now = values(&reading.tokens);
    rows.peek().is_some()
        && rows.all(|row| values(&row.counters.last()).iter().zip(&now).all(|(last, now)| last <= now))
}
