//! A watch that is killed after its last checkpoint, and the next one that goes on from what a store kept of it.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::ledger::{SavedLedger, TokenCell, Uncertainty, UncertaintyCell};
use margintop::units::{Moment, Span};

/// What a store keeps of a watch that keeps its ledger from its beginning.
pub fn saved(fleet: &mut Fleet) -> SavedState {
    let checkpoint = fleet.take_changes().unwrap();
    assert!(fleet.uncommitted().is_empty(), "all that changed is in the checkpoint");
    let ledger = fleet.ledger();
    let bucket = ledger.day_began();
    let Uncertainty { timing, excess, lost_windows } = ledger.uncertainty();
    let cell = |(account, tariff, tokens)| TokenCell { bucket, account, tariff, tokens };
    SavedState {
        kept: SavedLedger {
            accounts: ledger.accounts().to_vec(),
            cost_accounts: ledger.cost_accounts().to_vec(),
            tariffs: ledger.tariffs().to_vec(),
            tokens: ledger.today().tokens().map(cell).collect(),
            uncertainty: vec![UncertaintyCell { bucket, timing, excess, lost_windows }],
            disputes: ledger.disputes().to_vec(),
            accepted: ledger.accepted().cloned().collect(),
            last_dispute: ledger.disputes().iter().map(|dispute| dispute.id.0).max().unwrap_or_default(),
            ..SavedLedger::default()
        },
        began: checkpoint.began,
        watched_from: checkpoint.watched_from,
        last: checkpoint.last,
        targets: checkpoint.targets,
        nodes: checkpoint.nodes,
        schedules: checkpoint.schedules,
        ..SavedState::default()
    }
}

/// The next watch, which begins at a moment.
pub fn restart(fleet: &Fleet, config: FleetConfig, saved: SavedState, at: Moment) -> Fleet {
    let mut next = Fleet::new(config, fleet.ledger().book().clone(), at);
    next.restore(saved, Span::from_secs(86_400));
    next
}
