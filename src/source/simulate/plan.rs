//! What to simulate.

use crate::clock::Clock;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Machines; each has an engine and an exporter.
    pub nodes: u32,
    /// GPUs of each.
    pub gpus_per_node: u32,
    /// How many times faster than real a day rises and falls. Tokens a second stay what they are.
    pub speed: f64,
    /// Another seed is another fleet: other bursts, other faults.
    pub seed: u64,
    /// Whose time it is.
    pub clock: Clock,
    /// Which fleet.
    pub story: Story,
}

/// Which fleet is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// A made-up one, with faults now and then.
    Ordinary,
    /// The published DeepSeek-V3/R1 inference day.
    DeepSeekDay,
}

impl Plan {
    /// A made-up fleet of `nodes` machines of eight GPUs.
    pub const fn ordinary(nodes: u32, clock: Clock) -> Self {
        Self { nodes, gpus_per_node: 8, speed: 1.0, seed: 1, clock, story: Story::Ordinary }
    }

    /// The published day: [`DAY_BEGIN`](super::DAY_BEGIN) to [`DAY_END`](super::DAY_END). `clock` is expected to be turned through it.
    pub const fn deepseek_day(clock: Clock) -> Self {
        Self { nodes: 278, gpus_per_node: 8, speed: 1.0, seed: 1, clock, story: Story::DeepSeekDay }
    }
}
