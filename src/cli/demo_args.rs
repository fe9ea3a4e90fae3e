//! The arguments of `demo`.

use std::path::PathBuf;

use clap::Args;

use super::once_args::OnceArgs;
use super::speed::speed;

/// The simulated fleet.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// Nodes
    #[arg(long, help_heading = "Sources", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=4000))]
    pub(super) nodes: u32,

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
