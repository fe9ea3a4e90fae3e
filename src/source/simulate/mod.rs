//! A fleet that does not exist, behind sockets that do: engines and exporters on loopback, with the pages of the real
//! ones, whose counters agree with each other and move as a day does.
//!
//! Every page is a function of the instant, the seed and the place: the same instant gives the same bytes. It takes its
//! time from a clock that is handed to it, so that a whole day passes as fast as someone turns it.

mod day;
mod dcgm;
mod fault;
mod fleet;
mod latency;
mod page;
mod served;
mod sglang;
mod site;
mod traffic;
mod vllm;
mod wave;

use std::io;
use std::sync::Arc;

use tokio::task::JoinSet;

pub use day::{DAY_BEGIN, DAY_CACHED, DAY_END, DAY_OUTPUT, DAY_PROMPT, Holding};
use site::Site;

use crate::clock::Clock;
use crate::platform::allow_files;
use crate::reading::{NodeName, Role, UnitName};

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Machines; each has an engine and an exporter.
    pub nodes: u32,
    /// GPUs of each.
    pub gpus_per_node: u32,
    /// How many times faster than real a day rises and falls. Tokens a second stay what they are.
    pub speed: f64,
    /// Another seed is another fleet: other bursts, other faults.
    pub seed: u64,
    /// Whose time it is.
    pub clock: Clock,
    /// Which fleet.
    pub story: Story,
}

/// Which fleet is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// A made-up one, with faults now and then.
    Ordinary,
    /// The published DeepSeek-V3/R1 inference day.
    DeepSeekDay,
}

impl Plan {
    /// A made-up fleet of `nodes` machines of eight GPUs.
    pub const fn ordinary(nodes: u32, clock: Clock) -> Self {
        Self { nodes, gpus_per_node: 8, speed: 1.0, seed: 1, clock, story: Story::Ordinary }
    }

    /// The published day: [`DAY_BEGIN`] to [`DAY_END`]. `clock` is expected to be turned through it.
    pub const fn deepseek_day(clock: Clock) -> Self {
        Self { nodes: 278, gpus_per_node: 8, speed: 1.0, seed: 1, clock, story: Story::DeepSeekDay }
    }
}

/// A place to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The page's address: `http://127.0.1.1:8000/metrics`.
    pub url: String,
    /// The machines behind it; a unit's engine runs on all of its unit's.
    pub nodes: Vec<NodeName>,
    /// The deployment unit, in a fleet that has them.
    pub unit: Option<UnitName>,
    /// The part that an engine plays; `None` for an exporter.
    pub role: Option<Role>,
}

/// A socket to be: what a plan is made of.
struct Member {
    /// The number of its loopback address.
    place: u32,
    port: u16,
    nodes: Vec<NodeName>,
    unit: Option<UnitName>,
    role: Option<Role>,
    site: Arc<dyn Site>,
}

/// A fleet that answers. Dropping it closes its sockets.
#[derive(Debug)]
pub struct Fleet {
    targets: Vec<Target>,
    holdings: Vec<Holding>,
    _open: JoinSet<()>,
}

impl Fleet {
    /// Where to look.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Who held which GPUs from when until when; empty for a made-up fleet, which holds what it has.
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }
}

/// Opens every socket of a plan, on the runtime that this is called on.
///
/// # Errors
/// If not even a free port of 127.0.0.1 can be had: usually the process may not open that many files.
pub async fn open(plan: Plan) -> io::Result<Fleet> {
    allow_files(FILES);
    let (members, holdings) = match plan.story {
        Story::Ordinary => (fleet::members(&plan), Vec::new()),
        Story::DeepSeekDay => (day::members(), day::holdings()),
    };
    let mut open = JoinSet::new();
    let mut targets = Vec::with_capacity(members.len());
    for member in members {
        let (listener, bound) = site::listen(site::address(member.place), member.port).await?;
        open.spawn(site::open(listener, member.site, plan.clock.clone()));
        let url = format!("http://{bound}/metrics");
        targets.push(Target { url, nodes: member.nodes, unit: member.unit, role: member.role });
    }
    Ok(Fleet { targets, holdings, _open: open })
}

/// Hundreds of sockets with a connection each are more files than a shell usually allows; the system allows more.
const FILES: u64 = 65_536;
