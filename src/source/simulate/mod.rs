//! A simulated fleet behind real sockets: engines and exporters on loopback, whose pages have the form of real ones and
//! whose counters are consistent with each other.
//!
//! Each page depends only on the instant, the seed and the node: the same instant gives the same bytes. The time is from a
//! clock that the caller sets, so that a day can pass at any speed.

mod day;
mod dcgm;
mod fault;
mod fleet;
mod latency;
mod page;
mod plan;
mod served;
mod sglang;
mod site;
mod source;
mod terms;
mod traffic;
mod vllm;
mod wave;

use std::io;

use tokio::task::JoinSet;

pub use day::{DAY_BEGIN, DAY_CACHED, DAY_END, DAY_OUTPUT, DAY_PROMPT, SimulatedLease};
pub use plan::{FleetKind, Plan};
pub use source::{SimulatedFleet, SimulatedTarget};
pub use terms::{objectives, price_day, price_models};

use crate::platform::allow_files;

/// Opens all sockets of a plan on the current runtime.
///
/// # Errors
/// No port of 127.0.0.1 can be opened, usually because of the limit of open files.
pub async fn open(plan: Plan) -> io::Result<SimulatedFleet> {
    allow_files(FILES);
    let (members, holdings) = match plan.story {
        FleetKind::Ordinary => (fleet::members(&plan), Vec::new()),
        FleetKind::DeepSeekDay => (day::members(), day::holdings()),
    };
    let mut open = JoinSet::new();
    let mut targets = Vec::with_capacity(members.len());
    for member in members {
        let (listener, bound) = site::listen(site::address(member.place), member.port).await?;
        open.spawn(site::open(listener, member.site, plan.clock.clone()));
        let url = format!("http://{bound}/metrics");
        targets.push(SimulatedTarget { url, nodes: member.nodes, unit: member.unit, role: member.role });
    }
    Ok(SimulatedFleet::new(targets, holdings, open))
}

/// The limit of open files that is requested from the system: hundreds of sockets exceed the usual limit of a shell.
const FILES: u64 = 65_536;
