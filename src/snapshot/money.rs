//! Money as it is shown: sums of the ledger, named margins, and the basis on which they stand.

use serde::Serialize;

use crate::pricing::{Bill, ClassPrices};
use crate::reading::{Label, ModelName};
use crate::units::{HourlyRate, Money, Ratio, Timestamp};

/// Revenue, cost and profit since `since`, their rates, and everything that qualifies them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of the contract")]
pub struct MoneyView {
    /// The ledger's currency.
    pub currency: Label,
    /// The later of local midnight and the first look.
    pub since: Option<Timestamp>,
    /// Tokens times prices; `None` if no engine's model has a price.
    pub revenue: Option<Money>,
    /// Rent of the GPUs whose rate is known; `None` if none is.
    pub cost: Option<Money>,
    /// Revenue of engines with a known cost, less cost.
    pub profit: Option<Money>,
    /// Revenue an hour, over the last 60 s (in `once`: the window).
    pub revenue_per_hour: Option<Money>,
    /// Cost an hour, likewise.
    pub cost_per_hour: Option<Money>,
    /// Profit an hour, likewise.
    pub profit_per_hour: Option<Money>,
    /// What of it is in no model's row: `(unpriced)`, `(overhead)`, `(idle)`. With these the models' profits an hour add up.
    pub beside_models: Vec<BesideRow>,
    /// Whether money an hour is taken over less than half of its span yet: a judgement of it would be hasty.
    pub young_pace: bool,
    /// Profit divided by cost: DeepSeek's 545 %.
    pub profit_on_cost: Option<Ratio>,
    /// Profit divided by revenue: the same day's 84.5 %.
    pub gross_margin: Option<Ratio>,
    /// At list price, with no paid share set.
    pub theoretical: bool,
    /// Tokens of models without a price.
    pub unpriced_tokens: u64,
    /// Revenue of engines whose cost is unknown; it is in `revenue` and not in `profit`.
    pub uncosted_revenue: Money,
    /// Engines whose cost is unknown.
    pub uncosted_engines: usize,
    /// The true revenue may be higher: unpriced tokens, lost windows.
    pub lower_bound: bool,
    /// The true revenue may be lower: unknown hits priced as misses, or growth that is on trial.
    pub upper_bound: bool,
    /// What is posted may be taken back: growth may turn out to be another process's, a reset to be a dip.
    pub on_trial: bool,
    /// Rates may hold a process that has stopped, or sums growth from before the watch.
    pub doubted: bool,
    /// Half the width between the bounds of what was estimated, plus what unknown hits could take.
    pub uncertainty: Money,
    /// What is disputed, at the prices in force when it was seen: neither billed nor dropped until someone decides.
    pub disputed: Money,
    /// Tokens that are disputed, priced or not.
    pub disputed_tokens: u64,
    /// Rent of GPUs on nodes that made no billable token in a minute.
    pub idle_cost: Option<Money>,
    /// Cost per million tokens, prompt and output together.
    pub cost_per_million: Option<Money>,
    /// All cost per million output tokens.
    pub cost_per_million_output: Option<Money>,
    /// The share of this load at which revenue meets cost.
    pub break_even_load: Option<Ratio>,
    /// The price per million tokens, all classes alike, at which this traffic would meet its cost.
    pub break_even_price: Option<Money>,
    /// What the unpriced tokens would be worth at a named list.
    pub compare: Option<Worth>,
    /// Share of all tokens that has a price.
    pub priced_share: Option<Ratio>,
    /// Windows of which tokens may be missing: restarts that could not be excluded, an engine's last moments.
    pub lost_windows: u64,
    /// Which tokens are billed: `all` that the engines' counters hold, aborted work included, or those of `finished`
    /// requests, where the engine counts them apart.
    pub bill: Bill,
    /// What was made beyond finished requests since `since`; `None` where no engine counts those apart.
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

/// Who keeps the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WriterStatus {
    /// This process, in its file.
    Ours,
    /// Another process, by its id where that is known.
    Other(Option<u32>),
    /// This process, in memory alone.
    #[default]
    Memory,
}

/// Where the money is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LedgerBasis {
    /// The file; `None` where none was asked for.
    pub path: Option<Label>,
    /// Who keeps it.
    #[serde(rename = "keeper")]
    pub writer: WriterStatus,
    /// Why it is not written now, and what to do.
    pub trouble: Option<Label>,
    /// Whether it began with this run.
    pub first_run: bool,
}

/// What engines made that no finished request holds: aborted work, and requests that are still in flight. It is in the
/// revenue where all is billed, and not where finished requests are. Below zero where more finished than was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LeakageView {
    /// Prompt tokens, cached ones included.
    pub prompt_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Their worth at the prices in force; `None` if none of them has a price.
    pub amount: Option<Money>,
}

/// Where a GPU's rate comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateBasis {
    /// The GPU as the rate names it: `H100`.
    pub gpu: Label,
    /// Per GPU and hour.
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
    /// `list ended 2025-09-05`, where the model's last list is over.
    pub ended: Option<Label>,
}

/// A part of the fleet's profit an hour that is in no model's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BesideRow {
    /// What it is: `(overhead)`.
    pub name: Label,
    /// What it takes off; negative.
    pub profit_per_hour: Money,
}

/// What tokens would be worth at a list that is not theirs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worth {
    /// The list.
    pub list: Label,
    /// What the unpriced tokens since `since` would be worth.
    pub amount: Money,
    /// The same an hour at present.
    pub per_hour: Option<Money>,
}

/// One model's money.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ModelMoney {
    /// Earned since `since`; `None` is "unpriced".
    pub revenue: Option<Money>,
    /// Earned an hour at present.
    pub revenue_per_hour: Option<Money>,
    /// Its revenue an hour less the rent of the nodes that serve it, shared by tokens, without overhead; `None` where not
    /// known.
    pub profit_per_hour: Option<Money>,
    /// The list that prices it.
    pub list: Option<Label>,
    /// Its share of what is owed an hour, also where it has no price; as in `profit_per_hour`.
    pub cost_per_hour: Option<Money>,
    /// Without a price, what its tokens would be worth an hour at the list of `compare`.
    pub compare_per_hour: Option<Money>,
    /// Its prices: those in force, and the next ones.
    #[serde(skip)]
    pub prices: Vec<PriceStep>,
}

/// Prices that hold from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceStep {
    /// Since when; `None` is now.
    pub from: Option<Timestamp>,
    /// The list.
    pub list: Label,
    /// The tier.
    pub tier: Label,
    /// Per million tokens, in the ledger's currency.
    pub prices: ClassPrices,
}
