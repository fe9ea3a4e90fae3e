//! What the ledger has, and what a store keeps of it.

use margintop::fleet::{Fleet, SavedItem};
use margintop::ledger::{Dispute, SavedLedger, TokenCell, UncertaintyCell};

use super::process::{Tally, plus};

pub(super) fn put(items: &mut Vec<SavedItem>, later: Vec<SavedItem>) {
    items.retain(|item| !later.iter().any(|newer| newer.key == item.key));
    items.extend(later);
}

/// The ledger's tables as a store has them.
pub(super) fn kept(fleet: &Fleet) -> SavedLedger {
    let ledger = fleet.ledger();
    let day = ledger.day_began();
    let tokens =
        ledger.today().tokens().map(|(account, tariff, tokens)| TokenCell { bucket: day, account, tariff, tokens });
    SavedLedger {
        accounts: ledger.accounts().to_vec(),
        cost_accounts: ledger.cost_accounts().to_vec(),
        tariffs: ledger.tariffs().to_vec(),
        tokens: tokens.collect(),
        disputes: ledger.disputes().to_vec(),
        uncertainty: vec![UncertaintyCell {
            bucket: day,
            timing: ledger.uncertainty().timing,
            excess: ledger.uncertainty().excess,
            lost_windows: ledger.uncertainty().lost_windows,
        }],
        last_dispute: ledger.disputes().iter().map(|dispute| dispute.id.0).max().unwrap_or(0),
        ..SavedLedger::default()
    }
}

/// What is posted, as prompt, cached and output tokens.
pub(super) fn posted(fleet: &Fleet) -> Tally {
    let all = fleet.ledger().today().tokens();
    all.fold([0; 3], |sum, (.., t)| plus(sum, [t.miss.count() + t.hit.count(), t.hit.count(), t.output.count()]))
}

pub(super) fn disputed(fleet: &Fleet) -> Tally {
    fleet.ledger().disputes().iter().map(tokens).fold([0; 3], plus)
}

/// The tokens of a dispute.
pub(super) fn tokens(dispute: &Dispute) -> Tally {
    dispute.entries.iter().fold([0; 3], |sum, entry| {
        let t = entry.tokens;
        plus(sum, [t.miss.count() + t.hit.count(), t.hit.count(), t.output.count()])
    })
}
