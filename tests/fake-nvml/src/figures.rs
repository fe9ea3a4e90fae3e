//! What the GPUs show: waves over time, each with its integral where a counter goes with it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::plan::Plan;

/// Where the energy counters were zero, in Unix seconds.
const LOADED: f64 = 1_760_000_000.0;
/// How fast the wave turns, in radians a second.
const PACE: f64 = 0.2;
/// Mean power and its swing, in milliwatts.
const POWER: (f64, f64) = (500_000.0, 180_000.0);

/// Memory of each GPU in bytes: all, the driver's reserve.
pub const MEMORY: (u64, u64) = (85_520_809_984, 634_126_336);

/// Seconds since [`LOADED`].
fn seconds() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64());
    if Plan::get().still { 1000.0 } else { (now - LOADED).max(0.0) }
}

fn phase(gpu: u32) -> f64 {
    f64::from(gpu) * 0.7 + Plan::get().seed as f64
}

/// Where the GPU's load is between -1 and 1.
fn wave(gpu: u32) -> f64 {
    (PACE * seconds() + phase(gpu)).sin()
}

/// Utilization in percent.
pub fn utilization(gpu: u32) -> u32 {
    (55.0 + 45.0 * wave(gpu)) as u32
}

/// Power in milliwatts.
pub fn power(gpu: u32) -> u32 {
    (POWER.0 + POWER.1 * wave(gpu)) as u32
}

/// Energy in millijoules: the integral of the power.
pub fn energy(gpu: u32) -> u64 {
    let turned = |at: f64| -(PACE * at + phase(gpu)).cos() / PACE;
    let now = seconds();
    (POWER.0 * now + POWER.1 * (turned(now) - turned(0.0))).max(0.0) as u64
}

/// Degrees Celsius.
pub fn temperature(gpu: u32) -> u32 {
    (55.0 + 15.0 * wave(gpu)) as u32
}

/// Bytes that processes hold.
pub fn memory_used(gpu: u32) -> u64 {
    (((60.0 + 10.0 * wave(gpu)) * 1e9) as u64).min(MEMORY.0 - MEMORY.1)
}

/// The SM clock in MHz.
pub fn sm_clock(gpu: u32) -> u32 {
    (1700.0 + 250.0 * wave(gpu)) as u32
}

/// A share of the hardware's time, in percent, below the utilization.
pub fn activity(gpu: u32, part: f64) -> f64 {
    f64::from(utilization(gpu)) * part
}

/// The UUID, different for every seed.
pub fn uuid(gpu: u32) -> String {
    format!("GPU-{:08x}-fa4e-4e56-4d4c-{gpu:012x}", Plan::get().seed)
}
