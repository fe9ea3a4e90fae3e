//! Rules for serving at a loss and for disputed tokens. The cost of an idle fleet is a figure of its own, not an alert.

use std::collections::HashSet;

use super::finding::Finding;
use crate::reading::{EngineRole, Health, TargetId};
use crate::snapshot::{EngineRow, MoneyView, Rule, Severity, Snapshot};
use crate::units::Money;

/// The state of the loss rule.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// Targets that produced tokens when they were last live.
    served: HashSet<TargetId>,
    /// Whether the fleet is at a loss that began while it served, or when an engine that served ended. It lasts until
    /// there is profit again or no rent is paid any more, also when nothing is served meanwhile.
    lasts: bool,
}

impl Loss {
    pub(super) fn finding(&mut self, snapshot: &Snapshot) -> Option<Finding> {
        self.note_served(snapshot);
        let money = &snapshot.money;
        let cost = money.cost_per_hour.filter(|cost| *cost > Money::ZERO);
        let ended = money.profit_per_hour.is_some_and(|profit| profit >= Money::ZERO);
        self.lasts &= cost.is_some() && !ended;
        let silent = self.silent(snapshot);
        if !money.per_hour_preliminary && money.profit_per_hour.is_some_and(|profit| profit < Money::ZERO) {
            let serves = snapshot.tokens.output_per_second.is_some_and(|rate| rate > 0.0);
            // More revenue than cost, part of it without a known cost, is no loss.
            let earns = money
                .revenue_per_hour
                .is_some_and(|revenue| revenue > Money::ZERO && cost.is_none_or(|cost| revenue < cost));
            self.lasts |= serves && earns || silent > 0;
        }
        let is_served = snapshot.engines.iter().any(|row| row.state == Health::Live);
        let text = text(money, cost.filter(|_| self.lasts)?, silent, is_served);
        Some(Finding { rule: Rule::Loss, severity: Severity::Warning, subject: "the fleet".to_owned(), text })
    }

    fn note_served(&mut self, snapshot: &Snapshot) {
        let mut known = HashSet::with_capacity(snapshot.engines.len());
        for row in &snapshot.engines {
            known.insert(&row.target);
        }
        self.served.retain(|target| known.contains(target));
        let live = || snapshot.engines.iter().filter(|row| row.state == Health::Live);
        for row in live() {
            self.served.remove(&row.target);
        }
        // A proxy without revenue stands in front of engines that have it.
        let earns = |row: &EngineRow| row.role != EngineRole::Proxy || row.revenue.is_some();
        let makes = |row: &EngineRow| row.output_per_second.is_some_and(|rate| rate > 0.0);
        for row in live().filter(|row| earns(row) && makes(row)) {
            self.served.insert(row.target.clone());
        }
    }

    /// Targets that produced tokens when they were last live, and are silent now.
    fn silent(&self, snapshot: &Snapshot) -> usize {
        let silent = snapshot.engines.iter().filter(|row| matches!(row.state, Health::Stale | Health::Lost));
        let targets: HashSet<&TargetId> = silent.map(|row| &row.target).collect();
        targets.iter().filter(|target| self.served.contains(**target)).count()
    }
}

fn text(money: &MoneyView, cost: Money, silent: usize, is_served: bool) -> String {
    let currency = &money.currency;
    // What was earned an hour before all engines fell silent is not what they earn now.
    let revenue = money.revenue_per_hour.filter(|revenue| *revenue > Money::ZERO && is_served);
    let profit = money.profit_per_hour.unwrap_or(-cost);
    let loss = (-profit).round_to(2);
    // The loss is that of the engines whose cost is known.
    let covered = cost + profit;
    let what = match revenue {
        Some(_) if covered > Money::ZERO => {
            let times = cost.grains() as f64 / covered.grains() as f64;
            format!("serves at a loss of {loss} {currency} an hour: breaks even at {times:.1} times this load")
        }
        Some(_) => format!("the engines whose cost is known cost {loss} {currency} an hour and earn nothing"),
        None => format!("serves nothing while {} {currency} an hour of rent run on", cost.round_to(2)),
    };
    match silent {
        0 => what,
        1 => format!("{what}; 1 engine that served is silent"),
        silent => format!("{what}; {silent} engines that served are silent"),
    }
}

/// What disputed tokens or energy are worth; an amount below a cent is never shown as nothing.
fn worth(amount: Money, currency: impl std::fmt::Display) -> String {
    let cents = amount.round_to(2);
    match (amount.is_zero(), cents.is_zero()) {
        (true, _) => "without a price".to_owned(),
        (false, true) => format!("worth less than 0.01 {currency}"),
        (false, false) => format!("worth {cents} {currency}"),
    }
}

/// Tokens and energy that are neither billed nor dropped until a person decides.
pub(super) fn disputed(snapshot: &Snapshot) -> Option<Finding> {
    let MoneyView { disputed, disputed_tokens, currency, .. } = &snapshot.money;
    let worth = worth(*disputed, currency);
    let text = match disputed_tokens {
        0 if disputed.is_zero() => return None,
        0 => format!(
            "metered energy {worth} is disputed: its counter shows more than its card can have drawn. \
             It is neither billed nor dropped: `margintop ledger disputes` lists it"
        ),
        tokens => format!(
            "{tokens} tokens, {worth}, are disputed: more than their process can have produced. They are \
             neither billed nor dropped: `margintop ledger disputes` lists them"
        ),
    };
    Some(Finding { rule: Rule::Disputed, severity: Severity::Warning, subject: "ledger".to_owned(), text })
}

#[cfg(test)]
mod tests {
    use super::worth;
    use crate::units::Money;

    #[test]
    fn an_amount_below_a_cent_is_not_worth_nothing() {
        let said = |micros| worth(Money::from_micros(micros), "USD");
        assert_eq!(said(0), "without a price");
        assert_eq!(
            (said(1), said(4_900)),
            ("worth less than 0.01 USD".to_owned(), "worth less than 0.01 USD".to_owned())
        );
        assert_eq!((said(9_000), said(12_345_678)), ("worth 0.01 USD".to_owned(), "worth 12.35 USD".to_owned()));
    }
}
