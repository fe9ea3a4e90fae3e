//! Which process stands behind a target's counters: the same as before, its successor, or somebody else.
//!
//! A successor is believed when its start is later than the old one by at least as long as the old process was watched:
//! a process that lived that long cannot have been born after its successor. So two machines' clocks are never
//! compared. Without any start time a fall is held for three looks and judged by where the values go.

use serde::{Deserialize, Serialize};

use crate::units::{Moment, Span, Timestamp};

/// Starts that move by less, without a fall, are the same process seen through a jittering clock.
const JITTER: Span = Span::from_secs(2);
/// How much shorter than the watch a successor's distance may be.
const SLACK: Span = Span::from_secs(5);
/// Looks for which a fall without a start time is held.
const HELD_LOOKS: u8 = 3;
/// Starts that are remembered.
const STARTS_KEPT: usize = 32;

/// What a page says of its process, before its counters are used.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// When it arrived.
    pub at: Moment,
    /// When its process started, if it says.
    pub start: Option<Timestamp>,
    /// Whether any counter is below its last value.
    pub fell: bool,
    /// Whether, while a fall is held, every counter is at or above its value from before the fall.
    pub recovered: bool,
}

/// What a page is to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The first page of the target: every counter is a baseline.
    First,
    /// The same process: counters grew.
    Same,
    /// Its successor: counters count from zero, since `started` where it says so.
    Restart {
        /// When the new process started.
        started: Option<Timestamp>,
    },
    /// A fall without a start time: nothing is posted until it is judged.
    Held,
    /// Somebody else behind the same address, now for the first time known to be so.
    Shared,
    /// The address is known to be shared: nothing of it is ever posted.
    StillShared,
}

/// One target's process, as far as its pages tell.
#[derive(Debug, Clone, Default)]
pub struct Incarnation {
    start: Option<Timestamp>,
    earlier: Vec<Timestamp>,
    first_seen: Option<Moment>,
    last_seen: Option<Moment>,
    held: u8,
    shared: bool,
}

/// What must be remembered of a process while nobody watches it. Instants in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProcessMemory {
    /// When it started, after the Unix epoch.
    pub start: Option<i64>,
    /// When its predecessors started.
    pub earlier: Vec<i64>,
    /// When it was first seen, by the calendar.
    pub first_wall: Option<i64>,
    /// The same since the machine started.
    pub first_boot: Option<i64>,
    /// Looks for which a fall has been held.
    pub held: u8,
    /// Whether several processes answer behind the address.
    pub shared: bool,
}

impl Incarnation {
    /// What must be remembered of it.
    pub fn memory(&self) -> ProcessMemory {
        ProcessMemory {
            start: self.start.map(Timestamp::millis),
            earlier: self.earlier.iter().map(|start| start.millis()).collect(),
            first_wall: self.first_seen.map(|seen| seen.wall.millis()),
            first_boot: self.first_seen.map(|seen| seen.boot.millis()),
            held: self.held,
            shared: self.shared,
        }
    }

    /// A process as it was remembered, last seen at `last_seen`.
    pub fn recall(memory: &ProcessMemory, last_seen: Moment) -> Self {
        let first = memory.first_wall.zip(memory.first_boot);
        let moment = |(wall, boot)| Moment { wall: Timestamp::from_millis(wall), boot: Span::from_millis(boot) };
        Self {
            start: memory.start.map(Timestamp::from_millis),
            earlier: memory.earlier.iter().copied().map(Timestamp::from_millis).collect(),
            first_seen: first.map(moment),
            last_seen: Some(last_seen),
            held: memory.held,
            shared: memory.shared,
        }
    }

    /// Judges a page.
    pub fn turn(&mut self, page: Page) -> Turn {
        let turn = self.judge(page);
        match turn {
            Turn::Shared => self.shared = true,
            Turn::First => {
                self.first_seen = Some(page.at);
                self.start = page.start;
            }
            Turn::Restart { .. } => self.succeed(page),
            Turn::Same => self.start = page.start.or(self.start),
            Turn::Held | Turn::StillShared => {}
        }
        self.held = if turn == Turn::Held { self.held + 1 } else { 0 };
        self.last_seen = Some(page.at);
        turn
    }

    /// Whether a fall is being held.
    pub const fn holds(&self) -> bool {
        self.held > 0
    }

    /// Whether several processes answer behind the address.
    pub const fn is_shared(&self) -> bool {
        self.shared
    }

    /// When the process started, if it says.
    pub const fn start(&self) -> Option<Timestamp> {
        self.start
    }

    fn judge(&self, page: Page) -> Turn {
        if self.shared {
            return Turn::StillShared;
        }
        let Some(first_seen) = self.first_seen else { return Turn::First };
        match (self.start, page.start) {
            (Some(old), Some(new)) => self.judge_start(old, new, first_seen, page),
            _ => self.judge_fall(page),
        }
    }

    fn judge_start(&self, old: Timestamp, new: Timestamp, first_seen: Moment, page: Page) -> Turn {
        let moved = new - old;
        if moved == Span::ZERO || (!page.fell && Span::from_millis(moved.millis().abs()) < JITTER) {
            // The same start and a fall: the page contradicts itself, as one of several processes would.
            return if page.fell { self.judge_fall(page) } else { Turn::Same };
        }
        if moved < Span::ZERO || self.earlier.contains(&new) {
            return Turn::Shared;
        }
        let watched = self.last_seen.map_or(Span::ZERO, |last| last.since(first_seen));
        if moved + SLACK >= watched { Turn::Restart { started: Some(new) } } else { Turn::Shared }
    }

    fn judge_fall(&self, page: Page) -> Turn {
        match (self.held, page.fell, page.recovered) {
            (0, false, _) => Turn::Same,
            (0, true, _) => Turn::Held,
            (_, _, true) => Turn::Shared,
            (held, ..) if held < HELD_LOOKS - 1 => Turn::Held,
            _ => Turn::Restart { started: None },
        }
    }

    fn succeed(&mut self, page: Page) {
        if let Some(old) = self.start {
            self.earlier.push(old);
            if self.earlier.len() > STARTS_KEPT {
                self.earlier.remove(0);
            }
        }
        self.start = page.start;
        self.first_seen = Some(page.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment { wall: Timestamp::from_millis(1_700_000_000_000), boot: Span::ZERO } + Span::from_secs(seconds)
    }

    fn page(seconds: i64, start: i64, fell: bool) -> Page {
        Page { at: at(seconds), start: Some(Timestamp::from_millis(start * 1000)), fell, recovered: false }
    }

    #[test]
    fn a_later_start_after_a_long_watch_is_a_restart() {
        let mut process = Incarnation::default();
        assert_eq!(process.turn(page(0, 100, false)), Turn::First);
        assert_eq!(process.turn(page(60, 100, false)), Turn::Same);
        let started = Some(Timestamp::from_millis(158_000));
        assert_eq!(process.turn(page(61, 158, false)), Turn::Restart { started });
    }

    #[test]
    fn a_start_too_close_to_have_followed_is_another_instance() {
        let mut process = Incarnation::default();
        process.turn(page(0, 100, false));
        process.turn(page(600, 100, false));
        assert_eq!(process.turn(page(601, 130, true)), Turn::Shared);
        assert_eq!(process.turn(page(602, 100, false)), Turn::StillShared);
    }

    #[test]
    fn going_back_to_a_start_seen_before_is_another_instance() {
        let mut process = Incarnation::default();
        process.turn(page(0, 100, false));
        assert!(matches!(process.turn(page(1, 900, true)), Turn::Restart { .. }));
        assert_eq!(process.turn(page(2, 100, false)), Turn::Shared);
    }

    #[test]
    fn a_jittering_start_is_the_same_process() {
        let mut process = Incarnation::default();
        process.turn(page(0, 100, false));
        assert_eq!(process.turn(page(1, 101, false)), Turn::Same);
        assert_eq!(process.turn(page(2, 100, false)), Turn::Same);
    }

    #[test]
    fn a_fall_without_a_start_is_held_for_three_looks() {
        let blind = |seconds, fell, recovered| Page { at: at(seconds), start: None, fell, recovered };
        let mut process = Incarnation::default();
        assert_eq!(process.turn(blind(0, false, false)), Turn::First);
        assert_eq!(process.turn(blind(1, true, false)), Turn::Held);
        assert_eq!(process.turn(blind(2, false, false)), Turn::Held);
        assert_eq!(process.turn(blind(3, false, false)), Turn::Restart { started: None });

        let mut behind_a_balancer = Incarnation::default();
        behind_a_balancer.turn(blind(0, false, false));
        assert_eq!(behind_a_balancer.turn(blind(1, true, false)), Turn::Held);
        assert_eq!(behind_a_balancer.turn(blind(2, false, true)), Turn::Shared);
    }
}
