//! The search for engines on this machine: the usual ports on loopback, and the ports of processes that use GPUs.
//!
//! An engine is recognized by its page, not by its port. A refused connection is cheap; a server that is not an engine is
//! not asked again for a while. Targets elsewhere are found in lists (`target_lists.rs`).

mod file_sd;
mod list_files;
mod listed;
mod listening;
mod target_lists;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::dialect;
use crate::reading::{EngineKind, Event, Label, SourceError, SourceErrorKind, TargetId};
use crate::source::PolledTarget;
use crate::source::contract::{self, Next, PollFuture, Sink, Source, SourceMessage};
use crate::source::scrape::{Scrape, Scraper, Settings};

pub use list_files::ListFiles;
pub use listening::listening;
pub use target_lists::TargetLists;

/// The timeout of connecting to a loopback port.
const ACCEPT: Duration = Duration::from_millis(200);
/// The timeout of a server's response.
const ANSWER: Duration = Duration::from_secs(1);
/// The number of searches during which a server that is not an engine is not asked again.
const LEAVE_ALONE: u32 = 20;

/// The processes that use memory of this machine's GPUs, by the driver that reports them.
pub type Pids = BTreeMap<TargetId, Vec<u32>>;

/// Records the processes in an event of the driver. Returns whether they have changed.
pub fn note_pids(known: &mut Pids, event: &Event) -> bool {
    let Event::Gpus { source, outcome, .. } = event else { return false };
    let gpus = outcome.iter().flatten();
    let now: Vec<u32> = gpus.flat_map(|gpu| gpu.processes.iter().flatten()).map(|process| process.pid).collect();
    let before = known.insert(source.clone(), now);
    before.unwrap_or_default() != known[source]
}

/// Searches this machine for engines repeatedly.
#[derive(Debug)]
pub struct Discovery {
    id: TargetId,
    ports: Vec<u16>,
    /// The processes that use GPUs, by the driver that reports them.
    pids: Option<watch::Receiver<Pids>>,
    /// The targets found so far.
    known: Vec<PolledTarget>,
    sink: Option<Sink>,
    settings: Settings,
    clock: Clock,
    /// Servers that are not engines, with the number of searches during which they are not asked again.
    strangers: HashMap<SocketAddr, u32>,
}

/// An engine or exporter that was found, with its first page.
#[derive(Debug)]
pub struct FoundEngines {
    /// Its scraper, which has found the page.
    pub scraper: Scraper,
    /// The page that identified it.
    pub first: Event,
}

impl Discovery {
    /// A search on the usual ports. Its scrapers use `settings`.
    pub fn new(settings: Settings, clock: Clock) -> Self {
        Self::on(dialect::ports(), settings, clock)
    }

    /// A search on other ports.
    pub fn on(ports: Vec<u16>, settings: Settings, clock: Clock) -> Self {
        let id = TargetId::new("this box");
        Self { id, ports, pids: None, known: Vec::new(), sink: None, settings, clock, strangers: HashMap::new() }
    }

    /// Also searches the ports of these processes.
    #[must_use]
    pub fn following(self, pids: watch::Receiver<Pids>) -> Self {
        Self { pids: Some(pids), ..self }
    }

    /// Requests the usual ports and those of `pids` and their parents, all at once, except those in `known`. Takes about a
    /// second at most.
    pub async fn discover(&mut self, pids: &[u32], known: &[PolledTarget]) -> Vec<FoundEngines> {
        let mut asked = JoinSet::new();
        for address in self.addresses(pids, known) {
            asked.spawn(ask(address, self.settings.clone(), self.clock.clone()));
        }
        let mut found = Vec::new();
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((_, ProbeAnswer::Engine(engine))) => found.push(*engine),
                Ok((address, ProbeAnswer::Stranger)) => {
                    self.strangers.insert(address, LEAVE_ALONE);
                }
                Ok((_, ProbeAnswer::Silence)) | Err(_) => {}
            }
        }
        found.sort_by_key(|found| (found.scraper.target().port(), found.scraper.target().id.clone()));
        found
    }

    /// Searches again. Emits the new engines, or an error if no engine is known.
    async fn search(&mut self) {
        let pids = self.pids.as_ref().map(|pids| pids.borrow().values().flatten().copied().collect::<Vec<_>>());
        let pids = pids.unwrap_or_default();
        let known = std::mem::take(&mut self.known);
        let found = self.discover(&pids, &known).await;
        self.known = known;
        let Some(sink) = self.sink.clone() else { return };
        let (mut targets, mut first) = (Vec::new(), Vec::new());
        for engine in found {
            let target = engine.scraper.target().clone();
            let source = Some(Box::new(Scrape::new(engine.scraper)) as Box<dyn Source>);
            targets.push(contract::FoundTarget { info: target.info(), source });
            self.known.push(target);
            first.push(engine.first);
        }
        if !targets.is_empty() {
            sink.send(SourceMessage::Targets(targets)).await;
            sink.send(SourceMessage::Events(first)).await;
        }
        let none = || std::iter::once(nothing_answers()).chain(no_engine_at(&self.stranger_ports()));
        let errors = if self.known.is_empty() { none().collect() } else { Vec::new() };
        sink.send(SourceMessage::Errors(self.id.clone(), errors)).await;
    }

    /// The ports at which something other than an engine answered.
    pub fn stranger_ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.strangers.keys().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports
    }

    fn addresses(&mut self, pids: &[u32], known: &[PolledTarget]) -> Vec<SocketAddr> {
        self.strangers.retain(|_, searches| {
            *searches -= 1;
            *searches > 0
        });
        let usual = self.ports.iter().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port)));
        let mut addresses: Vec<SocketAddr> = usual.chain(listening(pids)).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let is_known = |address: &SocketAddr| known.iter().any(|target| is_at(target, *address));
        addresses.retain(|address| !self.strangers.contains_key(address) && !is_known(address));
        addresses
    }
}

impl Source for Discovery {
    fn id(&self) -> &TargetId {
        &self.id
    }

    fn start(&mut self, sink: Sink, clock: &Clock) {
        self.clock = clock.clone();
        self.sink = Some(sink);
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            self.search().await;
            Next::Scheduled
        })
    }
}

/// Whether a target is the server at `address`.
fn is_at(target: &PolledTarget, address: SocketAddr) -> bool {
    let host = target.host().map(|host| host.trim_matches(['[', ']']));
    let same_host = host.is_some_and(|host| host.parse::<IpAddr>().is_ok_and(|ip| ip == address.ip()));
    target.port() == Some(address.port()) && (same_host || (target.is_loopback() && address.ip().is_loopback()))
}

enum ProbeAnswer {
    Engine(Box<FoundEngines>),
    /// A server that is not an engine.
    Stranger,
    /// Nothing listens, or nothing answered in time.
    Silence,
}

async fn ask(address: SocketAddr, settings: Settings, clock: Clock) -> (SocketAddr, ProbeAnswer) {
    if !matches!(timeout(ACCEPT, TcpStream::connect(address)).await, Ok(Ok(_))) {
        return (address, ProbeAnswer::Silence);
    }
    let Ok(target) = format!("http://{address}").parse() else { return (address, ProbeAnswer::Silence) };
    let mut scraper = Scraper::new(target, settings, clock);
    let answer = match timeout(ANSWER, scraper.scrape()).await {
        // An engine without a metrics page is included: its error names the option that enables the page.
        Ok(first) if tells_something(&first) || scraper.owner().is_some() => {
            ProbeAnswer::Engine(Box::new(FoundEngines { scraper, first }))
        }
        // It may be an engine that is starting, so the next search asks it again.
        Err(_) => ProbeAnswer::Silence,
        Ok(_) => ProbeAnswer::Stranger,
    };
    (address, answer)
}

fn tells_something(event: &Event) -> bool {
    match event {
        Event::Page { outcome: Ok(page), .. } => page.kind != EngineKind::UNKNOWN || !page.gpus.is_empty(),
        _ => false,
    }
}

/// The error about servers that are not engines, if no engine was found; `None` without such a server.
pub fn no_engine_at(ports: &[u16]) -> Option<SourceError> {
    let first = ports.first()?;
    let others = match ports.len() - 1 {
        0 => String::new(),
        1 => ", and one more port".to_owned(),
        others => format!(", and {others} more ports"),
    };
    Some(SourceError {
        kind: SourceErrorKind::Port,
        source: Label::new(&format!("port {first}")),
        cause: Label::new(&format!("answers, and is no engine{others}")),
        remedy: Label::new(&format!("margintop http://127.0.0.1:{first} says why")),
    })
}

/// The error if no engine was found.
pub fn nothing_answers() -> SourceError {
    SourceError {
        kind: SourceErrorKind::Search,
        source: Label::new("engines"),
        cause: Label::new(&format!("nothing answers on the usual ports: {}", dialect::ports_in_words())),
        remedy: Label::new("name the engine: margintop http://HOST:PORT"),
    }
}
