//! How the fleet is watched: since when, without which gaps, and how the calendar moved.

use crate::units::{Moment, Span, Timestamp};

/// A calendar that moved at least this far relative to the boot clock between two ticks was set.
pub(super) const STEP: Span = Span::from_secs(2);

/// The beginning and the end of the marker of a calendar that was set.
const CLOCK_WAS_SET: (&str, &str) = ("the clock was set by ", " s");

/// The marker of a calendar that was set.
pub(super) fn clock_was_set(step: Span) -> String {
    let (before, after) = CLOCK_WAS_SET;
    format!("{before}{:+}{after}", step.millis() / 1000)
}

/// How far the calendar was set, if a marker says so.
pub(crate) fn clock_step(marker: &str) -> Option<Span> {
    let (before, after) = CLOCK_WAS_SET;
    marker.strip_prefix(before)?.strip_suffix(after)?.parse().ok().map(Span::from_secs)
}

/// The state of the watch.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When the first poll was, of this run or of the ledger.
    began: Option<Timestamp>,
    /// Since when the fleet has been watched without a gap that was too long to be bridged.
    unbroken_since: Option<Timestamp>,
    /// When the last event came after the machine had slept or the process was stopped.
    resumed: Option<Moment>,
    last_tick: Option<Moment>,
    /// The time between the process that kept the ledger before and this one.
    absence: Option<(Timestamp, Timestamp)>,
}

impl Watch {
    /// When the first poll was.
    pub(super) const fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// Since when the fleet has been watched without a gap that was too long to be bridged.
    pub(super) const fn unbroken_since(&self) -> Option<Timestamp> {
        self.unbroken_since
    }

    /// The watch's first event begins it.
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.began.get_or_insert(at);
        self.unbroken_since.get_or_insert(at);
    }

    /// An event came this long after the one before. After a silence the machine has just woken.
    pub(super) fn note_event(&mut self, at: Moment, passed: Span, stale_after: Span) {
        if passed >= stale_after {
            self.resumed = Some(at);
        }
    }

    /// Whether the machine has just woken, so that sources had no time to answer yet.
    pub(super) fn is_resuming(&self, now: Moment, stale_after: Span) -> bool {
        self.resumed.is_some_and(|at| now.since(at) < stale_after)
    }

    /// A tick. Returns how far the calendar was set since the last one, that is, moved differently from the boot clock.
    pub(super) fn tick(&mut self, at: Moment) -> Option<Span> {
        let last = self.last_tick.replace(at)?;
        let step = (at.wall - last.wall) - at.since(last);
        (step.millis().abs() >= STEP.millis()).then_some(step)
    }

    /// Continues an earlier watch.
    pub(super) fn restore(&mut self, began: Option<Timestamp>, unbroken_since: Option<Timestamp>) {
        (self.began, self.unbroken_since) = (began, unbroken_since);
    }

    /// Nothing was watched between these, whether or not it is bridged.
    pub(super) const fn note_absence(&mut self, from: Timestamp, to: Timestamp) {
        self.absence = Some((from, to));
    }

    /// The time between the process that kept the ledger before and this one.
    pub(super) const fn absence(&self) -> Option<(Timestamp, Timestamp)> {
        self.absence
    }

    /// The time before was not watched.
    pub(super) const fn break_at(&mut self, now: Timestamp) {
        self.unbroken_since = Some(now);
    }

    /// Shows the watch of another process, which began then.
    pub(super) fn show(&mut self, began: Option<Timestamp>) {
        self.began = began.or(self.began);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALE: Span = Span::from_secs(3);

    fn at(wall: i64, boot: i64) -> Moment {
        Moment { wall: Timestamp::from_millis(wall), boot: Span::from_millis(boot) }
    }

    fn instants(watch: &Watch) -> [Option<i64>; 2] {
        [watch.began(), watch.unbroken_since()].map(|at| at.map(Timestamp::millis))
    }

    #[test]
    fn the_first_event_begins_a_watch_and_a_gap_breaks_it() {
        let mut watch = Watch::default();
        watch.begin(Timestamp::from_millis(5));
        watch.begin(Timestamp::from_millis(6));
        assert_eq!(instants(&watch), [Some(5), Some(5)]);
        watch.break_at(Timestamp::from_millis(9));
        assert_eq!(instants(&watch), [Some(5), Some(9)]);
    }

    #[test]
    fn a_silence_is_a_sleep_until_sources_had_time_to_answer() {
        let mut watch = Watch::default();
        watch.note_event(at(1000, 1000), Span::from_secs(1), STALE);
        assert!(!watch.is_resuming(at(1000, 1000), STALE));
        watch.note_event(at(9000, 9000), Span::from_secs(8), STALE);
        assert!(watch.is_resuming(at(11_999, 11_999), STALE));
        assert!(!watch.is_resuming(at(12_000, 12_000), STALE));
    }

    #[test]
    fn a_marker_tells_how_far_the_calendar_was_set() {
        for seconds in [-3600, -2, 2, 86_400] {
            let step = Span::from_secs(seconds);
            assert_eq!(clock_step(&clock_was_set(step)), Some(step));
        }
        assert_eq!(clock_step("restart of http://a:8000"), None);
    }

    #[test]
    fn a_tick_tells_how_far_the_calendar_was_set() {
        let mut watch = Watch::default();
        assert_eq!(watch.tick(at(0, 0)), None);
        assert_eq!(watch.tick(at(2999, 1000)), None);
        assert_eq!(watch.tick(at(5999, 2000)), Some(Span::from_secs(2)));
        assert_eq!(watch.tick(at(1999, 3000)), Some(Span::from_secs(-5)));
    }
}
