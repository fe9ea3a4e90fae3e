//! A process at one of its places.

use serde::{Deserialize, Serialize};

use crate::counters::ProcessId;
use crate::reading::{InstanceId, TargetId};

/// One process of one instance at one target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
