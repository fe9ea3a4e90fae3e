//! The GPUs of one page as its lines come in, and the readings they come to.

use super::gpus::{GpuField, What};
use crate::exposition::{LabelText, Row};
use crate::reading::{Activity, Ecc, GpuId, GpuProcess, GpuReading, GpuState, Label, Mig, NodeName, Pcie, Throttle};
use crate::units::{Bytes, BytesPerSecond, Celsius, Energy, Megahertz, Power, Ratio, Tokens};

/// The most GPUs of a page; a node has 16, an agent's page one node.
const BOARDS: usize = 256;

/// The most processes of a GPU.
const PROCESSES: usize = 256;

/// One GPU as its lines come in.
#[derive(Debug, Default)]
struct Board<'p> {
    uuid: Option<LabelText<'p>>,
    index: Option<LabelText<'p>>,
    node: Option<LabelText<'p>>,
    name: Option<LabelText<'p>>,
    state: Option<LabelText<'p>>,
    /// The process that holds memory on it.
    process: (Option<LabelText<'p>>, Option<LabelText<'p>>),
    processes: Vec<GpuProcess>,
    mig: bool,
    values: [Option<f64>; What::FIGURES],
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
                b"state" => told.state = Some(value),
                b"pid" => told.process.0 = Some(value),
                b"process" => told.process.1 = Some(value),
                b"GPU_I_ID" if !value.raw().is_empty() => told.mig = true,
                _ => {}
            }
        }
        if told.uuid.is_none() && told.index.is_none() {
            return;
        }
        let (instance, state, process) = (told.mig, told.state, told.process);
        let Some(board) = self.board(told) else {
            self.over_limit += 1;
            return;
        };
        let value = row.value * scale;
        match what {
            What::State => board.state = state,
            What::Process if board.processes.len() < PROCESSES => {
                board.processes.extend(holder(process, value));
            }
            What::Process | What::Info => {}
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

    /// A reading for each GPU, with the node that its labels name. `state` is what a GPU is in of which none is told.
    pub(super) fn finish(self, state: GpuState) -> Vec<(Option<NodeName>, GpuReading)> {
        let boards = self.seen.into_iter().enumerate();
        boards
            .map(|(place, board)| (board.node.map(|node| NodeName::new(&node.text())), board.reading(place, state)))
            .collect()
    }
}

/// A process that holds memory.
fn holder((pid, name): (Option<LabelText<'_>>, Option<LabelText<'_>>), bytes: f64) -> Option<GpuProcess> {
    let pid = Tokens::from_counter(pid?.number()?).ok()?.count();
    Some(GpuProcess {
        pid: u32::try_from(pid).ok()?,
        name: name.filter(|name| !name.raw().is_empty()).map(|name| Label::new(&name.text())),
        memory: Some(bytes).filter(|bytes| *bytes >= 0.0).map(|bytes| Bytes::new(bytes as u64)),
    })
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
    #[allow(clippy::needless_update, reason = "what exporters do not print is unknown here, now and later")]
    fn reading(self, place: usize, state: GpuState) -> GpuReading {
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
            state: match self.state.map_or(&b""[..], LabelText::raw) {
                b"hung" => GpuState::Hung,
                b"lost" => GpuState::Lost,
                _ => state,
            },
            mig: if self.mig { Some(Mig::On) } else { value(What::MigMode).map(mig) },
            processes: Some(self.processes).filter(|processes| !processes.is_empty()),
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

fn mig(mode: f64) -> Mig {
    if mode > 0.0 { Mig::On } else { Mig::Off }
}
