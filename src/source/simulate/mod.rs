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

pub use day::{DAY_BEGIN, DAY_CACHED, DAY_END, DAY_OUTPUT, DAY_PROMPT, Holding};
pub use plan::{Plan, Story};
pub use source::{SimulatedFleet, SimulatedTarget};
pub use terms::{objectives, price_day, price_models};

use crate::platform::allow_files;

/// Opens every socket of a plan, on the runtime that this is called on.
///
/// # Errors
/// If not even a free port of 127.0.0.1 can be had: usually the process may not open that many files.
pub async fn open(plan: Plan) -> io::Result<SimulatedFleet> {
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
        targets.push(SimulatedTarget { url, nodes: member.nodes, unit: member.unit, role: member.role });
    }
    Ok(SimulatedFleet::new(targets, holdings, open))
}

/// Hundreds of sockets with a connection each are more files than a shell usually allows; the system allows more.
const FILES: u64 = 65_536;
