//! The settings of a simulated fleet.

use crate::clock::Clock;

/// The settings of a simulated fleet.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Machines; each has an engine and an exporter.
    pub nodes: u32,
    /// GPUs of each.
    pub gpus_per_node: u32,
    /// The speed at which the day's load rises and falls, relative to real time. Tokens per second stay the same.
    pub speed: f64,
    /// The seed of bursts and faults.
    pub seed: u64,
    /// The clock.
    pub clock: Clock,
    /// The kind of fleet.
    pub story: FleetKind,
}

/// The kind of a simulated fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetKind {
    /// A fictitious fleet with occasional faults.
    Ordinary,
    /// The published DeepSeek-V3/R1 inference day.
    DeepSeekDay,
}

impl Plan {
    /// A fictitious fleet of `nodes` machines with eight GPUs each.
    pub const fn ordinary(nodes: u32, clock: Clock) -> Self {
        Self { nodes, gpus_per_node: 8, speed: 1.0, seed: 1, clock, story: FleetKind::Ordinary }
    }

    /// The published day: [`DAY_BEGIN`](super::DAY_BEGIN) to [`DAY_END`](super::DAY_END). `clock` is set by the caller.
    pub const fn deepseek_day(clock: Clock) -> Self {
        Self { nodes: 278, gpus_per_node: 8, speed: 1.0, seed: 1, clock, story: FleetKind::DeepSeekDay }
    }
}
