//! A Prometheus as a source of a live session.

use std::collections::HashSet;

use super::api::PrometheusApi;
use super::reader::{ScrapeReader, TargetScrape};
use crate::clock::Clock;
use crate::fleet::TargetInfo;
use crate::reading::{Event, Label, ScrapeCost, ScrapeError, SourceError, SourceErrorKind, TargetId};
use crate::source::contract::{FoundTarget, Next, PollFuture, Sink, Source, SourceMessage};
use crate::source::scrape::Settings;
use crate::source::target::PolledTarget;
use crate::units::{Moment, Span, Timestamp};

/// The time between two questions: a third of the time between two scrapes, within these bounds.
const SOONEST: Span = Span::from_millis(900);
const LATEST: Span = Span::from_secs(15);
/// The time until a server is asked again that failed.
const AGAIN: Span = Span::from_secs(5);

/// Reads the scrapes that a server has of others. Each target of the server is announced as a target of its own.
#[derive(Debug)]
pub(in crate::source) struct Prometheus {
    targets: FoundTargets,
    reader: ScrapeReader,
    started: Option<(Sink, Clock)>,
    /// When it is asked next.
    due: Option<Moment>,
    /// Whether the server itself is shown as a target, since it failed.
    fails: bool,
    /// What was said to be left out.
    left_out: Option<String>,
}

impl Prometheus {
    /// A source that has asked nothing yet.
    pub(in crate::source) fn new(target: PolledTarget, settings: &Settings) -> Self {
        let reader = ScrapeReader::new(PrometheusApi::new(&target, settings), if settings.looks_back { 2 } else { 1 });
        Self { targets: FoundTargets::new(target), reader, started: None, due: None, fails: false, left_out: None }
    }

    /// Asks the server, and returns what to say.
    async fn ask(&mut self, clock: &Clock) -> Vec<SourceMessage> {
        let (now, stopwatch) = (clock.now(), clock.stopwatch());
        match self.reader.read(now.wall).await {
            Ok(scrapes) => {
                let cost = stopwatch.seconds() / scrapes.len().max(1) as f64;
                self.due = Some(now + self.pause(now.wall));
                let mut messages: Vec<SourceMessage> = self.recover().into_iter().collect();
                messages.extend(self.note_left_out());
                messages.extend(self.reader.step().map(SourceMessage::SampleStep));
                messages.extend(self.targets.messages(scrapes, now, cost));
                messages
            }
            Err(failure) => {
                self.due = Some(now + AGAIN);
                let cost = ScrapeCost { seconds: stopwatch.seconds(), bytes: 0 };
                self.fail(failure, clock.now(), cost)
            }
        }
    }

    fn pause(&self, now: Timestamp) -> Span {
        if self.reader.asked().is_some_and(|asked| asked < now) {
            return Span::ZERO;
        }
        self.reader.step().map_or(SOONEST, |step| Span::from_millis(step.millis() / 3).clamp(SOONEST, LATEST))
    }

    /// What is left out of the answers, if that has changed.
    fn note_left_out(&mut self) -> Option<SourceMessage> {
        let now = self.reader.left_out().map(str::to_owned);
        if now == self.left_out {
            return None;
        }
        self.left_out = now;
        let error = |cause: &String| SourceError {
            kind: SourceErrorKind::Other,
            source: Label::new(self.targets.server.id.as_str()),
            cause: Label::new(cause),
            remedy: Label::new("docs/PROMETHEUS.md says which series are read"),
        };
        Some(SourceMessage::Errors(self.targets.id().clone(), self.left_out.iter().map(error).collect()))
    }

    /// Shows the server as a target that fails.
    fn fail(&mut self, failure: ScrapeError, at: Moment, cost: ScrapeCost) -> Vec<SourceMessage> {
        let target = self.targets.server.id.clone();
        let shown = (!std::mem::replace(&mut self.fails, true))
            .then(|| SourceMessage::Targets(vec![FoundTarget { info: self.targets.server.info(), source: None }]));
        let page = SourceMessage::from(Event::Page { target, at, cost, outcome: Err(failure) });
        shown.into_iter().chain([page]).collect()
    }

    /// Shows the server no longer.
    fn recover(&mut self) -> Option<SourceMessage> {
        std::mem::take(&mut self.fails).then(|| SourceMessage::Gone(vec![self.targets.server.id.clone()]))
    }
}

impl Source for Prometheus {
    fn id(&self) -> &TargetId {
        &self.targets.server.id
    }

    fn start(&mut self, sink: Sink, clock: &Clock) {
        self.started = Some((sink, clock.clone()));
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            if let Some((sink, clock)) = self.started.clone()
                && self.due.is_none_or(|due| clock.now().since(due) >= Span::ZERO)
            {
                for message in self.ask(&clock).await {
                    sink.send(message).await;
                }
            }
            Next::Scheduled
        })
    }
}

/// The targets of a server that were announced.
#[derive(Debug)]
pub(super) struct FoundTargets {
    server: PolledTarget,
    announced: HashSet<TargetId>,
}

impl FoundTargets {
    /// None so far, of this server.
    pub(super) fn new(server: PolledTarget) -> Self {
        Self { server, announced: HashSet::new() }
    }

    /// The id of the server.
    pub(super) const fn id(&self) -> &TargetId {
        &self.server.id
    }

    /// The messages of scrapes: new targets first, then the pages. `cost` is the time of each in seconds.
    pub(super) fn messages(&mut self, scrapes: Vec<TargetScrape>, now: Moment, cost: f64) -> Vec<SourceMessage> {
        let (mut found, mut events) = (Vec::new(), Vec::new());
        for scrape in scrapes {
            let target = TargetId::new(&format!("{}#{}", self.server.id, scrape.name));
            if self.announced.insert(target.clone()) {
                let info = TargetInfo { target: target.clone(), host: scrape.host, ..self.server.info() };
                found.push(FoundTarget { info, source: None });
            }
            let at = Moment { wall: scrape.at, boot: now.boot - (now.wall - scrape.at) };
            let at = if scrape.at > now.wall { now } else { at };
            let cost = ScrapeCost { seconds: cost, bytes: scrape.bytes };
            events.push(Event::Page { target, at, cost, outcome: scrape.outcome });
        }
        let found = (!found.is_empty()).then_some(SourceMessage::Targets(found));
        let events = (!events.is_empty()).then_some(SourceMessage::Events(events));
        found.into_iter().chain(events).collect()
    }
}
