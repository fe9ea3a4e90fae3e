//! A session that ends with something printed: it polls everything at once, waits for all, and polls again.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::catch_up::catch_up;
use super::collector::{Collector, Message};
use super::ledger;
use super::opened::Opened;
use super::round::{PollGroup, in_order};
use crate::clock::Clock;
use crate::fleet::{Fleet, FleetConfig};
use crate::pricing::Book;
use crate::reading::Event;
use crate::snapshot::Snapshot;
use crate::source::discover::{Discovery, Pids, note_pids};
use crate::source::{Said, Source};
use crate::store::{self, LedgerEvent};
use crate::units::Span;

/// When sources are polled, and how often something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollPlan {
    /// What the rates are taken over; zero is one poll.
    pub span: Duration,
    /// Whether it is printed again and again.
    pub repeat: bool,
    /// How often each source is polled meanwhile.
    pub interval: Duration,
}

/// What is polled, and where it is kept.
#[derive(Debug)]
pub struct RoundsConfig {
    /// The fleet.
    pub fleet: FleetConfig,
    /// Its prices.
    pub book: Book,
    /// What is polled.
    pub sources: Vec<Box<dyn Source>>,
    /// What searches this box for engines, if it is searched.
    pub discovery: Option<Discovery>,
    /// When.
    pub plan: PollPlan,
    /// Whose time it is.
    pub clock: Clock,
    /// The ledger, and the longest absence that is bridged; without one money is in memory.
    pub ledger: Option<(store::Settings, Span)>,
}

/// Polls everything at once, waits for all, and polls again.
#[derive(Debug)]
pub struct Rounds {
    collector: Collector,
    plan: PollPlan,
    clock: Clock,
    /// What is polled every time: drivers and pages.
    sources: PollGroup,
    /// A file is one page: it is read with the last poll only, and has no rates.
    files: PollGroup,
    discovery: Option<PollGroup>,
    pids: watch::Sender<Pids>,
    /// Sources that the others stand on.
    _own: Opened,
    /// What the ledger says: that it is free now, that something was decided by hand.
    news: Option<Receiver<LedgerEvent>>,
}

impl Rounds {
    /// Starts the sources; nothing is polled yet.
    pub fn new(config: RoundsConfig) -> Self {
        let RoundsConfig { mut fleet, book, sources, discovery, plan, clock, ledger } = config;
        let mut opened = Opened::new(sources, &clock);
        fleet.targets.append(&mut opened.targets);
        let (scheduled, once) = (std::mem::take(&mut opened.scheduled), std::mem::take(&mut opened.once));
        let (pids, seen_pids) = watch::channel(Pids::new());
        let group = |sources| PollGroup::new(sources, &clock);
        // They are started first: a driver loads while the ledger is opened.
        let (sources, files) = (group(scheduled), group(once));
        let discovery = discovery.map(|search| group(vec![Box::new(search.following(seen_pids))]));
        let collector = Collector::new(Fleet::new(fleet, book, clock.now()));
        let (collector, news) = match ledger {
            None => (collector, None),
            Some((settings, absence)) => {
                let kept = ledger::keep(collector, settings, absence);
                (kept.collector, Some(kept.news))
            }
        };
        Self { collector, plan, clock, sources, files, discovery, pids, _own: opened, news }
    }

    /// Whether a second poll could tell more than the first: a file is read once.
    fn waits(&self) -> bool {
        let moves = !self.sources.is_empty() || self.files.is_empty();
        !self.plan.span.is_zero() && (moves || self.plan.repeat)
    }

    /// Polls, prints, and gives the last snapshot.
    ///
    /// # Errors
    /// Those of `print`.
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

    /// Polls the past of a clock that is set back, until it shows the present.
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

    /// Polls every interval until the span is over, and at its end.
    async fn poll_for(&mut self, began: Instant) -> Instant {
        let PollPlan { span, interval, .. } = self.plan;
        let end = began + span;
        let mut next = began + interval;
        while next + interval / 2 < end {
            tokio::time::sleep_until(next).await;
            self.poll(false).await;
            // A poll that took longer than an interval has used up the next ones.
            next = (next + interval).max(Instant::now());
        }
        tokio::time::sleep_until(end).await;
        self.poll(true).await;
        // After a sleep the polls that were missed are not made up for.
        let missed = Instant::now().saturating_duration_since(end).as_nanos() / span.as_nanos().max(1);
        end + span * u32::try_from(missed).unwrap_or(u32::MAX)
    }

    /// Polls everything once; files, if this is the last poll before something is printed.
    async fn poll(&mut self, last: bool) {
        for news in self.news.iter().flat_map(Receiver::try_iter) {
            self.collector.on_ledger_event(news);
        }
        // What came too late for the poll before.
        let late = self.sources.said();
        self.take(late);
        let files = async { if last { self.files.poll_all().await } else { Vec::new() } };
        let (mut said, files) = tokio::join!(self.sources.poll_all(), files);
        said.extend(files);
        said.push(Said::Events(vec![Event::Tick(self.clock.now())]));
        self.take(said);
    }

    fn take(&mut self, said: Vec<Said>) {
        let (events, others) = in_order(said);
        for other in others {
            self.note(other);
        }
        if !events.is_empty() {
            self.collector.take(Message::Events(events));
        }
    }

    /// Takes in what is no reading. What was found is polled from now on.
    fn note(&mut self, said: Said) {
        let (message, found) = Message::heard(said);
        for source in found {
            self.sources.add(source);
        }
        self.collector.take(message);
    }

    /// Takes the GPUs of files, which are paid from the first poll on. An engine on a file has one poll, the last one.
    async fn show_gpus_of_files(&mut self) {
        let (events, _) = in_order(self.files.poll_all().await);
        self.collector.take(Message::Events(events.into_iter().filter(shows_gpus_alone).collect()));
    }

    /// Searches this box for engines. They are polled in a moment, so that the page which told them is not counted.
    async fn search(&mut self) {
        let Some(mut discovery) = self.discovery.take() else { return };
        // Nothing was named, so this is the driver: it says whose ports are searched.
        let (events, _) = in_order(self.sources.poll_all().await);
        for event in &events {
            self.pids.send_if_modified(|known| note_pids(known, event));
        }
        self.take(vec![Said::Events(events)]);
        for said in discovery.poll_all().await {
            if !matches!(said, Said::Events(_)) {
                self.note(said);
            }
        }
    }
}

fn shows_gpus_alone(event: &Event) -> bool {
    matches!(event, Event::Page { outcome: Ok(page), .. } if !page.gpus.is_empty() && page.engines.is_empty())
}
