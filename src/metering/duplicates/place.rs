//! A process at one of its places, and the mark that identifies the process there.

use serde::{Deserialize, Serialize};

use crate::counters::{Process, ProcessId};
use crate::metering::agreement::Values;
use crate::reading::{EngineReading, InstanceId, TargetId};
use crate::units::Timestamp;

/// The number of observations kept of a place.
pub(super) const OBSERVATIONS: usize = 64;

/// One process of one instance at one target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(in crate::metering) struct Place {
    pub(in crate::metering) target: TargetId,
    pub(in crate::metering) instance: Option<InstanceId>,
    pub(in crate::metering) process: ProcessId,
}

impl Place {
    /// The first possible place of an instance.
    pub(super) fn first_of(target: &TargetId, id: Option<&InstanceId>) -> Self {
        Self { target: target.clone(), instance: id.cloned(), process: ProcessId(0) }
    }
}

/// How direct a place is; the place with the lowest value counts.
pub(in crate::metering) type Directness = (bool, bool, bool, usize);

/// What all places of one process share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::metering) enum ProcessMark {
    /// Its start time, in hundredths of a second.
    Start(i64),
    /// Its page, if the process has no start time.
    Page(u64),
}

impl Default for ProcessMark {
    fn default() -> Self {
        Self::Start(0)
    }
}

impl ProcessMark {
    /// The mark of a process, from its start time or else its page; `None` without either.
    pub(in crate::metering) fn of(process: &Process, page: &[&EngineReading]) -> Option<Self> {
        let centis = |start: Timestamp| Self::Start((start.millis() + 5).div_euclid(10));
        process.start().map(centis).or_else(|| {
            let first = page.first()?.page?;
            page.iter().all(|reading| reading.page == Some(first)).then_some(Self::Page(first))
        })
    }

    /// The values of a process at a place with this mark. On a page with one row, the row's name is ignored.
    pub(in crate::metering) fn values(self, values: Values) -> Values {
        if matches!(self, Self::Page(_)) { values.nameless() } else { values }
    }
}
