//! A thread that polls GPUs in passes, and the handle that supervises it.
//!
//! A lane never waits for its thread. If a call does not return in time, its thread is written off: it stays inside the
//! driver, its GPU is reported, and new threads continue with the other GPUs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::card::{Card, CardTally, Stop, Visit};
use super::message::LaneMessage;
use super::pulse::Pulse;
use crate::reading::GpuState;

/// The calls that a lane makes for each GPU. A thread that is written off keeps its value; the next thread starts with a
/// new one.
pub(super) trait GpuCalls: Default + Send + 'static {
    /// The result of a visit.
    type Output: Send + 'static;

    /// Polls one GPU.
    fn visit(&mut self, at: &Visit<'_>) -> Result<Self::Output, Stop>;
}

/// The result of one GPU in a pass: its values, or its state if it has none.
pub(super) type LaneOutcome<F> = (u32, Result<F, GpuState>);

type RoundResults<F> = Arc<Mutex<Vec<LaneOutcome<F>>>>;

/// A thread.
struct Worker {
    id: u64,
    orders: Sender<Vec<u32>>,
    pulse: Arc<Pulse>,
    watch: Option<LaneWatch>,
}

/// The GPU that a thread is visiting.
struct LaneWatch {
    gpus: Vec<u32>,
    /// The last change of the pulse, and when it was seen.
    seen: (u64, Instant),
}

/// A call that did not return in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HungCall {
    /// The id of the thread, which may return later.
    pub(super) worker: u64,
    /// The GPU.
    pub(super) gpu: u32,
}

/// A lane. It has one thread, and further ones only for the rest of a pass in which a GPU hung.
pub(super) struct DriverLane<R: GpuCalls> {
    cards: Arc<[Card]>,
    sender: Sender<LaneMessage>,
    /// The timeout of a call.
    patience: Duration,
    results: RoundResults<R::Output>,
    workers: Vec<Worker>,
}

impl<R: GpuCalls> DriverLane<R> {
    /// A lane without a pass.
    pub(super) fn new(cards: Arc<[Card]>, sender: Sender<LaneMessage>, patience: Duration) -> Self {
        Self { cards, sender, patience, results: RoundResults::<R::Output>::default(), workers: Vec::new() }
    }

    /// Whether a pass is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.workers.iter().any(|worker| worker.watch.is_some())
    }

    /// Starts a pass over `gpus`.
    pub(super) fn begin(&mut self, gpus: &[u32], now: Instant) {
        self.take();
        if self.workers.is_empty() {
            self.workers.push(self.hire());
        }
        self.workers.truncate(1);
        self.workers.iter_mut().for_each(|worker| worker.order(gpus.to_vec(), now));
    }

    /// Records that thread `worker` has finished. Returns whether this ended the lane's pass.
    pub(super) fn ended(&mut self, worker: u64) -> bool {
        let Some(worker) = self.workers.iter_mut().find(|w| w.id == worker) else { return false };
        worker.watch = None;
        !self.is_busy()
    }

    /// Takes the results of the pass so far. A GPU that was polled twice has two, the later one last.
    pub(super) fn take(&mut self) -> Vec<LaneOutcome<R::Output>> {
        std::mem::take(&mut *self.found())
    }

    fn found(&self) -> MutexGuard<'_, Vec<LaneOutcome<R::Output>>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes off the threads whose calls have not returned in time. New threads take over their remaining GPUs: one for
    /// those that have answered before, and one for each other GPU, since it may hang as well.
    pub(super) fn check(&mut self, now: Instant) -> Vec<HungCall> {
        let patience = self.patience;
        let late: Vec<Worker> = self.workers.extract_if(.., |worker| worker.silence(now) >= patience).collect();
        late.iter().map(|worker| self.write_off(worker, now)).collect()
    }

    fn write_off(&mut self, worker: &Worker, now: Instant) -> HungCall {
        worker.pulse.written_off.store(true, Ordering::Release);
        let stall = HungCall { worker: worker.id, gpu: worker.pulse.gpu.load(Ordering::Relaxed) };
        let answered: Vec<u32> = self.found().iter().map(|(gpu, _)| *gpu).collect();
        let rest = worker.watch.iter().flat_map(|watch| &watch.gpus).copied().filter(|gpu| *gpu != stall.gpu);
        let (safe, unsure): (Vec<u32>, Vec<u32>) = rest.partition(|gpu| answered.contains(gpu));
        for gpus in std::iter::once(safe).chain(unsure.into_iter().map(|gpu| vec![gpu])) {
            let mut hired = self.hire();
            hired.order(gpus, now);
            self.workers.push(hired);
        }
        stall
    }

    /// Starts a thread. Thread ids are unique across lanes.
    fn hire(&self) -> Worker {
        static HIRED: AtomicU64 = AtomicU64::new(0);
        let id = HIRED.fetch_add(1, Ordering::Relaxed);
        let (orders, inbox) = channel();
        let pulse = Arc::new(Pulse::new());
        let worker = Worker { id, orders, pulse: Arc::clone(&pulse), watch: None };
        let (cards, results, sender) = (Arc::clone(&self.cards), Arc::clone(&self.results), self.sender.clone());
        let _ = thread::Builder::new().name(format!("nvml-{id}")).spawn(move || {
            work::<R>(id, &inbox, &cards, &pulse, &results, &sender);
            if pulse.is_written_off() {
                let _ = sender.send(LaneMessage::Back(id));
            }
        });
        worker
    }
}

impl Worker {
    fn order(&mut self, gpus: Vec<u32>, now: Instant) {
        let calls = self.pulse.calls.load(Ordering::Acquire);
        let _ = self.orders.send(gpus.clone());
        self.watch = Some(LaneWatch { gpus, seen: (calls, now) });
    }

    /// The time since its call began.
    fn silence(&mut self, now: Instant) -> Duration {
        let Some(watch) = &mut self.watch else { return Duration::ZERO };
        let calls = self.pulse.calls.load(Ordering::Acquire);
        if calls != watch.seen.0 {
            watch.seen = (calls, now);
        }
        now.saturating_duration_since(watch.seen.1)
    }
}

fn work<R: GpuCalls>(
    id: u64,
    orders: &Receiver<Vec<u32>>,
    cards: &[Card],
    pulse: &Pulse,
    results: &RoundResults<R::Output>,
    sender: &Sender<LaneMessage>,
) {
    let mut pass = R::default();
    for gpus in orders {
        for card in gpus.iter().filter_map(|gpu| cards.get(*gpu as usize)) {
            let found = match pass.visit(&Visit { card, pulse, tally: &CardTally::default() }) {
                Ok(found) => Ok(found),
                Err(Stop::Out(state)) => Err(state),
                Err(Stop::WrittenOff) => return,
            };
            results.lock().unwrap_or_else(PoisonError::into_inner).push((card.index, found));
        }
        if sender.send(LaneMessage::Ended(id)).is_err() {
            return;
        }
    }
}
