//! The number of a process.

use serde::{Deserialize, Serialize};

/// The number of a process among those seen at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProcessId(pub u32);
