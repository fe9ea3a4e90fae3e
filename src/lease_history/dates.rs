//! The beginning and end of a lease and its number of GPUs, as far as a ledger has them.
//!
//! A ledger keeps GPU time by the minute. If a lease begins or ends inside a minute, its GPU time of that minute,
//! divided by its GPUs, is how long it ran in it.

use super::records::LeaseRecords;
use crate::ledger::{CostAccount, CostKind};
use crate::pricing::{Lease, Leased};
use crate::reading::Label;
use crate::store::LeaseTime;
use crate::units::{GpuTime, Span, Timestamp};

/// The longest delay between the beginning of a lease and its first payment: its GPUs are seen at a poll.
const SLACK: Span = Span::from_secs(2);

impl LeaseRecords<'_> {
    /// The lease in the configuration whose terms these are.
    fn terms(&self, account: &CostAccount) -> Option<&Lease> {
        let (label, rate) = (account.lease.as_ref()?, account.rate?);
        let is_for = |lease: &Lease| match &lease.leased {
            Leased::Node(_) => account.node.as_ref() == lease.node(),
            Leased::Unit(unit) => account.unit.as_ref() == Some(unit),
            Leased::Gpu(_) => true,
        };
        let is_paid_so = |lease: &Lease| lease.names(rate) && lease.power == account.power;
        self.leases.iter().find(|lease| Label::new(&lease.label()) == *label && is_paid_so(lease) && is_for(lease))
    }

    /// The number of GPUs that it pays for: the number in its terms, otherwise what it paid for in a whole minute,
    /// otherwise its part of those that the node is known to have.
    pub(super) fn gpus(&self, row: &LeaseTime) -> Option<u32> {
        if let Some(part) = row.part {
            return Some(part.gpus);
        }
        let lease = self.terms(&row.account);
        if let Some(gpus) = lease.filter(|lease| lease.is_schedule()).and_then(|lease| lease.gpus) {
            // It paid for more before, under the same name and rate.
            return Some(gpus).filter(|gpus| self.can_have_paid(row, *gpus));
        }
        let runs = row.last.is_some_and(|last| last + Span::MINUTE + Span::MINUTE > self.last);
        if runs && self.is_of_seen(row) {
            return self.part_of_seen(row);
        }
        let is_whole = row.first.zip(row.last).is_some_and(|(first, last)| last - first > Span::MINUTE);
        let most = (row.most.millis() + Span::MINUTE.millis() - 1) / Span::MINUTE.millis();
        let of_minute = is_whole.then(|| u32::try_from(most).ok()).flatten().filter(|gpus| *gpus > 0);
        of_minute.or_else(|| self.by_balance(row)).or_else(|| self.part_of_seen(row).filter(|_| self.is_of_seen(row)))
    }

    /// Whether this many GPUs were allocated all the time since the minute in which it began.
    fn can_have_paid(&self, row: &LeaseTime, gpus: u32) -> bool {
        let Some((first, last)) = row.first.zip(row.last) else { return true };
        let begins = self.began.map_or(first, |began| first.max(began));
        let ends = self.terms(&row.account).and_then(|lease| lease.until).unwrap_or(self.last).min(last + Span::MINUTE);
        let most = (ends - begins).max(Span::ZERO).millis().saturating_add(SLACK.millis()).saturating_mul(gpus.into());
        row.time.allocated.millis() <= most
    }

    /// Whether its number of GPUs is from its terms.
    pub(super) fn is_by_terms(&self, row: &LeaseTime) -> bool {
        self.terms(&row.account).is_some_and(Lease::is_schedule)
    }

    /// Whether GPUs of its node were paid for after its last minute: then it has ended, whichever lease pays now.
    fn is_overtaken(&self, row: &LeaseTime) -> bool {
        let place = |account: &CostAccount| (account.node.clone(), account.unit.clone(), account.kind);
        self.times.iter().any(|other| other.last > row.last && place(&other.account) == place(&row.account))
    }

    /// Whether it has ended, by its terms or by other ones.
    fn has_ended(&self, row: &LeaseTime) -> bool {
        match self.terms(&row.account) {
            Some(lease) => lease.until.is_some_and(|until| until <= self.last),
            None => row.account.lease.is_some(),
        }
    }

    /// Whether it pays for GPUs that are seen, and not for a number of them by the calendar.
    fn is_of_seen(&self, row: &LeaseTime) -> bool {
        self.leased.iter().any(|seen| seen.gpu.as_deref() == Some(row.account.gpu.as_str()))
            || !self.times.iter().any(|other| self.is_next(row, other) || self.is_next(other, row))
    }

    fn part_of_seen(&self, row: &LeaseTime) -> Option<u32> {
        let seen: u32 = {
            let node = row.account.node.as_ref()?.as_str();
            self.leased.iter().filter(|seen| seen.node == node).filter_map(|seen| seen.gpus).sum()
        };
        let beside = |other: &&LeaseTime| {
            let account = &other.account;
            let together = account.kind == CostKind::Gpus && account.node == row.account.node && other.last == row.last;
            together && (other.number == row.number || !self.has_ended(other))
        };
        let of_node: i64 = self.times.iter().filter(beside).map(|other| other.latest.millis()).sum();
        let part = i64::from(seen).checked_mul(row.latest.millis())?.checked_add(of_node / 2)?.checked_div(of_node)?;
        u32::try_from(part).ok().filter(|gpus| *gpus > 0)
    }

    /// For terms that lasted less than a minute and were the ledger's first: the time before the next terms.
    fn by_balance(&self, row: &LeaseTime) -> Option<u32> {
        let next = self.times.iter().find(|other| self.is_next(row, other))?;
        if row.first != row.last || row.first != next.first {
            return None;
        }
        let began = self.began?.max(row.first?);
        let ends = self.begins_by_time(next)?;
        let millis = (ends - began).millis();
        let gpus = (millis > 0).then(|| (row.time.allocated.millis() + millis / 2) / millis)?;
        u32::try_from(gpus).ok().filter(|gpus| *gpus > 0)
    }

    /// Whether other terms of the same lease follow a row in the same minute: those with its name, or the terms for a
    /// number of GPUs of the same node or unit if the row's terms no longer exist.
    fn is_next(&self, row: &LeaseTime, other: &LeaseTime) -> bool {
        let (account, next) = (&row.account, &other.account);
        let is_later = other.number > row.number && row.last == other.first;
        if !is_later || account.kind != CostKind::Gpus || next.kind != CostKind::Gpus || account.lease.is_none() {
            return false;
        }
        let same_place = (&account.node, &account.unit, &account.gpu) == (&next.node, &next.unit, &next.gpu);
        account.lease == next.lease || next.lease.is_some() && same_place && self.terms(account).is_none()
    }

    /// When terms began, from the GPU time of their first minute.
    fn begins_by_time(&self, row: &LeaseTime) -> Option<Timestamp> {
        let (first, last, gpus) = (row.first?, row.last?, i64::from(self.gpus(row)?));
        let ran = |time: GpuTime| Span::from_millis((time.millis() + gpus / 2) / gpus);
        let end = if last > first { first + Span::MINUTE } else { self.ends(row)? };
        Some((end - ran(row.earliest)).max(first))
    }

    /// When it ended by its terms, by hand or with the ledger.
    fn ends(&self, row: &LeaseTime) -> Option<Timestamp> {
        let lease = self.terms(&row.account);
        let by_terms = lease.and_then(|lease| lease.until).filter(|until| *until <= self.last);
        by_terms.or_else(|| lease.map(|_| self.last)).or_else(|| self.until(row)).or(Some(self.last))
    }

    pub(super) fn from(&self, row: &LeaseTime) -> Option<Timestamp> {
        let first = row.first?;
        if let Some((part, follows)) = row.part.and_then(|part| Some((part, part.follows?))) {
            return self.resumed(row, follows, part);
        }
        let in_first = |at: &Timestamp| *at >= first && *at < first + Span::MINUTE;
        if let Some(from) = self.terms(&row.account).and_then(|lease| lease.from) {
            return Some(from);
        }
        let seen =
            self.leased.iter().filter(|seen| row.account.node.as_ref().is_some_and(|node| node.as_str() == seen.node));
        let seen = seen.filter_map(|seen| seen.since).filter(in_first).min();
        let began = self.began.filter(in_first);
        let until = self.until(row);
        let known = seen.filter(|seen| until.is_none_or(|until| *seen < until)).or(began).unwrap_or(first);
        let known = began.map_or(known, |began| known.max(began));
        // A beginning together with the minute, the node or the ledger is not computed from its time, which is a few
        // moments off.
        let follows = self.times.iter().any(|other| self.is_next(other, row));
        let is_dated = row.last > Some(first) || follows || until.is_none();
        let by_time = if is_dated { self.begins_by_time(row) } else { None };
        Some(by_time.filter(|at| in_first(at) && *at - known > SLACK).unwrap_or(known))
    }

    pub(super) fn until(&self, row: &LeaseTime) -> Option<Timestamp> {
        if let Some(ended) = row.part.and_then(|part| part.ended) {
            return Some(ended);
        }
        let lease = self.terms(&row.account);
        if let Some(until) = lease.and_then(|lease| lease.until) {
            return Some(until);
        }
        if let Some(at) = self.ended_by_hand(row) {
            return Some(at);
        }
        let was_changed = row.account.lease.is_some() && lease.is_none();
        let runs = !was_changed
            && !self.is_overtaken(row)
            && row.last.is_some_and(|last| last + Span::MINUTE + Span::MINUTE > self.last);
        if runs { None } else { self.stopped(row).or(row.first) }
    }

    /// The first end by hand after a row, if there was one.
    fn ended_by_hand(&self, row: &LeaseTime) -> Option<Timestamp> {
        let of_node = |(node, _): &&(String, Timestamp)| row.account.node.as_ref().is_some_and(|n| n.as_str() == node);
        let follows = row.part.and_then(|part| part.follows);
        let ends = self.ended.iter().filter(of_node).map(|(_, at)| *at);
        ends.filter(|at| row.last.is_none_or(|last| last <= *at) && follows < Some(*at)).min()
    }

    /// When it stopped, from the next terms of the lease or the GPU time of its last minute.
    fn stopped(&self, row: &LeaseTime) -> Option<Timestamp> {
        let last = row.last?;
        if let Some(next) = self.times.iter().find(|other| self.is_next(row, other)) {
            return self.begins_by_time(next);
        }
        let gpus = self.gpus(row).map(i64::from).filter(|_| row.first.is_some_and(|first| first < last));
        let ran = gpus
            .map_or(Span::MINUTE, |gpus| Span::from_millis((row.latest.millis() + gpus / 2) / gpus).min(Span::MINUTE));
        Some((last + ran).min(self.last))
    }
}
