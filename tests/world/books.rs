//! What the ledger has, and what a store keeps of it.

use margintop::fleet::{Fleet, SavedItem};
use margintop::ledger::{DoubtCell, Kept, TokenCell};

use super::process::{Tally, plus};

pub(super) fn put(items: &mut Vec<SavedItem>, later: Vec<SavedItem>) {
    items.retain(|item| !later.iter().any(|newer| newer.key == item.key));
    items.extend(later);
}

/// The ledger's tables as a store has them.
pub(super) fn kept(fleet: &Fleet) -> Kept {
    let ledger = fleet.ledger();
    let day = ledger.day_began();
    let tokens =
        ledger.today().tokens().map(|(account, tariff, tokens)| TokenCell { bucket: day, account, tariff, tokens });
    Kept {
        accounts: ledger.accounts().to_vec(),
        landlords: ledger.landlords().to_vec(),
        tariffs: ledger.tariffs().to_vec(),
        tokens: tokens.collect(),
        disputes: ledger.disputes().to_vec(),
        doubts: vec![DoubtCell {
            bucket: day,
            timing: ledger.doubts().timing,
            hits: ledger.doubts().hits,
            lost_windows: ledger.doubts().lost_windows,
        }],
        last_dispute: ledger.disputes().iter().map(|dispute| dispute.id.0).max().unwrap_or(0),
        ..Kept::default()
    }
}

/// What is posted, as prompt, cached and output tokens.
pub(super) fn posted(fleet: &Fleet) -> Tally {
    let all = fleet.ledger().today().tokens();
    all.fold([0; 3], |sum, (.., t)| plus(sum, [t.miss.count() + t.hit.count(), t.hit.count(), t.output.count()]))
}

pub(super) fn disputed(fleet: &Fleet) -> Tally {
    let entries = fleet.ledger().disputes().iter().flat_map(|dispute| &dispute.entries);
    entries.fold([0; 3], |sum, entry| {
        let t = entry.tokens;
        plus(sum, [t.miss.count() + t.hit.count(), t.hit.count(), t.output.count()])
    })
}
