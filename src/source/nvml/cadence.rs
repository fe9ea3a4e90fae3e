//! The loop that starts polls of the driver. Every thread of this source reports to it, and it never waits for one.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::kernel;
use super::load::{self, Failed};
use super::machine::{Machine, POLL_LIMIT};
use super::message::LaneMessage;
use super::settings::{NvmlSettings, PollPace};
use crate::clock::Clock;
use crate::reading::{Event, GpuReading, Label, SourceError};
use crate::source::SECOND_POLL;

/// The time between two attempts to load the library.
const RETRY: Duration = Duration::from_secs(30);
/// The loading time after which an error is reported.
const LOADING: Duration = Duration::from_secs(10);
/// The time between two checks of a working thread.
const WATCH: Duration = Duration::from_millis(50);
/// The longest sleep.
const IDLE: Duration = Duration::from_secs(3600);

/// The state of the library.
enum Stage {
    Loading { since: Instant },
    Down { retry: Instant },
    Up(Box<Machine>),
}

/// The loop.
pub(super) struct Cadence<S> {
    settings: NvmlSettings,
    clock: Clock,
    send: S,
    messages: Sender<LaneMessage>,
    version: Arc<OnceLock<Label>>,
    stage: Stage,
    /// The last reported error.
    failure: Option<Failed>,
    /// When the next poll is due; `None` until one is requested.
    due: Option<Instant>,
    began: Instant,
    polls: u64,
}

impl<S: Fn(Event)> Cadence<S> {
    pub(super) fn new(
        settings: NvmlSettings,
        clock: Clock,
        send: S,
        messages: Sender<LaneMessage>,
        version: Arc<OnceLock<Label>>,
    ) -> Self {
        let now = Instant::now();
        let due = matches!(settings.pace, PollPace::Every(_)).then_some(now);
        let stage = Stage::Loading { since: now };
        Self { settings, clock, send, messages, version, stage, failure: None, due, began: now, polls: 0 }
    }

    /// Runs until it receives the message to stop.
    pub(super) fn run(mut self, inbox: &Receiver<LaneMessage>) {
        self.load();
        loop {
            let nap = self.next_action().saturating_duration_since(Instant::now());
            match inbox.recv_timeout(nap) {
                Ok(LaneMessage::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.act(Instant::now());
        }
    }

    fn load(&mut self) {
        self.stage = Stage::Loading { since: Instant::now() };
        let messages = self.messages.clone();
        load::load(self.settings.library.clone(), move |result| {
            let _ = messages.send(LaneMessage::Loaded(result));
        });
    }

    /// The time of the next action that needs no message.
    fn next_action(&self) -> Instant {
        let now = Instant::now();
        let due = self.due.unwrap_or(now + IDLE);
        match &self.stage {
            Stage::Loading { .. } if self.failure.is_some() => now + IDLE,
            Stage::Loading { since } => *since + LOADING,
            Stage::Down { retry } => *retry,
            Stage::Up(machine) if machine.is_looking() => now + WATCH,
            Stage::Up(machine) if machine.is_busy() => due.min(now + WATCH),
            Stage::Up(machine) => due.min(machine.slow_due()),
        }
    }

    fn hear(&mut self, message: LaneMessage) {
        let now = Instant::now();
        match (message, &mut self.stage) {
            (LaneMessage::Poll, Stage::Up(_)) => self.due = Some(now),
            (LaneMessage::Poll, _) => {
                self.due = Some(now);
                if let Some(failure) = &self.failure {
                    self.say(self.without_library(failure));
                }
            }
            (LaneMessage::Every(interval), _) => {
                self.settings.pace = PollPace::Every(interval);
                self.due = Some(now);
            }
            (LaneMessage::Loaded(Ok(loaded)), stage) => {
                if let Some(version) = loaded.version.clone() {
                    let _ = self.version.set(version);
                }
                *stage = Stage::Up(Box::new(Machine::new(&loaded, &self.messages, self.settings.patience, now)));
                self.failure = None;
            }
            (LaneMessage::Loaded(Err(failed)), stage) => {
                *stage = Stage::Down { retry: now + RETRY };
                self.fail(failed);
            }
            (LaneMessage::Ended(worker), Stage::Up(machine)) => {
                if let Some(readings) = machine.ended(worker, now) {
                    self.finish(readings, now);
                }
            }
            (LaneMessage::Back(worker), Stage::Up(machine)) => machine.back(worker),
            (LaneMessage::Xid { gpu, code }, Stage::Up(machine)) => machine.note_xid(gpu, code),
            _ => {}
        }
    }

    fn act(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Loading { since } if now >= *since + LOADING && self.failure.is_none() => self.fail(load::silent()),
            Stage::Down { retry } if now >= *retry => self.load(),
            Stage::Up(machine) => {
                let due = self.due.filter(|due| now >= *due);
                if let Some(due) = due.filter(|_| !machine.is_looking()) {
                    self.began = now;
                    self.due = None;
                    machine.begin_poll(now, if self.settings.pace == PollPace::Asked { due } else { now });
                } else if due.is_some_and(|due| now >= due + POLL_LIMIT) && self.settings.pace == PollPace::Asked {
                    // The previous poll is still in progress: the event has the results so far.
                    self.due = None;
                    let readings = machine.readings_so_far(now);
                    self.finish(readings, now);
                    return;
                }
                if let Some(readings) = machine.check(now) {
                    self.finish(readings, now);
                }
            }
            _ => {}
        }
    }

    /// Reports an error, unless it was reported before.
    fn fail(&mut self, failed: Failed) {
        if self.failure.as_ref() != Some(&failed) {
            self.say(self.without_library(&failed));
            self.failure = Some(failed);
        }
    }

    /// The GPUs listed by the kernel, if the error determines their state; else the error.
    fn without_library(&self, failed: &Failed) -> Result<Vec<GpuReading>, SourceError> {
        let gpus = failed.gpus.map(|state| kernel::list(&self.settings.kernel_list, state)).unwrap_or_default();
        if gpus.is_empty() { Err(failed.failure.clone()) } else { Ok(gpus) }
    }

    fn finish(&mut self, readings: Vec<GpuReading>, now: Instant) {
        self.say(Ok(readings));
        self.polls += 1;
        if let PollPace::Every(interval) = self.settings.pace {
            let pause = if self.polls == 1 { SECOND_POLL.min(interval) } else { interval };
            // After a slow poll, the driver rests for as long as that poll took.
            let rested = now + now.saturating_duration_since(self.began).min(interval);
            self.due = Some(self.due.unwrap_or((self.began + pause).max(rested)));
        }
    }

    fn say(&self, outcome: Result<Vec<GpuReading>, SourceError>) {
        (self.send)(Event::nvml(self.settings.node.clone(), self.clock.now(), outcome));
    }
}
