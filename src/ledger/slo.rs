//! Latency objectives, and the minutes in which they were met.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::reading::{Label, NodeName};
use crate::units::{Span, Timestamp};

/// The latencies that objectives are for.
pub const LATENCIES: usize = 3;
/// A day, in milliseconds: nodes' minutes are kept by day of UTC.
const DAY: i64 = Span::DAY.millis();
/// A quarter hour, in milliseconds.
const QUARTER: i64 = Span::QUARTER_HOUR.millis();
/// Quarter hours of a day.
const QUARTERS: usize = 96;

/// Latency objectives for 99 of 100 requests or tokens of a minute. `None` is no objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slo {
    /// Arrival to first token.
    pub ttft_p99: Option<Duration>,
    /// Between tokens.
    pub itl_p99: Option<Duration>,
    /// Arrival to last token.
    pub e2e_p99: Option<Duration>,
}

impl Slo {
    /// The objectives: to the first token, between tokens, to the last token.
    pub fn limits(&self) -> [Option<Duration>; LATENCIES] {
        let Self { ttft_p99, itl_p99, e2e_p99 } = *self;
        [ttft_p99, itl_p99, e2e_p99]
    }

    /// Whether any objective is set.
    pub fn is_set(&self) -> bool {
        self.limits().iter().any(Option::is_some)
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for (name, limit) in ["ttft_p99", "itl_p99", "e2e_p99"].into_iter().zip(self.limits()) {
            if let Some(limit) = limit {
                write!(f, "{before}{name} {limit:?}")?;
                before = ", ";
            }
        }
        Ok(())
    }
}

/// Minutes of a quarter hour in which a node's objectives were met, and in which they were missed. A minute without a
/// latency is in neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SloMinutes {
    /// Minutes in which all measured objectives were met.
    pub met: u8,
    /// Minutes in which at least one was missed.
    pub missed: u8,
}

impl SloMinutes {
    /// One minute.
    pub const fn one(met: bool) -> Self {
        Self { met: met as u8, missed: !met as u8 }
    }

    /// Adds minutes of the same quarter hour, which has 15.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let add = |a: u8, b: u8| a.saturating_add(b).min(15);
        Self { met: add(self.met, other.met), missed: add(self.missed, other.missed) }
    }

    /// Whether the objectives were met in every minute with a latency; `None` without one.
    pub const fn verdict(self) -> Option<bool> {
        if self.met == 0 && self.missed == 0 { None } else { Some(self.missed == 0) }
    }
}

/// A node's minutes of one day of UTC, by quarter hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SloDay([SloMinutes; QUARTERS]);

impl Default for SloDay {
    fn default() -> Self {
        Self([SloMinutes::default(); QUARTERS])
    }
}

impl SloDay {
    /// The day of an instant, as the instant at which it begins.
    pub fn of(at: Timestamp) -> Timestamp {
        at - Span::from_millis(at.millis().rem_euclid(DAY))
    }

    /// The minutes of the quarter hour that an instant lies in.
    pub fn at(&self, at: Timestamp) -> SloMinutes {
        self.0[place(at)]
    }

    /// Adds minutes of the quarter hour that an instant lies in.
    pub fn add(&mut self, at: Timestamp, minutes: SloMinutes) {
        let place = &mut self.0[place(at)];
        *place = place.plus(minutes);
    }

    /// The quarter hours in which objectives were missed, as offsets from the beginning of the day.
    pub fn missed(&self) -> impl Iterator<Item = Span> {
        let missed = (0..).zip(&self.0).filter(|(_, minutes)| minutes.missed > 0);
        missed.map(|(nth, _)| Span::from_millis(nth * QUARTER))
    }

    /// Two hexadecimal digits for each quarter hour: the minutes that met the objectives, and those that missed them.
    pub fn to_text(&self) -> String {
        let digit = |minutes: u8| char::from_digit(u32::from(minutes.min(15)), 16).unwrap_or('0');
        self.0.iter().flat_map(|minutes| [digit(minutes.met), digit(minutes.missed)]).collect()
    }

    /// Parses a day; quarter hours that are missing in the text have no minutes.
    pub fn from_text(text: &str) -> Self {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
        let mut day = Self::default();
        for (minutes, pair) in day.0.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *minutes = SloMinutes { met: digit(&pair[0]), missed: digit(&pair[1]) };
        }
        day
    }
}

fn place(at: Timestamp) -> usize {
    usize::try_from(at.millis().rem_euclid(DAY) / QUARTER).unwrap_or_default().min(QUARTERS - 1)
}

/// The stored results of the most recent objectives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SloPast {
    /// The objectives: `ttft_p99 2s, itl_p99 60ms`.
    pub slo: Label,
    /// The UTC day from which on they were evaluated; there is no data before it.
    pub since: Timestamp,
    /// The objectives evaluated before, if different.
    pub before: Option<Label>,
    /// The days of a time range, by node.
    pub days: HashMap<NodeName, Vec<(Timestamp, SloDay)>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_back_as_it_was_written() {
        let begins = SloDay::of(Timestamp::from_millis(1_795_000_000_000));
        let (mut day, last) = (SloDay::default(), begins + Span::from_millis(DAY - 1));
        assert_eq!((SloDay::of(last), SloDay::of(begins)), (begins, begins));
        (0..20).for_each(|_| day.add(begins, SloMinutes::one(true)));
        day.add(last, SloMinutes::one(true));
        day.add(last, SloMinutes::one(false));
        assert_eq!((day.at(begins).met, day.at(begins).verdict()), (15, Some(true)), "a quarter hour has 15 minutes");
        assert_eq!(
            (day.at(last).verdict(), day.at(begins + Span::from_millis(QUARTER)).verdict()),
            (Some(false), None)
        );
        let text = day.to_text();
        assert!(text.len() == 2 * QUARTERS && text.starts_with("f00") && text.ends_with("11"), "{text}");
        assert_eq!(SloDay::from_text(&text), day);
        assert_eq!(SloDay::from_text("f"), SloDay::default(), "a damaged text says nothing");
    }

    #[test]
    fn objectives_say_what_they_are() {
        let slo =
            Slo { ttft_p99: Some(Duration::from_secs(2)), itl_p99: Some(Duration::from_micros(7500)), e2e_p99: None };
        assert_eq!(slo.to_string(), "ttft_p99 2s, itl_p99 7.5ms");
        assert!(slo.is_set() && !Slo::default().is_set());
    }
}
