//! Records snapshots into the rings, and money from a ledger in memory or its past.

use super::past_rates::MinuteRates;
use super::{Recorded, lines};
use crate::ledger::{Grain, Ledger, Past};
use crate::snapshot::Snapshot;
use crate::statement::{MinuteMoney, Tables};
use crate::units::{Span, Timestamp};

const HOUR: i64 = Span::HOUR.millis();
/// The largest distance of an older snapshot from the last one at which it is inserted between those before it.
const SET_BACK: i64 = lines::PER_MINUTE;
/// The most steps of five seconds that one snapshot covers.
const LONGEST: i64 = 60;
/// The second of a minute after which the ledger's whole last hour is read again, including late postings.
const SETTLED: i64 = 45_000;
/// With snapshots at least this far apart, all of it is read each time.
const SELDOM: i64 = 15_000;

impl Recorded {
    pub(super) fn record(&mut self, snapshot: &Snapshot, covers: Span) -> bool {
        let slot = self.lines.fine.slot(snapshot.at);
        self.absence = snapshot.absence.or(self.absence);
        if let Some(since) = snapshot.money.since {
            self.money.set_began(since);
        }
        if self.last.is_some_and(|last| slot < last - SET_BACK) {
            self.forget_from(slot);
        }
        let behind =
            self.last.is_some_and(|last| slot.div_euclid(lines::PER_MINUTE) < last.div_euclid(lines::PER_MINUTE));
        if behind || self.lines.is_known(slot) {
            return false;
        }
        let steps = (covers.millis().div_euclid(lines::FINE.millis())).clamp(1, LONGEST);
        let unrecorded = self.last.map_or(1, |last| (slot - last).max(1));
        self.lines.set(slot, steps.min(unrecorded), snapshot);
        if self.lines.is_known(slot) {
            // A snapshot that covers several minutes is the only one that they have.
            let minute = |slot: i64| slot.div_euclid(lines::PER_MINUTE);
            let covered = minute(slot - steps.min(unrecorded) + 1);
            let first = self.last.map_or(minute(slot), |last| covered.max(minute(last) + 1).min(minute(slot)));
            let slots = slot - steps.min(unrecorded) + 1..=slot;
            self.rings.add(first..=minute(slot), slots, snapshot);
        }
        self.rings.load(slot, steps.min(unrecorded), snapshot);
        self.samples.add(snapshot, Span::from_millis(steps.min(unrecorded) * lines::FINE.millis()));
        self.burnt.add(snapshot, Span::from_millis(steps.min(unrecorded) * lines::FINE.millis()));
        self.events.observe(snapshot, &self.money);
        self.last = Some(self.last.map_or(slot, |last| last.max(slot)));
        true
    }

    /// Whether all between two instants was watched by this process or the one before it.
    pub(super) fn is_watched(&self, from: Timestamp, to: Timestamp) -> bool {
        self.absence.is_none_or(|(left, returned)| to <= left || returned <= from)
    }

    /// The clock was set back: what is ahead of it was recorded under a wrong time.
    fn forget_from(&mut self, slot: i64) {
        self.lines.forget_from(slot);
        self.samples.forget_from(slot.div_euclid(lines::PER_MINUTE));
        self.rings.forget_from(slot.div_euclid(lines::PER_MINUTE), slot);
        self.last = None;
    }

    pub(super) fn read_ledger(&mut self, ledger: &Ledger, since: Timestamp, now: Timestamp) {
        let tables =
            Tables { accounts: ledger.accounts(), cost_accounts: ledger.cost_accounts(), tariffs: ledger.tariffs() };
        self.money.set_now(now);
        let minute = now.minute();
        let seldom = self.ledger_read.replace(now).is_some_and(|last| (now - last).millis() >= SELDOM);
        let settled = ((now - minute).millis() >= SETTLED || seldom) && self.read != Some(minute.millis());
        let from = if settled { since } else { since.max(minute - Span::from_secs(60)) };
        let mut hour = MinuteMoney::default();
        let last_hour = Timestamp::from_millis((now.millis().div_euclid(HOUR) - 1) * HOUR);
        for (at, sums) in ledger.minutes().filter(|(at, _)| *at >= from && *at <= minute) {
            let money = MinuteMoney::of_sums(tables, sums);
            self.money.set_minute(at, &money);
            if settled && (last_hour..last_hour + Span::from_millis(HOUR)).contains(&at) {
                hour.add(&money);
            }
        }
        if settled {
            self.read = Some(minute.millis());
            // The hour is complete as long as its first minute is kept.
            let first = ledger.minutes().next().map(|(at, _)| at);
            if since <= last_hour && first.is_some_and(|first| first <= last_hour) {
                self.money.set_hour(last_hour, &hour);
            }
            self.money.drop_gone();
        }
    }

    pub(super) fn read_past(&mut self, past: &Past, minutes: &[(Timestamp, MinuteMoney)], rates: &[MinuteRates]) {
        self.money.set_began(past.began);
        for (at, money) in minutes {
            self.money.set_minute(*at, money);
        }
        let first = past.since.millis().div_euclid(HOUR) + i64::from(past.since.millis().rem_euclid(HOUR) > 0);
        // An hour in which the ledger began is complete too, as there is nothing before.
        let first = if past.since <= past.began { past.since.millis().div_euclid(HOUR) } else { first };
        for hour in first..past.until.millis().div_euclid(HOUR) {
            let (from, to) = (Timestamp::from_millis(hour * HOUR), Timestamp::from_millis((hour + 1) * HOUR));
            let mut sum = MinuteMoney::default();
            minutes.iter().filter(|(at, _)| *at >= from && *at < to).for_each(|(_, money)| sum.add(money));
            self.money.set_hour(from, &sum);
        }
        for rates in rates {
            self.lines.set_past(rates);
        }
        past.markers.iter().for_each(|marker| self.events.mark(marker));
    }
}

/// The money of the minutes of a past that are over, as far as it has minutes.
pub(super) fn minutes_of(past: &Past) -> Vec<(Timestamp, MinuteMoney)> {
    let mut minutes = Vec::new();
    MinuteMoney::each(past, |at, money| {
        let is_minute = past.grain_of(at).is_none_or(|grain| grain == Grain::Minute);
        if is_minute && at + Span::from_secs(60) <= past.until {
            minutes.push((at, money));
        }
    });
    minutes
}
