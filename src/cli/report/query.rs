//! What a report is asked for.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::scenario::Scenarios;
use super::when::When;
use crate::cli::Failure;
use crate::config::Scenario;
use crate::statement::By;

/// A past span on data.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(in crate::cli) struct ReportArgs {
    /// From when on: 2025-02-27, 2025-02-27T12:00+08:00, today, yesterday, 24h or 7d [default: the whole ledger]
    #[arg(long, value_name = "T")]
    pub(super) since: Option<String>,

    /// Until when, exclusive [default: the ledger's end]
    #[arg(long, value_name = "T")]
    pub(super) until: Option<String>,

    /// What there is a row for each of
    #[arg(long, value_name = "KEY", default_value = "day", value_parser = By::ALL.map(By::name))]
    pub(super) by: String,

    /// What the same traffic would have earned: list=NAME, paid=0.37, hit_rate=0.6, gpu_rate=2.50, nodes=200 (the average
    /// number held), or the name of a [[scenario]]; several hold together
    #[arg(long = "what-if", value_name = "KEY=VALUE|NAME")]
    pub(super) what_if: Vec<String>,

    /// Price everything by today's book, not by what was in force
    #[arg(long)]
    pub(super) reprice: bool,

    /// Why the profit changed: the last hour against the same hour yesterday or last week, or the last 15 minutes
    /// against those before
    #[arg(long, value_name = "15m|yesterday|week", num_args = 0..=1, default_missing_value = "yesterday",
        value_parser = ["15m", "yesterday", "week"], conflicts_with_all = ["since", "until", "what_if", "compare"])]
    pub(super) bridge: Option<String>,

    /// The same tokens at every list of the book
    #[arg(long, conflicts_with = "what_if")]
    pub(super) compare: bool,

    /// Print one JSON object, the contract margintop-report/1
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,

    /// Print comma-separated values
    #[arg(long)]
    pub(super) csv: bool,
}

/// With what the last span is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Against {
    /// The quarter of an hour before.
    Before,
    /// The same hour so many days before.
    Days(i32),
}

/// How it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Json,
    Csv,
}

/// A report that can be told.
#[derive(Debug, Clone)]
pub(super) struct ReportQuery {
    pub(super) since: Option<When>,
    pub(super) until: Option<When>,
    pub(super) by: By,
    pub(super) asked: Scenarios,
    pub(super) reprice: bool,
    pub(super) bridge: Option<Against>,
    pub(super) compare: bool,
    pub(super) format: Format,
}

impl ReportQuery {
    /// What the arguments ask for; `named` are the configuration's scenarios.
    pub(super) fn new(args: &ReportArgs, named: &[Scenario]) -> Result<Self, Failure> {
        let when = |flag: &str, text: &Option<String>| {
            let parsed = text.as_deref().map(When::parse).transpose();
            parsed.map_err(|why| Failure::Usage(format!("{flag}: {why}")))
        };
        let asked = Scenarios::new(&args.what_if, named)?;
        if args.reprice && asked.list.is_some() {
            let why = "--reprice prices by today's book and --what-if list by one list: write one of the two";
            return Err(Failure::Usage(why.to_owned()));
        }
        Ok(Self {
            since: when("--since", &args.since)?,
            until: when("--until", &args.until)?,
            by: args.by.parse().unwrap_or_default(),
            asked,
            reprice: args.reprice,
            bridge: args.bridge.as_deref().map(|against| match against {
                "15m" => Against::Before,
                "week" => Against::Days(7),
                _ => Against::Days(1),
            }),
            compare: args.compare,
            format: match (args.json, args.csv) {
                (true, _) => Format::Json,
                (_, true) => Format::Csv,
                _ => Format::Table,
            },
        })
    }
}
