//! The interval in which a page's growth was produced, and what a restart or a gap in it means.

use super::{Context, Engine};
use crate::counters::{Outcome, PageVerdict, Reset, Step};
use crate::ledger::{Marker, Timing};
use crate::reading::EngineReading;
use crate::units::{Moment, Timestamp};

/// The interval of a page's growth, its precision, and the start times of the previous and the current process, if known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) timing: Timing,
    pub(super) starts: [Option<Timestamp>; 2],
    /// Whether its process began in it, at an unknown instant.
    pub(super) began: bool,
    /// Whether its address was silent in it.
    pub(super) silent: bool,
    /// Since when prompt and output tokens have grown, if their counter was missing on earlier pages.
    pub(super) late: [Option<Timestamp>; 2],
    /// Since when its counters stood still before it, so that its growth may be of that time.
    pub(super) still_since: Option<Timestamp>,
}

impl Interval {
    /// The interval of a row's step, whose counters may have stood still since a moment before it.
    pub(super) fn of_row(self, step: &Step, still_since: Option<Moment>, at: Moment) -> Self {
        let wall = |since: Moment| at.wall - at.since(since);
        let late = [step.late[0], step.late[2]].map(|since| since.map(wall));
        Self { late, began: step.began, still_since: still_since.map(wall), ..self }
    }

    /// The interval from an earlier moment up to `at`.
    pub(super) fn since(self, from: Moment, at: Moment) -> Self {
        Self { from: self.from.min(at.wall - at.since(from)), ..self }
    }
}

/// Counts restarts and, if any row is counted, windows in which tokens may be missing. Returns the interval in which
/// the page's growth was produced.
pub(super) fn note_verdict(
    context: &mut Context<'_>,
    outcome: &Outcome,
    answered: Moment,
    starts: [Option<Timestamp>; 2],
    counted: bool,
) -> Interval {
    let at = context.at;
    let gap = at.since(outcome.since);
    let long = gap > context.config.stale_after();
    let restarted = match outcome.verdict {
        PageVerdict::Born { replaced, .. } => replaced,
        PageVerdict::Reset => true,
        _ => false,
    };
    // The loss of a reset is counted when the reset is accepted.
    let lost = restarted && outcome.verdict != PageVerdict::Reset;
    // Quarantined pages in between show that the same process continued.
    let silent = long && at.since(answered) > context.config.stale_after();
    let may_lack = lost || outcome.verdict == PageVerdict::Continues && silent && starts[1].is_none();
    if may_lack && counted {
        context.ledger.lose_window(at.wall);
    }
    if outcome.returned && counted {
        context.ledger.regain_window(at.wall);
    }
    if restarted {
        context.ledger.mark(Marker::restart(at.wall, &context.info.target));
    }
    let timing = if long { Timing::Estimated } else { Timing::Seen };
    // Wall time may have been set since, so the boot clock gives the length of the interval.
    let silent = at.since(answered) > context.config.stale_after();
    Interval {
        from: at.wall - gap,
        to: at.wall,
        timing,
        starts,
        began: false,
        silent,
        late: [None; 2],
        still_since: None,
    }
}

/// Ends a row's rate if the time of the page's growth is unknown. Returns the page's interval.
pub(super) fn begin_rate(
    context: &mut Context<'_>,
    engine: &mut Engine,
    (place, reading): (usize, &EngineReading),
    (step, outcome): (&Step, &Outcome),
    interval: Interval,
) -> Interval {
    // Late hits belong to more prompts than this page's, a jump may be from before, and what a series made since its reset
    // comes at once.
    let unknown_time = step.late[1].is_some() || step.leapt || step.catches_up();
    let interval = Interval { began: interval.began || unknown_time, ..interval };
    if step.leapt {
        engine.instance(reading.instance.as_ref(), context.at).leapt = Some(context.at);
    }
    let is_reset = step.began && step.reset == Reset::Begins || outcome.verdict == PageVerdict::Reset;
    let has_fallen = step.quarantined && outcome.verdict == PageVerdict::Continues;
    if is_reset || unknown_time || has_fallen {
        // The earlier rate does not apply to what follows, and a row that has fallen alone has none.
        let row = &engine.rows[place];
        context.ledger.end_source(row.source(outcome.process), row.only_account());
    }
    interval
}
