//! The GPUs of a machine: a fast and a slow lane, and the readings that combine their results.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::card::Card;
use super::lane::DriverLane;
use super::load::Loaded;
use super::message::LaneMessage;
use super::poll::DriverPoll;
use super::slow::{Slow, SlowFigures};
use super::xid;
use crate::reading::{GpuReading, GpuState};

/// The time between two slow passes.
const SLOW_INTERVAL: Duration = Duration::from_secs(5);
/// The time between the first two slow passes: activity is measured between two samples.
const SLOW_SECOND: Duration = Duration::from_millis(300);
/// The age up to which results of the slow lane are reported.
const SLOW_AGE: Duration = Duration::from_secs(15);
/// How long a poll with a hanging GPU waits for the other GPUs.
const GRACE: Duration = Duration::from_millis(200);
/// The time after which a poll is reported without the GPUs that are still missing.
pub(super) const POLL_LIMIT: Duration = Duration::from_millis(2300);

/// All GPUs.
pub(super) struct Machine {
    cards: Arc<[Card]>,
    polls: DriverLane<DriverPoll>,
    slow: DriverLane<Slow>,
    slow_passes: u32,
    slow_due: Instant,
    /// The deadline of the current poll.
    deadline: Option<Instant>,
    /// Whether a GPU hung in the current poll.
    stalled: bool,
    /// Whether GPUs were reported as slow that the current poll will still read.
    owed: bool,
    /// Whether the current poll was reported before all its threads ended.
    reported: bool,
    found: BTreeMap<u32, Result<GpuReading, GpuState>>,
    slow_found: BTreeMap<u32, (Instant, SlowFigures)>,
    xids: BTreeMap<u32, u32>,
    /// Threads that hang inside the driver, with their GPUs.
    hung: BTreeSet<(u64, u32)>,
}

impl Machine {
    pub(super) fn new(loaded: &Loaded, sender: &Sender<LaneMessage>, patience: Duration, now: Instant) -> Self {
        let cards: Arc<[Card]> = (0..loaded.gpus).map(|index| Card::new(loaded.nvml, index)).collect();
        xid::watch(loaded.nvml, loaded.gpus, sender.clone());
        Self {
            polls: DriverLane::new(Arc::clone(&cards), sender.clone(), patience),
            slow: DriverLane::new(Arc::clone(&cards), sender.clone(), patience),
            cards,
            slow_passes: 0,
            slow_due: now,
            deadline: None,
            stalled: false,
            owed: false,
            reported: false,
            found: BTreeMap::new(),
            slow_found: BTreeMap::new(),
            xids: BTreeMap::new(),
            hung: BTreeSet::new(),
        }
    }

    /// Whether a pass is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.polls.is_busy() || self.slow.is_busy()
    }

    /// Whether a poll is under way.
    pub(super) fn is_looking(&self) -> bool {
        self.polls.is_busy()
    }

    /// The time of the next slow pass.
    pub(super) fn slow_due(&self) -> Instant {
        self.slow_due
    }

    /// Starts a poll that was due at `due`.
    pub(super) fn begin_poll(&mut self, now: Instant, due: Instant) {
        self.found.clear();
        (self.deadline, self.reported, self.stalled, self.owed) = (Some(due + POLL_LIMIT), false, false, false);
        self.polls.begin(&self.willing(), now);
    }

    /// Records that a thread ended its pass. Returns the readings if that completed the poll.
    pub(super) fn ended(&mut self, worker: u64, now: Instant) -> Option<Vec<GpuReading>> {
        if self.slow.ended(worker) {
            for (gpu, found) in self.slow.take() {
                self.slow_found.extend(found.ok().map(|f| (gpu, (now, f))));
            }
        }
        if !self.polls.ended(worker) {
            return None;
        }
        self.reported &= !self.owed;
        self.tell_once(now)
    }

    /// Records that a thread that was written off has returned, so that its GPU is polled again.
    pub(super) fn back(&mut self, worker: u64) {
        self.hung.retain(|(thread, _)| *thread != worker);
    }

    pub(super) fn note_xid(&mut self, gpu: u32, code: u32) {
        self.xids.insert(gpu, code);
    }

    /// Starts due passes and writes off hanging threads. Returns the readings if that ended an incomplete poll.
    pub(super) fn check(&mut self, now: Instant) -> Option<Vec<GpuReading>> {
        if now >= self.slow_due && !self.slow.is_busy() && !self.found_nothing_yet() {
            self.slow.begin(&self.willing(), now);
            self.slow_due = now + if self.slow_passes == 0 { SLOW_SECOND } else { SLOW_INTERVAL };
            self.slow_passes += 1;
        }
        let stalls = self.slow.check(now);
        self.hung.extend(stalls.iter().map(|stall| (stall.worker, stall.gpu)));
        let stalls = self.polls.check(now);
        self.hung.extend(stalls.iter().map(|stall| (stall.worker, stall.gpu)));
        if !stalls.is_empty() {
            let grace = now + GRACE;
            if !self.stalled {
                self.deadline = Some(self.deadline.map_or(grace, |deadline| deadline.min(grace)));
            }
            self.stalled = true;
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) { self.tell_once(now) } else { None }
    }

    fn tell_once(&mut self, now: Instant) -> Option<Vec<GpuReading>> {
        (!std::mem::replace(&mut self.reported, true)).then(|| self.readings(now))
    }

    /// The readings of the current poll so far.
    pub(super) fn readings_so_far(&mut self, now: Instant) -> Vec<GpuReading> {
        self.reported = true;
        self.readings(now)
    }

    /// Whether the slow lane waits, since it does not run during the first poll.
    fn found_nothing_yet(&self) -> bool {
        self.slow_passes == 0 && self.polls.is_busy()
    }

    /// GPUs without a hanging thread.
    fn willing(&self) -> Vec<u32> {
        self.cards.iter().map(|card| card.index).filter(|gpu| !self.is_hung(*gpu)).collect()
    }

    fn is_hung(&self, gpu: u32) -> bool {
        self.hung.iter().any(|(_, hung)| *hung == gpu)
    }

    fn readings(&mut self, now: Instant) -> Vec<GpuReading> {
        self.found.extend(self.polls.take());
        let readings: Vec<_> = self.cards.iter().map(|card| self.reading(card, now)).collect();
        self.owed = readings.iter().any(|reading| reading.state == GpuState::Slow);
        readings
    }

    /// The reading of one GPU. Its id stays known when it fails.
    fn reading(&self, card: &Card, now: Instant) -> GpuReading {
        let xid = self.xids.get(&card.index).copied();
        let silent =
            |state| GpuReading { index: card.index, id: card.id(), name: card.name(), state, ..GpuReading::default() };
        let reading = match self.found.get(&card.index) {
            Some(Ok(reading)) if !self.is_hung(card.index) => reading.clone(),
            Some(Err(state)) => silent(*state),
            None if !self.stalled && !self.is_hung(card.index) => silent(GpuState::Slow),
            _ => silent(GpuState::Hung),
        };
        let slow = self.slow_found.get(&card.index).filter(|(at, _)| now.saturating_duration_since(*at) < SLOW_AGE);
        match slow {
            Some((_, figures)) if reading.state == GpuState::Answering => {
                GpuReading { xid, activity: figures.activity, pcie: figures.pcie, ..reading }
            }
            _ => GpuReading { xid, ..reading },
        }
    }
}
