//! GPUs as exporters print them: dcgm-exporter, `nvidia_gpu_exporter`, and Triton's few. Units differ by name; a rate is
//! never read as a counter, whatever its TYPE says.

use crate::exposition::{LabelText, Row};
use crate::reading::{Activity, Ecc, GpuId, GpuReading, Label, Mig, NodeName, Pcie, Throttle};
use crate::units::{Bytes, BytesPerSecond, Celsius, Energy, Megahertz, Power, Ratio};

/// What a GPU's series is, and what its value is multiplied with to be in our unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GpuField(What, f64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
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
    Index,
    /// The last one: only its labels count.
    Info,
}

const MIB: f64 = 1_048_576.0;
const PERCENT: f64 = 0.01;

/// What a series' name says of a GPU.
pub(super) fn field(name: &str) -> Option<GpuField> {
    let (what, scale) = if let Some(name) = name.strip_prefix("DCGM_FI_") {
        dcgm(name)?
    } else if let Some(name) = name.strip_prefix("nvidia_smi_") {
        nvidia_smi(name)?
    } else {
        triton(name.strip_prefix("nv_")?)?
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
        "gpu_utilization" => (What::Utilization, 1.0),
        "gpu_memory_used_bytes" => (What::Used, 1.0),
        "gpu_memory_total_bytes" => (What::Total, 1.0),
        "gpu_power_usage" => (What::Watts, 1.0),
        "gpu_power_limit" => (What::WattLimit, 1.0),
        // Since the server started, not the driver: it only serves for differences, as the other one does.
        "energy_consumption" => (What::Millijoules, 1000.0),
        _ => return None,
    })
}

/// The most GPUs of a page; a node has 16, an agent's page one node.
const BOARDS: usize = 256;

/// One GPU as its lines come in.
#[derive(Debug, Default)]
struct Board<'p> {
    uuid: Option<LabelText<'p>>,
    index: Option<LabelText<'p>>,
    node: Option<LabelText<'p>>,
    name: Option<LabelText<'p>>,
    mig: bool,
    values: [Option<f64>; What::Info as usize],
    /// Memory over its MIG instances, for a board that is told in instances only.
    instances: [Option<f64>; 2],
}

/// The GPUs of a page.
#[derive(Debug, Default)]
pub(super) struct Boards<'p> {
    seen: Vec<Board<'p>>,
    last: usize,
    over_limit: u32,
}

impl<'p> Boards<'p> {
    /// Takes one series of a GPU.
    pub(super) fn take<T>(&mut self, GpuField(what, scale): GpuField, row: &Row<'p, T>) {
        let mut told = Board::default();
        for (key, value) in row.labels {
            match key {
                b"UUID" | b"uuid" | b"gpu_uuid" => told.uuid = Some(value),
                b"gpu" => told.index = Some(value),
                b"hostname" | b"Hostname" => told.node = Some(value),
                b"modelName" | b"name" => told.name = Some(value),
                b"GPU_I_ID" if !value.raw().is_empty() => told.mig = true,
                _ => {}
            }
        }
        if told.uuid.is_none() && told.index.is_none() {
            return;
        }
        let instance = told.mig;
        let Some(board) = self.board(told) else {
            self.over_limit += 1;
            return;
        };
        let value = row.value * scale;
        match what {
            What::Info => {}
            What::Used | What::Free if instance => {
                let sum = &mut board.instances[usize::from(what == What::Free)];
                *sum = Some(sum.unwrap_or(0.0) + value);
            }
            // A share of an instance is not one of the board.
            _ if instance && is_share(what) => {}
            _ => board.values[what as usize] = Some(value).filter(|value| value.is_finite() && *value >= 0.0),
        }
    }

    /// `None` if there are too many.
    fn board(&mut self, told: Board<'p>) -> Option<&mut Board<'p>> {
        let same = |board: &Board<'p>| match (board.uuid, told.uuid) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => board.index == told.index && board.node == told.node,
        };
        let near = [self.last, self.last + 1].into_iter().find(|at| self.seen.get(*at).is_some_and(same));
        let at = near.or_else(|| self.seen.iter().position(same)).unwrap_or(self.seen.len());
        if at == self.seen.len() {
            if at >= BOARDS {
                return None;
            }
            self.seen.push(told);
        } else {
            let board = &mut self.seen[at];
            board.index = board.index.or(told.index);
            board.node = board.node.or(told.node);
            board.name = board.name.or(told.name);
            board.mig |= told.mig;
        }
        self.last = at;
        self.seen.get_mut(at)
    }

    /// Series that found no GPU.
    pub(super) const fn over_limit(&self) -> u32 {
        self.over_limit
    }

    /// A reading for each GPU, with the node that its labels name.
    pub(super) fn finish(self) -> Vec<(Option<NodeName>, GpuReading)> {
        let boards = self.seen.into_iter().enumerate();
        boards
            .map(|(place, board)| (board.node.map(|node| NodeName::new(&node.text())), board.reading(place)))
            .collect()
    }
}

const fn is_share(what: What) -> bool {
    matches!(
        what,
        What::Utilization
            | What::MemoryUtilization
            | What::Total
            | What::Reserved
            | What::EngineActive
            | What::SmActive
            | What::TensorActive
            | What::DramActive
    )
}

impl Board<'_> {
    fn reading(&self, place: usize) -> GpuReading {
        let value = |what: What| self.values[what as usize];
        let share = |what| value(what).and_then(Ratio::new);
        let bytes = |value: f64| Bytes::new(value as u64);
        let count = |what| value(what).map(|value| value as u64);
        let index = self.index.and_then(LabelText::number).or(value(What::Index)).unwrap_or(place as f64);
        let used = value(What::Used).or(self.instances[0]);
        let free = value(What::Free).or(self.instances[1]);
        let sum = used.zip(free).map(|(used, free)| used + free + value(What::Reserved).unwrap_or(0.0));
        let reasons = count(What::Throttle);
        GpuReading {
            index: index as u32,
            id: self.uuid.map(|uuid| GpuId::from_uuid(&uuid.text())),
            name: self.name.map(|name| Label::new(&name.text())),
            utilization: share(What::Utilization),
            memory_utilization: share(What::MemoryUtilization),
            memory_used: used.map(bytes),
            memory_total: value(What::Total).or(sum).map(bytes),
            power: value(What::Watts).and_then(Power::from_watts),
            power_limit: value(What::WattLimit).and_then(Power::from_watts),
            energy: count(What::Millijoules).map(Energy::new),
            temperature: value(What::Celsius).map(|celsius| Celsius::new(celsius as i32)),
            sm_clock: value(What::SmMegahertz).map(|clock| Megahertz::new(clock.round() as u32)),
            memory_clock: value(What::MemoryMegahertz).map(|clock| Megahertz::new(clock.round() as u32)),
            fan: share(What::Fan),
            ecc: Ecc { corrected: count(What::Corrected), uncorrected: count(What::Uncorrected) },
            throttle: reasons.map(throttle),
            mig: self.mig.then_some(Mig::On),
            pcie: value(What::Tx)
                .zip(value(What::Rx))
                .map(|(tx, rx)| Pcie { tx: BytesPerSecond::new(tx as u64), rx: BytesPerSecond::new(rx as u64) }),
            activity: Activity {
                engine: share(What::EngineActive),
                sm: share(What::SmActive),
                tensor: share(What::TensorActive),
                dram: share(What::DramActive),
            },
            // 0 is "none so far".
            xid: value(What::Xid).map(|code| code as u32).filter(|code| *code > 0),
            ..GpuReading::default()
        }
    }
}

/// NVML's bits for clocks that are held down.
const fn throttle(reasons: u64) -> Throttle {
    Throttle { power: reasons & 0x4 != 0, thermal: reasons & 0x60 != 0, hardware: reasons & 0xc8 != 0 }
}
