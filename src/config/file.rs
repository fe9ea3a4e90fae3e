//! The structure of `margintop.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::mistakes::TableNames;
use super::scenario::Scenario;
use crate::pricing::{Bill, RentWhen, Rounding};
use crate::reading::EngineRole;
use crate::units::{HourlyRate, PowerPrice, Price, Share};

/// The tables that a file has one of, and those that it has several of.
pub(super) const TABLES: TableNames<'_> = TableNames {
    single: &["overhead", "budget", "plausibility", "slo"],
    several: &["fx", "target", "discover", "price", "lease", "scenario", "alias"],
};

/// The whole file. Any other key is a mistake.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The interval between polls of a source: `1s`.
    pub interval: Option<String>,
    /// The ledger's currency, also of prices and leases that name none.
    pub currency: Option<String>,
    /// The list that unpriced tokens are compared to.
    pub compare_to: Option<String>,
    /// The zone in which a day begins: an IANA name, an offset or a POSIX rule; the system's own if not set.
    pub timezone: Option<String>,
    /// A theme's name.
    pub theme: Option<String>,
    /// When to use colour.
    pub color: Option<String>,
    /// The driver library.
    pub nvml_lib: Option<PathBuf>,
    /// The log's file.
    pub log: Option<PathBuf>,
    /// The log's level.
    pub log_level: Option<String>,
    /// The log's format.
    pub log_format: Option<String>,
    /// The tokens that are billed.
    #[serde(default)]
    pub bill: Billed,
    /// The ledger: a path, or `none`.
    pub ledger: Option<String>,
    /// The hub whose fleet the dashboard shows.
    pub attach: Option<String>,
    /// The longest absence of margintop that is bridged: `24h`.
    pub absence: Option<String>,
    /// How long a node may be missing from a page that lists others before its GPUs are released: `5m`.
    pub release_after: Option<String>,
    /// Price files, relative to this one. Each comes before the previous one and the built-in book.
    #[serde(default)]
    pub price_files: Vec<PathBuf>,
    /// Costs besides GPUs.
    #[serde(default)]
    pub overhead: OverheadTable,
    /// The budget.
    #[serde(default)]
    pub budget: BudgetTable,
    /// Dated rates between currencies.
    #[serde(default, rename = "fx")]
    pub exchange: Vec<FxTable>,
    /// Targets.
    #[serde(default, rename = "target")]
    pub targets: Vec<TargetTable>,
    /// Lists of targets that are read again when they change.
    #[serde(default, rename = "discover")]
    pub discoveries: Vec<DiscoverTable>,
    /// Prices of models; the first that matches wins.
    #[serde(default, rename = "price")]
    pub prices: Vec<PriceTable>,
    /// Leases of GPUs; the first that matches wins.
    #[serde(default, rename = "lease")]
    pub leases: Vec<LeaseTable>,
    /// Named scenarios.
    #[serde(default, rename = "scenario")]
    pub scenarios: Vec<Scenario>,
    /// Names of one model that pages and proxies spell differently.
    #[serde(default, rename = "alias")]
    pub aliases: Vec<AliasTable>,
    /// The bounds beyond which growth is disputed.
    #[serde(default)]
    pub plausibility: PlausibilityTable,
    /// Latency objectives.
    #[serde(default)]
    pub slo: SloTable,
}

/// An `[[alias]]`: a model and its other names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasTable {
    /// The model, as its engine names it.
    pub model: String,
    /// Its other names.
    pub names: Vec<String>,
}

/// `[plausibility]`: the most that one GPU can produce, in tokens a second, and the most energy that it can draw.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the keys' own names")]
pub struct PlausibilityTable {
    /// Output tokens.
    pub output_per_gpu: Option<i128>,
    /// Computed prompt tokens.
    pub computed_per_gpu: Option<i128>,
    /// Cached prompt tokens.
    pub cached_per_gpu: Option<i128>,
    /// The power limit of a GPU that reports none, in watts.
    pub watts_per_gpu: Option<i128>,
    /// How many times its power limit a GPU draws at most.
    pub energy_factor: Option<String>,
}

/// `[slo]`: the latency that 99 of 100 requests or tokens of a minute stay within.
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
    /// Its address; ranges are expanded.
    pub url: String,
    /// Its node.
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
    /// The user name for basic authentication.
    pub username: Option<String>,
    /// A file with that user's password.
    pub password_file: Option<PathBuf>,
    /// A file of certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// A file of certificates that identify this client.
    pub cert_file: Option<PathBuf>,
    /// A file with their private key.
    pub key_file: Option<PathBuf>,
    /// Further headers of requests to a Prometheus, such as the tenant's.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The same with values in files.
    #[serde(default)]
    pub header_files: BTreeMap<String, PathBuf>,
}

/// A `[[discover]]`: a list of targets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverTable {
    /// A file in the JSON of Prometheus' file-based service discovery; its name may have `*` for any characters.
    pub file_sd: PathBuf,
    /// A file that holds the bearer token of its targets.
    pub bearer_token_file: Option<PathBuf>,
    /// A file of certificates to trust.
    pub ca_file: Option<PathBuf>,
}

/// A `[[price]]`: a list by name, or prices.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    /// A glob that matches the model's name.
    pub model: String,
    /// The tenant, from a target's label `tenant`.
    pub tenant: Option<String>,
    /// A list of the book.
    pub list: Option<String>,
    /// Price per million cached prompt tokens.
    pub hit: Option<Price>,
    /// Price per million computed prompt tokens.
    pub miss: Option<Price>,
    /// Price per million output tokens.
    pub output: Option<Price>,
    /// The currency of these prices.
    pub currency: Option<String>,
    /// The paid share.
    pub paid: Option<Share>,
}

/// A `[[lease]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseTable {
    /// Its name; with the same name it is the same agreement when its terms change.
    pub name: Option<String>,
    /// Words of the GPU's name, as the driver reports it.
    pub gpu: Option<String>,
    /// A node.
    pub node: Option<String>,
    /// A deployment unit.
    pub unit: Option<String>,
    /// The number of GPUs, whether they are seen or not.
    pub gpus: Option<u32>,
    /// Its beginning, as an RFC 3339 instant.
    pub from: Option<String>,
    /// Its end, as an RFC 3339 instant.
    pub until: Option<String>,
    /// Rate per GPU and hour.
    pub rate: Option<HourlyRate>,
    /// Rate per node and hour, for any number of GPUs.
    pub node_rate: Option<HourlyRate>,
    /// The number of nodes of a unit, whether they are seen or not, with a rate per node.
    pub nodes: Option<u32>,
    /// The purchase price of an own node, instead of a rate.
    pub capex: Option<String>,
    /// The node's part of the network.
    pub network: Option<String>,
    /// The value of the node at the end of its life.
    pub salvage: Option<String>,
    /// Its lifetime: `4y` of 8,760 hours, `1500d` or `30000h`.
    pub life: Option<String>,
    /// The number of GPUs of the node.
    pub gpus_per_node: Option<u32>,
    /// The price of its energy, in addition.
    pub power: Option<PowerPrice>,
    /// The currency of all these amounts.
    pub currency: Option<String>,
    /// When the rate is paid.
    #[serde(default)]
    pub when: RentWhen,
    /// The provider's rounding of the lease's time.
    #[serde(default)]
    pub rounding: Rounded,
}

/// `[overhead]`: costs besides GPUs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverheadTable {
    /// Per hour.
    pub per_hour: Option<HourlyRate>,
    /// As a share of revenue.
    pub of_revenue: Option<Share>,
}

/// `[budget]`: planned spending.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetTable {
    /// Per calendar month.
    pub month: Option<String>,
}

/// An `[[fx]]`: the exchange rate of two currencies from a day on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FxTable {
    /// The source currency.
    pub from: String,
    /// The target currency.
    pub to: String,
    /// The amount of it for one unit, with at most nine decimals.
    pub rate: String,
    /// The day of the rate: `2026-11-01`.
    pub at: String,
}

/// The tokens that are billed, as written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Billed {
    /// All of them.
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

/// The rounding of a lease's time, as written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rounded {
    /// None.
    #[default]
    Exact,
    /// Up to whole seconds.
    Second,
    /// Up to whole minutes.
    Minute,
    /// Up to whole hours.
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
