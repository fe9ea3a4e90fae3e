//! The arguments of `demo`.

use std::path::PathBuf;

use clap::Args;

use super::once_args::OnceArgs;
use super::speed::{speed, whole_number};
use crate::clock::Clock;
use crate::source::simulate::Plan;

/// The simulated fleet.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// Nodes [default: 12]
    #[arg(long, help_heading = "Sources", value_parser = whole_number::<4_000>)]
    pub(super) nodes: Option<u32>,

    /// Simulated seconds a second
    #[arg(long, help_heading = "Sources", value_parser = speed)]
    pub(super) speed: Option<f64>,

    /// Play DeepSeek's published inference day of 27 February 2025
    #[arg(long, help_heading = "Sources")]
    pub(super) deepseek_day: bool,

    /// Write the end of that day as a picture of 120 columns and 36 rows (SVG), without a terminal
    #[arg(long, help_heading = "Display", value_name = "FILE", requires = "deepseek_day")]
    pub(super) picture: Option<PathBuf>,

    /// Only serve the fleet: print its targets and stay
    #[arg(long, help_heading = "Sources",
        conflicts_with_all = ["deepseek_day", "json", "text", "card", "span", "every"])]
    pub(super) serve: bool,

    #[command(flatten)]
    pub(super) once: OnceArgs,
}

/// The number of simulated nodes, unless another is named.
const NODES: u32 = 12;

impl DemoArgs {
    /// The simulated fleet of `--nodes` and `--speed`.
    pub(super) fn fleet(&self, clock: &Clock) -> Plan {
        Plan { speed: self.speed.unwrap_or(1.0), ..Plan::ordinary(self.nodes.unwrap_or(NODES), clock.clone()) }
    }

    /// The warning about flags that have no effect on the published day.
    pub(super) fn without_effect_on_day(&self) -> Option<String> {
        let flags = [
            ("--nodes", self.nodes.is_some()),
            ("--for", self.once.span.is_some()),
            ("--every", self.once.every.is_some()),
        ];
        let written: Vec<_> = flags.into_iter().filter(|(_, is_written)| *is_written).map(|(flag, _)| flag).collect();
        let flags = written.join(" and ");
        (!written.is_empty()).then(|| {
            format!("{flags} has no effect on --deepseek-day: the day has its own fleet, and its end is printed")
        })
    }
}
