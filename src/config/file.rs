//! The shape of `margintop.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::scenario::Scenario;
use crate::pricing::{Bill, RentWhen, Rounding};
use crate::reading::EngineRole;
use crate::units::{HourlyRate, PowerPrice, Price, Share};

/// The whole file. A key that is not here is a mistake.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// How often each source is asked: `1s`.
    pub interval: Option<String>,
    /// The ledger's currency, inherited by prices and leases.
    pub currency: Option<String>,
    /// The list that unpriced models' tokens are compared to.
    pub compare_to: Option<String>,
    /// The zone in which a day begins: an IANA name, an offset or a POSIX rule; the machine's own if not set.
    pub timezone: Option<String>,
    /// A theme's name.
    pub theme: Option<String>,
    /// When to use colour.
    pub color: Option<String>,
    /// The driver library.
    pub nvml_lib: Option<PathBuf>,
    /// The log's file.
    pub log: Option<PathBuf>,
    /// The least severe level that is logged.
    pub log_level: Option<String>,
    /// How the log is written.
    pub log_format: Option<String>,
    /// What of an engine's work is billed.
    #[serde(default)]
    pub bill: Billed,
    /// Where money is kept: a path, or `none`.
    pub ledger: Option<String>,
    /// How long margintop itself may be away and still post what happened meanwhile: `24h`.
    pub absence: Option<String>,
    /// How long a node may be missing from a page that lists others before its GPUs are released: `5m`.
    pub release_after: Option<String>,
    /// Price files, relative to this one, each standing before the built-in book and the file before it.
    #[serde(default)]
    pub price_files: Vec<PathBuf>,
    /// Cost beside the GPUs.
    #[serde(default)]
    pub overhead: OverheadTable,
    /// What may be spent.
    #[serde(default)]
    pub budget: BudgetTable,
    /// Dated rates between currencies.
    #[serde(default, rename = "fx")]
    pub exchange: Vec<FxTable>,
    /// Targets.
    #[serde(default, rename = "target")]
    pub targets: Vec<TargetTable>,
    /// Prices of models; the first that matches wins.
    #[serde(default, rename = "price")]
    pub prices: Vec<PriceTable>,
    /// What is paid for GPUs; the first that matches wins.
    #[serde(default, rename = "lease")]
    pub leases: Vec<LeaseTable>,
    /// Named what-ifs.
    #[serde(default, rename = "scenario")]
    pub scenarios: Vec<Scenario>,
    /// Names of one model that pages and proxies spell differently.
    #[serde(default, rename = "alias")]
    pub aliases: Vec<AliasTable>,
    /// The bounds above which a delta is disputed.
    #[serde(default)]
    pub plausibility: PlausibilityTable,
    /// Objectives for latency.
    #[serde(default)]
    pub slo: SloTable,
}

/// An `[[alias]]`: a model, and what else it is called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasTable {
    /// The model, as its engine names it.
    pub model: String,
    /// Its other names.
    pub names: Vec<String>,
}

/// `[plausibility]`: the most that one GPU can make, in tokens a second.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the keys' own names")]
pub struct PlausibilityTable {
    /// Output tokens.
    pub output_per_gpu: Option<i128>,
    /// Prompt tokens that are computed.
    pub computed_per_gpu: Option<i128>,
    /// Prompt tokens that come from a cache.
    pub cached_per_gpu: Option<i128>,
}

/// `[slo]`: what 99 of 100 requests or tokens of a minute stay within.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the keys' own names")]
pub struct SloTable {
    /// Arrival to first token: `2s`.
    pub ttft_p99: Option<String>,
    /// Between tokens: `60ms`.
    pub itl_p99: Option<String>,
    /// Arrival to last token: `30s`.
    pub e2e_p99: Option<String>,
}

/// A `[[target]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetTable {
    /// Its address; ranges expand.
    pub url: String,
    /// The node that it runs on.
    pub node: Option<String>,
    /// Its deployment unit.
    pub unit: Option<String>,
    /// Its role.
    pub role: Option<EngineRole>,
    /// Free labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// A file that holds the bearer token.
    pub bearer_token_file: Option<PathBuf>,
    /// The user's name, for basic authentication.
    pub username: Option<String>,
    /// A file that holds that user's password.
    pub password_file: Option<PathBuf>,
    /// A file of certificates to trust.
    pub ca_file: Option<PathBuf>,
}

/// A `[[price]]`: a list by name, or prices of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    /// A glob over the model's name.
    pub model: String,
    /// The tenant whose tokens it is for: a target's label `tenant`.
    pub tenant: Option<String>,
    /// A list of the book.
    pub list: Option<String>,
    /// Price of a million cached prompt tokens.
    pub hit: Option<Price>,
    /// Price of a million computed prompt tokens.
    pub miss: Option<Price>,
    /// Price of a million output tokens.
    pub output: Option<Price>,
    /// The currency of these prices.
    pub currency: Option<String>,
    /// The share of the tokens that is paid.
    pub paid: Option<Share>,
}

/// A `[[lease]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseTable {
    /// Its name, under which it is the same agreement when its terms change.
    pub name: Option<String>,
    /// Words of the driver's name for the GPU.
    pub gpu: Option<String>,
    /// A node.
    pub node: Option<String>,
    /// A deployment unit.
    pub unit: Option<String>,
    /// How many GPUs, seen or not.
    pub gpus: Option<u32>,
    /// RFC 3339 instant of its beginning.
    pub from: Option<String>,
    /// RFC 3339 instant of its end.
    pub until: Option<String>,
    /// Rent per GPU and hour.
    pub rate: Option<HourlyRate>,
    /// Rent per node and hour, however many GPUs it has.
    pub node_rate: Option<HourlyRate>,
    /// How many nodes a unit has, seen or not, where their rent is per node.
    pub nodes: Option<u32>,
    /// What a node of one's own cost, instead of rent.
    pub capex: Option<String>,
    /// The node's part of the network.
    pub network: Option<String>,
    /// What the node will still be worth at the end of its life.
    pub salvage: Option<String>,
    /// How long it lives: `4y` of 8,760 hours, `1500d` or `30000h`.
    pub life: Option<String>,
    /// How many GPUs the node has.
    pub gpus_per_node: Option<u32>,
    /// What its energy costs beside that.
    pub power: Option<PowerPrice>,
    /// The currency of all these amounts.
    pub currency: Option<String>,
    /// When rent runs.
    #[serde(default)]
    pub when: RentTime,
    /// How the provider rounds the lease's time.
    #[serde(default)]
    pub rounding: Rounded,
}

/// `[overhead]`: cost beside the GPUs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverheadTable {
    /// An hour.
    pub per_hour: Option<HourlyRate>,
    /// Of the revenue.
    pub of_revenue: Option<Share>,
}

/// `[budget]`: what may be spent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetTable {
    /// In a calendar month.
    pub month: Option<String>,
}

/// An `[[fx]]`: what a unit of one currency is worth in another from a day on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FxTable {
    /// The currency that is given.
    pub from: String,
    /// The currency that is had for it.
    pub to: String,
    /// How much of it, to nine decimals.
    pub rate: String,
    /// The day of the rate: `2026-11-01`.
    pub at: String,
}

/// What of an engine's work is billed, as it is written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Billed {
    /// All of it.
    #[default]
    All,
    /// Finished requests only.
    Finished,
}

impl From<Billed> for Bill {
    fn from(billed: Billed) -> Self {
        match billed {
            Billed::All => Self::All,
            Billed::Finished => Self::Finished,
        }
    }
}

/// How a lease's time is rounded, as it is written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rounded {
    /// Not at all.
    #[default]
    Exact,
    /// Up to seconds.
    Second,
    /// Up to minutes.
    Minute,
    /// Up to hours.
    Hour,
}

impl From<Rounded> for Rounding {
    fn from(rounded: Rounded) -> Self {
        match rounded {
            Rounded::Exact => Self::Exact,
            Rounded::Second => Self::Second,
            Rounded::Minute => Self::Minute,
            Rounded::Hour => Self::Hour,
        }
    }
}

/// When rent runs, as it is written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RentTime {
    /// For every known GPU.
    #[default]
    Held,
    /// While an engine answers on the node.
    Serving,
}

impl From<RentTime> for RentWhen {
    fn from(when: RentTime) -> Self {
        match when {
            RentTime::Held => Self::Held,
            RentTime::Serving => Self::Serving,
        }
    }
}
