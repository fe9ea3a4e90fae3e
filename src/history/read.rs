//! Reads the points of a query from the rings, each the mean of the known values in its time.

use super::Recorded;
use super::lines::{FINE_KEPT, Lines, PER_MINUTE, mean};
use super::money::MoneyPlace;
use super::packed::PackedCell;
use super::query::{Measure, Query, Series, Subject};
use super::rings::{Rings, ValueSlot};
use crate::units::{Span, Timestamp};

/// The shortest length of a point.
const LEAST: i64 = 5_000;
/// The most steps of any ring.
const MOST_KEPT: i64 = 25 * 60;
/// The most points of an answer that are read.
const MOST: usize = 1_000_000;

/// The storage of a query's points, found once for all of them.
enum PointStorage {
    Nowhere,
    Money(Measure, MoneyPlace),
    /// The money of a subject that is kept in fine steps: revenue and cost.
    FineMoney(Measure, MoneyPlace, [usize; 2]),
    Line(Measure),
    Ring(RingSlot),
    /// Cached or computed prompt tokens.
    Share {
        prompt: RingSlot,
        hits: RingSlot,
        is_cached: bool,
    },
}

/// The storage of a ring's values: by the minute, and in fine steps if it has them.
struct RingSlot {
    value: ValueSlot,
    fine: Option<usize>,
}

impl Recorded {
    pub(super) fn series(&self, query: &Query) -> Series {
        let step = query.step.millis().max(LEAST);
        let until = query.until.millis().div_euclid(step).saturating_mul(step);
        let count = query.points.min(MOST);
        let begin = |nth: usize| {
            Timestamp::from_millis(
                until.saturating_sub(step.saturating_mul(i64::try_from(count - nth).unwrap_or(i64::MAX))),
            )
        };
        let kept = self.kept(query);
        let mut points: Vec<_> =
            (0..count).map(|nth| self.point(&kept, begin(nth), begin(nth) + Span::from_millis(step))).collect();
        points.splice(0..0, std::iter::repeat_n(None, query.points - count));
        Series { points }
    }

    /// Finds the storage of a query's points.
    fn kept(&self, query: &Query) -> PointStorage {
        let Query { subject, measure, .. } = query;
        let fine = |measure| self.rings.fine(subject, measure);
        let ring = |measure| Some(RingSlot { value: self.rings.at(subject, measure)?, fine: fine(measure) });
        match measure {
            Measure::Revenue | Measure::Cost | Measure::Profit => match self.money.place(subject) {
                Some(place) => match fine(Measure::Revenue).zip(fine(Measure::Cost)) {
                    Some((revenue, cost)) => PointStorage::FineMoney(*measure, place, [revenue, cost]),
                    None => PointStorage::Money(*measure, place),
                },
                None => PointStorage::Nowhere,
            },
            _ if *subject == Subject::Fleet => PointStorage::Line(*measure),
            Measure::PromptCached | Measure::PromptComputed => match (ring(Measure::Prompt), ring(Measure::HitRate)) {
                (Some(prompt), Some(hits)) => {
                    PointStorage::Share { prompt, hits, is_cached: *measure == Measure::PromptCached }
                }
                _ => PointStorage::Nowhere,
            },
            _ => ring(*measure).map_or(PointStorage::Nowhere, PointStorage::Ring),
        }
    }

    fn point(&self, kept: &PointStorage, from: Timestamp, to: Timestamp) -> Option<f64> {
        match kept {
            PointStorage::Nowhere => None,
            PointStorage::Money(measure, place) => {
                let is_fine = place.is_of_fleet() && to - from < Span::MINUTE;
                let [revenue, cost] =
                    if is_fine { self.fine_rates(*place, from, to) } else { self.money.rates(*place, from, to) };
                of_measure(*measure, [revenue, cost])
            }
            PointStorage::FineMoney(measure, place, channels) => {
                let fine = channels.map(|channel| self.fine_point(channel, from, to));
                let rates = match fine {
                    [FinePoint::Unrecorded, FinePoint::Unrecorded] => self.money.rates(*place, from, to),
                    known => known.map(FinePoint::value),
                };
                of_measure(*measure, rates)
            }
            PointStorage::Line(measure) => self.fleet_point(*measure, from, to),
            PointStorage::Ring(at) => self.ring_point(at, from, to),
            PointStorage::Share { prompt, hits, is_cached } => {
                let hits = self.ring_point(hits, from, to)?;
                Some(self.ring_point(prompt, from, to)? * if *is_cached { hits } else { 1.0 - hits })
            }
        }
    }

    /// The fleet's revenue and cost per hour in fine steps, as they were recorded then. The ledger's of the minute where none
    /// was recorded in it, and in a hole of a minute that is over.
    fn fine_rates(&self, place: MoneyPlace, from: Timestamp, to: Timestamp) -> [Option<f64>; 2] {
        let of = |from: Timestamp, to: Timestamp| {
            [Measure::Revenue, Measure::Cost].map(|measure| self.fine_mean(Lines::channel(measure)?, from, to))
        };
        let is_known = |from, to| of(from, to).iter().any(Option::is_some);
        let plus = |at: i64, span: i64| Timestamp::from_millis(at.saturating_add(span));
        let (minute, known) = (self.lines.minutes.slot(from), of(from, to));
        let (begin, length) = (minute.saturating_mul(Span::MINUTE.millis()), Span::MINUTE.millis());
        let is_over = self.lines.fine.newest().map(|slot| slot.div_euclid(PER_MINUTE)) != Some(minute);
        let is_unknown = known.iter().all(Option::is_none);
        let is_hole = is_over && is_unknown && is_known(plus(from.millis(), -length), from);
        let is_unrecorded = is_unknown && !is_known(plus(begin, 0), plus(begin, length));
        if is_hole || is_unrecorded { self.money.rates(place, from, to) } else { known }
    }

    /// The mean of a line's fine steps.
    fn fine_mean(&self, channel: usize, from: Timestamp, to: Timestamp) -> Option<f64> {
        let ring = &self.lines.fine;
        let newest = ring.newest()?;
        mean(slots(from, to, super::lines::FINE, newest).filter_map(|slot| ring.get(slot, channel).value()))
    }

    fn fleet_point(&self, measure: Measure, from: Timestamp, to: Timestamp) -> Option<f64> {
        let channel = Lines::channel(measure)?;
        if to - from < Span::MINUTE {
            return self.fine_mean(channel, from, to).or_else(|| self.posted_point(channel, from));
        }
        let ring = &self.lines.minutes;
        // Far from the stored steps there is nothing to read.
        let newest = ring.newest()?;
        mean(slots(from, to, Span::MINUTE, newest).filter_map(|slot| ring.get(slot, channel).value()))
    }

    /// The minute of an instant for which finer points are kept, if none of them is known: it was read from the ledger.
    fn posted_point(&self, channel: usize, at: Timestamp) -> Option<f64> {
        let minute = self.lines.minutes.slot(at);
        let mut steps = minute * PER_MINUTE..(minute + 1) * PER_MINUTE;
        let is_kept = self.lines.fine.newest().is_none_or(|newest| steps.start > newest - FINE_KEPT);
        let is_posted = is_kept && !steps.any(|slot| self.lines.is_known(slot));
        is_posted.then(|| self.lines.minutes.get(minute, channel).value()).flatten()
    }

    fn ring_point(&self, at: &RingSlot, from: Timestamp, to: Timestamp) -> Option<f64> {
        match at.fine.map_or(FinePoint::Unrecorded, |channel| self.fine_point(channel, from, to)) {
            FinePoint::Unrecorded => (),
            known => return known.value(),
        }
        let step = Rings::step(&at.value);
        let newest = self.last?.div_euclid(step.millis() / LEAST);
        mean(slots(from, to, step, newest).filter_map(|slot| self.rings.value(&at.value, slot)))
    }

    /// A subject's fine steps in a span that is shorter than a minute.
    fn fine_point(&self, channel: usize, from: Timestamp, to: Timestamp) -> FinePoint {
        let Some(newest) = self.last.filter(|_| to - from < Span::MINUTE) else { return FinePoint::Unrecorded };
        if let Some(value) = self.rings.fine_mean(channel, slots(from, to, super::lines::FINE, newest)) {
            return FinePoint::Known(value);
        }
        let minute = self.lines.minutes.slot(from).saturating_mul(PER_MINUTE);
        match self.rings.fine_mean(channel, minute..=minute.saturating_add(PER_MINUTE - 1)) {
            Some(_) => FinePoint::Unknown,
            None => FinePoint::Unrecorded,
        }
    }
}

/// What a subject's fine steps say of a span.
#[derive(Clone, Copy)]
enum FinePoint {
    Known(f64),
    /// Nothing, though they say something of its minute.
    Unknown,
    /// Nothing of its minute.
    Unrecorded,
}

impl FinePoint {
    const fn value(self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Unrecorded => None,
        }
    }
}

/// Revenue, cost or profit.
fn of_measure(measure: Measure, [revenue, cost]: [Option<f64>; 2]) -> Option<f64> {
    match measure {
        Measure::Revenue => revenue,
        Measure::Cost => cost,
        _ => Some(revenue? - cost?),
    }
}

/// The steps in a span, at least the one in which it begins.
fn slots(from: Timestamp, to: Timestamp, step: Span, newest: i64) -> std::ops::RangeInclusive<i64> {
    let slot = |at: Timestamp| at.millis().div_euclid(step.millis());
    let (first, last) = (slot(from), slot(to - Span::from_millis(1)));
    first.max(newest - MOST_KEPT)..=last.min(newest)
}
