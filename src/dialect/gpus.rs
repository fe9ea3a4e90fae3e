//! GPUs as exporters print them: dcgm-exporter, `nvidia_gpu_exporter`, Triton's few, and the additions of margintop's
//! agent. Those of all-smi and of AMD's exporter are in files of their own.
//!
//! It holds names and units. A rate is never read as a counter, whatever its TYPE is.

use super::gpu_field::{GpuField, GpuFieldKind, LabelStyle};
use super::{all_smi, amd_exporter};

/// The default ports of GPU exporters: AMD's, all-smi, dcgm-exporter and `nvidia_gpu_exporter`.
pub(super) const PORTS: &[u16] = &[amd_exporter::PORT, all_smi::PORT, 9400, 9835];

const MIB: f64 = 1_048_576.0;
const PERCENT: f64 = 0.01;

/// The prefixes of the names of series of GPUs and of agents.
pub(super) const PREFIXES: [&str; 8] =
    ["DCGM_FI_", "nvidia_smi_", "nv_gpu_", "nv_energy_", "margintop_", "all_smi_", "gpu_", "amd_gpu_"];

/// The meaning of a series' name.
pub(super) fn field(name: &str) -> Option<GpuField> {
    let (what, scale) = if let Some(name) = name.strip_prefix("DCGM_FI_") {
        dcgm(name)?
    } else if let Some(name) = name.strip_prefix("nvidia_smi_") {
        nvidia_smi(name)?
    } else if let Some(name) = name.strip_prefix("nv_gpu_") {
        triton(name)?
    } else if name == "nv_energy_consumption" {
        // In joules, since the server started.
        (GpuFieldKind::Millijoules, 1000.0)
    } else if let Some(name) = name.strip_prefix("margintop_gpu_") {
        agent(name)?
    } else {
        return all_smi::field(name).or_else(|| amd_exporter::field(name));
    };
    Some(GpuField { what, scale, zero_is_unknown: false, labels: LabelStyle::Usual })
}

fn dcgm(name: &str) -> Option<(GpuFieldKind, f64)> {
    Some(match name {
        "DEV_GPU_UTIL" => (GpuFieldKind::Utilization, PERCENT),
        "DEV_MEM_COPY_UTIL" => (GpuFieldKind::MemoryUtilization, PERCENT),
        "DEV_FB_USED" => (GpuFieldKind::Used, MIB),
        "DEV_FB_FREE" => (GpuFieldKind::Free, MIB),
        "DEV_FB_RESERVED" => (GpuFieldKind::Reserved, MIB),
        "DEV_FB_TOTAL" => (GpuFieldKind::Total, MIB),
        "DEV_POWER_USAGE" => (GpuFieldKind::Watts, 1.0),
        "DEV_ENFORCED_POWER_LIMIT" | "DEV_POWER_MGMT_LIMIT" => (GpuFieldKind::WattLimit, 1.0),
        "DEV_TOTAL_ENERGY_CONSUMPTION" => (GpuFieldKind::Millijoules, 1.0),
        "DEV_GPU_TEMP" => (GpuFieldKind::Celsius, 1.0),
        "DEV_SM_CLOCK" => (GpuFieldKind::SmMegahertz, 1.0),
        "DEV_MEM_CLOCK" => (GpuFieldKind::MemoryMegahertz, 1.0),
        "DEV_FAN_SPEED" => (GpuFieldKind::Fan, PERCENT),
        "DEV_ECC_SBE_VOL_TOTAL" => (GpuFieldKind::Corrected, 1.0),
        "DEV_ECC_DBE_VOL_TOTAL" => (GpuFieldKind::Uncorrected, 1.0),
        "DEV_CLOCK_THROTTLE_REASONS" | "DEV_CLOCKS_EVENT_REASONS" => (GpuFieldKind::Throttle, 1.0),
        "DEV_MIG_MODE" => (GpuFieldKind::MigMode, 1.0),
        "DEV_XID_ERRORS" => (GpuFieldKind::Xid, 1.0),
        "PROF_PCIE_TX_BYTES" => (GpuFieldKind::Tx, 1.0),
        "PROF_PCIE_RX_BYTES" => (GpuFieldKind::Rx, 1.0),
        "PROF_GR_ENGINE_ACTIVE" => (GpuFieldKind::EngineActive, 1.0),
        "PROF_SM_ACTIVE" => (GpuFieldKind::SmActive, 1.0),
        "PROF_PIPE_TENSOR_ACTIVE" => (GpuFieldKind::TensorActive, 1.0),
        "PROF_DRAM_ACTIVE" => (GpuFieldKind::DramActive, 1.0),
        _ => return None,
    })
}

fn nvidia_smi(name: &str) -> Option<(GpuFieldKind, f64)> {
    Some(match name {
        "gpu_info" => (GpuFieldKind::Info, 1.0),
        "index" => (GpuFieldKind::Index, 1.0),
        "utilization_gpu_ratio" => (GpuFieldKind::Utilization, 1.0),
        "utilization_memory_ratio" => (GpuFieldKind::MemoryUtilization, 1.0),
        "memory_used_bytes" => (GpuFieldKind::Used, 1.0),
        "memory_free_bytes" => (GpuFieldKind::Free, 1.0),
        "memory_reserved_bytes" => (GpuFieldKind::Reserved, 1.0),
        "memory_total_bytes" => (GpuFieldKind::Total, 1.0),
        "power_draw_watts" => (GpuFieldKind::Watts, 1.0),
        "enforced_power_limit_watts" | "power_limit_watts" => (GpuFieldKind::WattLimit, 1.0),
        "energy_joules_total" => (GpuFieldKind::Millijoules, 1000.0),
        "temperature_gpu" => (GpuFieldKind::Celsius, 1.0),
        "clocks_current_sm_clock_hz" => (GpuFieldKind::SmMegahertz, 1e-6),
        "clocks_current_memory_clock_hz" => (GpuFieldKind::MemoryMegahertz, 1e-6),
        "fan_speed_ratio" => (GpuFieldKind::Fan, 1.0),
        "ecc_errors_corrected_volatile_total" => (GpuFieldKind::Corrected, 1.0),
        "ecc_errors_uncorrected_volatile_total" => (GpuFieldKind::Uncorrected, 1.0),
        "pcie_throughput_tx_bytes_per_second" => (GpuFieldKind::Tx, 1.0),
        "pcie_throughput_rx_bytes_per_second" => (GpuFieldKind::Rx, 1.0),
        _ => return None,
    })
}

fn triton(name: &str) -> Option<(GpuFieldKind, f64)> {
    Some(match name {
        "utilization" => (GpuFieldKind::Utilization, 1.0),
        "memory_used_bytes" => (GpuFieldKind::Used, 1.0),
        "memory_total_bytes" => (GpuFieldKind::Total, 1.0),
        "power_usage" => (GpuFieldKind::Watts, 1.0),
        "power_limit" => (GpuFieldKind::WattLimit, 1.0),
        _ => return None,
    })
}

fn agent(name: &str) -> Option<(GpuFieldKind, f64)> {
    Some(match name {
        "state" => (GpuFieldKind::State, 1.0),
        "process_memory_bytes" => (GpuFieldKind::Process, 1.0),
        _ => return None,
    })
}
