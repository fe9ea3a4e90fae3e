//! The arguments of `serve`.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::access_args::AccessArgs;

#[derive(Debug, Clone, Args)]
pub(super) struct ServeArgs {
    /// What to watch; none is this box
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// Where to listen; it answers /metrics, /api/v1/snapshot, /api/v1/events, /livez and /readyz
    #[arg(
        long,
        help_heading = "Serving",
        value_name = "ADDR",
        default_value = "127.0.0.1:9546",
        env = "MARGINTOP_LISTEN"
    )]
    pub(super) listen: String,
    #[command(flatten)]
    pub(super) access: AccessArgs,
}
