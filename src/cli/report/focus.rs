//! A report's cost as rows of FOCUS 1.0, the `FinOps` cost and usage specification: one for each day and cost account.
//!
//! FOCUS knows cost and no revenue. Unknown columns are empty.

use super::csv::line;
use super::data::ReportData;
use crate::ledger::{CostAccount, CostKind};
use crate::statement::{Entry, EntryKind, month_of, rounded_hours};
use crate::units::{Span, Timestamp};

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
        line(&mut out, &cells(entry, micros, data));
    }
    out
}

fn cells(entry: &Entry, micros: i128, data: &ReportData) -> Vec<String> {
    let account = match &entry.kind {
        EntryKind::Cost(id) => data.cost_accounts.get(id.index()),
        _ => None,
    };
    COLUMNS.iter().map(|column| cell(column, entry, account, micros, data)).collect()
}

fn cell(column: &str, entry: &Entry, account: Option<&CostAccount>, micros: i128, data: &ReportData) -> String {
    let kind = account.map_or(CostKind::Overhead, |account| account.kind);
    let gpus = kind == CostKind::Gpus;
    let rate = || account.and_then(|account| account.rate).filter(|_| gpus);
    let month = month_of(&data.zone, entry.day.begin);
    let at = |at: Timestamp| at.to_string();
    match column {
        "BilledCost" | "EffectiveCost" | "ContractedCost" | "ListCost" => entry.amount.to_string(),
        "BillingAccountId" | "BillingAccountName" => "margintop".to_owned(),
        "BillingCurrency" => data.currency.to_ascii_uppercase(),
        "BillingPeriodStart" => at(month.0),
        "BillingPeriodEnd" => at(month.1),
        "ChargePeriodStart" => at(entry.day.begin.max(data.statement.since)),
        "ChargePeriodEnd" => {
            let end = entry.day.end.min(data.statement.until);
            at(if end > entry.day.begin { end } else { entry.day.begin + Span::from_secs(60) })
        }
        "ChargeCategory" => match kind {
            CostKind::Gpus => "Usage",
            CostKind::Rounding => "Adjustment",
            CostKind::Overhead => "Purchase",
        }
        .to_owned(),
        "ChargeFrequency" => (if kind == CostKind::Rounding { "One-Time" } else { "Usage-Based" }).to_owned(),
        "ChargeDescription" => match (kind, account) {
            (CostKind::Gpus, Some(account)) => format!("{} allocated", account.gpu),
            (CostKind::Rounding, _) => "provider's rounding at the end of a lease".to_owned(),
            (_, Some(_)) => "overhead by the hour".to_owned(),
            (_, None) => "overhead by share of revenue".to_owned(),
        },
        "ConsumedQuantity" | "PricingQuantity" if gpus => format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
        "ConsumedUnit" | "PricingUnit" if gpus => "GPU Hours".to_owned(),
        "ContractedUnitPrice" | "ListUnitPrice" => rate().map_or_else(String::new, |rate| rate.to_string()),
        "PricingCategory" if gpus => "Standard".to_owned(),
        "ProviderName" | "PublisherName" | "InvoiceIssuerName" => issuer(account),
        "ResourceId" | "ResourceName" => {
            let node = account.and_then(|account| account.node.as_ref()).map(ToString::to_string);
            let unit = || account.and_then(|account| account.unit.as_ref()).map(ToString::to_string);
            node.or_else(unit).unwrap_or_default()
        }
        "ResourceType" if gpus => "GPU node".to_owned(),
        "ServiceCategory" => (if gpus { "Compute" } else { "Other" }).to_owned(),
        "ServiceName" => (if gpus { "GPUs" } else { "Overhead" }).to_owned(),
        "SkuId" if gpus => account.map(|account| account.gpu.to_string()).unwrap_or_default(),
        "SkuPriceId" if gpus => issuer(account),
        _ => String::new(),
    }
}

/// The lease that something is paid under, or that its rate is assumed.
fn issuer(account: Option<&CostAccount>) -> String {
    let lease = account.and_then(|account| account.lease.as_ref()).map(ToString::to_string);
    lease.unwrap_or_else(|| (if account.is_some() { "assumed rate" } else { "own" }).to_owned())
}
