//! all-smi, which prints GPUs and other accelerators of many makers.
//!
//! Names and units are those of its `API.md`. Series of CPUs, disks and the chassis are not read, nor those of MIG and
//! vGPU instances: their board has series of its own. Its energy counters are not read either: they are sums of
//! sampled power and not a meter of the hardware.

use super::gpu_field::{GpuField, GpuFieldKind, LabelStyle};

/// Its default port, which Prometheus has too.
pub(super) const PORT: u16 = 9090;

const PERCENT: f64 = 0.01;

/// The meaning of a series' name.
pub(super) fn field(name: &str) -> Option<GpuField> {
    let (what, scale, zero_is_unknown) = match name.strip_prefix("all_smi_")? {
        "gpu_info" => (GpuFieldKind::Info, 1.0, false),
        "gpu_utilization" => (GpuFieldKind::Utilization, PERCENT, false),
        "gpu_memory_used_bytes" => (GpuFieldKind::Used, 1.0, false),
        "gpu_memory_total_bytes" => (GpuFieldKind::Total, 1.0, true),
        // Earlier releases print 0 where there is no sensor.
        "gpu_temperature_celsius" => (GpuFieldKind::Celsius, 1.0, true),
        "gpu_power_consumption_watts" => (GpuFieldKind::Watts, 1.0, true),
        "gpu_frequency_mhz" => (GpuFieldKind::SmMegahertz, 1.0, true),
        "gpu_power_limit_current_watts" => (GpuFieldKind::WattLimit, 1.0, true),
        "gpu_memory_bandwidth_utilization" => (GpuFieldKind::DramActive, 1.0, false),
        "gpu_mig_mode" => (GpuFieldKind::MigMode, 1.0, false),
        "process_memory_used_bytes" => (GpuFieldKind::Process, 1.0, false),
        _ => return None,
    };
    Some(GpuField { what, scale, zero_is_unknown, labels: LabelStyle::AllSmi })
}
