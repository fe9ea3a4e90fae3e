//! Idle cost: rent of GPUs on nodes that made no billable token in a minute.

use std::collections::{BTreeMap, HashSet};

use crate::ledger::{Ledger, Sheet};
use crate::reading::{NodeName, UnitName};
use crate::units::{Money, Span, Timestamp};

/// What each minute of the day idled away.
#[derive(Debug, Default)]
pub(super) struct Idle {
    minutes: BTreeMap<Timestamp, Money>,
}

impl Idle {
    pub(super) fn begin_day(&mut self) {
        self.minutes.clear();
    }

    /// Judges again the minutes that were written to, and the one after each: a minute that has begun goes by the last.
    pub(super) fn judge(&mut self, ledger: &mut Ledger) {
        const MINUTE: Span = Span::from_secs(60);
        let touched = ledger.take_touched();
        let began = ledger.day_began().minute();
        for minute in touched.iter().flat_map(|minute| [*minute, *minute + MINUTE]).filter(|minute| *minute >= began) {
            let Some(sheet) = ledger.minute_sheet(minute) else { continue };
            let newest = ledger.minute_sheet(minute + MINUTE).is_none();
            let before = if newest { ledger.minute_sheet(minute - MINUTE) } else { None };
            self.minutes.insert(minute, idle_rent(ledger, sheet, before));
        }
    }

    /// The day's idle cost.
    pub(super) fn total(&self) -> Money {
        self.minutes.values().copied().sum()
    }
}

fn idle_rent(ledger: &Ledger, sheet: &Sheet, before: Option<&Sheet>) -> Money {
    let busy_accounts =
        [Some(sheet), before].into_iter().flatten().flat_map(Sheet::tokens).filter(|(.., tokens)| !tokens.is_zero());
    let (mut nodes, mut units): (HashSet<&NodeName>, HashSet<&UnitName>) = (HashSet::new(), HashSet::new());
    for (account, ..) in busy_accounts {
        let account = &ledger.accounts()[account.index()];
        nodes.insert(&account.node);
        units.extend(account.unit.as_ref());
    }
    // A node whose unit is served by an engine on another node of it works when the unit does.
    let own: HashSet<&NodeName> = ledger.accounts().iter().map(|account| &account.node).collect();
    let mut idle = Money::ZERO;
    for (landlord, time) in sheet.rent() {
        let landlord = &ledger.landlords()[landlord.index()];
        let busy = match (&landlord.node, &landlord.unit) {
            (Some(node), Some(unit)) if !own.contains(node) => units.contains(unit),
            (Some(node), _) => nodes.contains(node),
            (None, Some(unit)) => units.contains(unit),
            (None, None) => !nodes.is_empty(),
        };
        if let (false, Some(rate)) = (busy, landlord.rate) {
            idle += rate.of(time);
        }
    }
    idle
}
