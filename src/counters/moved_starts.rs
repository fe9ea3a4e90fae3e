//! Quarantined start times: each may be that of a known process, changed by clock corrections, or of another process.

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::process::Process;
use super::process_id::ProcessId;
use crate::units::Moment;

/// Quarantined start times close to that of a known process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Jitter {
    pub(super) of: ProcessId,
    /// For each start time, the process that it belongs to if that is another one, with its first page as the baseline.
    pub(super) others: Vec<Process>,
    /// For each of these, since when it counts from zero instead, if it is another process that started while observed.
    #[serde(default)]
    pub(super) born: Vec<Option<Moment>>,
    pub(super) last: Line,
    pub(super) pages: u8,
    /// Whether one of the start times is no later than the page before it, so that it cannot be a later process's.
    #[serde(default)]
    pub(super) is_proven: bool,
}

impl Jitter {
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { of: _, others, born, last: _, pages: _, is_proven: _ } = self;
        others.iter_mut().flat_map(Process::moments_mut).chain(born.iter_mut().flatten())
    }

    pub(super) fn is_of(&self, id: ProcessId) -> bool {
        self.of == id
    }

    /// Whether the start time changed again.
    pub(super) const fn moves(&self) -> bool {
        self.others.len() > 1
    }
}
