//! The arguments. Every flag has a `MARGINTOP_*` variable and a key in the configuration.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// nvtop for your margin: live GPU load, cache-hit rate, tokens per second and running profit of LLM engines.
#[derive(Debug, Parser)]
#[command(name = "margintop", version, about, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,

    /// What to watch: http(s)://HOST:PORT[/PATH], HOST[:PORT], FILE.prom, nvml: or nvml:off; none is this box
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Flags that every subcommand takes.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Global {
    /// The configuration [default: $XDG_CONFIG_HOME/margintop/margintop.toml]
    #[arg(long, global = true, display_order = 100, value_name = "FILE", env = "MARGINTOP_CONFIG")]
    pub(super) config: Option<PathBuf>,

    /// How often each source is asked [default: 1s]
    #[arg(
        long,
        global = true,
        help_heading = "Sources",
        display_order = 101,
        value_name = "DURATION",
        env = "MARGINTOP_INTERVAL"
    )]
    pub(super) interval: Option<String>,

    /// A theme; `margintop themes` lists them
    #[arg(
        long,
        global = true,
        help_heading = "Display",
        display_order = 105,
        value_name = "NAME",
        env = "MARGINTOP_THEME"
    )]
    pub(super) theme: Option<String>,

    /// The NVIDIA driver library [default: libnvidia-ml.so.1]
    #[arg(
        long,
        global = true,
        help_heading = "Sources",
        display_order = 102,
        value_name = "PATH",
        env = "MARGINTOP_NVML_LIB"
    )]
    pub(super) nvml_lib: Option<PathBuf>,

    /// When to use colour: auto, always or never
    #[arg(
        long,
        global = true,
        help_heading = "Display",
        display_order = 106,
        value_name = "WHEN",
        env = "MARGINTOP_COLOR"
    )]
    pub(super) color: Option<String>,

    /// The role of a target: URL=prefill, URL=decode or URL=unified
    #[arg(
        long,
        global = true,
        help_heading = "Sources",
        display_order = 103,
        value_name = "URL=ROLE",
        env = "MARGINTOP_ROLE",
        value_delimiter = ','
    )]
    pub(super) role: Vec<String>,

    /// Where money is kept: a file, or `none` for memory [default: $XDG_STATE_HOME/margintop/ledger.db]
    #[arg(
        long,
        global = true,
        help_heading = "Money",
        display_order = 104,
        value_name = "PATH|none",
        env = "MARGINTOP_LEDGER"
    )]
    pub(super) ledger: Option<String>,

    /// Where the log goes [default: the standard error of `serve` and `agent`; the dashboard has none]
    #[arg(long, global = true, help_heading = "Log", display_order = 107, value_name = "FILE", env = "MARGINTOP_LOG")]
    pub(super) log: Option<PathBuf>,

    /// What is logged: error, warn, info, debug or trace [default: info]
    #[arg(
        long,
        global = true,
        help_heading = "Log",
        display_order = 108,
        value_name = "LEVEL",
        env = "MARGINTOP_LOG_LEVEL"
    )]
    pub(super) log_level: Option<String>,

    /// How it is written: text or json [default: text]
    #[arg(
        long,
        global = true,
        help_heading = "Log",
        display_order = 109,
        value_name = "FORM",
        env = "MARGINTOP_LOG_FORMAT"
    )]
    pub(super) log_format: Option<String>,

    /// The flags of these that come from their variables.
    #[arg(skip)]
    pub(super) from_environment: Vec<&'static str>,
}

impl Global {
    /// How a flag was given, to name it in a message: `--interval` or `MARGINTOP_INTERVAL`.
    pub(super) fn given(&self, flag: &str) -> String {
        if self.from_environment.contains(&flag) {
            format!("MARGINTOP_{}", flag.to_uppercase())
        } else {
            format!("--{}", flag.replace('_', "-"))
        }
    }
}

/// How a snapshot is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON object.
    Json,
    /// Words and columns.
    Text,
    /// Ten lines.
    Card,
}

/// How `once` looks and prints.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct LookArgs {
    /// Print one JSON object, the contract margintop/1
    #[arg(long, help_heading = "Display", conflicts_with = "text")]
    pub(super) json: bool,

    /// Print for people (the default)
    #[arg(long, help_heading = "Display")]
    pub(super) text: bool,

    /// Print ten lines to paste into a chat
    #[arg(long, help_heading = "Display", conflicts_with_all = ["json", "text"])]
    pub(super) card: bool,

    /// Take the rates over this long; 0 looks once, and rates are unknown
    #[arg(long = "for", help_heading = "Sources", value_name = "DURATION")]
    pub(super) span: Option<String>,

    /// Print again and again: a line of JSON each time
    #[arg(long, help_heading = "Sources", value_name = "DURATION", conflicts_with = "span")]
    pub(super) every: Option<String>,
}

impl LookArgs {
    /// Whether anything was asked of `once`.
    pub(super) const fn any(&self) -> bool {
        self.json || self.text || self.card || self.span.is_some() || self.every.is_some()
    }

    /// How it prints, JSON if nothing says otherwise and `by_default` is set.
    pub(super) const fn form(&self, by_default: bool) -> Form {
        if self.card {
            Form::Card
        } else if self.json || by_default && !self.text {
            Form::Json
        } else {
            Form::Text
        }
    }
}

/// The simulated fleet.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// Nodes
    #[arg(long, help_heading = "Sources", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=4000))]
    pub(super) nodes: u32,

    /// Simulated seconds a second
    #[arg(long, help_heading = "Sources")]
    pub(super) speed: Option<f64>,

    /// Play DeepSeek's published inference day of 27 February 2025
    #[arg(long, help_heading = "Sources")]
    pub(super) deepseek_day: bool,

    /// Write the end of that day as a picture of 120 columns and 36 rows (SVG), without a terminal
    #[arg(long, help_heading = "Display", value_name = "FILE", requires = "deepseek_day")]
    pub(super) picture: Option<PathBuf>,

    /// Only serve the fleet: print its targets and stay
    #[arg(long, help_heading = "Sources", conflicts_with = "deepseek_day")]
    pub(super) serve: bool,

    #[command(flatten)]
    pub(super) look: LookArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look twice, print, exit
    Once {
        /// What to look at; none is this box
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,
        #[command(flatten)]
        look: LookArgs,
    },
    /// What the past earned and cost, what it would have, and why it changed
    Report(super::report::ReportArgs),
    /// An invoice or a gateway's spend beside the ledger, and the likely causes of what differs
    Reconcile(super::reconcile::ReconcileArgs),
    /// A simulated fleet behind real sockets
    Demo(DemoArgs),
    /// Serve this node's GPUs under dcgm-exporter's names
    Agent {
        /// Where to listen
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9545", env = "MARGINTOP_LISTEN")]
        listen: String,
        /// This node's name [default: the host's]
        #[arg(long, help_heading = "Sources", value_name = "NAME", env = "MARGINTOP_NODE")]
        node: Option<String>,
    },
    /// Watch without a screen, and keep the ledger
    Serve {
        /// What to watch; none is this box
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,
        /// Where to listen
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9546", env = "MARGINTOP_LISTEN")]
        listen: String,
    },
    /// Write everything that the sources say to a file, to be replayed
    Record(super::record::RecordArgs),
    /// Show a recording, as fast as one likes
    Replay(super::replay::ReplayArgs),
    /// Check a ledger, turn it into text and back, decide on disputed tokens
    #[command(subcommand)]
    Ledger(LedgerAction),
    /// Show leases, or end one by hand
    #[command(subcommand)]
    Lease(LeaseAction),
    /// Name a moment in the ledger, to see what changed with it
    Mark {
        /// What happened: "deploy 1.4"
        text: String,
        /// When: 15m (ago), yesterday, 2026-11-28T12:00, 2026-11-28T12:00:00Z [default: now]
        #[arg(long, value_name = "T")]
        at: Option<String>,
    },
    /// Work out revenue, cost and both margins of some tokens and GPU-hours
    Price(super::price::PriceArgs),
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

#[derive(Debug, Clone, Subcommand)]
pub(super) enum ConfigAction {
    /// Write a commented file to start from
    Init,
    /// Say all that is wrong, at once, and what each lease comes to an hour
    Check,
    /// Print the file in use
    Print,
    /// Turn another program's prices into a price file, on stdout: LiteLLM's model_prices_and_context_window.json,
    /// OpenRouter's api/v1/models, or models.dev's api.json
    ImportPrices {
        /// The JSON file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum LedgerAction {
    /// Check that it is whole, that every grain says the same, and that hardware could have made what it holds
    Verify,
    /// Write it as lines of JSON
    Export {
        /// Where to; nothing is the standard output
        file: Option<PathBuf>,
    },
    /// Read an export into a new ledger
    Import {
        /// The export
        file: PathBuf,
    },
    /// List tokens in dispute: counters that moved as their process could not have moved them
    Disputes(DisputeArgs),
    /// Forget what is known of the process behind a target: its next page is a baseline
    ResetTarget {
        /// The target as it was named: http://gpu-01:8000
        #[arg(value_name = "URL")]
        url: String,
    },
}

/// Tokens in dispute, listed or decided on.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct DisputeArgs {
    #[command(subcommand)]
    pub(super) decide: Option<Decide>,

    /// Those too that were accepted or rejected
    #[arg(long)]
    pub(super) all: bool,

    /// Print a JSON array
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Decide {
    /// Post the tokens of a dispute, at the prices in force when they were made
    Accept {
        /// Its number
        #[arg(value_name = "ID")]
        id: u64,
    },
    /// Discard the tokens of a dispute
    Reject {
        /// Its number
        #[arg(value_name = "ID")]
        id: u64,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum LeaseAction {
    /// Show each lease: node, GPUs, rate, from, until, GPU-hours and cost
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End the leases of a node, or a lease by its name
    End {
        /// The node, or the lease as `lease list` names it
        #[arg(value_name = "NODE|LEASE")]
        lease: String,
        /// When: 15m (ago), yesterday, 2026-11-28T12:00, 2026-11-28T12:00:00Z [default: now]
        #[arg(long, value_name = "T")]
        at: Option<String>,
    },
}
