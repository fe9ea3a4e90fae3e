//! Serving at a loss. An idle fleet costs too, but that is a figure of its own and no surprise.

use super::Finding;
use crate::snapshot::{Rule, Severity, Snapshot};
use crate::units::Money;

pub(super) fn findings(picture: &Snapshot) -> Option<Finding> {
    let money = &picture.money;
    if money.young_pace {
        return None;
    }
    let loss = money.profit_per_hour.filter(|profit| *profit < Money::ZERO)?;
    let serves = picture.tokens.output_per_second.is_some_and(|rate| rate > 0.0);
    let revenue = money.revenue_per_hour.filter(|revenue| serves && *revenue > Money::ZERO)?;
    let cost = money.cost_per_hour?;
    let times = cost.grains() as f64 / revenue.grains() as f64;
    let amount = (-loss).round_to(2);
    let text =
        format!("serves at a loss of {amount} {} an hour: breaks even at {times:.1} times this load", money.currency);
    Some(Finding { rule: Rule::Loss, severity: Severity::Warning, subject: "the fleet".to_owned(), text })
}
