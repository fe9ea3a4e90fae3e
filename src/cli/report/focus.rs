//! A report's cost as rows of FOCUS 1.0, the `FinOps` cost and usage specification: one for each day and cost account, and one
//! for its metered energy.
//!
//! FOCUS knows cost and no revenue. Unknown columns are empty.

use super::csv::line;
use super::data::ReportData;
use crate::ledger::{CostAccount, CostKind};
use crate::statement::{DayEntry, EntryKind, month_of, rounded_hours};
use crate::units::{GpuTime, Money, Span, Timestamp};

/// The decimals of an amount.
const PLACES: u32 = 6;

/// The columns of the specification, in its order.
const COLUMNS: [&str; 43] = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
];

/// All lines.
pub(super) fn render(data: &ReportData) -> String {
    let mut out = String::new();
    line(&mut out, &COLUMNS.map(str::to_owned));
    let costs: Vec<_> = data.entries.iter().filter(|entry| !matches!(entry.kind, EntryKind::Revenue(_))).collect();
    let hours = rounded_hours(costs.iter().map(|entry| entry.gpu_time), 6);
    for (entry, micros) in costs.iter().zip(hours) {
        for charge in charges(entry, micros, data) {
            let cells = COLUMNS.map(|column| cell(column, entry, &charge, data));
            line(&mut out, &cells);
        }
    }
    out
}

/// The kind of a row's charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChargeKind {
    /// Time of GPUs.
    Gpus,
    /// Metered energy of GPUs.
    Energy,
    Rounding,
    Overhead,
}

/// A row: one charge of an entry.
struct Charge<'a> {
    kind: ChargeKind,
    account: Option<&'a CostAccount>,
    amount: Money,
    /// Millionths of the unit.
    quantity: i128,
    /// The price of a unit, if it is one price.
    price: Option<String>,
}

/// An entry as rows: GPU time and metered energy have a price and a quantity each.
fn charges<'a>(entry: &DayEntry, micros: i128, data: &'a ReportData) -> Vec<Charge<'a>> {
    let account = match &entry.kind {
        EntryKind::Cost(id) => data.cost_accounts.get(id.index()),
        _ => None,
    };
    let kind = match account.map_or(CostKind::Overhead, |account| account.kind) {
        CostKind::Gpus => ChargeKind::Gpus,
        CostKind::Rounding => ChargeKind::Rounding,
        CostKind::Overhead => {
            // FOCUS requires a price and a quantity of a purchase: a quantity of one at its cost.
            let price = Some(entry.amount.to_string());
            return vec![Charge {
                kind: ChargeKind::Overhead,
                account,
                amount: entry.amount,
                quantity: 1_000_000,
                price,
            }];
        }
    };
    let rate = account.and_then(|account| account.rate).filter(|_| kind == ChargeKind::Gpus);
    // A node's rent divided by its GPUs has more decimals than a printed rate.
    let per_hour = rate.map(|rate| price(rate.of(GpuTime::of(1, Span::HOUR)).rounded(12), 12));
    let whole = Charge { kind, account, amount: entry.amount, quantity: micros, price: per_hour };
    let power = account.and_then(|account| account.power).filter(|_| kind == ChargeKind::Gpus && entry.energy != 0);
    let Some(power) = power else { return vec![whole] };
    let amount = power.of(entry.energy).round_to(PLACES);
    let per_kwh = Some(price(power.nanos().into(), 9));
    let energy =
        Charge { kind: ChargeKind::Energy, account, amount, quantity: kilowatt_micros(entry.energy), price: per_kwh };
    let gpus = Charge { amount: whole.amount - amount, ..whole };
    let is_charged = gpus.quantity != 0 || !gpus.amount.is_zero();
    is_charged.then_some(gpus).into_iter().chain([energy]).collect()
}

/// Millionths of a kilowatt-hour, rounded half away from zero.
fn kilowatt_micros(millijoules: i128) -> i128 {
    const MICRO: i128 = 3_600;
    (millijoules + millijoules.signum() * MICRO / 2) / MICRO
}

/// A decimal number of so many places.
fn decimal(count: i128, places: usize) -> String {
    let scale = 10_u128.pow(u32::try_from(places).unwrap_or(0));
    let (sign, count) = (if count < 0 { "-" } else { "" }, count.unsigned_abs());
    format!("{sign}{}.{:0places$}", count / scale, count % scale)
}

/// A price without the zeros at its end, cents kept.
fn price(count: i128, places: usize) -> String {
    let text = decimal(count, places);
    let cents = text.len() - places + 2;
    let kept = text.trim_end_matches('0').len().max(cents);
    text[..kept].to_owned()
}

fn cell(column: &str, entry: &DayEntry, charge: &Charge<'_>, data: &ReportData) -> String {
    let Charge { kind, account, .. } = *charge;
    let is_used = matches!(kind, ChargeKind::Gpus | ChargeKind::Energy);
    let is_priced = is_used || kind == ChargeKind::Overhead;
    let month = month_of(&data.zone, entry.day.begin);
    let at = |at: Timestamp| at.to_string();
    match column {
        "BilledCost" | "EffectiveCost" | "ContractedCost" | "ListCost" => charge.amount.to_string(),
        "BillingAccountId" | "BillingAccountName" => "margintop".to_owned(),
        "BillingCurrency" => data.currency.to_ascii_uppercase(),
        "BillingPeriodStart" => at(month.0),
        "BillingPeriodEnd" => at(month.1),
        "ChargePeriodStart" => at(entry.day.begin.max(data.statement.since)),
        "ChargePeriodEnd" => {
            let end = entry.day.end.min(data.statement.until);
            at(if end > entry.day.begin { end } else { entry.day.begin + Span::from_secs(60) })
        }
        "ChargeCategory" => category(kind).to_owned(),
        "ChargeFrequency" => frequency(kind).to_owned(),
        "ChargeDescription" => description(charge),
        "ConsumedQuantity" if is_used => decimal(charge.quantity, 6),
        "PricingQuantity" if is_priced => decimal(charge.quantity, 6),
        "ConsumedUnit" if is_used => unit(kind).to_owned(),
        "PricingUnit" if is_priced => unit(kind).to_owned(),
        "ContractedUnitPrice" | "ListUnitPrice" => charge.price.clone().unwrap_or_default(),
        "PricingCategory" if is_priced => "Standard".to_owned(),
        "ProviderName" | "PublisherName" | "InvoiceIssuerName" => issuer(account),
        "ResourceId" | "ResourceName" => resource(account).unwrap_or_default(),
        "ResourceType" => resource(account).map(|_| "GPU node".to_owned()).unwrap_or_default(),
        "ServiceCategory" => (if kind == ChargeKind::Gpus { "Compute" } else { "Other" }).to_owned(),
        "ServiceName" => service(kind).to_owned(),
        "SkuId" if kind == ChargeKind::Energy => "energy".to_owned(),
        "SkuId" if kind == ChargeKind::Overhead => "overhead".to_owned(),
        "SkuId" if kind == ChargeKind::Gpus => account.map(|account| account.gpu.to_string()).unwrap_or_default(),
        "SkuPriceId" if is_priced => issuer(account),
        _ => String::new(),
    }
}

/// The node that is paid for, else its unit.
fn resource(account: Option<&CostAccount>) -> Option<String> {
    let account = account?;
    let unit = || account.unit.as_ref().map(ToString::to_string);
    account.node.as_ref().map(ToString::to_string).or_else(unit)
}

const fn category(kind: ChargeKind) -> &'static str {
    match kind {
        ChargeKind::Gpus | ChargeKind::Energy => "Usage",
        ChargeKind::Rounding => "Adjustment",
        ChargeKind::Overhead => "Purchase",
    }
}

/// FOCUS does not allow a usage-based frequency for purchases.
const fn frequency(kind: ChargeKind) -> &'static str {
    match kind {
        ChargeKind::Gpus | ChargeKind::Energy => "Usage-Based",
        ChargeKind::Rounding => "One-Time",
        ChargeKind::Overhead => "Recurring",
    }
}

const fn service(kind: ChargeKind) -> &'static str {
    match kind {
        ChargeKind::Gpus => "GPUs",
        ChargeKind::Energy => "Energy",
        ChargeKind::Rounding | ChargeKind::Overhead => "Overhead",
    }
}

const fn unit(kind: ChargeKind) -> &'static str {
    match kind {
        ChargeKind::Energy => "kWh",
        ChargeKind::Overhead => "Units",
        ChargeKind::Gpus | ChargeKind::Rounding => "GPU Hours",
    }
}

fn description(charge: &Charge<'_>) -> String {
    match (charge.kind, charge.account) {
        (ChargeKind::Gpus, Some(account)) => format!("{} allocated", account.gpu),
        (ChargeKind::Energy, Some(CostAccount { gpu, power: Some(power), .. })) => {
            format!("{gpu} metered energy at {} per kWh with a PUE of {}", power.kwh, power.pue)
        }
        (ChargeKind::Rounding, _) => "provider's rounding at the end of a lease".to_owned(),
        (_, Some(_)) => "overhead by the hour".to_owned(),
        (_, None) => "overhead by share of revenue".to_owned(),
    }
}

/// The lease that pays for an entry, or that its rate is assumed.
fn issuer(account: Option<&CostAccount>) -> String {
    let lease = account.and_then(|account| account.lease.as_ref()).map(ToString::to_string);
    let is_overhead = account.is_none_or(|account| account.kind == CostKind::Overhead);
    lease.unwrap_or_else(|| (if is_overhead { "overhead" } else { "assumed rate" }).to_owned())
}
