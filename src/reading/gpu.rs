//! The reading of one GPU.

use serde::{Deserialize, Serialize};

use super::{GpuId, Label};
use crate::units::{Bytes, BytesPerSecond, Celsius, Energy, Megahertz, Power, Ratio};

/// Whether the driver still answers for a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum GpuState {
    /// It answered.
    #[default]
    Answering,
    /// A call has not returned; other GPUs are polled meanwhile.
    Hung,
    /// The driver reports that it fell off the bus or needs a reset.
    Lost,
    /// The driver refuses all of its figures to this user: permission denied.
    Refused,
    /// Every call returns an unspecific error.
    Failing,
    /// Its calls take longer than the interval between polls.
    Slow,
}

impl GpuState {
    /// Why there are no figures, and what to do; `None` if there are.
    pub const fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Answering => return None,
            Self::Hung => "a driver call has not come back; the other GPUs go on",
            Self::Lost => "the driver lost it: fell off the bus or needs a reset (dmesg | grep NVRM)",
            Self::Refused => {
                "permission denied: run the container with --gpus all, or let this user (video group) read and write /dev/nvidia*"
            }
            Self::Failing => {
                "the driver says \"unknown error\" to every call: see dmesg | grep NVRM; often it needs a reset"
            }
            Self::Slow => {
                "the driver takes too long to answer: nvidia-smi -pm 1 (persistence mode) keeps it awake between calls"
            }
        })
    }

    /// The name of the state on the agent's page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answering => "answering",
            Self::Hung => "hung",
            Self::Lost => "lost",
            Self::Refused => "refused",
            Self::Failing => "failing",
            Self::Slow => "slow",
        }
    }

    /// The state with that name on the agent's page; `None` for any other text.
    pub fn named(name: &[u8]) -> Option<Self> {
        const ALL: [GpuState; 6] =
            [GpuState::Answering, GpuState::Hung, GpuState::Lost, GpuState::Refused, GpuState::Failing, GpuState::Slow];
        ALL.into_iter().find(|state| state.name().as_bytes() == name)
    }
}

/// One reading of one GPU. A field is `None` if the source does not report it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GpuReading {
    /// The driver's index on its node.
    pub index: u32,
    /// Its UUID, if it is reported.
    pub id: Option<GpuId>,
    /// The product name: `NVIDIA H100 80GB HBM3`.
    pub name: Option<Label>,
    /// Whether the driver still answers.
    pub state: GpuState,
    /// Share of the last sample period in which a kernel ran.
    pub utilization: Option<Ratio>,
    /// Share of the last sample period in which memory was read or written.
    pub memory_utilization: Option<Ratio>,
    /// Memory used by processes, without the driver's reserve.
    pub memory_used: Option<Bytes>,
    /// Total memory; `None` if it is shared with the host (unified memory).
    pub memory_total: Option<Bytes>,
    /// Present power draw.
    pub power: Option<Power>,
    /// The enforced power limit.
    pub power_limit: Option<Power>,
    /// Energy since the driver was loaded.
    pub energy: Option<Energy>,
    /// Core temperature.
    pub temperature: Option<Celsius>,
    /// SM clock.
    pub sm_clock: Option<Megahertz>,
    /// Memory clock.
    pub memory_clock: Option<Megahertz>,
    /// Fan speed as a share of its maximum; `None` on boards without one.
    pub fan: Option<Ratio>,
    /// ECC errors since the driver was loaded.
    pub ecc: Ecc,
    /// Why clocks are throttled now.
    pub throttle: Option<Throttle>,
    /// The MIG mode.
    pub mig: Option<Mig>,
    /// The processes that hold memory on it; `None` if they may not be listed.
    pub processes: Option<Vec<GpuProcess>>,
    /// PCIe traffic.
    pub pcie: Option<Pcie>,
    /// Hardware activity counters (GPM or DCGM profiling).
    pub activity: Activity,
    /// The last XID error code since the driver was loaded.
    pub xid: Option<u32>,
}

/// ECC errors since the driver was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ecc {
    /// Corrected errors.
    pub corrected: Option<u64>,
    /// Uncorrected errors.
    pub uncorrected: Option<u64>,
}

/// NVML's clock event (throttle) reasons that slow work down; idleness and application clocks are excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Throttle {
    /// The power cap.
    pub power: bool,
    /// Heat.
    pub thermal: bool,
    /// Hardware slowdown: power brake, or temperature above the hardware's limit.
    pub hardware: bool,
}

impl Throttle {
    /// Whether the clocks are throttled.
    pub const fn any(self) -> bool {
        self.power || self.thermal || self.hardware
    }
}

/// Multi-instance GPU mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mig {
    /// Not partitioned.
    Off,
    /// Partitioned; per-GPU utilization is not reported.
    On,
}

/// A process that holds memory on a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuProcess {
    /// Its process id on the host.
    pub pid: u32,
    /// Its name; `None` if it may not be read.
    pub name: Option<Label>,
    /// The memory it holds; `None` if the driver does not report it.
    #[serde(rename = "memory_bytes")]
    pub memory: Option<Bytes>,
}

/// PCIe traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pcie {
    /// From the GPU.
    #[serde(rename = "tx_bytes_per_second")]
    pub tx: BytesPerSecond,
    /// To the GPU.
    #[serde(rename = "rx_bytes_per_second")]
    pub rx: BytesPerSecond,
}

/// The hardware's activity counters, which measure work rather than occupied time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// The share of time in which a graphics or compute engine was busy.
    pub engine: Option<Ratio>,
    /// The share of SMs with a warp.
    pub sm: Option<Ratio>,
    /// The share of time in which tensor pipes were busy.
    pub tensor: Option<Ratio>,
    /// The share of time in which the memory interface was busy.
    pub dram: Option<Ratio>,
}
