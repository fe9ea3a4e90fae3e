//! Posts GPU time and energy.

use super::apportion::running;
use super::posted::gpu_time;
use super::{CostAccountId, EnergyEntry, GpuTimeChange, Ledger, Marker, PostingSource, PostingSums, cut_minutes};
use crate::reading::{Label, NodeName};
use crate::units::{GpuTime, Money, Span, Timestamp, Tokens};

/// How far a calendar is slewed in a minute at most: clocks are corrected by at most 500 parts in a million.
const SLEWED: Span = Span::from_millis(30);

impl Ledger {
    /// Posts the GPU time of `gpus` GPUs allocated from one instant to another.
    pub fn post_gpu_time(&mut self, cost_account: CostAccountId, gpus: u32, from: Timestamp, to: Timestamp) {
        if let Some(owed) = self.owed_for(cost_account, gpus, from, to) {
            let lately = &mut self.lately.owed[cost_account.index()];
            lately.renew(owed, (from, to));
            lately.add(PostingSource::default(), owed, (from, to), self.recent);
        }
        self.write_gpu_time(cost_account, gpus, from, to, 1);
    }

    /// Posts time that is over, and that nothing is paid for per hour any more.
    pub(crate) fn post_past_gpu_time(
        &mut self,
        cost_account: CostAccountId,
        gpus: u32,
        from: Timestamp,
        to: Timestamp,
    ) {
        self.write_gpu_time(cost_account, gpus, from, to, 1);
    }

    /// Reverses, by a counter-entry, time of GPUs that turn out to have been released before.
    pub fn refund(&mut self, cost_account: CostAccountId, gpus: u32, from: Timestamp, to: Timestamp) {
        if let Some(owed) = self.owed_for(cost_account, gpus, from, to) {
            self.lately.owed[cost_account.index()].take_back(owed, from, to);
        }
        self.write_gpu_time(cost_account, gpus, from, to, -1);
    }

    /// Reverses, by counter-entries, all time of an account since an instant, which may have pauses. Minutes that are no
    /// longer kept stay; of the minute of that instant, the part that an even spread puts after it is reversed.
    pub(crate) fn refund_since(&mut self, cost_account: CostAccountId, since: Timestamp) {
        let posted: Vec<_> = self
            .minutes
            .range(since.minute()..)
            .filter_map(|(minute, sums)| Some((*minute, sums.gpu_time(cost_account)?.allocated)))
            .filter(|(_, allocated)| *allocated > GpuTime::default())
            .collect();
        for (minute, allocated) in posted {
            let whole = Tokens::new(allocated.millis().unsigned_abs());
            let kept = running(whole, minute, minute + Span::MINUTE, since.max(minute));
            let taken = allocated.millis() - i64::try_from(kept).unwrap_or_default();
            self.charge(cost_account, minute, GpuTimeChange { allocated: -taken, ..GpuTimeChange::default() });
            if let Some(rate) = self.cost_accounts.rows()[cost_account.index()].rate {
                let owed = self.recent_part(rate.of(GpuTime::of(1, Span::from_millis(taken))), Span::MINUTE);
                self.owed[cost_account.index()] -= owed;
            }
        }
        self.end_cost(cost_account);
    }

    /// The cost of time at an account's rate; `None` without a rate or beyond what a ledger holds.
    fn owed_for(&self, cost_account: CostAccountId, gpus: u32, from: Timestamp, to: Timestamp) -> Option<Money> {
        let rate = self.cost_accounts.rows()[cost_account.index()].rate?;
        Some(rate.of(gpu_time(gpus, (to - from).millis())?))
    }

    /// Records that a cost account is no longer paid, since its lease has ended or another one pays: its cost per hour is
    /// zero from then on.
    pub(crate) fn end_cost(&mut self, cost_account: CostAccountId) {
        self.lately.owed[cost_account.index()].clear();
    }

    /// Records that nothing is paid any more for a node's GPUs.
    pub(crate) fn end_costs_of(&mut self, node: &NodeName) {
        let accounts = self.cost_accounts.rows().iter().zip(&mut self.lately.owed);
        accounts.filter(|(account, _)| account.node.as_ref() == Some(node)).for_each(|(_, recent)| recent.clear());
    }

    /// Posts energy drawn between two instants, in millijoules, spread evenly. Negative energy is refused with a marker, so
    /// that it never reduces a cost.
    pub fn meter(&mut self, cost_account: CostAccountId, drawn: i64, from: Timestamp, to: Timestamp) {
        let Ok(drawn) = u64::try_from(drawn).map(Tokens::new) else {
            return self.mark_refused_gpu_time(cost_account, from, "energy below zero");
        };
        for EnergyEntry { minute, cost_account, energy } in self.draft_energy(cost_account, drawn.count(), from, to) {
            self.charge(cost_account, minute, GpuTimeChange { energy, ..GpuTimeChange::default() });
        }
        let power = self.cost_accounts.rows()[cost_account.index()].power;
        let owed = power.map_or(Money::ZERO, |power| power.of(drawn.count().into()));
        self.lately.energy[cost_account.index()].add(PostingSource::default(), owed, (from, to), self.recent);
        if self.closed {
            return;
        }
        let owed = self.recent_part(owed, to - from);
        self.owed[cost_account.index()] += owed;
    }

    /// Ends the rate of a meter whose next energy is drawn from an instant on: what it posted before is of less than it drew.
    pub fn end_energy_rate(&mut self, cost_account: CostAccountId, from: Timestamp) {
        self.lately.energy[cost_account.index()].end_before(from);
    }

    /// The entries that energy in millijoules, drawn between two instants, would create, spread evenly over the minutes.
    /// Writes nothing.
    pub fn draft_energy(
        &self,
        cost_account: CostAccountId,
        drawn: u64,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<EnergyEntry> {
        let cuts: Vec<Timestamp> = cut_minutes(from, to).collect();
        let parts = super::apportion(Tokens::new(drawn), from, to, &cuts);
        let starts = std::iter::once(from).chain(cuts).map(Timestamp::minute);
        let entry = |(minute, part): (Timestamp, Tokens)| {
            let energy = i64::try_from(part.count()).unwrap_or(i64::MAX);
            EnergyEntry { cost_account, minute, energy }
        };
        starts.zip(parts).map(entry).filter(|entry| entry.energy > 0).collect()
    }

    /// Posts time and energy of one minute, such as the rounding at a lease's end or a meter's reading. Negative energy,
    /// and what the ledger cannot hold, is refused with a marker.
    pub fn charge(&mut self, cost_account: CostAccountId, at: Timestamp, change: GpuTimeChange) {
        if self.closed {
            return;
        }
        if change.energy < 0 {
            return self.mark_refused_gpu_time(cost_account, at, "energy below zero");
        }
        if !self.posted.admit_gpu_time(change) {
            return self.mark_refused_gpu_time(cost_account, at, "more than a ledger can hold");
        }
        let minute = at.minute();
        if minute >= self.day_began.minute() {
            change_gpu_time(&mut self.today, cost_account, change);
        }
        change_gpu_time(self.minutes.entry(minute).or_default(), cost_account, change);
        self.touched.insert(minute);
        if let Some(pending) = &mut self.pending {
            *pending.gpu_times.entry((minute, cost_account)).or_default() += change;
        }
    }

    /// Sets how much of a cost account's minute was idle.
    pub fn judge_idle(&mut self, minute: Timestamp, cost_account: CostAccountId, idle: GpuTime) {
        let Some(sums) = self.minutes.get_mut(&minute).filter(|_| !self.closed) else { return };
        let line = sums.gpu_times_mut(cost_account);
        let change = GpuTimeChange { idle: idle.millis() - line.idle.millis(), ..GpuTimeChange::default() };
        if change.idle == 0 {
            return;
        }
        line.idle = idle;
        if minute >= self.day_began.minute() {
            change_gpu_time(&mut self.today, cost_account, change);
        }
        if let Some(pending) = &mut self.pending {
            *pending.gpu_times.entry((minute, cost_account)).or_default() += change;
        }
    }

    /// The milliseconds to reverse within a minute: what was posted, where the calendar was slewed by some milliseconds
    /// between two postings and so moved them from one minute to the next.
    fn refunded(&self, cost_account: CostAccountId, gpus: u32, from: Timestamp, to: Timestamp) -> i64 {
        let wanted = GpuTime::of(gpus, to - from).millis();
        let Some(sums) = self.minutes.get(&from.minute()) else { return wanted };
        let posted = sums.gpu_time(cost_account).map_or(0, |time| time.allocated.millis());
        // What differs by more is of other GPUs of the account, of another part of the minute, or from before a restart.
        let is_slewed = (posted - wanted).abs() <= GpuTime::of(gpus, SLEWED).millis();
        if from == from.minute() && is_slewed { posted.max(0) } else { wanted }
    }

    fn write_gpu_time(&mut self, cost_account: CostAccountId, gpus: u32, from: Timestamp, to: Timestamp, sign: i64) {
        if self.closed {
            return;
        }
        let Some(whole) = gpu_time(gpus, (to - from).millis()) else {
            return self.mark_refused_gpu_time(cost_account, from, "more GPU time than a ledger can hold");
        };
        let mut start = from;
        for end in cut_minutes(from, to).chain([to]) {
            let allocated = match sign {
                ..0 => -self.refunded(cost_account, gpus, start, end),
                _ => GpuTime::of(gpus, end - start).millis(),
            };
            self.charge(cost_account, start, GpuTimeChange { allocated, ..GpuTimeChange::default() });
            start = end;
        }
        if let Some(rate) = self.cost_accounts.rows()[cost_account.index()].rate {
            let owed = self.recent_part(rate.of(whole), to - from);
            self.owed[cost_account.index()] += if sign < 0 { -owed } else { owed };
        }
    }

    /// Adds a marker about GPU time and energy that cannot be posted.
    fn mark_refused_gpu_time(&mut self, cost_account: CostAccountId, at: Timestamp, why: &str) {
        let cost_account = &self.cost_accounts.rows()[cost_account.index()];
        let node = cost_account.node.as_ref().map_or("", |node| node.as_str());
        let text = format!("rent of {} on {node} is not posted: {why}", cost_account.gpu);
        self.mark(Marker { at, text: Label::new(&text) });
    }
}

pub(super) fn change_gpu_time(sums: &mut PostingSums, cost_account: CostAccountId, change: GpuTimeChange) {
    let line = sums.gpu_times_mut(cost_account);
    line.allocated = line.allocated.plus_millis(change.allocated);
    line.idle = line.idle.plus_millis(change.idle);
    line.energy = line.energy.saturating_add(change.energy);
}
