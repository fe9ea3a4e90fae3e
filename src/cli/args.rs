//! The command line: the subcommands and their arguments.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::{Parser, Subcommand};

use super::agent_args::AgentArgs;
use super::config::ConfigAction;
use super::demo_args::DemoArgs;
use super::global::Global;
use super::ledger_commands::{LeaseAction, LedgerAction};
use super::once_args::OnceArgs;
use super::price::PriceArgs;
use super::reconcile::ReconcileArgs;
use super::record_args::RecordArgs;
use super::replay_args::ReplayArgs;
use super::report::ReportArgs;
use super::serve_args::ServeArgs;
use super::when::When;

/// nvtop for your margin: live GPU load, cache-hit rate, tokens per second and running profit of LLM engines.
#[derive(Debug, Parser)]
#[command(name = "margintop", version, about, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,

    /// What to watch: http(s)://HOST:PORT[/PATH], HOST[:PORT], ssh://HOST, prometheus+http://HOST:PORT, FILE.prom, nvml: or nvml:off; none is this box
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,

    /// One more target, beside those above or of the configuration: what `:watch` of the dashboard starts anew with
    #[arg(long, hide = true, value_name = "TARGET")]
    pub(super) also: Vec<String>,

    #[command(subcommand)]
    pub(super) command: Option<CliCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Poll twice, print, exit
    Once {
        /// What to watch; none is this box
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,
        #[command(flatten)]
        once: OnceArgs,
    },
    /// Revenue, cost and profit of the past, what-ifs, and why profit changed
    Report(ReportArgs),
    /// Compare an invoice or a gateway's spend with the ledger, and name likely causes of differences
    Reconcile(ReconcileArgs),
    /// A simulated fleet behind real sockets
    Demo(DemoArgs),
    /// Serve this node's GPUs and engines on one page
    Agent(AgentArgs),
    /// Watch without a screen, keep the ledger, and serve both
    Serve(ServeArgs),
    /// Record all readings to a file, for a replay
    Record(RecordArgs),
    /// Show a recording, at any speed
    Replay(ReplayArgs),
    /// Verify, export or import a ledger, and decide disputes
    #[command(subcommand)]
    Ledger(LedgerAction),
    /// Show leases, or end one by hand
    #[command(subcommand)]
    Lease(LeaseAction),
    /// Mark a moment in the ledger, like a deployment
    Mark {
        /// What happened: "deploy 1.4"
        text: String,
        /// When: 15m (ago), yesterday, 2026-11-28T12:00, 2026-11-28T12:00:00Z [default: now]
        #[arg(long, help_heading = "Money", value_name = "T", value_parser = When::parse)]
        at: Option<When>,
    },
    /// Compute revenue, cost and both margins of tokens and GPU-hours
    Price(PriceArgs),
    /// Write, check or print the configuration
    #[command(subcommand)]
    Config(ConfigAction),
    /// List the themes, or print one
    Themes {
        /// The theme to print
        name: Option<String>,
    },
    /// Print a shell's completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}
