//! Moves revenue between accounts with a known cost and those without.

use std::collections::BTreeSet;

use super::{Entry, Ledger, RevenueAccount};
use crate::reading::NodeName;
use crate::units::{Span, Timestamp, Tokens};

impl Ledger {
    /// Moves a node's revenue since an instant to accounts without a known cost, since its GPUs turn out to have been
    /// released then. The minute of that instant still has a cost and stays, as do minutes that are no longer kept.
    pub fn forget_cost(&mut self, node: &NodeName, since: Timestamp) {
        let first = since.minute() + Span::from_secs(60);
        let moved = self.of_node(node, true, |minute| minute >= first);
        for entry in &moved {
            self.lately.earned[entry.account.index()].clear();
        }
        self.move_revenue(moved, false);
    }

    /// Moves a node's revenue of some minutes to accounts with a known cost, since their GPU time is paid after all.
    /// Minutes that are no longer kept stay.
    pub fn learn_cost(&mut self, node: &NodeName, minutes: &BTreeSet<Timestamp>) {
        let moved = self.of_node(node, false, |minute| minutes.contains(&minute));
        self.move_revenue(moved, true);
    }

    /// The revenue of a node in some minutes, with or without a known cost.
    fn of_node(&self, node: &NodeName, costed: bool, is_in: impl Fn(Timestamp) -> bool) -> Vec<Entry> {
        let accounts = self.accounts.rows();
        let entries = self.minutes.iter().filter(|(minute, _)| is_in(**minute)).flat_map(|(minute, sums)| {
            sums.tokens().map(|(account, tariff, tokens)| Entry {
                account,
                tariff,
                minute: *minute,
                tokens,
                unsure: Tokens::ZERO,
                unproven: false,
            })
        });
        let is_of = |entry: &Entry| {
            let account = &accounts[entry.account.index()];
            account.costed == costed && account.node == *node && !entry.tokens.is_zero()
        };
        entries.filter(is_of).collect()
    }

    fn move_revenue(&mut self, entries: Vec<Entry>, costed: bool) {
        for entry in entries {
            let before = self.accounts.rows()[entry.account.index()].clone();
            let account = self.account(&RevenueAccount { costed, ..before });
            self.reverse(&[entry]);
            self.moved.note(entry.minute, [entry.account, account]);
            self.repost(&[Entry { account, ..entry }]);
        }
    }
}
