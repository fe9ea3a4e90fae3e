//! Revenue and cost of a day of up to 25 hours by the minute, exact for the fleet, and in two bytes per value for
//! units, nodes and models; and by the hour, exact to a millionth for all. Statements compute the amounts; nothing is
//! priced here.

use std::collections::HashMap;

use super::frames::Frames;
use super::packed::{PackedCell, TwoByteFloat};
use super::query::Subject;
use crate::statement::{Earned, MinuteMoney};
use crate::units::{Money, Span, Timestamp};

/// A local day has at most 25 hours.
const MINUTES_KEPT: i64 = 25 * 60;
const HOURS_KEPT: usize = 25;
const MINUTES_OF_HOUR: i64 = 60;
const MINUTE: i64 = Span::MINUTE.millis();
const HOUR: f64 = 3_600_000.0;
/// Minutes without a posting after which a subject no longer counts as present.
const GONE: i64 = 60;
/// The number of subjects up to which those that left are kept, so that one that returns has its past.
const ROOM: usize = 512;
/// The shortest part of the present minute from which a rate is computed.
const LEAST: i64 = 10_000;

impl PackedCell for Earned {
    const UNKNOWN: Self = Self { revenue: None, cost: None };
    fn value(self) -> Option<f64> {
        None
    }
}

/// An hour's amount in millionths.
impl PackedCell for i64 {
    const UNKNOWN: Self = Self::MIN;
    fn value(self) -> Option<f64> {
        (self != Self::UNKNOWN).then(|| self as f64 / 1e6)
    }
}

#[derive(Debug, Clone, Copy)]
struct BucketPlace {
    channel: u32,
    seen: i64,
}

/// The rings of money.
#[derive(Debug)]
pub(super) struct MoneyRings {
    fleet: Frames<Earned>,
    revenue: Frames<TwoByteFloat>,
    cost: Frames<TwoByteFloat>,
    hourly_revenue: Frames<i64>,
    hourly_cost: Frames<i64>,
    places: HashMap<Subject, BucketPlace>,
    free: Vec<u32>,
    next: u32,
    /// The present minute, and how much of it is over.
    going_on: Option<(i64, i64)>,
    /// The minute in which counting began, and how much of it was over by then.
    began: Option<(i64, i64)>,
}

/// An amount and the milliseconds that it covers.
#[derive(Debug, Clone, Copy, Default)]
struct Amount {
    money: f64,
    millis: i64,
}

impl Default for MoneyRings {
    fn default() -> Self {
        let (minute, hour) = (Span::from_secs(60), Span::from_secs(3600));
        Self {
            fleet: Frames::new(minute, MINUTES_KEPT as usize),
            revenue: Frames::new(minute, MINUTES_KEPT as usize),
            cost: Frames::new(minute, MINUTES_KEPT as usize),
            hourly_revenue: Frames::new(hour, HOURS_KEPT),
            hourly_cost: Frames::new(hour, HOURS_KEPT),
            places: HashMap::new(),
            free: Vec::new(),
            next: 0,
            going_on: None,
            began: None,
        }
    }
}

/// The storage of a subject's money: the fleet's is separate, that of others is a channel of the rings.
#[derive(Debug, Clone, Copy)]
pub(super) struct MoneyPlace(Option<usize>);

impl MoneyPlace {
    pub(super) const fn is_of_fleet(self) -> bool {
        self.0.is_none()
    }
}

impl MoneyRings {
    /// Sets a minute's money. Only a present minute adds subjects.
    pub(super) fn set_minute(&mut self, at: Timestamp, money: &MinuteMoney) {
        let minute = self.fleet.slot(at);
        self.fleet.set(minute, vec![money.fleet]);
        if self.fleet.newest().is_some_and(|newest| newest - minute >= MINUTES_KEPT) {
            return;
        }
        let (mut revenue, mut cost) = (Vec::new(), Vec::new());
        for (subject, earned) in subjects(money) {
            let Some(channel) = self.channel(subject, minute) else { continue };
            put(&mut revenue, channel, TwoByteFloat::of(per_hour(earned.revenue)));
            put(&mut cost, channel, TwoByteFloat::of(per_hour(earned.cost)));
        }
        self.revenue.set(minute, revenue);
        self.cost.set(minute, cost);
    }

    /// Sets an hour that is over.
    pub(super) fn set_hour(&mut self, at: Timestamp, money: &MinuteMoney) {
        let hour = self.hourly_cost.slot(at);
        let (mut revenue, mut cost) = (Vec::new(), Vec::new());
        let micros = |amount: Option<Money>| {
            amount.map_or(i64::UNKNOWN, |amount| i64::try_from(amount.rounded(6)).unwrap_or(i64::MAX))
        };
        for (subject, earned) in subjects(money) {
            let Some(channel) = self.channel(subject, hour * MINUTES_OF_HOUR) else { continue };
            put(&mut revenue, channel, micros(earned.revenue));
            put(&mut cost, channel, micros(earned.cost));
        }
        self.hourly_revenue.set(hour, revenue);
        self.hourly_cost.set(hour, cost);
    }

    /// Sets the ledger's present, which is in the middle of a minute.
    pub(super) fn set_now(&mut self, now: Timestamp) {
        let minute = self.fleet.slot(now);
        if self.fleet.newest().is_some_and(|newest| newest > minute + 1) {
            self.forget_from(minute + 1);
        }
        self.going_on = Some((minute, now.millis() - minute * MINUTE));
    }

    /// Sets when counting began: only the rest of that minute was watched.
    pub(super) fn set_began(&mut self, at: Timestamp) {
        let (minute, over) = (at.millis().div_euclid(MINUTE), at.millis().rem_euclid(MINUTE));
        if over > 0 {
            self.began = Some((minute, over));
        }
    }

    /// The storage of a subject's money; `None` if it is not kept.
    pub(super) fn place(&self, subject: &Subject) -> Option<MoneyPlace> {
        Some(MoneyPlace(match subject {
            Subject::Fleet => None,
            Subject::Gpu(..) | Subject::Engine(..) => return None,
            _ => Some(self.places.get(subject)?.channel as usize),
        }))
    }

    /// Revenue and cost per hour between two instants, as far as they are known.
    pub(super) fn rates(&self, MoneyPlace(channel): MoneyPlace, from: Timestamp, to: Timestamp) -> [Option<f64>; 2] {
        let mut sums = [Amount::default(); 2];
        if self.is_before_the_watch(to) {
            return [None; 2];
        }
        let (mut minute, end) = self.within(from, to);
        while minute < end {
            let hour = minute.div_euclid(MINUTES_OF_HOUR);
            let whole = minute.rem_euclid(MINUTES_OF_HOUR) == 0 && end - minute >= MINUTES_OF_HOUR;
            let known = channel.filter(|_| whole).map(|channel| self.hour(hour, channel));
            if let Some([Some(revenue), Some(cost)]) = known {
                sums[0].add(Some(revenue), HOUR as i64);
                sums[1].add(Some(cost), HOUR as i64);
                minute += MINUTES_OF_HOUR;
                continue;
            }
            let millis = self.millis_of(minute);
            if millis >= LEAST {
                for (sum, amount) in sums.iter_mut().zip(self.minute(minute, channel)) {
                    sum.add(amount, millis);
                }
            }
            minute += 1;
        }
        sums.map(Amount::per_hour)
    }

    /// Whether an instant is in the part of the first minute that was not watched.
    fn is_before_the_watch(&self, at: Timestamp) -> bool {
        let (minute, part) = (at.millis().div_euclid(MINUTE), at.millis().rem_euclid(MINUTE));
        self.began.is_some_and(|(began, over)| minute == began && part <= over)
    }

    /// The cost of a node between two instants.
    pub(super) fn cost_between(&self, subject: &Subject, from: Timestamp, to: Timestamp) -> Option<f64> {
        let [_, rate] = self.rates(self.place(subject)?, from.minute(), (to + Span::from_millis(MINUTE - 1)).minute());
        Some(rate? * (to - from).as_secs_f64() / 3600.0)
    }

    /// The minutes between two instants that are kept.
    fn within(&self, from: Timestamp, to: Timestamp) -> (i64, i64) {
        let Some(newest) = self.fleet.newest() else { return (0, 0) };
        let first = self.fleet.slot(from).max(newest + 1 - MINUTES_KEPT);
        (first, self.fleet.slot(to + Span::from_millis(MINUTE - 1)).min(newest + 1))
    }

    /// The length of a minute that was watched and is over.
    fn millis_of(&self, minute: i64) -> i64 {
        let of = |known: Option<(i64, i64)>| known.filter(|(known, _)| *known == minute).map(|(_, millis)| millis);
        of(self.going_on).unwrap_or(MINUTE) - of(self.began).unwrap_or(0)
    }

    /// A minute's revenue and cost.
    fn minute(&self, minute: i64, channel: Option<usize>) -> [Option<f64>; 2] {
        let Some(channel) = channel else {
            let Earned { revenue, cost } = self.fleet.get(minute, 0);
            return [revenue, cost].map(|amount| amount.map(units));
        };
        [&self.revenue, &self.cost].map(|ring| ring.get(minute, channel).value().map(|rate| rate / 60.0))
    }

    fn hour(&self, hour: i64, channel: usize) -> [Option<f64>; 2] {
        [&self.hourly_revenue, &self.hourly_cost].map(|ring| ring.get(hour, channel).value())
    }

    /// The channel of a subject, which is added if its minute is present.
    fn channel(&mut self, subject: Subject, minute: i64) -> Option<usize> {
        let is_present = self.fleet.newest().is_none_or(|newest| newest - minute < GONE);
        if let Some(place) = self.places.get_mut(&subject) {
            place.seen = place.seen.max(minute);
            return Some(place.channel as usize);
        }
        if !is_present && self.places.len() >= ROOM {
            return None;
        }
        let channel = self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        self.places.insert(subject, BucketPlace { channel, seen: minute });
        Some(channel as usize)
    }

    /// Drops subjects without a posting in an hour if there are many, or in a day.
    pub(super) fn drop_gone(&mut self) {
        let Some(newest) = self.fleet.newest() else { return };
        let limit = if self.places.len() > ROOM { GONE } else { MINUTES_KEPT };
        let mut gone = Vec::new();
        self.places.retain(|_, place| {
            let kept = newest - place.seen < limit;
            gone.extend((!kept).then_some(place.channel));
            kept
        });
        for channel in gone {
            let own = channel as usize..channel as usize + 1;
            self.revenue.clear(own.clone());
            self.cost.clear(own.clone());
            self.hourly_revenue.clear(own.clone());
            self.hourly_cost.clear(own);
            self.free.push(channel);
        }
    }

    /// Clears everything after a minute.
    fn forget_from(&mut self, minute: i64) {
        self.fleet.forget_from(minute);
        self.revenue.forget_from(minute);
        self.cost.forget_from(minute);
        let hour = minute.div_euclid(MINUTES_OF_HOUR);
        self.hourly_revenue.forget_from(hour);
        self.hourly_cost.forget_from(hour);
        self.places.values_mut().for_each(|place| place.seen = place.seen.min(minute));
    }

    pub(super) fn bytes(&self) -> usize {
        let minutes = self.fleet.bytes() + self.revenue.bytes() + self.cost.bytes();
        let hours = self.hourly_revenue.bytes() + self.hourly_cost.bytes();
        minutes + hours + self.places.capacity() * size_of::<(Subject, BucketPlace)>()
    }
}

impl Amount {
    fn add(&mut self, money: Option<f64>, millis: i64) {
        if let Some(money) = money {
            self.money += money;
            self.millis += millis;
        }
    }

    fn per_hour(self) -> Option<f64> {
        (self.millis > 0).then(|| self.money * HOUR / self.millis as f64)
    }
}

fn subjects(money: &MinuteMoney) -> impl Iterator<Item = (Subject, Earned)> {
    let units = money.units.iter().map(|(unit, earned)| (Subject::Unit(unit.clone()), *earned));
    let nodes = money.nodes.iter().map(|(node, earned)| (Subject::Node(node.clone()), *earned));
    let models = money.models.iter().map(|(model, earned)| (Subject::Model(model.clone()), *earned));
    units.chain(nodes).chain(models)
}

fn put<T: PackedCell>(frame: &mut Vec<T>, channel: usize, value: T) {
    if frame.len() <= channel {
        frame.resize(channel + 1, T::UNKNOWN);
    }
    frame[channel] = value;
}

fn per_hour(amount: Option<Money>) -> Option<f64> {
    amount.map(|amount| units(amount) * 60.0)
}

/// An amount in units of currency.
pub(super) fn units(amount: Money) -> f64 {
    amount.grains() as f64 / Money::GRAINS_PER_UNIT as f64
}
