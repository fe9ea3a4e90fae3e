//! The recorded data, in its parts.

use super::answers::Answers;
use super::bridge::QuarterBridge;
use super::burnt::BurntSums;
use super::events::Events;
use super::latencies::SampleSums;
use super::lines::Lines;
use super::money::MoneyRings;
use super::rings::Rings;
use crate::units::Timestamp;
use std::sync::Arc;

/// The recorded data.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) lines: Lines,
    pub(super) rings: Rings,
    pub(super) money: MoneyRings,
    pub(super) events: Events,
    pub(super) bridge: Option<Arc<QuarterBridge>>,
    /// The time between the process that kept the ledger before and this one.
    pub(super) absence: Option<(Timestamp, Timestamp)>,
    pub(super) burnt: BurntSums,
    pub(super) samples: SampleSums,
    pub(super) answers: Answers,
    /// The last recorded step of five seconds.
    pub(super) last: Option<i64>,
    /// When the ledger was last read, and the minute in which it was last read completely.
    pub(super) ledger_read: Option<Timestamp>,
    pub(super) read: Option<i64>,
}
