//! What a report is asked for.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::fmt;

use clap::Args;

use super::when::When;
use crate::cli::Failure;
use crate::pricing::{Book, PriceList};
use crate::statement::{By, Change};
use crate::units::{HourlyRate, Share};

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

    /// What the same traffic would have earned: list=NAME, paid=0.37, hit_rate=0.6, gpu_rate=2.50 or nodes=200
    #[arg(long = "what-if", value_name = "KEY=VALUE")]
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

/// What is otherwise in a what-if, as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scenarios {
    pub(super) list: Option<String>,
    pub(super) paid: Option<Share>,
    pub(super) hit_rate: Option<Share>,
    pub(super) gpu_rate: Option<HourlyRate>,
    pub(super) nodes: Option<u32>,
}

impl ReportQuery {
    /// What the arguments ask for.
    pub(super) fn new(args: &ReportArgs) -> Result<Self, Failure> {
        let when = |flag: &str, text: &Option<String>| {
            let parsed = text.as_deref().map(When::parse).transpose();
            parsed.map_err(|why| Failure::Usage(format!("{flag}: {why}")))
        };
        let mut asked = Scenarios::default();
        for text in &args.what_if {
            asked.set(text).map_err(|why| Failure::Usage(format!("--what-if {text}: {why}")))?;
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

impl Scenarios {
    /// Whether nothing is otherwise.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        const KEYS: &str = "write list=NAME, paid=0.37, hit_rate=0.6, gpu_rate=2.50 or nodes=200";
        let (key, value) = text.split_once('=').ok_or(KEYS)?;
        let decimal = |error: crate::units::DecimalError| error.to_string();
        let share = || value.parse::<Share>().map_err(|error| format!("{error}; a share is between 0 and 1"));
        match key.trim() {
            "list" => self.list = Some(value.trim().to_owned()),
            "paid" => self.paid = Some(share()?),
            "hit_rate" => self.hit_rate = Some(share()?),
            "gpu_rate" => self.gpu_rate = Some(value.parse().map_err(decimal)?),
            "nodes" => {
                let nodes = value.trim().parse().ok().filter(|nodes| *nodes > 0);
                self.nodes = Some(nodes.ok_or("a number of nodes is a whole number above 0")?);
            }
            _ => return Err(KEYS.to_owned()),
        }
        Ok(())
    }

    /// The change, with the list that is named.
    pub(super) fn change<'a>(&self, book: &'a Book, currency: &str) -> Result<Change<'a>, Failure> {
        let list = self.list.as_deref().map(|name| own_list(book, name, currency)).transpose();
        Ok(Change {
            list: list.map_err(|why| Failure::Usage(format!("--what-if list: {why}")))?,
            paid: self.paid,
            hit_rate: self.hit_rate,
            gpu_rate: self.gpu_rate,
            nodes: self.nodes,
        })
    }
}

/// As it was written: `paid=0.37, nodes=200`.
impl fmt::Display for Scenarios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = [
            self.list.as_ref().map(|list| format!("list={list}")),
            self.paid.map(|share| format!("paid={share}")),
            self.hit_rate.map(|share| format!("hit_rate={share}")),
            self.gpu_rate.map(|rate| format!("gpu_rate={rate}")),
            self.nodes.map(|nodes| format!("nodes={nodes}")),
        ];
        f.write_str(&said.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// A list of the ledger's currency.
fn own_list<'a>(book: &'a Book, name: &str, currency: &str) -> Result<&'a PriceList, String> {
    let own = || book.lists().filter(|list| list.currency == currency);
    own().find(|list| list.name == name).ok_or_else(|| {
        let near = own().min_by_key(|list| strsim::damerau_levenshtein(&list.name, name));
        let near = near.map_or_else(String::new, |near| format!("; is it \"{}\"?", near.name));
        format!("no price list \"{name}\" in {currency}{near}")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_what_if_says_what_it_takes() {
        let mut asked = Scenarios::default();
        for text in ["list=deepseek-r1-2025", "paid=0.37", "hit_rate=1", "gpu_rate=2.50", "nodes=200"] {
            asked.set(text).unwrap();
        }
        assert_eq!((asked.list.as_deref(), asked.nodes), (Some("deepseek-r1-2025"), Some(200)));
        for text in ["", "list", "nodes=0", "nodes=-1", "paid=1.5", "hit_rate=x", "gpu_rate=-2", "fx=1"] {
            assert!(asked.set(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_that_is_not_there_is_near_one_that_is() {
        let book = Book::built_in().unwrap();
        let why = own_list(&book, "deepseek-r1-2052", "USD").map(|list| list.name.clone());
        let told = "no price list \"deepseek-r1-2052\" in USD; is it \"deepseek-r1-2025\"?";
        assert_eq!(why, Err(told.to_owned()));
    }
}
