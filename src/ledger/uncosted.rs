//! Moves revenue to accounts whose cost is unknown.

use super::{Entry, Ledger, RevenueAccount};
use crate::reading::NodeName;
use crate::units::{Span, Timestamp, Tokens};

impl Ledger {
    /// Moves a node's revenue since an instant to accounts whose cost is unknown, as its GPUs turn out to have been
    /// released then. The minute of that instant still has a cost, and stays. Minutes that are no longer kept apart
    /// stay, too.
    pub fn forget_cost(&mut self, node: &NodeName, since: Timestamp) {
        let accounts = self.accounts.rows();
        let first = since.minute() + Span::from_secs(60);
        let entries = self.minutes.range(first..).flat_map(|(minute, sums)| {
            sums.tokens().map(|(account, tariff, tokens)| Entry {
                account,
                tariff,
                minute: *minute,
                tokens,
                unsure: Tokens::ZERO,
            })
        });
        let costed = |entry: &Entry| {
            let account = &accounts[entry.account.index()];
            account.costed && account.node == *node && !entry.tokens.is_zero()
        };
        let moved: Vec<Entry> = entries.filter(costed).collect();
        for entry in moved {
            let costed = self.accounts.rows()[entry.account.index()].clone();
            let account = self.account(&RevenueAccount { costed: false, ..costed });
            self.lately.earned[entry.account.index()].clear();
            self.reverse(&[entry]);
            self.repost(&[Entry { account, ..entry }]);
        }
    }
}
