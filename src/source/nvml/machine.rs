//! The GPUs of a machine whose library is loaded: two lanes, and the readings that both bring together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::cadence::Message;
use super::card::Card;
use super::lane::Lane;
use super::load::Loaded;
use super::look::Look;
use super::slow::{Slow, SlowFigures};
use super::xid;
use crate::reading::{GpuReading, GpuState};

/// Between slow rounds.
const SLOW_INTERVAL: Duration = Duration::from_secs(5);
/// Between the first two slow rounds: activity is told between two samples.
const SLOW_SECOND: Duration = Duration::from_millis(300);
/// For how long slow figures are news.
const SLOW_AGE: Duration = Duration::from_secs(15);
/// How long a look that met a hanging GPU still waits for the others.
const GRACE: Duration = Duration::from_millis(200);

/// All GPUs.
pub(super) struct Machine {
    cards: Arc<[Card]>,
    looks: Lane<Look>,
    slow: Lane<Slow>,
    slow_rounds: u32,
    slow_due: Instant,
    /// When the look under way is told at the latest; known once a GPU hung in it.
    deadline: Option<Instant>,
    /// Whether the look under way was told, though not all its threads have ended.
    told: bool,
    found: BTreeMap<u32, Option<GpuReading>>,
    slow_found: BTreeMap<u32, (Instant, SlowFigures)>,
    xids: BTreeMap<u32, u32>,
    /// Threads that are inside the driver, and the GPU that holds each.
    hung: BTreeSet<(u64, u32)>,
}

impl Machine {
    pub(super) fn new(loaded: &Loaded, tell: &Sender<Message>, patience: Duration, now: Instant) -> Self {
        let cards: Arc<[Card]> = (0..loaded.gpus).map(|index| Card::new(loaded.nvml, index)).collect();
        xid::watch(loaded.nvml, loaded.gpus, tell.clone());
        Self {
            looks: Lane::new(Arc::clone(&cards), tell.clone(), patience),
            slow: Lane::new(Arc::clone(&cards), tell.clone(), patience),
            cards,
            slow_rounds: 0,
            slow_due: now,
            deadline: None,
            told: false,
            found: BTreeMap::new(),
            slow_found: BTreeMap::new(),
            xids: BTreeMap::new(),
            hung: BTreeSet::new(),
        }
    }

    /// Whether a thread is being watched.
    pub(super) fn is_busy(&self) -> bool {
        self.looks.is_busy() || self.slow.is_busy()
    }

    /// Whether a look is under way.
    pub(super) fn is_looking(&self) -> bool {
        self.looks.is_busy()
    }

    /// When the next slow round is due.
    pub(super) fn slow_due(&self) -> Instant {
        self.slow_due
    }

    pub(super) fn begin_look(&mut self, now: Instant) {
        self.found.clear();
        (self.deadline, self.told) = (None, false);
        self.looks.begin(&self.willing(), now);
    }

    /// A thread ended its round. The readings, if that was the look.
    pub(super) fn ended(&mut self, worker: u64, now: Instant) -> Option<Vec<GpuReading>> {
        if self.slow.ended(worker) {
            for (gpu, found) in self.slow.take() {
                self.slow_found.extend(found.map(|f| (gpu, (now, f))));
            }
        }
        if self.looks.ended(worker) { self.tell_once(now) } else { None }
    }

    /// A thread that was written off came back: its GPU may be asked again.
    pub(super) fn back(&mut self, worker: u64) {
        self.hung.retain(|(thread, _)| *thread != worker);
    }

    pub(super) fn note_xid(&mut self, gpu: u32, code: u32) {
        self.xids.insert(gpu, code);
    }

    /// Begins what is due and writes off what hangs. The readings, if that ended a look without all its answers.
    pub(super) fn check(&mut self, now: Instant) -> Option<Vec<GpuReading>> {
        if now >= self.slow_due && !self.slow.is_busy() && !self.found_nothing_yet() {
            self.slow.begin(&self.willing(), now);
            self.slow_due = now + if self.slow_rounds == 0 { SLOW_SECOND } else { SLOW_INTERVAL };
            self.slow_rounds += 1;
        }
        let stalls = self.slow.check(now);
        self.hung.extend(stalls.iter().map(|stall| (stall.worker, stall.gpu)));
        let stalls = self.looks.check(now);
        self.hung.extend(stalls.iter().map(|stall| (stall.worker, stall.gpu)));
        if !stalls.is_empty() {
            self.deadline.get_or_insert(now + GRACE);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) { self.tell_once(now) } else { None }
    }

    fn tell_once(&mut self, now: Instant) -> Option<Vec<GpuReading>> {
        (!std::mem::replace(&mut self.told, true)).then(|| self.readings(now))
    }

    /// The first look has the driver for itself.
    fn found_nothing_yet(&self) -> bool {
        self.slow_rounds == 0 && self.looks.is_busy()
    }

    /// GPUs that no thread is stuck in.
    fn willing(&self) -> Vec<u32> {
        self.cards.iter().map(|card| card.index).filter(|gpu| !self.is_hung(*gpu)).collect()
    }

    fn is_hung(&self, gpu: u32) -> bool {
        self.hung.iter().any(|(_, held)| *held == gpu)
    }

    fn readings(&mut self, now: Instant) -> Vec<GpuReading> {
        self.found.extend(self.looks.take());
        self.cards.iter().map(|card| self.reading(card, now)).collect()
    }

    /// What is known of one GPU. Who it is stays known whatever becomes of it.
    fn reading(&self, card: &Card, now: Instant) -> GpuReading {
        let xid = self.xids.get(&card.index).copied();
        let silent =
            |state| GpuReading { index: card.index, id: card.id(), name: card.name(), state, ..GpuReading::default() };
        let reading = match self.found.get(&card.index) {
            Some(Some(reading)) if !self.is_hung(card.index) => reading.clone(),
            Some(None) => silent(GpuState::Lost),
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
