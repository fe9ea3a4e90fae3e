//! Collects the GPUs of a page from its lines, and makes readings of them.

use super::gpu_field::{GpuField, GpuFieldKind, LabelStyle};
use super::gpu_labels::{CardPart, GpuLabels, is_share};
use super::process::{host_of, is_any_machine};
use super::shown_values::{GpuValues, ShownValues};
use super::values;
use crate::exposition::{LabelText, SeriesRow};
use crate::reading::{
    Activity, Ecc, GpuHost, GpuId, GpuProcess, GpuReading, GpuState, Label, Mig, NodeName, Pcie, Throttle,
};
use crate::units::{Bytes, BytesPerSecond, Celsius, Energy, Megahertz, Power, Ratio, Tokens};

/// The most GPUs of a page; a node has 16, an agent's page one node.
const BOARDS: usize = 256;

/// The most MIG instances of a GPU; seven are possible today.
const INSTANCES: usize = 64;

/// The most processes of a GPU.
const PROCESSES: usize = 256;

/// Facts of a GPU that are not figures.
#[derive(Debug, Clone)]
pub(super) struct GpuFacts {
    pub(super) id: Option<GpuId>,
    pub(super) name: Option<Label>,
    /// The index in its labels.
    index: Option<f64>,
    /// How many GPUs of its node are before it on the page: its index, where nothing says it.
    place: u32,
    mig: bool,
    state: GpuState,
    processes: Option<Vec<GpuProcess>>,
    /// Total memory of its MIG instances: used and free.
    instances: [Option<f64>; 2],
}

/// One GPU while lines are read.
#[derive(Debug, Default)]
struct Board<'p> {
    /// The labels by which it was last found, if they only identify the GPU.
    labels: &'p [u8],
    uuid: Option<LabelText<'p>>,
    index: Option<LabelText<'p>>,
    node: Option<LabelText<'p>>,
    /// The `instance` that an aggregated page has it from.
    origin: Option<LabelText<'p>>,
    name: Option<LabelText<'p>>,
    state: Option<LabelText<'p>>,
    processes: Vec<GpuProcess>,
    mig: bool,
    values: ShownValues<'p>,
    /// Memory of its MIG instances, for a board that is reported in instances only.
    instances: Vec<MigMemory<'p>>,
}

/// Memory of one MIG instance. Exporters repeat it for each pod or container that may use it.
#[derive(Debug)]
struct MigMemory<'p> {
    id: LabelText<'p>,
    used: Option<f64>,
    free: Option<f64>,
}

/// The GPUs of a page.
#[derive(Debug, Default)]
pub(super) struct GpuRows<'p> {
    seen: Vec<Board<'p>>,
    last: usize,
    over_limit: u32,
}

impl<'p> GpuRows<'p> {
    /// Reads one series of a GPU. Returns the position of the GPU on the page; `None` if the value is not that of a GPU, or
    /// there is no room for it.
    pub(super) fn take<T>(&mut self, field: GpuField, row: &SeriesRow<'p, T>) -> Option<usize> {
        if let Some(board) = self.repeated(row.labels.as_bytes()) {
            board.note(field.what, values::known(field, row.value), row);
            return Some(self.last);
        }
        let labels = GpuLabels::read(field.labels, row.labels)?;
        if labels.uuid.is_none() && labels.index.is_none() && (!labels.is_stated || labels.part == CardPart::Other) {
            return None;
        }
        let identifies = if labels.only_identify() { row.labels.as_bytes() } else { &[] };
        let what = labels.meaning(field.what);
        // all-smi does not name the host of a process, so that only a UUID says which GPU it is on.
        if field.labels == LabelStyle::AllSmi && what == Some(GpuFieldKind::Process) {
            let at = self.seen.iter().position(|board| is_of_board(board, &labels))?;
            self.seen.get_mut(at)?.hold(labels.process, values::known(field, row.value));
            return Some(at);
        }
        let (state, process) = (labels.state, labels.process);
        let (facts, instance) = Board::of(&labels, identifies);
        let Some(board) = self.board(facts) else {
            self.over_limit += 1;
            return None;
        };
        let what = what?;
        let value = values::known(GpuField { what, ..field }, row.value);
        match (what, instance) {
            (GpuFieldKind::State, _) => board.state = state,
            (GpuFieldKind::Process, _) => board.hold(process, value),
            (GpuFieldKind::Info, _) => {}
            (GpuFieldKind::Used | GpuFieldKind::Free, Some(id)) => board.note_instance(id, what, value),
            // The share of an instance is not that of the board.
            (_, Some(_)) if is_share(what) => {}
            _ => board.note(what, value, row),
        }
        Some(self.last)
    }

    /// The GPU that these labels were found to identify, if it is the next one, the first one or the last one again: a
    /// page has the lines of each figure in sequence.
    fn repeated(&mut self, labels: &[u8]) -> Option<&mut Board<'p>> {
        let places = [self.last + 1, 0, self.last];
        let is_same = |at: &usize| self.seen.get(*at).is_some_and(|board| board.labels == labels && !labels.is_empty());
        self.last = places.into_iter().find(is_same)?;
        self.seen.get_mut(self.last)
    }

    /// `None` if there are too many.
    fn board(&mut self, facts: Board<'p>) -> Option<&mut Board<'p>> {
        let same = |board: &Board<'p>| match (board.uuid, facts.uuid) {
            // One UUID at two indices is a placeholder.
            (Some(ours), Some(theirs)) => {
                (ours == theirs || is_same_uuid(ours, theirs))
                    && (board.index == facts.index || board.index.is_none() || facts.index.is_none())
            }
            _ => board.index == facts.index && board.node == facts.node && board.origin == facts.origin,
        };
        let near = [self.last, self.last + 1].into_iter().find(|at| self.seen.get(*at).is_some_and(same));
        let at = near.or_else(|| self.seen.iter().position(same)).unwrap_or(self.seen.len());
        if at == self.seen.len() {
            if at >= BOARDS {
                return None;
            }
            self.seen.push(facts);
        } else {
            let board = &mut self.seen[at];
            board.uuid = board.uuid.or(facts.uuid);
            board.index = board.index.or(facts.index);
            board.node = board.node.or(facts.node);
            board.name = board.name.or(facts.name);
            board.mig |= facts.mig;
            board.labels = facts.labels;
        }
        self.last = at;
        self.seen.get_mut(at)
    }

    /// The GPUs by UUID. A UUID that several indices of a page have identifies none of them.
    fn ids(&self) -> Vec<Option<GpuId>> {
        let mut ids: Vec<Option<GpuId>> = self.seen.iter().map(Board::id).collect();
        let mut sorted: Vec<&GpuId> = ids.iter().flatten().collect();
        sorted.sort_unstable();
        let shared = sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone());
        let shared: Vec<GpuId> = shared.collect();
        for id in &mut ids {
            *id = id.take().filter(|id| !shared.contains(id));
        }
        ids
    }

    /// Series without a GPU.
    pub(super) const fn over_limit(&self) -> u32 {
        self.over_limit
    }

    /// A reading for each GPU, with the node in its labels. `state` is the state of GPUs that report none.
    pub(super) fn finish(mut self, state: GpuState) -> Vec<(Option<NodeName>, GpuReading)> {
        let facts = self.facts(state);
        let nodes = self.seen.iter().map(|board| self.node_of(board));
        let gpu_rows = self.seen.iter().zip(facts).zip(nodes);
        gpu_rows.map(|((board, facts), node)| (node, facts.reading(&board.values.merged()))).collect()
    }

    /// The hosts that an aggregated page has them from.
    pub(super) fn hosts(&self) -> Vec<GpuHost> {
        let mut hosts: Vec<GpuHost> = Vec::new();
        for board in self.seen.iter().filter(|board| board.origin.is_some()) {
            let origin = board.origin.map(LabelText::text).unwrap_or_default();
            let (host, node) = (host_of(&origin), self.node_of(board));
            let hostname = board.node.map(|name| NodeName::new(&name.text()));
            let shared = hostname.filter(|name| Some(name) != node.as_ref());
            let found = GpuHost { host: NodeName::new(host), node, shared };
            if !is_any_machine(host) && !hosts.contains(&found) {
                hosts.push(found);
            }
        }
        hosts
    }

    /// Whether a GPU has a figure more than once.
    pub(super) fn has_repeated(&self) -> bool {
        self.seen.iter().any(|board| board.values.is_repeated())
    }

    /// The facts of each GPU. Its processes are moved.
    pub(super) fn facts(&mut self, state: GpuState) -> Vec<GpuFacts> {
        let (ids, places) = (self.ids(), self.places());
        let facts = self.seen.iter_mut().zip(ids).zip(places);
        facts.map(|((board, id), place)| GpuFacts { place, ..board.facts(id, state) }).collect()
    }

    /// How many GPUs with the same node and origin are before each.
    fn places(&self) -> Vec<u32> {
        let mut counts: Vec<(&Board<'p>, u32)> = Vec::new();
        let place = |board| {
            let known = counts.iter().position(|(other, _)| is_beside(other, board));
            let at = known.unwrap_or(counts.len());
            if known.is_none() {
                counts.push((board, 0));
            }
            let place = counts[at].1;
            counts[at].1 += 1;
            place
        };
        self.seen.iter().map(place).collect()
    }

    /// The node of a GPU: its hostname, otherwise the instance that an aggregated page has it from. On a page from
    /// several places, a hostname is not used if it is missing, is that of any machine, or has different GPUs at one
    /// index.
    fn node_of(&self, board: &Board<'p>) -> Option<NodeName> {
        let named = board.node.map(LabelText::text);
        let Some(origin) = board.origin.map(|origin| host_of(&origin.text()).to_owned()) else {
            return named.map(|name| NodeName::new(&name));
        };
        let is_elsewhere = |other: &&Board<'p>| {
            other.node == board.node && other.origin.is_some_and(|there| *host_of(&there.text()) != *origin)
        };
        let mut elsewhere = self.seen.iter().filter(is_elsewhere);
        let says_nothing = named.as_ref().is_none_or(|name| name.starts_with("localhost"));
        let is_split = if says_nothing {
            elsewhere.next().is_some()
        } else {
            elsewhere.any(|other| other.index == board.index && board.index.is_some() && !other.mig)
        };
        if is_split { Some(NodeName::new(&origin)) } else { named.map(|name| NodeName::new(&name)) }
    }
}

/// Whether two GPUs have one node and origin in their labels.
fn is_beside(a: &Board<'_>, b: &Board<'_>) -> bool {
    a.node == b.node && a.origin == b.origin
}

/// Whether two texts are one UUID: exporters differ in case, and in the prefix `GPU-`.
fn is_same_uuid(a: LabelText<'_>, b: LabelText<'_>) -> bool {
    let bare = |text: LabelText<'_>| text.raw().len() - if starts_with_gpu(text) { 4 } else { 0 };
    bare(a) == bare(b)
        && a.raw().iter().rev().zip(b.raw().iter().rev()).take(bare(a)).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

fn starts_with_gpu(uuid: LabelText<'_>) -> bool {
    uuid.raw().get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"gpu-"))
}

/// A process that holds memory.
fn holder((pid, name): (Option<LabelText<'_>>, Option<LabelText<'_>>), bytes: Option<f64>) -> Option<GpuProcess> {
    let pid = Tokens::from_counter(pid?.number()?).ok()?.count();
    Some(GpuProcess {
        pid: u32::try_from(pid).ok()?,
        name: name.filter(|name| !name.raw().is_empty()).map(|name| Label::new(&name.text())),
        memory: bytes.map(|bytes| Bytes::new(bytes as u64)),
    })
}

/// Whether labels without a host are of a GPU that was seen: by its UUID.
fn is_of_board(board: &Board<'_>, labels: &GpuLabels<'_>) -> bool {
    board.uuid.zip(labels.uuid).is_some_and(|(ours, theirs)| is_same_uuid(ours, theirs))
}

impl<'p> Board<'p> {
    /// The GPU of these labels, and the MIG instance of it that they name.
    fn of(labels: &GpuLabels<'p>, identifies: &'p [u8]) -> (Self, Option<LabelText<'p>>) {
        let GpuLabels { uuid, index, node, origin, name, instance, .. } = *labels;
        // An instance with its own UUID is a separate GPU.
        let own = uuid.is_some_and(|uuid| uuid.raw().get(..4).is_some_and(|raw| raw.eq_ignore_ascii_case(b"mig-")));
        let mig = own || instance.is_some();
        let board = Self { labels: identifies, uuid, index, node, origin, name, mig, ..Self::default() };
        (board, instance.filter(|_| !own))
    }

    /// The GPU with the UUID.
    fn id(&self) -> Option<GpuId> {
        self.uuid.map(|uuid| GpuId::from_uuid(&uuid.text()))
    }

    fn note<T>(&mut self, what: GpuFieldKind, value: Option<f64>, row: &SeriesRow<'p, T>) {
        match what {
            GpuFieldKind::State => self.state = None,
            GpuFieldKind::Info | GpuFieldKind::Process | GpuFieldKind::NamedClock => {}
            _ => self.values.note(what, value, (row.labels.as_bytes(), row.sampled)),
        }
    }

    /// Stores a process that holds memory, once.
    fn hold(&mut self, process: (Option<LabelText<'p>>, Option<LabelText<'p>>), bytes: Option<f64>) {
        let Some(holder) = holder(process, bytes) else { return };
        match self.processes.iter().position(|known| known.pid == holder.pid) {
            Some(at) => self.processes[at] = holder,
            None if self.processes.len() < PROCESSES => self.processes.push(holder),
            None => {}
        }
    }

    /// Stores the memory of a MIG instance; a repetition is the same memory.
    fn note_instance(&mut self, id: LabelText<'p>, what: GpuFieldKind, value: Option<f64>) {
        let at = self.instances.iter().position(|known| known.id == id).unwrap_or(self.instances.len());
        if at == self.instances.len() {
            if at >= INSTANCES {
                return;
            }
            self.instances.push(MigMemory { id, used: None, free: None });
        }
        let known = &mut self.instances[at];
        let slot = if what == GpuFieldKind::Used { &mut known.used } else { &mut known.free };
        *slot = value.or(*slot);
    }

    /// The memory of all its instances; `None` if one does not report it.
    fn of_instances(&self, of: impl Fn(&MigMemory<'p>) -> Option<f64>) -> Option<f64> {
        let sum = self.instances.iter().map(of).sum::<Option<f64>>();
        sum.filter(|_| !self.instances.is_empty())
    }

    fn facts(&mut self, id: Option<GpuId>, state: GpuState) -> GpuFacts {
        // An agent whose polls are old says of its last one that GPUs answered.
        let named = self.state.and_then(|name| GpuState::named(name.raw()));
        let named = named.filter(|state| *state != GpuState::Answering);
        GpuFacts {
            id,
            name: self.name.map(|name| Label::new(&name.text())),
            index: self.index.and_then(LabelText::number),
            place: 0,
            mig: self.mig,
            state: named.unwrap_or(state),
            processes: Some(std::mem::take(&mut self.processes)).filter(|processes| !processes.is_empty()),
            instances: [self.of_instances(|instance| instance.used), self.of_instances(|instance| instance.free)],
        }
    }
}

impl GpuFacts {
    /// The same with the texts of its reading.
    pub(super) fn sharing(self, reading: &GpuReading) -> Self {
        Self { id: reading.id.clone(), name: reading.name.clone(), ..self }
    }

    #[allow(clippy::needless_update, reason = "what exporters do not print is unknown here, now and later")]
    pub(super) fn reading(self, values: &GpuValues) -> GpuReading {
        let [of_instances_used, of_instances_free] = self.instances;
        let value = |what: GpuFieldKind| values.0[what as usize];
        let share = |what| value(what).and_then(Ratio::new);
        let bytes = |value: f64| Bytes::new(value as u64);
        let count = |what| value(what).map(|value| value as u64);
        let index = self.index.or(value(GpuFieldKind::Index)).unwrap_or(f64::from(self.place));
        let used = value(GpuFieldKind::Used).or(of_instances_used);
        let free = value(GpuFieldKind::Free).or(of_instances_free);
        let sum = used.zip(free).map(|(used, free)| used + free + value(GpuFieldKind::Reserved).unwrap_or(0.0));
        let total = value(GpuFieldKind::Total).or(sum);
        // Exporters print 0 of 0 for a card whose memory they cannot read.
        let used = used.filter(|used| *used > 0.0 || total.is_some());
        let reasons = count(GpuFieldKind::Throttle);
        GpuReading {
            index: index as u32,
            id: self.id,
            name: self.name,
            utilization: share(GpuFieldKind::Utilization),
            memory_utilization: share(GpuFieldKind::MemoryUtilization),
            memory_used: used.map(bytes),
            memory_total: total.map(bytes),
            power: value(GpuFieldKind::Watts).and_then(Power::from_watts),
            power_limit: value(GpuFieldKind::WattLimit).and_then(Power::from_watts),
            energy: count(GpuFieldKind::Millijoules).map(Energy::new),
            temperature: value(GpuFieldKind::Celsius).map(|celsius| Celsius::new(celsius as i32)),
            sm_clock: value(GpuFieldKind::SmMegahertz).map(|clock| Megahertz::new(clock.round() as u32)),
            memory_clock: value(GpuFieldKind::MemoryMegahertz).map(|clock| Megahertz::new(clock.round() as u32)),
            fan: share(GpuFieldKind::Fan),
            ecc: Ecc { corrected: count(GpuFieldKind::Corrected), uncorrected: count(GpuFieldKind::Uncorrected) },
            throttle: reasons.map(throttle),
            state: self.state,
            mig: if self.mig { Some(Mig::On) } else { value(GpuFieldKind::MigMode).map(mig) },
            processes: self.processes,
            pcie: value(GpuFieldKind::Tx)
                .zip(value(GpuFieldKind::Rx))
                .map(|(tx, rx)| Pcie { tx: BytesPerSecond::new(tx as u64), rx: BytesPerSecond::new(rx as u64) }),
            activity: Activity {
                engine: share(GpuFieldKind::EngineActive),
                sm: share(GpuFieldKind::SmActive),
                tensor: share(GpuFieldKind::TensorActive),
                dram: share(GpuFieldKind::DramActive),
            },
            // 0 means none so far.
            xid: value(GpuFieldKind::Xid).map(|code| code as u32).filter(|code| *code > 0),
            ..GpuReading::default()
        }
    }
}

/// NVML's bits for throttled clocks.
const fn throttle(reasons: u64) -> Throttle {
    Throttle { power: reasons & 0x4 != 0, thermal: reasons & 0x60 != 0, hardware: reasons & 0xc8 != 0 }
}

fn mig(mode: f64) -> Mig {
    if mode > 0.0 { Mig::On } else { Mig::Off }
}
