//! The shape of `margintop.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::pricing::RentWhen;
use crate::reading::Role;
use crate::units::{HourlyRate, Price, Share};

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
    /// The IANA zone in which a day begins; the machine's own if not set.
    pub timezone: Option<String>,
    /// A theme's name.
    pub theme: Option<String>,
    /// When to use colour.
    pub color: Option<String>,
    /// The driver library.
    pub nvml_lib: Option<PathBuf>,
    /// Targets.
    #[serde(default, rename = "target")]
    pub targets: Vec<TargetTable>,
    /// Prices of models; the first that matches wins.
    #[serde(default, rename = "price")]
    pub prices: Vec<PriceTable>,
    /// What is paid for GPUs; the first that matches wins.
    #[serde(default, rename = "lease")]
    pub leases: Vec<LeaseTable>,
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
    pub role: Option<Role>,
    /// Free labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// A file that holds the bearer token.
    pub bearer_token_file: Option<PathBuf>,
    /// A file of certificates to trust.
    pub ca_file: Option<PathBuf>,
}

/// A `[[price]]`: a list by name, or prices of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    /// A glob over the model's name.
    pub model: String,
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
    /// Per GPU and hour.
    pub rate: HourlyRate,
    /// The currency of the rate.
    pub currency: Option<String>,
    /// When rent runs.
    #[serde(default)]
    pub when: When,
}

/// When rent runs, as it is written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// For every known GPU.
    #[default]
    Held,
    /// While an engine answers on the node.
    Serving,
}

impl From<When> for RentWhen {
    fn from(when: When) -> Self {
        match when {
            When::Held => Self::Held,
            When::Serving => Self::Serving,
        }
    }
}
