//! A machine behind `ssh` as a source.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::connection::{SshConnection, TimedRound};
use super::rounds::SshRound;
use crate::clock::Clock;
use crate::dialect::{self, Hint};
use crate::reading::{Event, Label, PageReading, ScrapeCost, ScrapeError, TargetId};
use crate::source::contract::{FoundTarget, Next, PollFuture, Sink, Source, SourceMessage};
use crate::source::scrape::Settings;
use crate::source::target::{PolledTarget, SshAddress};
use crate::units::{Moment, Span};

/// The longest wait for a connection and its first pages.
const FIRST: Duration = Duration::from_secs(15);
/// The first and the longest pause before the next connection.
const PAUSE: (Span, Span) = (Span::from_secs(1), Span::from_secs(60));

/// Reads a machine through one connection that stays open.
#[derive(Debug)]
pub(in crate::source) struct Ssh {
    target: PolledTarget,
    there: SshAddress,
    settings: Settings,
    started: Option<(Sink, Clock)>,
    connection: Option<SshConnection>,
    /// Whether the connection has brought pages.
    is_read: bool,
    failed: Option<FailedConnection>,
    /// Ports that had an engine's page, and the one whose page is the machine's own, once it is decided.
    engines: BTreeSet<u16>,
    own: OwnPage,
    announced: HashSet<TargetId>,
}

/// What the machine's own target shows, for good from the first round on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnPage {
    Undecided,
    Gpus,
    /// Its GPUs, should it have any, and the page of this port.
    Port(u16),
}

/// The last connection's end.
#[derive(Debug)]
struct FailedConnection {
    why: ScrapeError,
    /// When to connect again, and the pause before it.
    again: Moment,
    pause: Span,
}

impl Ssh {
    /// A source that has not connected yet.
    pub(in crate::source) fn new(target: PolledTarget, there: SshAddress, settings: &Settings) -> Self {
        Self {
            target,
            there,
            settings: settings.clone(),
            started: None,
            connection: None,
            is_read: false,
            failed: None,
            engines: BTreeSet::new(),
            own: OwnPage::Undecided,
            announced: HashSet::new(),
        }
    }

    /// The next round; connects if there is no connection and it is time.
    async fn round(&mut self, clock: &Clock) -> Result<Arc<TimedRound>, ScrapeError> {
        let mut connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            let too_soon = |failed: &&FailedConnection| clock.now().since(failed.again) < Span::ZERO;
            if let Some(failed) = self.failed.as_ref().filter(too_soon) {
                return Err(failed.why.clone());
            }
            self.is_read = false;
            let limit = self.settings.max_page;
            SshConnection::open(&self.there, self.settings.interval, limit, clock)
                .map_err(|why| self.fail(why, clock))?
        };
        let patience = self.settings.timeout.max(self.settings.interval * 3);
        let patience = if self.is_read { patience } else { patience.max(FIRST) };
        match timeout(patience, connection.next()).await.unwrap_or(Err(ScrapeError::TimedOut)) {
            Ok(round) => {
                (self.connection, self.failed, self.is_read) = (Some(connection), None, true);
                Ok(round)
            }
            Err(why) => Err(self.fail(why, clock)),
        }
    }

    fn fail(&mut self, why: ScrapeError, clock: &Clock) -> ScrapeError {
        let pause = self.failed.as_ref().map_or(PAUSE.0, |failed| (failed.pause + failed.pause).min(PAUSE.1));
        self.failed = Some(FailedConnection { why: why.clone(), again: clock.now() + pause, pause });
        why
    }

    /// What a round says: further targets first, then the pages.
    fn messages(&mut self, timed: &TimedRound) -> Vec<SourceMessage> {
        let pages = match &timed.round {
            SshRound::Agent(page) => vec![(self.target.id.clone(), dialect::read(page, &Hint::default()))],
            SshRound::Shell { host, smi, pages, without_curl } => self.pages(host, smi, pages, *without_curl),
        };
        let others = pages.iter().skip(1).map(|(id, _)| id.clone());
        let new: Vec<TargetId> = others.filter(|id| self.announced.insert(id.clone())).collect();
        let info =
            |target| FoundTarget { info: crate::fleet::TargetInfo { target, ..self.target.info() }, source: None };
        let found: Vec<FoundTarget> = new.into_iter().map(info).collect();
        let count = pages.len() as u64;
        let event = |(target, outcome): (TargetId, Result<PageReading, ScrapeError>)| Event::Page {
            target,
            at: timed.at,
            cost: ScrapeCost { seconds: 0.0, bytes: timed.bytes / count.max(1) },
            outcome: outcome.map(Box::new),
        };
        let events = pages.into_iter().map(event).collect();
        let found = (!found.is_empty()).then_some(SourceMessage::Targets(found));
        found.into_iter().chain([SourceMessage::Events(events)]).collect()
    }

    /// The pages of a shell's round. The machine's own has its GPUs; if it has none in the first round, the page of its first
    /// engine, as a machine with neither is what fails. Engines keep their targets: their counters would move otherwise.
    fn pages(
        &mut self,
        host: &str,
        smi: &str,
        pages: &[(u16, Option<Vec<u8>>)],
        without_curl: bool,
    ) -> Vec<(TargetId, Result<PageReading, ScrapeError>)> {
        let gpus = dialect::page_of_nvidia_smi(smi, host);
        let mut found: Vec<(u16, Result<PageReading, ScrapeError>)> = Vec::new();
        for (port, page) in pages {
            let read = page.as_ref().map_or_else(|| Err(missed(*port)), |page| dialect::read(page, &Hint::default()));
            let is_engine = read.as_ref().is_ok_and(|read| !read.engines.is_empty() || !read.gpus.is_empty());
            if is_engine || self.engines.contains(port) {
                self.engines.insert(*port);
                found.push((*port, read));
            }
        }
        if self.own == OwnPage::Undecided {
            self.own = match found.first() {
                Some((port, _)) if gpus.is_empty() => OwnPage::Port(*port),
                _ if gpus.is_empty() => OwnPage::Undecided,
                _ => OwnPage::Gpus,
            };
        }
        let of_gpus = (!gpus.is_empty()).then(|| dialect::read(gpus.as_bytes(), &Hint::default()));
        let of_port = found.iter().position(|(port, _)| OwnPage::Port(*port) == self.own).map(|at| found.remove(at).1);
        let own = match (of_gpus, of_port) {
            (Some(Ok(gpus)), Some(Ok(page))) => Ok(PageReading { gpus: gpus.gpus, ..page }),
            (Some(gpus), _) => gpus,
            (None, Some(page)) => page,
            (None, None) => Err(ScrapeError::Other(Label::new(&nothing(smi, without_curl)))),
        };
        let other = |(port, read)| (TargetId::new(&format!("{}/{port}", self.target.id)), read);
        std::iter::once((self.target.id.clone(), own)).chain(found.into_iter().map(other)).collect()
    }
}

fn missed(port: u16) -> ScrapeError {
    ScrapeError::Other(Label::new(&format!("curl there got no page from port {port} within 2 s")))
}

/// Why a machine that answers shows nothing.
fn nothing(smi: &str, without_curl: bool) -> String {
    let smi = match smi.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!("nvidia-smi says \"{line}\""),
        None => "nvidia-smi is not there".to_owned(),
    };
    let engines = if without_curl { "curl is not there either" } else { "no engine answers on the usual ports" };
    format!("{smi}, and {engines}: install margintop there, or name the engines here")
}

impl Source for Ssh {
    fn id(&self) -> &TargetId {
        &self.target.id
    }

    fn start(&mut self, sink: Sink, clock: &Clock) {
        self.started = Some((sink, clock.clone()));
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            let Some((sink, clock)) = self.started.clone() else { return Next::Scheduled };
            let stopwatch = clock.stopwatch();
            match self.round(&clock).await {
                Ok(round) => {
                    for message in self.messages(&round) {
                        sink.send(message).await;
                    }
                }
                Err(failure) => {
                    let cost = ScrapeCost { seconds: stopwatch.seconds(), bytes: 0 };
                    let target = self.target.id.clone();
                    sink.send(Event::Page { target, at: clock.now(), cost, outcome: Err(failure) }).await;
                }
            }
            Next::Scheduled
        })
    }
}
