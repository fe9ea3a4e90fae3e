//! Valid values of a GPU's figures. Exporters print sentinels for unknown values, and drivers the largest number.

use super::gpu_field::{GpuField, GpuFieldKind};

/// DCGM's blank values: not there, not found, not supported and not permitted, each in three widths.
const DCGM_INT32: std::ops::RangeInclusive<f64> = 2_147_483_632.0..=2_147_483_635.0;
const DCGM_FP64: std::ops::RangeInclusive<f64> = 140_737_488_355_328.0..=140_737_488_355_331.0;
/// NVML's "not available" in 32 bits, and its value after it passed through a 32-bit float.
const NVML_32: std::ops::RangeInclusive<f64> = 4_294_967_295.0..=4_294_967_296.0;
/// DCGM's 64-bit blanks are just below 2^63, which is how they read, and NVML's is 2^64 - 1.
const FIRST_OF_64: f64 = 9_223_372_036_854_774_784.0;

/// A printed value in margintop's unit, unless it is a sentinel or implausible.
pub(super) fn known(GpuField { what, scale, zero_is_unknown, .. }: GpuField, printed: f64) -> Option<f64> {
    let sentinel = !printed.is_finite()
        || (zero_is_unknown && printed <= 0.0)
        || printed >= FIRST_OF_64
        || [DCGM_INT32, DCGM_FP64, NVML_32].iter().any(|range| range.contains(&printed))
        || printed.to_bits() == (-1.0_f64).to_bits();
    let value = printed * scale;
    let (least, most) = range(what);
    (!sentinel && value >= least && value <= most).then(|| if is_share(what) { value.min(1.0) } else { value })
}

/// The range of a figure in margintop's unit, with room for future hardware.
const fn range(what: GpuFieldKind) -> (f64, f64) {
    match what {
        _ if is_share(what) => (0.0, 1.0 + ROUNDING),
        GpuFieldKind::Used
        | GpuFieldKind::Free
        | GpuFieldKind::Reserved
        | GpuFieldKind::Total
        | GpuFieldKind::Process => (0.0, PIB),
        GpuFieldKind::Celsius => (-100.0, 200.0),
        GpuFieldKind::Watts | GpuFieldKind::WattLimit | GpuFieldKind::SmMegahertz | GpuFieldKind::MemoryMegahertz => {
            (0.0, 100_000.0)
        }
        GpuFieldKind::Millijoules => (0.0, 1e17),
        GpuFieldKind::Tx | GpuFieldKind::Rx => (0.0, 1e14),
        GpuFieldKind::MigMode => (0.0, 1.0),
        GpuFieldKind::Index | GpuFieldKind::Xid => (0.0, 65_535.0),
        _ => (0.0, COUNT),
    }
}

/// Bytes in a pebibyte.
const PIB: f64 = 1_125_899_906_842_624.0;
/// Above it a float cannot hold every integer.
const COUNT: f64 = 9_007_199_254_740_992.0;
/// How far a measured share may exceed 1.
const ROUNDING: f64 = 1e-3;

/// Whether a figure is a share.
const fn is_share(what: GpuFieldKind) -> bool {
    matches!(
        what,
        GpuFieldKind::Utilization
            | GpuFieldKind::MemoryUtilization
            | GpuFieldKind::Fan
            | GpuFieldKind::EngineActive
            | GpuFieldKind::SmActive
            | GpuFieldKind::TensorActive
            | GpuFieldKind::DramActive
    )
}
