//! Which tokens of a row count in totals.

use crate::counters::Delta;
use crate::dialect;
use crate::ledger::Classes;
use crate::reading::{EngineKind, EngineRole};
use crate::units::Tokens;

/// Which tokens of a row count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) prompts: bool,
    pub(crate) outputs: bool,
}

impl Counts {
    /// None of them.
    pub(crate) const NOTHING: Self = Self { prompts: false, outputs: false };
    /// The counted part of a delta.
    pub(super) fn of(self, delta: Delta) -> Classes {
        let kept = |tokens, counts| if counts { tokens } else { Tokens::ZERO };
        Classes {
            miss: kept(delta.miss, self.prompts),
            hit: kept(delta.hit, self.prompts),
            output: kept(delta.output, self.outputs),
        }
    }
}

/// Which tokens of a row count. With separate prefill and decode engines, each token is on two pages, and the dialect
/// defines which page counts it. A proxy's tokens do not count if an engine serves its model.
pub(crate) fn counts(kind: EngineKind, role: EngineRole, is_served: bool) -> Counts {
    let dialect::CountedPart { prompt, output } = dialect::attribution(kind, role);
    let own = !(role == EngineRole::Proxy && is_served);
    Counts { prompts: prompt && own, outputs: output && own }
}
