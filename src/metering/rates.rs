//! A row's rates: the sum over all processes that answer at its address.

use crate::counters::{ANSWERING, ProcessId, Window};
use crate::reading::LiveTokens;
use crate::units::{Moment, Span, Tokens};

/// The windows of a row's processes.
#[derive(Debug)]
pub(crate) struct Rates {
    span: Span,
    processes: Vec<ProcessWindow>,
    /// Whether indistinguishable processes answer, so that no rate covers all of them.
    is_unsure: bool,
}

/// The growth of one process.
#[derive(Debug)]
struct ProcessWindow {
    process: ProcessId,
    seen: Moment,
    /// Whether others answer instead.
    is_gone: bool,
    /// Sums that never decrease.
    sums: [Option<u64>; 3],
    window: Window<3>,
    /// Its live counters on its last page.
    live: Option<LiveTokens>,
}

impl Rates {
    pub(super) const fn new(span: Span) -> Self {
        Self { span, processes: Vec::new(), is_unsure: false }
    }

    /// The live counters of a process's last page.
    pub(super) fn live(&self, process: ProcessId) -> Option<LiveTokens> {
        self.processes.iter().find(|known| known.process == process)?.live
    }

    /// Adds what a process's page adds to each sum; `None` is unknown.
    pub(super) fn push(
        &mut self,
        (process, at): (ProcessId, Moment),
        grown: [Option<u64>; 3],
        known: [bool; 3],
        live: Option<LiveTokens>,
    ) {
        self.processes.retain(|known| known.process == process || at.since(known.seen) < ANSWERING);
        let place = self.processes.iter().position(|known| known.process == process).unwrap_or_else(|| {
            let window = Window::new(self.span);
            // Most rows have one process.
            self.processes.reserve_exact(1);
            self.processes.push(ProcessWindow { process, seen: at, is_gone: false, sums: [None; 3], window, live });
            self.processes.len() - 1
        });
        let ours = &mut self.processes[place];
        for (sum, grown) in ours.sums.iter_mut().zip(grown) {
            *sum = grown.map_or(*sum, |grown| Some(sum.unwrap_or(0).saturating_add(grown)));
        }
        ours.window.push(at, std::array::from_fn(|i| ours.sums[i].filter(|_| known[i])));
        (ours.seen, ours.live, ours.is_gone) = (at, live.or(ours.live), false);
    }

    /// Whether a process counts.
    pub(super) fn has(&self, process: ProcessId) -> bool {
        self.growing().any(|known| known.process == process)
    }

    /// Records when a process began at zero.
    pub(super) fn begin(&mut self, (process, at): (ProcessId, Moment)) {
        if !self.processes.iter().any(|known| known.process == process) {
            self.push((process, at), [Some(0); 3], [true; 3], None);
        }
    }

    /// Gives a process the window of the only process, which it replaced.
    pub(super) fn succeed(&mut self, process: ProcessId) {
        if let [known] = &mut self.processes[..] {
            (known.process, known.live) = (process, None);
        }
    }

    /// Whether a process is gone and the rates without it are unknown yet.
    pub(crate) fn awaits(&self) -> bool {
        let is_unknown = || (0..3).all(|i| self.per_second(i).is_none());
        self.is_unsure || self.processes.iter().any(|known| known.is_gone) && is_unknown()
    }

    /// Whether a process has answered recently.
    pub(super) fn knows(&self, process: ProcessId) -> bool {
        self.processes.iter().any(|known| known.process == process)
    }

    /// Marks further processes as gone.
    pub(super) fn add_gone(&mut self, gone: &[ProcessId]) {
        self.processes.iter_mut().for_each(|known| known.is_gone |= gone.contains(&known.process));
    }

    /// Sets whether indistinguishable processes answer.
    pub(super) const fn set_unsure(&mut self, is_unsure: bool) {
        self.is_unsure = is_unsure;
    }

    /// Whether all answering processes are distinguishable, and `holds` is true for each.
    pub(super) fn all(&self, holds: impl Fn(ProcessId) -> bool) -> bool {
        !self.is_unsure && self.growing().all(|known| holds(known.process))
    }

    /// Records that a process's sums have not grown since an instant: what they grow by next is from the time since.
    pub(super) fn stood_since(&mut self, process: ProcessId, since: Moment) {
        let window = self.processes.iter_mut().find(|known| known.process == process);
        if let Some(known) = window {
            known.window.stood_since(since);
        }
    }

    /// Restarts the windows.
    pub(super) fn clear(&mut self) {
        self.processes.iter_mut().for_each(|known| known.window.clear());
    }

    /// Forgets the processes.
    pub(super) fn forget(&mut self) {
        self.processes.clear();
    }

    /// The growth of a sum per second; `None` while it is unknown for any process.
    pub(crate) fn per_second(&self, i: usize) -> Option<f64> {
        self.sum(|window| window.per_second(i), |a, b| a + b)
    }

    /// The growth of a sum over the windows.
    pub(crate) fn growth(&self, i: usize) -> Option<u64> {
        self.sum(|window| window.growth(i), u64::saturating_add)
    }

    /// The longest time covered by a window.
    pub(crate) fn covers(&self) -> Option<Span> {
        self.growing().filter_map(|known| known.window.covers()).max()
    }

    fn growing(&self) -> impl Iterator<Item = &ProcessWindow> {
        self.processes.iter().filter(|known| !known.is_gone)
    }

    fn sum<T>(&self, of: impl Fn(&Window<3>) -> Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
        let mut growing = self.growing().filter(|_| !self.is_unsure);
        let first = of(&growing.next()?.window)?;
        growing.try_fold(first, |sum, known| Some(add(sum, of(&known.window)?)))
    }
}

/// The growth of live counters since a process's last page, and which parts are known.
pub(super) fn grown_live(now: LiveTokens, then: Option<LiveTokens>) -> ([Option<u64>; 3], [bool; 3]) {
    let then = then.unwrap_or(now);
    let grown = |now: Option<Tokens>, then: Option<Tokens>| {
        let (now, then) = (now?.count(), then.unwrap_or_default().count());
        Some(now.saturating_sub(then))
    };
    let computed = grown(now.computed, then.computed);
    let cached = grown(now.cached, then.cached);
    let prompt = computed.or(cached).map(|_| computed.unwrap_or(0) + cached.unwrap_or(0));
    let all = [prompt, cached, grown(now.output, then.output)];
    (all, all.map(|grown| grown.is_some()))
}
