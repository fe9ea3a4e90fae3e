//! GPUs as exporters print them: dcgm-exporter, `nvidia_gpu_exporter`, Triton's few, and the additions of margintop's
//! agent.
//!
//! It holds names and units. A rate is never read as a counter, whatever its TYPE is.

/// The default ports of dcgm-exporter and `nvidia_gpu_exporter`.
pub(super) const PORTS: &[u16] = &[9400, 9835];

/// The meaning of a GPU's series, and the factor to margintop's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GpuField(pub(super) What, pub(super) f64);

/// The meaning of a GPU's series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Utilization,
    MemoryUtilization,
    Used,
    Free,
    Reserved,
    Total,
    Watts,
    WattLimit,
    Millijoules,
    Celsius,
    SmMegahertz,
    MemoryMegahertz,
    Fan,
    Corrected,
    Uncorrected,
    Throttle,
    Xid,
    Tx,
    Rx,
    EngineActive,
    SmActive,
    TensorActive,
    DramActive,
    MigMode,
    Index,
    /// The following ones are in labels, after [`What::FIGURES`] numbers.
    Info,
    State,
    Process,
}

impl What {
    /// How many of them are one number per GPU.
    pub(super) const FIGURES: usize = Self::Info as usize;
}

const MIB: f64 = 1_048_576.0;
const PERCENT: f64 = 0.01;

/// The meaning of a series' name.
pub(super) fn field(name: &str) -> Option<GpuField> {
    let (what, scale) = if let Some(name) = name.strip_prefix("DCGM_FI_") {
        dcgm(name)?
    } else if let Some(name) = name.strip_prefix("nvidia_smi_") {
        nvidia_smi(name)?
    } else if let Some(name) = name.strip_prefix("nv_gpu_") {
        triton(name)?
    } else {
        agent(name.strip_prefix("margintop_gpu_")?)?
    };
    Some(GpuField(what, scale))
}

fn dcgm(name: &str) -> Option<(What, f64)> {
    Some(match name {
        "DEV_GPU_UTIL" => (What::Utilization, PERCENT),
        "DEV_MEM_COPY_UTIL" => (What::MemoryUtilization, PERCENT),
        "DEV_FB_USED" => (What::Used, MIB),
        "DEV_FB_FREE" => (What::Free, MIB),
        "DEV_FB_RESERVED" => (What::Reserved, MIB),
        "DEV_FB_TOTAL" => (What::Total, MIB),
        "DEV_POWER_USAGE" => (What::Watts, 1.0),
        "DEV_ENFORCED_POWER_LIMIT" | "DEV_POWER_MGMT_LIMIT" => (What::WattLimit, 1.0),
        "DEV_TOTAL_ENERGY_CONSUMPTION" => (What::Millijoules, 1.0),
        "DEV_GPU_TEMP" => (What::Celsius, 1.0),
        "DEV_SM_CLOCK" => (What::SmMegahertz, 1.0),
        "DEV_MEM_CLOCK" => (What::MemoryMegahertz, 1.0),
        "DEV_FAN_SPEED" => (What::Fan, PERCENT),
        "DEV_ECC_SBE_VOL_TOTAL" => (What::Corrected, 1.0),
        "DEV_ECC_DBE_VOL_TOTAL" => (What::Uncorrected, 1.0),
        "DEV_CLOCK_THROTTLE_REASONS" | "DEV_CLOCKS_EVENT_REASONS" => (What::Throttle, 1.0),
        "DEV_MIG_MODE" => (What::MigMode, 1.0),
        "DEV_XID_ERRORS" => (What::Xid, 1.0),
        "PROF_PCIE_TX_BYTES" => (What::Tx, 1.0),
        "PROF_PCIE_RX_BYTES" => (What::Rx, 1.0),
        "PROF_GR_ENGINE_ACTIVE" => (What::EngineActive, 1.0),
        "PROF_SM_ACTIVE" => (What::SmActive, 1.0),
        "PROF_PIPE_TENSOR_ACTIVE" => (What::TensorActive, 1.0),
        "PROF_DRAM_ACTIVE" => (What::DramActive, 1.0),
        _ => return None,
    })
}

fn nvidia_smi(name: &str) -> Option<(What, f64)> {
    Some(match name {
        "gpu_info" => (What::Info, 1.0),
        "index" => (What::Index, 1.0),
        "utilization_gpu_ratio" => (What::Utilization, 1.0),
        "utilization_memory_ratio" => (What::MemoryUtilization, 1.0),
        "memory_used_bytes" => (What::Used, 1.0),
        "memory_free_bytes" => (What::Free, 1.0),
        "memory_reserved_bytes" => (What::Reserved, 1.0),
        "memory_total_bytes" => (What::Total, 1.0),
        "power_draw_watts" => (What::Watts, 1.0),
        "enforced_power_limit_watts" | "power_limit_watts" => (What::WattLimit, 1.0),
        "energy_joules_total" => (What::Millijoules, 1000.0),
        "temperature_gpu" => (What::Celsius, 1.0),
        "clocks_current_sm_clock_hz" => (What::SmMegahertz, 1e-6),
        "clocks_current_memory_clock_hz" => (What::MemoryMegahertz, 1e-6),
        "fan_speed_ratio" => (What::Fan, 1.0),
        "ecc_errors_corrected_volatile_total" => (What::Corrected, 1.0),
        "ecc_errors_uncorrected_volatile_total" => (What::Uncorrected, 1.0),
        "pcie_throughput_tx_bytes_per_second" => (What::Tx, 1.0),
        "pcie_throughput_rx_bytes_per_second" => (What::Rx, 1.0),
        _ => return None,
    })
}

fn triton(name: &str) -> Option<(What, f64)> {
    Some(match name {
        "utilization" => (What::Utilization, 1.0),
        "memory_used_bytes" => (What::Used, 1.0),
        "memory_total_bytes" => (What::Total, 1.0),
        "power_usage" => (What::Watts, 1.0),
        "power_limit" => (What::WattLimit, 1.0),
        _ => return None,
    })
}

fn agent(name: &str) -> Option<(What, f64)> {
    Some(match name {
        "state" => (What::State, 1.0),
        "process_memory_bytes" => (What::Process, 1.0),
        _ => return None,
    })
}
