//! Which engines run on this box: the usual ports of loopback, and what the processes that hold GPUs listen on.
//!
//! A program is told by its page, never by its port. A port that refuses costs nothing; one that answers with something
//! else is left alone for a while.

mod listening;
mod ports;

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::reading::{EngineKind, Event, Label, Trouble};
use crate::source::scrape::{Scraper, Settings, Target};

pub use listening::listening;
pub use ports::PORTS;

/// How long a loopback port may take to accept.
const ACCEPT: Duration = Duration::from_millis(200);
/// How long a server may take to say what it is.
const ANSWER: Duration = Duration::from_secs(1);
/// Rounds for which a server that is no engine is left alone.
const LEAVE_ALONE: u32 = 20;

/// Looks for engines on this machine, again and again. What it found it does not ask again.
#[derive(Debug)]
pub struct Discovery {
    ports: Vec<u16>,
    settings: Settings,
    clock: Clock,
    known: HashSet<SocketAddr>,
    /// Servers that are no engines, and for how many rounds they are not asked again.
    strangers: HashMap<SocketAddr, u32>,
}

/// What one round came to.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Engines and exporters that were not known before, by port.
    pub targets: Vec<Target>,
    /// What to say as long as none was ever found.
    pub trouble: Option<Trouble>,
}

/// Looks once on the usual ports and those that `pids` listen on. To look again, keep a [`Discovery`].
pub async fn discover(pids: &[u32], clock: &Clock) -> Found {
    Discovery::new(Settings::default(), clock.clone()).look(pids).await
}

impl Discovery {
    /// A discovery on the usual ports.
    pub fn new(settings: Settings, clock: Clock) -> Self {
        Self::on(PORTS.to_vec(), settings, clock)
    }

    /// A discovery on other ports.
    pub fn on(ports: Vec<u16>, settings: Settings, clock: Clock) -> Self {
        Self { ports, settings, clock, known: HashSet::new(), strangers: HashMap::new() }
    }

    /// Asks the usual ports and those that `pids` and their parents listen on, all at once. It takes about a second at
    /// most.
    pub async fn look(&mut self, pids: &[u32]) -> Found {
        let mut asked = JoinSet::new();
        for address in self.addresses(pids) {
            asked.spawn(ask(address, self.settings.clone(), self.clock.clone()));
        }
        let mut targets = Vec::new();
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((address, Answer::Engine(target))) => {
                    self.known.insert(address);
                    targets.push(*target);
                }
                Ok((address, Answer::Stranger)) => {
                    self.strangers.insert(address, LEAVE_ALONE);
                }
                Ok((_, Answer::Nobody)) | Err(_) => {}
            }
        }
        targets.sort_by(|a, b| (a.port(), &a.id).cmp(&(b.port(), &b.id)));
        Found { targets, trouble: self.known.is_empty().then(nothing_answers) }
    }

    fn addresses(&mut self, pids: &[u32]) -> HashSet<SocketAddr> {
        self.strangers.retain(|_, rounds| {
            *rounds -= 1;
            *rounds > 0
        });
        let usual = self.ports.iter().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port)));
        let mut addresses: HashSet<SocketAddr> = usual.chain(listening(pids)).collect();
        addresses.retain(|address| !self.known.contains(address) && !self.strangers.contains_key(address));
        addresses
    }
}

enum Answer {
    Engine(Box<Target>),
    /// Something answers, and it is no engine.
    Stranger,
    Nobody,
}

async fn ask(address: SocketAddr, settings: Settings, clock: Clock) -> (SocketAddr, Answer) {
    if !matches!(timeout(ACCEPT, TcpStream::connect(address)).await, Ok(Ok(_))) {
        return (address, Answer::Nobody);
    }
    let Ok(target) = format!("http://{address}").parse() else { return (address, Answer::Nobody) };
    let mut scraper = Scraper::new(target, settings, clock);
    let answer = match timeout(ANSWER, scraper.look()).await {
        // An engine without a metrics page is found too: its trouble says what to switch on.
        Ok(first) if tells_something(&first) || scraper.owner().is_some() => {
            Answer::Engine(Box::new(scraper.target().clone()))
        }
        // It may be an engine that is busy starting: asked again in the next round.
        Err(_) => Answer::Nobody,
        Ok(_) => Answer::Stranger,
    };
    (address, answer)
}

fn tells_something(event: &Event) -> bool {
    match event {
        Event::Page { outcome: Ok(page), .. } => page.kind != EngineKind::Unknown || !page.gpus.is_empty(),
        _ => false,
    }
}

fn nothing_answers() -> Trouble {
    Trouble {
        what: Label::new("engines"),
        why: Label::new("nothing answers on 8000 to 8015, 30000, 8080, 3000, 23333 and the other usual ports"),
        mend: Label::new("margintop http://HOST:PORT"),
    }
}
