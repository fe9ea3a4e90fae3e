//! The arguments of `agent`.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::access_args::AccessArgs;

#[derive(Debug, Clone, Args)]
pub(super) struct AgentArgs {
    /// Engines of this node; none are those of the configuration on this node, or those found
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// Where to listen; it answers /metrics, /livez and /readyz
    #[arg(
        long,
        help_heading = "Serving",
        value_name = "ADDR",
        default_value = "127.0.0.1:9545",
        env = "MARGINTOP_LISTEN"
    )]
    pub(super) listen: String,
    /// Listen on no address: write each page to the standard output, with `# EOF` behind it, until that is closed
    #[arg(long, help_heading = "Serving")]
    pub(super) stdio: bool,
    /// This node's name [default: the host's]
    #[arg(long, help_heading = "Sources", value_name = "NAME", env = "MARGINTOP_NODE")]
    pub(super) node: Option<String>,
    #[command(flatten)]
    pub(super) access: AccessArgs,
}
