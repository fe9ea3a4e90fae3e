//! The only module that reads a clock. Lower modules receive the time as an argument.

mod system;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use crate::units::{Moment, Span, Timestamp};

/// A source of time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// This machine's clocks.
    #[default]
    System,
    /// A time that is set by a simulated day, a replay or a test.
    Scripted(ScriptedClock),
    /// This machine's clocks, set back until they catch up: the simulated past of `demo`.
    Late(LateClock),
}

impl Clock {
    /// The present.
    pub fn now(&self) -> Moment {
        match self {
            Self::System => system::now(),
            Self::Scripted(clock) => clock.now(),
            Self::Late(clock) => clock.now(),
        }
    }

    /// The id of this boot of the machine; `None` where the system has none.
    pub fn boot(&self) -> Option<String> {
        match self {
            Self::System | Self::Late(_) => system::boot(),
            Self::Scripted(_) => None,
        }
    }

    /// Starts to measure a duration.
    pub fn stopwatch(&self) -> Stopwatch {
        match self {
            Self::System | Self::Late(_) => Stopwatch(Began::System(Instant::now())),
            Self::Scripted(clock) => Stopwatch(Began::Scripted(clock.clone(), clock.now())),
        }
    }
}

/// A measurement under way, finer than the milliseconds of a [`Moment`].
#[derive(Debug, Clone)]
pub struct Stopwatch(Began);

#[derive(Debug, Clone)]
enum Began {
    System(Instant),
    Scripted(ScriptedClock, Moment),
}

impl Stopwatch {
    /// Seconds since it began.
    pub fn seconds(&self) -> f64 {
        match &self.0 {
            Began::System(began) => began.elapsed().as_secs_f64(),
            Began::Scripted(clock, began) => clock.now().since(*began).as_secs_f64(),
        }
    }
}

/// A time that moves only when it is set. Clones share it.
#[derive(Debug, Clone)]
pub struct ScriptedClock {
    start: Moment,
    elapsed: Arc<AtomicI64>,
}

impl ScriptedClock {
    /// A clock that stands at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self { start: Moment { wall: start, boot: Span::ZERO }, elapsed: Arc::new(AtomicI64::new(0)) }
    }

    /// Moves forward by `span`; a negative span does nothing.
    pub fn advance(&self, span: Span) {
        self.elapsed.fetch_add(span.millis().max(0), Ordering::SeqCst);
    }

    /// Its time.
    pub fn now(&self) -> Moment {
        self.start + Span::from_millis(self.elapsed.load(Ordering::SeqCst))
    }
}

/// This machine's clocks, set back by a span. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LateClock {
    behind: Arc<AtomicI64>,
}

impl LateClock {
    /// Sets it back by `span`.
    pub fn set_back(&self, span: Span) {
        self.behind.store(span.millis().max(0), Ordering::SeqCst);
    }

    /// Moves forward by `span`, at most to the present.
    pub fn catch_up(&self, span: Span) {
        let left = self.behind().millis().saturating_sub(span.millis().max(0));
        self.behind.store(left.max(0), Ordering::SeqCst);
    }

    /// The span by which it is behind.
    pub fn behind(&self) -> Span {
        Span::from_millis(self.behind.load(Ordering::SeqCst))
    }

    /// Its time.
    pub fn now(&self) -> Moment {
        let now = Clock::System.now();
        Moment { wall: now.wall - self.behind(), boot: now.boot - self.behind() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_clock_catches_up_and_is_then_the_machines() {
        let late = LateClock::default();
        late.set_back(Span::from_secs(3_600));
        let copy = Clock::Late(late.clone());
        let behind = Clock::System.now().wall - copy.now().wall;
        assert!((Span::from_secs(3_599)..=Span::from_secs(3_600)).contains(&behind), "{behind:?}");
        late.catch_up(Span::from_secs(3_000));
        assert_eq!(late.behind(), Span::from_secs(600));
        late.catch_up(Span::from_secs(9_000));
        assert_eq!(late.behind(), Span::ZERO);
    }

    #[test]
    fn a_scripted_clock_moves_its_copies_and_never_back() {
        let clock = ScriptedClock::at(Timestamp::from_millis(1000));
        let copy = Clock::Scripted(clock.clone());
        let stopwatch = copy.stopwatch();
        clock.advance(Span::from_secs(2));
        clock.advance(Span::from_secs(-9));
        assert_eq!(copy.now(), Moment { wall: Timestamp::from_millis(3000), boot: Span::from_secs(2) });
        assert!((stopwatch.seconds() - 2.0).abs() < f64::EPSILON);
    }
}
