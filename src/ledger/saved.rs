//! Restores a ledger from a saved state.

use std::collections::HashSet;
use std::hash::Hash;

use super::moved::MovedMinutes;
use super::posted::Posted;
use super::recent;
use super::table::NumberedRows;
use super::{
    CostAccount, Dispute, GpuTimeCell, Ledger, PendingPostings, PostingSums, RevenueAccount, Tariff, TokenCell,
    Uncertainty, UncertaintyCell,
};
use crate::units::Money;

/// The saved state of a ledger: its tables, the day so far, and its last minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedLedger {
    /// Accounts by number.
    pub accounts: Vec<RevenueAccount>,
    /// Cost accounts by number.
    pub cost_accounts: Vec<CostAccount>,
    /// Tariffs by number.
    pub tariffs: Vec<Tariff>,
    /// The day's tokens.
    pub tokens: Vec<TokenCell>,
    /// The day's GPU time.
    pub gpu_times: Vec<GpuTimeCell>,
    /// The day's uncertainty.
    pub uncertainty: Vec<UncertaintyCell>,
    /// Tokens of the last minutes.
    pub minute_tokens: Vec<TokenCell>,
    /// GPU time of the last minutes.
    pub minute_gpu_times: Vec<GpuTimeCell>,
    /// Open disputes.
    pub disputes: Vec<Dispute>,
    /// The latest accepted disputes, by number.
    pub accepted: Vec<Dispute>,
    /// The number of the latest dispute; 0 if there never was one.
    pub last_dispute: u64,
}

impl Ledger {
    /// Restores a saved state. It replaces the day's sums and drops changes that were not taken yet.
    pub fn restore(&mut self, kept: SavedLedger) {
        let SavedLedger {
            accounts,
            cost_accounts,
            tariffs,
            tokens,
            gpu_times,
            uncertainty,
            minute_tokens,
            minute_gpu_times,
            disputes,
            accepted,
            last_dispute,
        } = kept;
        self.today = PostingSums::default();
        self.today.restore(&tokens, &gpu_times);
        self.uncertainty = uncertainty.iter().fold(Uncertainty::default(), |mut sum, cell| {
            sum += Uncertainty { timing: cell.timing, excess: cell.excess, lost_windows: cell.lost_windows };
            sum
        });
        self.minutes.clear();
        self.moved = MovedMinutes::default();
        for cell in &minute_tokens {
            self.minutes.entry(cell.bucket).or_default().restore(std::slice::from_ref(cell), &[]);
        }
        for cell in &minute_gpu_times {
            self.minutes.entry(cell.bucket).or_default().restore(&[], std::slice::from_ref(cell));
        }
        recent::renumber(&mut self.lately.earned, self.accounts.rows(), &accounts);
        recent::renumber(&mut self.lately.owed, self.cost_accounts.rows(), &cost_accounts);
        recent::renumber(&mut self.lately.energy, self.cost_accounts.rows(), &cost_accounts);
        self.accounts = NumberedRows::of(accounts);
        self.cost_accounts = NumberedRows::of(cost_accounts);
        self.tariffs.restore(tariffs);
        (self.disputes, self.accepted, self.last_dispute) = (disputes, accepted.into(), last_dispute);
        self.posted = Posted::of(&self.today);
        self.sum_up();
        if let Some(pending) = &mut self.pending {
            *pending = PendingPostings::default();
        }
    }

    /// Shows the saved state of another process's ledger, and posts nothing. Accounts that the other process has not
    /// written yet keep their rates.
    pub(crate) fn show(&mut self, mut kept: SavedLedger) {
        append_missing(&mut kept.accounts, self.accounts.rows());
        append_missing(&mut kept.cost_accounts, self.cost_accounts.rows());
        self.restore(kept);
        self.closed = true;
    }

    /// Closes the ledger while another process writes it, so that nothing is posted here; or opens it again.
    pub fn set_closed(&mut self, closed: bool) {
        self.closed = closed;
    }

    /// Whether another process writes the ledger.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Sets the running sums to the day's sums.
    fn sum_up(&mut self) {
        self.earned = vec![Money::ZERO; self.accounts.rows().len()];
        self.owed = vec![Money::ZERO; self.cost_accounts.rows().len()];
        for (account, tariff, tokens) in self.today.tokens() {
            let value = tariff.map(|tariff| self.tariffs.of(tariff).value(tokens));
            self.earned[account.index()] += value.unwrap_or_default();
        }
        for (cost_account, allocated) in self.today.gpu_times() {
            let owed = self.cost_accounts.rows()[cost_account.index()].cost_of(allocated);
            self.owed[cost_account.index()] += owed.unwrap_or_default();
        }
    }
}

fn append_missing<T: Clone + Eq + Hash>(rows: &mut Vec<T>, own: &[T]) {
    let known: HashSet<&T> = rows.iter().collect();
    let mut missing: Vec<T> = own.iter().filter(|row| !known.contains(row)).cloned().collect();
    rows.append(&mut missing);
}
