//! The profit bridge against a quarter hour ago: the causes of the change of profit per hour.

use crate::ledger::Past;
use crate::statement::{Bridge, Cause, Causes, Mover};
use crate::units::{Money, Span, Timestamp};

/// Why the profit per hour differs from that of a quarter hour ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarterBridge {
    /// When it was computed.
    pub at: Timestamp,
    /// The last whole minute against the one a quarter hour before it, its amounts to the cent. The parts add up to the change.
    pub bridge: Bridge,
    /// The cause with the largest part; `None` if nothing changed.
    pub largest: Option<(Cause, Money)>,
    /// The subject that changed the profit most: a unit, otherwise a model, otherwise a node.
    pub mover: Option<Mover>,
    /// The figures behind the parts; `None` if either minute was not watched completely.
    pub causes: Option<Causes>,
}

impl QuarterBridge {
    pub(super) fn between(at: Timestamp, before: &Past, after: &Past) -> Option<Self> {
        const CENTS: u32 = 2;
        // In the minute in which the watch began, engines were found one after the other.
        let is_young = before.began.minute() >= before.since;
        if is_young || before.tokens.is_empty() && before.gpu_times.is_empty() {
            return None;
        }
        let bridge = Bridge::between(before, after).rounded(CENTS);
        if bridge.compared.both <= Span::ZERO {
            return None;
        }
        let size = |amount: Money| amount.grains().unsigned_abs();
        let largest = bridge.parts.iter().copied().filter(|(_, part)| !part.is_zero());
        let largest = largest.reduce(|most, part| if size(part.1) > size(most.1) { part } else { most });
        let mover =
            [&bridge.units, &bridge.models, &bridge.nodes].into_iter().find_map(|movers| movers.first()).cloned();
        Some(Self { at, bridge, largest, mover, causes: Causes::between(before, after) })
    }
}
