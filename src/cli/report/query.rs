//! The query of a report.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::scenario::Scenarios;
use crate::cli::Failure;
use crate::cli::when::When;
use crate::config::Scenario;
use crate::statement::By;

/// A past span on data.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(in crate::cli) struct ReportArgs {
    /// From when on: 2026-11, 2026-11-28, 2026-11-28T12:00, 2026-11-28T12:00:00Z, today, yesterday, 24h or 7d [default: the whole ledger]
    #[arg(long, help_heading = "Money", value_name = "T", value_parser = When::parse)]
    pub(super) since: Option<When>,

    /// Until when, exclusive, in the same words [default: the ledger's end]
    #[arg(long, help_heading = "Money", value_name = "T", value_parser = When::parse)]
    pub(super) until: Option<When>,

    /// Price the span from the raw samples of a Prometheus, not from the ledger: prometheus+http://HOST:PORT; needs --since
    #[arg(long, help_heading = "Money", value_name = "URL", conflicts_with_all = ["bridge", "capacity"])]
    pub(super) from: Option<String>,

    /// What there is a row for each of
    #[arg(long, help_heading = "Money", value_name = "KEY", default_value = "day", value_parser = By::ALL.map(By::name))]
    pub(super) by: String,

    /// What the same traffic would have earned: list=NAME, paid=37%, load=120%, hit_rate=60%, gpu_rate=2.50, nodes=200
    /// (the average number allocated), or the name of a [[scenario]]; several hold together
    #[arg(long = "what-if", help_heading = "Money", value_name = "KEY=VALUE|NAME")]
    pub(super) what_if: Vec<String>,

    /// Reprice everything at today's book, not at the prices that were in force
    #[arg(long, help_heading = "Money")]
    pub(super) reprice: bool,

    /// Why the profit changed: the last hour against the same hour yesterday or last week, or the last 15 minutes
    /// against those before
    #[arg(long, help_heading = "Money", value_name = "15m|yesterday|week", num_args = 0..=1, default_missing_value = "yesterday",
        value_parser = ["15m", "yesterday", "week"], conflicts_with_all = ["since", "until", "what_if", "compare", "by", "reprice"])]
    pub(super) bridge: Option<String>,

    /// The same tokens at every list of the book
    #[arg(long, help_heading = "Money", conflicts_with = "what_if")]
    pub(super) compare: bool,

    /// How many nodes the load needed hour by hour at the best throughput per node that was measured within [slo], what the rest cost,
    /// what one more would earn at most and at which rent it would not (--json: margintop-capacity/1)
    #[arg(long, help_heading = "Money", conflicts_with_all = ["what_if", "compare", "bridge", "reprice", "by"])]
    pub(super) capacity: bool,

    /// Print one JSON object, the contract margintop-report/1
    #[arg(long, help_heading = "Display", conflicts_with = "csv")]
    pub(super) json: bool,

    /// Print comma-separated values
    #[arg(long, help_heading = "Display")]
    pub(super) csv: bool,

    /// Print a table, JSON (as --json), CSV (as --csv), a journal for hledger or Beancount, or the cost as FOCUS 1.0
    #[arg(long, help_heading = "Display", value_name = "FORMAT", conflicts_with_all = ["json", "csv"],
        value_parser = ["table", "json", "csv", "hledger", "beancount", "focus"])]
    pub(super) format: Option<String>,
}

/// The span that the last one is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComparedTo {
    /// The quarter of an hour before.
    Before,
    /// The same hour so many days before.
    Days(i32),
}

/// The form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Json,
    Csv,
    Hledger,
    Beancount,
    Focus,
}

impl Format {
    const fn of(args: &ReportArgs) -> Self {
        let format = match &args.format {
            Some(format) => format.as_bytes(),
            None => b"",
        };
        match (args.json, args.csv, format) {
            (true, _, _) | (_, _, b"json") => Self::Json,
            (_, true, _) | (_, _, b"csv") => Self::Csv,
            (_, _, b"hledger") => Self::Hledger,
            (_, _, b"beancount") => Self::Beancount,
            (_, _, b"focus") => Self::Focus,
            _ => Self::Table,
        }
    }

    /// Whether it has only the postings, day by day.
    pub(super) const fn has_entries(self) -> bool {
        matches!(self, Self::Hledger | Self::Beancount | Self::Focus)
    }
}

/// A valid query.
#[derive(Debug, Clone)]
pub(super) struct ReportQuery {
    pub(super) since: Option<When>,
    pub(super) until: Option<When>,
    pub(super) by: By,
    pub(super) asked: Scenarios,
    pub(super) reprice: bool,
    pub(super) bridge: Option<ComparedTo>,
    pub(super) compare: bool,
    pub(super) capacity: bool,
    pub(super) format: Format,
}

impl ReportQuery {
    /// The query of the arguments; `named` are the configuration's scenarios.
    pub(super) fn new(args: &ReportArgs, named: &[Scenario]) -> Result<Self, Failure> {
        let asked = Scenarios::new(&args.what_if, named)?;
        if args.reprice && asked.0.list.is_some() {
            let why = "--reprice is at today's book and --what-if list by one list: write one of the two";
            return Err(Failure::Usage(why.to_owned()));
        }
        let format = Format::of(args);
        let otherwise = !asked.is_nothing() || args.reprice || args.bridge.is_some() || args.compare || args.capacity;
        if format.has_entries() && otherwise {
            let why = "a journal and FOCUS are of what was posted: leave out --what-if, --reprice, --bridge, --compare and \
                       --capacity, or write --json";
            return Err(Failure::Usage(format!("--format {}: {why}", args.format.as_deref().unwrap_or_default())));
        }
        Ok(Self {
            since: args.since,
            until: args.until,
            by: args.by.parse().unwrap_or_default(),
            asked,
            reprice: args.reprice,
            bridge: args.bridge.as_deref().map(|against| match against {
                "15m" => ComparedTo::Before,
                "week" => ComparedTo::Days(7),
                _ => ComparedTo::Days(1),
            }),
            compare: args.compare,
            capacity: args.capacity,
            format,
        })
    }
}
