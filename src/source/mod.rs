//! Where readings come from: the driver, the pages of engines and exporters, a simulated fleet; and the cadence that asks.

pub mod cadence;
pub mod discover;
pub mod nvml;
pub mod scrape;
pub mod simulate;
