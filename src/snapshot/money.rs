//! Money as it is shown: sums of the ledger, both margins by name, and their basis.

use serde::Serialize;

use crate::pricing::{Bill, ClassPrices};
use crate::reading::{Label, ModelName};
use crate::units::{HourlyRate, Money, Ratio, Timestamp};

/// Revenue, cost and profit since `since`, their rates, and their qualifications.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of the contract")]
pub struct MoneyView {
    /// The ledger's currency.
    pub currency: Label,
    /// The later of local midnight and the first poll.
    pub since: Option<Timestamp>,
    /// Tokens times prices; `None` if no engine's model has a price.
    pub revenue: Option<Money>,
    /// Rent of the GPUs with a known rate; `None` if there are none.
    pub cost: Option<Money>,
    /// Revenue of engines with a known cost, minus cost.
    pub profit: Option<Money>,
    /// Revenue an hour, over the last 60 s (in `once`: the window).
    pub revenue_per_hour: Option<Money>,
    /// Cost an hour, likewise.
    pub cost_per_hour: Option<Money>,
    /// Profit an hour, likewise.
    pub profit_per_hour: Option<Money>,
    /// Parts of it that are in no model's row: `(unpriced)`, `(overhead)`, `(idle)`. With them the models' profits per
    /// hour add up to it.
    pub profit_beside_models: Vec<NonModelProfit>,
    /// Whether money per hour covers less than half of its span so far, too little to judge it.
    pub per_hour_preliminary: bool,
    /// Profit divided by cost: 545 % on the published day.
    pub profit_on_cost: Option<Ratio>,
    /// Profit divided by revenue: 84.5 % on the same day.
    pub gross_margin: Option<Ratio>,
    /// Whether it is at list price, as no paid share is set.
    pub theoretical: bool,
    /// Tokens of models without a price.
    pub unpriced_tokens: u64,
    /// Revenue of engines whose cost is unknown; it is part of `revenue` but not of `profit`.
    pub uncosted_revenue: Money,
    /// Engines whose cost is unknown.
    pub uncosted_engines: usize,
    /// Whether the true revenue may be higher: unpriced tokens, lost windows.
    pub lower_bound: bool,
    /// Whether the true revenue may be lower: unknown hits priced as misses, or growth on trial.
    pub upper_bound: bool,
    /// Whether postings may be taken back: growth may turn out to be another process's, or a reset to be a dip.
    pub on_trial: bool,
    /// Whether rates may include a process that has stopped, or growth from before the watch.
    pub growth_uncertain: bool,
    /// Half the width between the bounds of what was estimated, plus what unknown hits could take.
    pub uncertainty: Money,
    /// The value of disputed tokens at the prices in force when they were seen: neither billed nor dropped until a
    /// person decides.
    pub disputed: Money,
    /// Disputed tokens, with a price or without.
    pub disputed_tokens: u64,
    /// Rent of GPUs in minutes without a billable token on their node.
    pub idle_cost: Option<Money>,
    /// Cost per million tokens, prompt and output together.
    pub cost_per_million: Option<Money>,
    /// All cost divided by million output tokens.
    pub cost_per_million_output: Option<Money>,
    /// The share of this load at which revenue equals cost.
    pub break_even_load: Option<Ratio>,
    /// The price per million tokens, equal for all classes, at which this traffic would cover its cost.
    pub break_even_price: Option<Money>,
    /// The value of the unpriced tokens by a named list.
    pub compare: Option<ValueAtList>,
    /// The share of all tokens that has a price.
    pub priced_share: Option<Ratio>,
    /// Windows of which tokens may be missing: restarts that could not be excluded, an engine's last moments.
    pub lost_windows: u64,
    /// Which tokens are billed: `all` in the engines' counters, including aborted work, or those of `finished` requests
    /// if the engine counts them separately.
    pub bill: Bill,
    /// Tokens beyond finished requests since `since`; `None` if no engine counts those separately.
    pub leakage: Option<LeakageView>,
    /// GPU rates in force.
    pub rates: Vec<RateBasis>,
    /// GPUs for which no rate is known.
    pub unrated_gpus: usize,
    /// Price lists in force.
    pub lists: Vec<ListBasis>,
    /// Where the money is kept.
    pub ledger: LedgerBasis,
}

/// Which process writes the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WriterStatus {
    /// This process, in its file.
    Ours,
    /// Another process, by its id if it is known.
    Other(Option<u32>),
    /// This process, in memory only.
    #[default]
    Memory,
}

/// Where the money is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LedgerBasis {
    /// The file; `None` if none was requested.
    pub path: Option<Label>,
    /// Which process writes it.
    pub writer: WriterStatus,
    /// Why it is not written now, and what to do.
    pub write_error: Option<Label>,
    /// Whether it began with this run.
    pub first_run: bool,
}

/// Produced tokens that are in no finished request: aborted work, and requests in flight. They are in the revenue if
/// all tokens are billed, and not if finished requests are. Negative if more finished than was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LeakageView {
    /// Prompt tokens, cached ones included.
    pub prompt_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Their value at the prices in force; `None` if none of them has a price.
    pub amount: Option<Money>,
    /// All output tokens of the same span.
    #[serde(skip)]
    pub of_output: u64,
}

/// The source of a GPU's rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateBasis {
    /// The GPU as the rate names it: `H100`.
    pub gpu: Label,
    /// Per GPU and hour.
    #[serde(serialize_with = "HourlyRate::serialize_decimal")]
    pub rate: HourlyRate,
    /// The built-in, dated assumption, or the user's own lease.
    pub assumed: bool,
    /// The date of the assumption: `2026-11`.
    pub dated: Option<Label>,
    /// The leases that pay this rate, by name; none where it is assumed.
    pub leases: Vec<Label>,
}

/// The list and tier in force for a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListBasis {
    /// The model.
    pub model: ModelName,
    /// The list's name.
    pub list: Label,
    /// The tier in force.
    pub tier: Label,
    /// When tier or list changes next.
    pub until: Option<Timestamp>,
    /// `list ended 2025-09-05`, if the model's last list has ended.
    pub ended: Option<Label>,
}

/// A part of the fleet's profit per hour that is in no model's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NonModelProfit {
    /// Its name: `(overhead)`.
    pub name: Label,
    /// Its amount; negative.
    pub profit_per_hour: Money,
}

/// The value of tokens by a list other than their own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueAtList {
    /// The list.
    pub list: Label,
    /// The value of the unpriced tokens since `since`.
    pub amount: Money,
    /// The same per hour at present.
    pub per_hour: Option<Money>,
}

/// One model's money.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ModelMoney {
    /// Revenue since `since`; `None` without a price.
    pub revenue: Option<Money>,
    /// Present revenue per hour.
    pub revenue_per_hour: Option<Money>,
    /// Its revenue per hour minus its share of the rent of its nodes by tokens, without overhead; `None` if unknown.
    pub profit_per_hour: Option<Money>,
    /// The list that it is priced by.
    pub list: Option<Label>,
    /// Its share of the cost per hour, also without a price, as in `profit_per_hour`.
    pub cost_per_hour: Option<Money>,
    /// Without a price, the value of its tokens per hour by the list of `compare`.
    pub compare_per_hour: Option<Money>,
    /// Its prices: the present and the next ones.
    #[serde(skip)]
    pub prices: Vec<PriceStep>,
}

/// Prices from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceStep {
    /// Their beginning; `None` is now.
    pub from: Option<Timestamp>,
    /// The list.
    pub list: Label,
    /// The tier.
    pub tier: Label,
    /// Per million tokens, in the ledger's currency.
    pub prices: ClassPrices,
}
