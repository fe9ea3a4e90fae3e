//! A page of an instance, and the result of applying it.

use super::delta::Step;
use super::plausibility::Bounds;
use super::process_id::ProcessId;
use crate::reading::EngineReading;
use crate::units::{Moment, Span, Timestamp};

/// The largest difference of two clocks that are compared.
pub const SLACK: Span = Span::from_secs(5);
/// How long a verdict lasts without new evidence.
pub(super) const FORGOTTEN: Span = Span::from_secs(600);
/// How long a process counts as answering after its last page.
pub const ANSWERING: Span = Span::from_secs(60);
/// The latest start time that counts as coming from a clock that was never set.
pub const UNSET: Timestamp = Timestamp::from_millis(366 * 86_400_000);

/// One page of an instance.
#[derive(Debug, Clone, Copy)]
pub struct InstancePage<'a> {
    /// When it was received.
    pub at: Moment,
    /// Its rows.
    pub rows: &'a [&'a EngineReading],
    /// The start time of its process, as on the page.
    pub start: Option<Timestamp>,
    /// The latest start time of other processes that are counted together with this one, since no label distinguishes them.
    pub other_start: Option<Timestamp>,
    /// How far the server's clock is ahead of ours, if the response had its time.
    pub ahead: Option<Span>,
    /// Whether any counter had an invalid value.
    pub refused: bool,
    /// The bounds on the growth of the process.
    pub bounds: Bounds,
    /// The earliest start time from which a new process counts from zero; `None` if it never does.
    pub watched_since: Option<Timestamp>,
    /// When the process was last seen without this instance, if it is a part of a known process, so that it counts from
    /// zero.
    pub appeared_since: Option<Moment>,
}

/// The meaning of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageVerdict {
    /// The first page of an older process: a baseline.
    Baseline,
    /// A page of a known process.
    Continues,
    /// The first page of a process started while observed. It replaces another process or answers besides it.
    Born {
        /// Its start, by our clock.
        at: Timestamp,
        /// Whether it replaced another process.
        replaced: bool,
    },
    /// A process without a start time was reset: it counts from zero.
    Reset,
    /// A change is quarantined.
    Quarantined,
    /// A counter of the last page is missing: the page was truncated after a line.
    Cut,
}

/// The result of applying a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The meaning of the page.
    pub verdict: PageVerdict,
    /// The process; the last known one if a change is quarantined.
    pub process: ProcessId,
    /// A step for each row of the page, in order.
    pub steps: Vec<Step>,
    /// When the process's previous page was received.
    pub since: Moment,
    /// Whether entries posted for this page may be reversed later.
    pub on_trial: bool,
    /// Processes whose entries on trial are to be reversed.
    pub taken_back: Vec<ProcessId>,
    /// Processes whose trial is over, so that their entries stay.
    pub believed: Vec<ProcessId>,
    /// Whether tokens may be missing because of what was reversed or accepted.
    pub lost: bool,
    /// Whether a process returned that was assumed replaced, so that none of its tokens are missing.
    pub returned: bool,
}

impl Outcome {
    pub(super) fn empty(process: ProcessId, since: Moment, page: &InstancePage<'_>) -> Self {
        let present = |reading: &&EngineReading| reading.tokens.numbers().map(|value| value.is_some());
        let steps = page.rows.iter().map(|reading| Step { present: present(reading), ..Step::default() }).collect();
        let verdict = PageVerdict::Continues;
        let (taken_back, believed) = (Vec::new(), Vec::new());
        Self { verdict, process, steps, since, on_trial: false, taken_back, believed, lost: false, returned: false }
    }
}
