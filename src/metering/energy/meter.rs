//! Interprets the energy counter of one GPU: growth, falls and jumps.
//!
//! A counter that falls, or rises by more than its GPU can have drawn, is quarantined for three polls. A lasting fall is
//! the end of a misreading if the counter had such a value within the last ten minutes; a reset to zero if the card can
//! have drawn its value since; otherwise a new baseline. A lasting rise that no GPU can have produced is disputed.

use serde::{Deserialize, Serialize};

use crate::counters::EnergyBound;
use crate::units::{Moment, Span};

/// The number of polls that a fall or a jump is quarantined for.
const QUARANTINE_POLLS: u8 = 3;
/// How long a first change is quarantined. Exporters refresh energy at intervals up to this, so the time of the last
/// refresh is unknown.
const REFRESH: Span = Span::from_secs(60);
/// The interval between the values that are kept to recognize a fall.
const KEPT: Span = Span::from_secs(300);
/// How long a counter that moved may stand still. Every card draws some power.
const STOPPED: Span = Span::from_secs(120);
/// The interval between disputes about a counter that grows by more than its GPU can draw on every poll.
const DISPUTED_AGAIN: Span = Span::from_secs(3600);
/// How long after a change the previous values may return.
const RETURN_WITHIN: Span = Span::from_secs(600);

/// The energy counter of one GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::metering) struct EnergyMeter {
    last: u64,
    /// When it last moved.
    pub(super) at: Moment,
    #[serde(alias = "held")]
    quarantined: Option<Quarantined>,
    /// Whether it has changed since it was first seen.
    #[serde(default)]
    moved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "left")]
    former: Option<Former>,
    /// Energy already posted of growth that is still to come.
    #[serde(default)]
    ahead: u64,
    /// Accepted values: one that is five to ten minutes old, and a later one.
    #[serde(default)]
    earlier: [Option<(u64, Moment)>; 2],
    /// When it was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Moment>,
    /// The time between two of its changes, if it stood still on readings in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<Span>,
    /// Since when growth is too large on every poll, and when it was disputed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exceeding: Option<(Moment, Moment)>,
}

/// Quarantined values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Quarantined {
    first: u64,
    last: u64,
    polls: u8,
    /// When the first one was read; `None` in states of older versions.
    #[serde(default)]
    began: Option<Moment>,
    /// When the last one changed.
    #[serde(default)]
    at: Option<Moment>,
    /// Whether they grew by more than the GPU can draw: none of them can be where the counter goes on from.
    #[serde(default)]
    exceeds: bool,
}

/// The counter before a change that may be a misreading, and the energy posted since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Former {
    last: u64,
    at: Moment,
    posted: u64,
}

/// The meaning of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Movement {
    /// Nothing to post.
    None,
    /// Energy in millijoules, drawn between two moments.
    Drawn(u64, Moment, Moment),
    /// The same, and when the counter was last seen at the values that returned: any movement since then was a misreading.
    Returned(u64, Moment, Moment, Moment),
    /// A movement that no GPU can have produced, and the energy drawn after it.
    Disputed(Jump, u64),
    /// A change of unknown cause, and the energy drawn after it.
    Baseline(Jump, u64),
    /// A reset to zero: all that the counter shows was drawn since, and so was the energy drawn after its first value. What
    /// was drawn before the reset is not known.
    Reset(Jump, u64),
}

/// A change that no GPU can have produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) before: u64,
    pub(super) after: u64,
    pub(super) energy: u64,
    pub(super) from: Moment,
    pub(super) to: Moment,
}

impl Jump {
    /// The jump in joules, for messages.
    pub(super) fn text(&self) -> String {
        let joules = |energy: u64| format!("{}.{:03} J", energy / 1000, energy % 1000);
        format!("from {} to {}", joules(self.before), joules(self.after))
    }
}

impl EnergyMeter {
    pub(super) fn new(last: u64, at: Moment) -> Self {
        Self {
            last,
            at,
            quarantined: None,
            moved: false,
            former: None,
            ahead: 0,
            earlier: [None; 2],
            seen: Some(at),
            step: None,
            exceeding: None,
        }
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(in crate::metering) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { last: _, at, quarantined, moved: _, former, ahead: _, earlier, seen, step: _, exceeding } = self;
        let quarantined = quarantined.iter_mut().flat_map(|quarantined| {
            let Quarantined { first: _, last: _, polls: _, began, at, exceeds: _ } = quarantined;
            began.iter_mut().chain(at)
        });
        let former = former.iter_mut().map(|former| {
            let Former { last: _, at, posted: _ } = former;
            at
        });
        let earlier = earlier.iter_mut().flatten().map(|(_, at)| at);
        std::iter::once(at)
            .chain(seen)
            .chain(quarantined)
            .chain(former)
            .chain(earlier)
            .chain(exceeding.iter_mut().flat_map(|(since, last)| [since, last]))
    }

    /// Since when the counter has stopped after a fall, or has grown by more than the GPU can draw, if it has.
    pub(super) fn stuck_since(&self) -> Option<Moment> {
        let is_stuck = |fall: &Quarantined| fall.polls > QUARANTINE_POLLS && (fall.first < self.last || fall.exceeds);
        let exceeding = self.exceeding.map(|(since, _)| since);
        exceeding.or_else(|| self.quarantined.filter(is_stuck)?.began)
    }

    /// Since when the counter has stood still, if that is longer than exporters need to renew it.
    pub(super) fn still_since(&self, at: Moment) -> Option<Moment> {
        let most = if self.moved { STOPPED } else { REFRESH };
        (at.since(self.at) >= most).then_some(self.at)
    }

    /// Applies a reading of the counter.
    pub(super) fn advance(&mut self, now: u64, at: Moment, bound: EnergyBound) -> Movement {
        let movement = self.movement(now, at, bound);
        self.seen = Some(at);
        movement
    }

    /// When a growth that is read now came onto the counter: of one that changes at intervals and was not read for a while,
    /// when it is due.
    fn came_at(&mut self, at: Moment) -> Moment {
        let Some(seen) = self.seen.filter(|seen| seen.since(self.at) > Span::ZERO) else {
            self.step = None;
            return at;
        };
        let (since, unread) = (at.since(self.at), at.since(seen));
        if unread.millis().saturating_mul(2) <= self.step.unwrap_or(since).millis() {
            self.step = Some(since);
            return at;
        }
        let due = self.step.filter(|step| step.millis() > 0).map(|step| {
            let steps = since.millis() / step.millis();
            self.at + Span::from_millis(step.millis().saturating_mul(steps))
        });
        due.filter(|due| due.since(seen) > Span::ZERO).unwrap_or(at)
    }

    fn movement(&mut self, now: u64, at: Moment, bound: EnergyBound) -> Movement {
        if let Some(drawn) = growth(self.last, self.at, now, at, bound) {
            let since = self.at;
            // A quarantined value changed when it was first read.
            let moved = self
                .quarantined
                .take()
                .filter(|quarantined| quarantined.last == now)
                .and_then(|quarantined| quarantined.at);
            if drawn == 0 {
                return Movement::None;
            }
            let moved = moved.unwrap_or_else(|| self.came_at(at));
            self.note_earlier(at);
            (self.last, self.at, self.moved, self.exceeding) = (now, moved, true, None);
            return Movement::Drawn(self.due(drawn), since, moved);
        }
        // The values before a change continue: the change was a misreading.
        if let Some(former) = self.former.filter(|former| at.since(former.at) < RETURN_WITHIN)
            && let Some(drawn) = growth(former.last, former.at, now, at, bound)
        {
            let since = self.at;
            *self = Self { moved: true, ahead: former.posted, ..Self::new(now, at) };
            return Movement::Returned(self.due(drawn), since, at, former.at);
        }
        let quarantined = self.quarantine(now, at, bound);
        if !self.is_over(quarantined, at) {
            self.quarantined = Some(quarantined);
            return Movement::None;
        }
        self.settle(quarantined, at, bound)
    }

    /// The part of a growth that has not been posted yet.
    fn due(&mut self, drawn: u64) -> u64 {
        let posted = self.ahead.min(drawn);
        self.ahead -= posted;
        if let Some(former) = &mut self.former {
            former.posted = former.posted.saturating_add(drawn - posted);
        }
        drawn - posted
    }

    /// Keeps an accepted value while a fall may return to it.
    fn note_earlier(&mut self, at: Moment) {
        let [_, later] = self.earlier;
        if later.is_none_or(|(_, noted)| at.since(noted) >= KEPT) {
            self.earlier = [later, Some((self.last, self.at))];
        }
    }

    /// Whether the counter had a value within the last ten minutes.
    fn had(&self, value: u64, at: Moment) -> bool {
        let recent = |(_, noted): &(u64, Moment)| at.since(*noted) < RETURN_WITHIN;
        self.earlier.into_iter().flatten().find(recent).is_some_and(|(earlier, _)| earlier <= value)
    }

    /// The quarantined values with this one added. A value that does not continue them replaces them.
    fn quarantine(&self, now: u64, at: Moment, bound: EnergyBound) -> Quarantined {
        let one = Quarantined { first: now, last: now, polls: 1, began: Some(at), at: Some(at), exceeds: false };
        let Some(quarantined) = self.quarantined else { return one };
        let polls = quarantined.polls.saturating_add(1);
        match growth(quarantined.last, quarantined.at.unwrap_or(self.at), now, at, bound) {
            Some(grown) => {
                let at = if grown > 0 { Some(at) } else { quarantined.at };
                Quarantined { last: now, polls, at, ..quarantined }
            }
            None if now > quarantined.last && quarantined.last > self.last => {
                Quarantined { polls, began: quarantined.began, exceeds: true, ..one }
            }
            None => one,
        }
    }

    /// Whether the quarantined values have lasted long enough. After a fall they must also grow, since a failed counter
    /// stops.
    fn is_over(&self, quarantined: Quarantined, at: Moment) -> bool {
        let grows = quarantined.last > quarantined.first;
        let has_stayed =
            || self.moved || quarantined.exceeds || at.since(quarantined.began.unwrap_or(self.at)) >= REFRESH;
        if quarantined.exceeds && self.exceeding.is_some_and(|(_, then)| at.since(then) < DISPUTED_AGAIN) {
            return false;
        }
        quarantined.polls >= QUARANTINE_POLLS && (grows || quarantined.first >= self.last && has_stayed())
    }

    /// Accepts the quarantined values as the counter's.
    fn settle(&mut self, quarantined: Quarantined, at: Moment, bound: EnergyBound) -> Movement {
        let Self { last: before, at: from, ahead, earlier, former, moved, exceeding, .. } = *self;
        let has_fallen = quarantined.first < before;
        let returned_to = self.had(quarantined.first, at);
        *self = Self { moved: true, ..Self::new(quarantined.last, quarantined.at.unwrap_or(at)) };
        if has_fallen && quarantined.last <= bound.most(at.since(from)) {
            self.at = at;
            self.former = Some(Former { last: before, at: from, posted: quarantined.last });
            let Quarantined { first, last, began, .. } = quarantined;
            let jump = Jump { before, after: first, energy: first, from, to: began.unwrap_or(from) };
            return Movement::Reset(jump, last - first);
        }
        if has_fallen && returned_to {
            // What was posted up to the misread value is ahead of the counter.
            (self.earlier, self.former) = (earlier, former);
            self.ahead = ahead.saturating_add(before.saturating_sub(quarantined.last));
            return Movement::None;
        }
        let drawn = quarantined.last.saturating_sub(quarantined.first);
        let energy = quarantined.first.saturating_sub(before);
        let first_at = if drawn == 0 { quarantined.at } else { quarantined.began };
        let jump = Jump { before, after: quarantined.first, energy, from, to: first_at.unwrap_or(from) };
        // Values from before a fall that return late, or the first value of a counter that read zero.
        let is_known =
            former.is_some_and(|former| growth(former.last, former.at, quarantined.first, at, bound).is_some());
        let is_first = before == 0 && !moved;
        self.former = Some(Former { last: before, at: from, posted: drawn });
        if has_fallen || is_known || is_first {
            return Movement::Baseline(jump, drawn);
        }
        let since = exceeding.map(|(since, _)| since).or(quarantined.began);
        self.exceeding = since.filter(|_| quarantined.exceeds).map(|since| (since, at));
        Movement::Disputed(jump, drawn)
    }
}

/// The growth of a counter in millijoules; `None` if it fell, or if it exceeds what a GPU can draw.
fn growth(last: u64, since: Moment, now: u64, at: Moment, bound: EnergyBound) -> Option<u64> {
    now.checked_sub(last).filter(|drawn| *drawn <= bound.most(at.since(since)))
}
