//! A session for commands that print: it polls everything at once, waits, and polls again.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::catch_up::catch_up;
use super::collector::{Collector, Message};
use super::ledger;
use super::opened::Opened;
use super::poll_group::{PollGroup, gpus_first};
use crate::clock::Clock;
use crate::fleet::{Fleet, FleetConfig};
use crate::pricing::Book;
use crate::reading::Event;
use crate::snapshot::Snapshot;
use crate::source::discover::{Discovery, Pids, note_pids};
use crate::source::{Source, SourceMessage};
use crate::store::{self, LedgerEvent};
use crate::units::Span;

/// The least time for which the polls of all sources are waited for if others follow.
const PATIENCE: Duration = Duration::from_millis(500);

/// When sources are polled, and how often the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollPlan {
    /// The window of rates; zero means a single poll.
    pub span: Duration,
    /// Whether to print after every window, without end.
    pub repeat: bool,
    /// The time between two polls within a window.
    pub interval: Duration,
    /// Whether files with a single page are read at every poll, as other targets are, and not in the last one alone.
    pub rereads_files: bool,
}

/// The configuration of such a session.
#[derive(Debug)]
pub struct SampledSessionConfig {
    /// The fleet.
    pub fleet: FleetConfig,
    /// Its prices.
    pub book: Book,
    /// The sources.
    pub sources: Vec<Box<dyn Source>>,
    /// The search of this machine for engines, if any.
    pub discovery: Option<Discovery>,
    /// The times of polls and prints.
    pub plan: PollPlan,
    /// The clock.
    pub clock: Clock,
    /// The ledger and the longest absence that is bridged; without a ledger, money is kept in memory.
    pub ledger: Option<(store::Settings, Span)>,
}

/// Polls everything at once, waits for all, and polls again.
#[derive(Debug)]
pub struct SampledSession {
    collector: Collector,
    plan: PollPlan,
    clock: Clock,
    /// Drivers and pages, which are polled every time.
    sources: PollGroup,
    /// Files with a single page that are only read in the last poll and have no rates.
    files: PollGroup,
    discovery: Option<PollGroup>,
    pids: watch::Sender<Pids>,
    /// Sources that others depend on, such as a simulated fleet's sockets.
    own: Opened,
    /// Events of the ledger: it was released by another process, or a person made an entry.
    ledger_events: Option<Receiver<LedgerEvent>>,
}

impl SampledSession {
    /// Starts the sources; nothing is polled yet.
    pub fn new(config: SampledSessionConfig) -> Self {
        let SampledSessionConfig { mut fleet, book, sources, discovery, plan, clock, ledger } = config;
        let mut opened = Opened::new(sources, &clock);
        fleet.targets.append(&mut opened.targets);
        let (mut scheduled, mut once) = (std::mem::take(&mut opened.scheduled), std::mem::take(&mut opened.once));
        if plan.rereads_files {
            scheduled.append(&mut once);
        }
        let (pids, seen_pids) = watch::channel(Pids::new());
        let group = |sources| PollGroup::new(sources, &clock);
        // They are started first, so that a driver loads while the ledger is opened.
        let (sources, files) = (group(scheduled), group(once));
        let discovery = discovery.map(|search| group(vec![Box::new(search.following(seen_pids))]));
        let collector = Collector::new(Fleet::new(fleet, book, clock.now()));
        let (collector, ledger_events) = match ledger {
            None => (collector, None),
            Some((settings, absence)) => {
                let kept = ledger::keep(collector, settings, absence);
                (kept.collector, Some(kept.events))
            }
        };
        let mut session = Self { collector, plan, clock, sources, files, discovery, pids, own: opened, ledger_events };
        let said = session.own.own.iter_mut().flat_map(|own| std::mem::take(&mut own.first_messages));
        for message in said.collect::<Vec<_>>() {
            session.note(message);
        }
        session
    }

    /// Whether a second poll can give rates; a file is read once unless the plan says otherwise.
    fn waits(&self) -> bool {
        let moves = !self.sources.is_empty() || self.files.is_empty();
        !self.plan.span.is_zero() && (moves || self.plan.repeat)
    }

    /// Polls and prints, and returns the last snapshot.
    ///
    /// # Errors
    /// The errors of `print`.
    pub async fn observe<E>(mut self, mut print: impl FnMut(&Snapshot) -> Result<(), E>) -> Result<Arc<Snapshot>, E> {
        self.catch_up().await;
        let began = Instant::now();
        self.search().await;
        if self.waits() {
            self.show_gpus_of_files().await;
        }
        self.poll(!self.waits()).await;
        let mut next = began;
        while self.waits() {
            next = self.poll_for(next).await;
            if !self.plan.repeat {
                break;
            }
            self.collector.commit();
            print(&self.collector.snapshot())?;
        }
        let last = self.collector.snapshot();
        self.collector.close();
        print(&last)?;
        Ok(last)
    }

    /// Polls the simulated past, if the clock is late.
    async fn catch_up(&mut self) {
        let Clock::Late(late) = self.clock.clone() else { return };
        let (events, mut inbox) = mpsc::channel(1);
        let (interval, sources, collector) = (Span::from(self.plan.interval), &mut self.sources, &mut self.collector);
        let polling = async move { catch_up(&late, sources, &events, interval).await };
        let taking = async {
            while let Some(message) = inbox.recv().await {
                collector.take(message);
            }
        };
        tokio::join!(polling, taking);
    }

    /// Polls once per interval until the span ends, and at its end.
    async fn poll_for(&mut self, began: Instant) -> Instant {
        let PollPlan { span, interval, .. } = self.plan;
        let end = began + span;
        let mut next = began + interval;
        while next + interval / 2 < end {
            tokio::time::sleep_until(next).await;
            self.poll(false).await;
            // A poll that takes longer than an interval replaces the next ones.
            next = (next + interval).max(Instant::now());
        }
        tokio::time::sleep_until(end).await;
        self.poll(true).await;
        // Polls that were missed while the machine slept are skipped.
        let missed = Instant::now().saturating_duration_since(end).as_nanos() / span.as_nanos().max(1);
        end + span * u32::try_from(missed).unwrap_or(u32::MAX)
    }

    /// Polls everything once; files only in the last poll before printing.
    async fn poll(&mut self, last: bool) {
        for event in self.ledger_events.iter().flat_map(Receiver::try_iter) {
            self.collector.on_ledger_event(event);
        }
        // Results that came too late for the previous poll.
        let late = self.sources.take_messages();
        self.take(late);
        let files = async { if last { self.files.poll_all().await } else { Vec::new() } };
        // A target that hangs does not delay the lines that say what the others do.
        let patience = self.plan.repeat.then(|| self.plan.interval.max(PATIENCE));
        let (mut messages, files) = tokio::join!(self.sources.poll_within(patience), files);
        messages.extend(files);
        messages.push(SourceMessage::Events(vec![Event::Tick(self.clock.now())]));
        self.take(messages);
    }

    fn take(&mut self, messages: Vec<SourceMessage>) {
        let (events, others) = gpus_first(messages);
        for other in others {
            self.note(other);
        }
        if !events.is_empty() {
            self.collector.take(Message::Events(events));
        }
    }

    /// Applies a message other than readings. Targets that were found are polled from now on.
    fn note(&mut self, message: SourceMessage) {
        let (message, found) = Message::from_source(message);
        for source in found {
            self.sources.add(source);
        }
        self.collector.take(message);
    }

    /// Applies the GPUs in files, whose cost runs from the first poll on. Engines in files are read in the last poll only.
    async fn show_gpus_of_files(&mut self) {
        let (events, _) = gpus_first(self.files.poll_all().await);
        self.collector.take(Message::Events(events.into_iter().filter(shows_gpus_alone).collect()));
    }

    /// Searches this machine for engines. The pages read by the search are not counted, since the first poll follows at
    /// once.
    async fn search(&mut self) {
        let Some(mut discovery) = self.discovery.take() else { return };
        // No target was named, so the driver is the only source; it reports the processes whose ports are searched.
        let (events, _) = gpus_first(self.sources.poll_all().await);
        for event in &events {
            self.pids.send_if_modified(|known| note_pids(known, event));
        }
        self.take(vec![SourceMessage::Events(events)]);
        for message in discovery.poll_all().await {
            if !matches!(message, SourceMessage::Events(_)) {
                self.note(message);
            }
        }
    }
}

fn shows_gpus_alone(event: &Event) -> bool {
    matches!(event, Event::Page { outcome: Ok(page), .. } if !page.gpus.is_empty() && page.engines.is_empty())
}
