//! The speed at which a played day really runs: its time between snapshots divided by real time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::units::Timestamp;

/// The real time that it is measured over, and the least.
const OVER: Duration = Duration::from_secs(10);
const LEAST: Duration = Duration::from_secs(3);
/// A longer time without a snapshot begins a new measurement.
const GAP: Duration = Duration::from_secs(3);
/// The time between two values, so that the figure can be read.
const EVERY: Duration = Duration::from_secs(2);

/// Measures it over the last seconds.
#[derive(Debug, Default)]
pub(super) struct RealSpeed {
    received: VecDeque<(Instant, Timestamp)>,
    shown: Option<(Instant, u32)>,
}

impl RealSpeed {
    /// Notes a snapshot of `at` that arrives at `now`. Returns the speed, once a few seconds are known. At the end of the day
    /// time stands still: that is no speed.
    pub(super) fn note(&mut self, now: Instant, at: Timestamp) -> Option<u32> {
        if let Some((received, last)) = self.received.back().copied() {
            if at == last {
                return self.shown.map(|(_, speed)| speed);
            }
            if at < last || now.saturating_duration_since(received) > GAP {
                *self = Self::default();
            }
        }
        self.received.push_back((now, at));
        while self.received.get(1).is_some_and(|(received, _)| now.saturating_duration_since(*received) >= OVER) {
            self.received.pop_front();
        }
        let is_due = self.shown.is_none_or(|(shown, _)| now.saturating_duration_since(shown) >= EVERY);
        if let Some(speed) = self.measured(now, at).filter(|_| is_due) {
            self.shown = Some((now, speed));
        }
        self.shown.map(|(_, speed)| speed)
    }

    fn measured(&self, now: Instant, at: Timestamp) -> Option<u32> {
        let (first, from) = self.received.front()?;
        let real = now.saturating_duration_since(*first);
        (real >= LEAST).then(|| two_digits((at - *from).millis() as f64 / 1_000.0 / real.as_secs_f64()))
    }
}

/// Rounded to two digits.
fn two_digits(speed: f64) -> u32 {
    let unit = 10_f64.powf((speed.max(10.0).log10() - 1.0).floor());
    ((speed / unit).round() * unit) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    /// Snapshots a tenth of a real second apart, each of so many seconds more.
    fn last(speed: &mut RealSpeed, (from, began): (Instant, i64), steps: u32, seconds: i64) -> Option<u32> {
        let at = |step: u32| Timestamp::from_millis(1_000 * (began + i64::from(step) * seconds));
        (1..=steps).map(|step| speed.note(from + Duration::from_millis(100) * step, at(step))).last().flatten()
    }

    #[test]
    fn a_day_that_lags_has_a_lower_speed() {
        let (mut speed, began) = (RealSpeed::default(), Instant::now());
        assert_eq!(last(&mut speed, (began, 0), 20, 360), None, "two seconds are too few");
        assert_eq!(last(&mut RealSpeed::default(), (began, 0), 60, 360), Some(3_600));
        let mut speed = RealSpeed::default();
        last(&mut speed, (began, 0), 60, 144);
        let later = began + Duration::from_secs(6);
        assert_eq!(last(&mut speed, (later, 60 * 144), 150, 37), Some(370), "the last ten seconds count");
    }

    #[test]
    fn the_end_of_the_day_is_no_lag_and_a_stop_begins_anew() {
        let (mut speed, began) = (RealSpeed::default(), Instant::now());
        last(&mut speed, (began, 0), 60, 144);
        let end = Timestamp::from_millis(60 * 144_000);
        assert_eq!(speed.note(began + Duration::from_secs(60), end), Some(1_400));
        assert_eq!(speed.note(began + Duration::from_secs(61), end + Span::from_secs(1)), None);
        assert_eq!(two_digits(0.4), 0);
        assert_eq!(two_digits(86_400.0), 86_000);
        assert_eq!(two_digits(7.6), 8);
    }
}
