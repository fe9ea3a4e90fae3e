//! AMD's device metrics exporter.
//!
//! Names and units are those of its list of metrics. Its names have a prefix only if its configuration sets one; that of
//! its examples, `amd_`, is known here. Several releases print 0 for what a card does not report.

use super::gpu_field::{GpuField, GpuFieldKind, LabelStyle};

/// Its default port.
pub(super) const PORT: u16 = 5000;

const PERCENT: f64 = 0.01;
/// It reads memory in MiB, which it calls MB.
const MIB: f64 = 1_048_576.0;
/// Millijoules in a microjoule.
const MICROJOULES: f64 = 1e-3;

/// The meaning of a series' name.
pub(super) fn field(name: &str) -> Option<GpuField> {
    let name = name.strip_prefix("amd_").unwrap_or(name);
    let (what, scale, zero_is_unknown) = match name.strip_prefix("gpu_")? {
        "gfx_activity" => (GpuFieldKind::Utilization, PERCENT, false),
        "umc_activity" => (GpuFieldKind::MemoryUtilization, PERCENT, false),
        "used_vram" => (GpuFieldKind::Used, MIB, false),
        "free_vram" => (GpuFieldKind::Free, MIB, false),
        "total_vram" => (GpuFieldKind::Total, MIB, true),
        // A card reports one of them or two that agree.
        "package_power" | "power_usage" | "average_package_power" => (GpuFieldKind::Watts, 1.0, true),
        "energy_consumed" => (GpuFieldKind::Millijoules, MICROJOULES, true),
        // The MI300 series reports that of its junction, the MI200 series that of its edge.
        "junction_temperature" | "edge_temperature" => (GpuFieldKind::Celsius, 1.0, true),
        "clock" => (GpuFieldKind::NamedClock, 1.0, true),
        "ecc_correct_total" => (GpuFieldKind::Corrected, 1.0, false),
        "ecc_uncorrect_total" => (GpuFieldKind::Uncorrected, 1.0, false),
        _ => return None,
    };
    Some(GpuField { what, scale, zero_is_unknown, labels: LabelStyle::Amd })
}
