//! The calculator's arguments.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

use crate::cli::speed::whole_number;
use crate::cli::when::When;
use crate::pricing::Commitment;

/// The arguments of `price`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct PriceArgs {
    /// The model whose prices hold
    #[arg(long, help_heading = "Money", value_name = "NAME", required_unless_present_any = ["list", "from", "lists"])]
    pub(in crate::cli) model: Option<String>,

    /// All prompt tokens, the cached included: 608e9 or 608_000_000_000
    #[arg(long, help_heading = "Money", value_name = "TOKENS", default_value = "0")]
    pub(in crate::cli) input: String,

    /// Prompt tokens from a cache
    #[arg(long, help_heading = "Money", value_name = "TOKENS", default_value = "0")]
    pub(in crate::cli) cached: String,

    /// Output tokens, reasoning included
    #[arg(long, help_heading = "Money", value_name = "TOKENS", default_value = "0")]
    pub(in crate::cli) output: String,

    /// More of a further class of the list: write_5m=1e6
    #[arg(long, help_heading = "Money", value_name = "NAME=COUNT")]
    pub(in crate::cli) class: Vec<String>,

    /// GPU-hours; without them the cost is unknown
    #[arg(long, help_heading = "Money", value_name = "HOURS")]
    pub(in crate::cli) gpu_hours: Option<String>,

    /// A benchmark's result to price instead: the JSON of vllm bench serve, AIPerf or guidellm
    #[arg(long, help_heading = "Sources", value_name = "FILE", conflicts_with_all = ["input", "cached", "output", "class", "gpu_hours", "compare"])]
    pub(in crate::cli) from: Option<PathBuf>,

    /// How many GPUs the benchmark ran on
    #[arg(long, help_heading = "Sources", value_name = "N", requires = "from", conflicts_with_all = ["input", "cached", "output", "class", "gpu_hours", "compare"],
        value_parser = whole_number::<1_000_000>)]
    pub(in crate::cli) gpus: Option<u32>,

    /// What a GPU costs an hour, 2 or 2USD [default: your lease's rate, else a dated one that is named]
    #[arg(long, help_heading = "Money", value_name = "RATE")]
    pub(in crate::cli) gpu_rate: Option<String>,

    /// For how long the GPU is taken, where its rate is looked up
    #[arg(long, help_heading = "Money", value_name = "HOW", conflicts_with = "gpu_rate")]
    pub(in crate::cli) commitment: Option<CommitmentArg>,

    /// The GPU whose rate is looked up
    #[arg(long, help_heading = "Money", value_name = "NAME", conflicts_with = "gpu_rate")]
    pub(in crate::cli) gpu: Option<String>,

    /// The instant whose prices hold: 2025-03-01, 2025-03-01T20:00:00Z, yesterday, 7d (ago) [default: now]
    #[arg(long, help_heading = "Money", value_name = "T", value_parser = When::parse)]
    pub(in crate::cli) at: Option<When>,

    /// A list of the book, whatever the date; its service tiers are lists of their own
    #[arg(long, help_heading = "Money", value_name = "LIST")]
    pub(in crate::cli) list: Option<String>,

    /// Whose tokens they are
    #[arg(long, help_heading = "Money", value_name = "NAME")]
    pub(in crate::cli) tenant: Option<String>,

    /// The same tokens at every list of the book
    #[arg(long, help_heading = "Money")]
    pub(in crate::cli) compare: bool,

    /// Print every list of the book: its dates, origin, prices and source
    #[arg(long, help_heading = "Money", conflicts_with_all = ["model", "input", "cached", "output", "class", "gpu_hours", "from",
        "gpus", "gpu_rate", "commitment", "gpu", "list", "tenant", "compare"])]
    pub(in crate::cli) lists: bool,

    /// Print one JSON object
    #[arg(long, help_heading = "Display")]
    pub(in crate::cli) json: bool,
}

/// The commitment, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum CommitmentArg {
    OnDemand,
    Spot,
    #[value(name = "1y")]
    OneYear,
    #[value(name = "3y")]
    ThreeYears,
}

impl From<CommitmentArg> for Commitment {
    fn from(argument: CommitmentArg) -> Self {
        match argument {
            CommitmentArg::OnDemand => Self::OnDemand,
            CommitmentArg::Spot => Self::Spot,
            CommitmentArg::OneYear => Self::OneYear,
            CommitmentArg::ThreeYears => Self::ThreeYears,
        }
    }
}
