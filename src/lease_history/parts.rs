//! GPUs that were paid again after an end by hand: their postings split at that end.
//!
//! A ledger keeps GPU time by the minute. In the minute of an end, the time before it is that of the GPUs up to the end;
//! the rest was paid after it.

use super::records::{LeaseRecords, within};
use crate::ledger::{AllocatedTime, CostKind};
use crate::store::{LeaseMinutes, LeasePart, LeaseTime};
use crate::units::{GpuTime, Span, Timestamp};

/// The least GPU time after an end, in milliseconds per GPU: the times of polls vary.
const LEAST: i64 = 20;

impl LeaseRecords<'_> {
    /// The ends by hand that may lie inside a row's span, in order. An end after which another one was requested for an
    /// earlier instant is none: all after that instant was taken back.
    pub(super) fn ends_within(&self, row: &LeaseTime) -> Vec<Timestamp> {
        let is_of_gpus = row.is_kept && row.account.kind == CostKind::Gpus;
        let (Some((first, last)), Some(node)) = (row.first.zip(row.last), row.account.node.as_ref()) else {
            return Vec::new();
        };
        let mut ends: Vec<Timestamp> = Vec::new();
        for (_, at) in self.ended.iter().filter(|(of, _)| is_of_gpus && node.as_str() == of) {
            ends.retain(|end| end < at);
            ends.push(*at);
        }
        ends.retain(|at| first < *at && *at < last + Span::MINUTE);
        ends
    }

    /// The parts of a row with their minutes; the row alone if nothing was paid after the ends.
    pub(super) fn parts(
        &self,
        row: &LeaseTime,
        minutes: &LeaseMinutes,
        ends: &[Timestamp],
    ) -> Vec<(LeaseTime, LeaseMinutes)> {
        let mut rest = within(row, minutes.clone());
        let (mut parts, mut follows) = (Vec::new(), None);
        for at in ends {
            let Some(gpus) = whole(&rest, |minute| minute < at.minute()).or_else(|| self.gpus(row)) else { continue };
            let (before, after) = split(&rest, *at, gpus);
            let (Some(first), false) = (part(row, &before), after.is_empty()) else { continue };
            parts.push((LeaseTime { part: Some(LeasePart { follows, ended: Some(*at), gpus }), ..first }, before));
            (rest, follows) = (after, Some(*at));
        }
        if parts.is_empty() {
            return vec![(row.clone(), rest)];
        }
        let gpus = whole(&rest, |_| true).or_else(|| self.gpus(row)).unwrap_or(1);
        let last = part(row, &rest)
            .map(|last| (LeaseTime { part: Some(LeasePart { follows, ended: None, gpus }), ..last }, rest));
        parts.extend(last);
        parts
    }

    /// Since when a row is paid that follows an end by hand.
    pub(super) fn resumed(&self, row: &LeaseTime, follows: Timestamp, part: LeasePart) -> Option<Timestamp> {
        let (first, last) = row.first.zip(row.last)?;
        let is_of = |node: &str| row.account.node.as_ref().is_some_and(|of| of.as_str() == node);
        let seen = self.leased.iter().filter(|seen| is_of(&seen.node)).filter_map(|seen| seen.since);
        let in_first = |at: &Timestamp| *at >= follows.max(first) && *at < first + Span::MINUTE;
        if let Some(at) = seen.filter(in_first).min().filter(|_| part.ended.is_none()) {
            return Some(at);
        }
        let end = if last > first { first + Span::MINUTE } else { part.ended.unwrap_or(self.last) };
        let ran = row.earliest.millis() / i64::from(part.gpus.max(1));
        Some((end - Span::from_millis(ran)).max(follows))
    }
}

/// The number of GPUs of the fullest of some minutes, if there are two: one of them may be paid in part.
fn whole(minutes: &LeaseMinutes, is_of: impl Fn(Timestamp) -> bool) -> Option<u32> {
    let minutes: Vec<_> = minutes.iter().filter(|(minute, _)| is_of(*minute)).collect();
    let most = minutes.iter().map(|(_, time)| time.allocated.millis()).max().filter(|_| minutes.len() > 1)?;
    u32::try_from((most + Span::MINUTE.millis() - 1) / Span::MINUTE.millis()).ok().filter(|gpus| *gpus > 0)
}

/// Minutes before and after an instant. After it there are none if no GPU was paid.
fn split(minutes: &LeaseMinutes, at: Timestamp, gpus: u32) -> (LeaseMinutes, LeaseMinutes) {
    let (mut before, mut after) = (LeaseMinutes::new(), LeaseMinutes::new());
    let until = (at - at.minute()).millis() * i64::from(gpus);
    for (minute, time) in minutes {
        if *minute != at.minute() {
            let side = if *minute < at { &mut before } else { &mut after };
            side.push((*minute, *time));
            continue;
        }
        let allocated = time.allocated.millis();
        let paid = if allocated - until < LEAST * i64::from(gpus) { allocated } else { until };
        let first = share(*time, paid);
        let rest = AllocatedTime {
            allocated: GpuTime::from_millis(allocated - paid),
            idle: GpuTime::from_millis(time.idle.millis() - first.idle.millis()),
            energy: time.energy - first.energy,
        };
        before.extend(Some((*minute, first)).filter(|_| paid > 0));
        after.extend(Some((*minute, rest)).filter(|_| allocated > paid));
    }
    (before, after)
}

/// The part of a minute in which so many milliseconds were allocated.
fn share(time: AllocatedTime, paid: i64) -> AllocatedTime {
    let part = |of: i64| {
        let share = i128::from(of) * i128::from(paid) / i128::from(time.allocated.millis().max(1));
        i64::try_from(share).unwrap_or(of)
    };
    AllocatedTime {
        allocated: GpuTime::from_millis(paid),
        idle: GpuTime::from_millis(part(time.idle.millis())),
        energy: part(time.energy),
    }
}

/// A row with these minutes alone.
fn part(row: &LeaseTime, minutes: &LeaseMinutes) -> Option<LeaseTime> {
    let ((first, earliest), (last, latest)) = minutes.first().zip(minutes.last())?;
    let time = minutes.iter().fold(AllocatedTime::default(), |sum, (_, time)| sum + *time);
    let most = minutes.iter().map(|(_, time)| time.allocated).max()?;
    let (first, last, earliest, latest) = (Some(*first), Some(*last), earliest.allocated, latest.allocated);
    Some(LeaseTime { time, first, last, earliest, latest, most, ..row.clone() })
}
