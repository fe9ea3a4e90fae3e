//! Instants and spans in milliseconds. Nothing here reads a clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: milliseconds since 1970-01-01T00:00Z by the wall clock. It prints and serialises as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A length of time in milliseconds, possibly negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span(i64);

/// The time of an observation, on two clocks.
///
/// `wall` is the calendar time and may be set; `boot` (`CLOCK_BOOTTIME`) only advances, also during sleep. Durations
/// are always measured between two `boot` instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
pub struct Moment {
    /// Wall-clock time.
    pub wall: Timestamp,
    /// Time since this machine started, including sleep.
    pub boot: Span,
}

/// GPUs times the milliseconds for which they were allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct GpuTime(i64);

impl Timestamp {
    /// `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds after the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The value of a `..._seconds` gauge of Unix time; `None` unless it is finite and within the years 1970 to 9999.
    pub fn from_unix_seconds(seconds: f64) -> Option<Self> {
        const LAST: f64 = 253_402_300_800.0;
        (0.0..LAST).contains(&seconds).then(|| Self((seconds * 1000.0).round() as i64))
    }

    /// This instant for calendars; 1970 if it is not within the years -9999 to 9999.
    pub fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }

    /// The start of the minute that contains this instant.
    #[must_use]
    pub const fn minute(self) -> Self {
        Self(self.0.div_euclid(Span::MINUTE.0) * Span::MINUTE.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => instant.fmt(f),
            Err(_) => write!(f, "{} ms after 1970", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant = text.parse::<jiff::Timestamp>().map_err(serde::de::Error::custom)?;
        Ok(Self(instant.as_millisecond()))
    }
}

impl From<std::time::Duration> for Span {
    fn from(duration: std::time::Duration) -> Self {
        Self(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Span {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// 60 seconds.
    pub const MINUTE: Self = Self::from_secs(60);
    /// 15 minutes.
    pub const QUARTER_HOUR: Self = Self::from_secs(900);
    /// 60 minutes.
    pub const HOUR: Self = Self::from_secs(3_600);
    /// 24 hours, also where a local day has fewer or more.
    pub const DAY: Self = Self::from_secs(86_400);

    /// `millis` milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// `seconds` seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * 1000)
    }

    /// The span in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The span in seconds, for drawing and rates.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// A moment is written as two counts of milliseconds: by the wall clock, and since this machine started.
impl From<Moment> for (i64, i64) {
    fn from(moment: Moment) -> Self {
        (moment.wall.millis(), moment.boot.millis())
    }
}

impl From<(i64, i64)> for Moment {
    fn from((wall, boot): (i64, i64)) -> Self {
        Self { wall: Timestamp(wall), boot: Span(boot) }
    }
}

impl Moment {
    /// The time since `earlier`, by the clock that is never set.
    pub fn since(self, earlier: Self) -> Span {
        self.boot - earlier.boot
    }
}

impl GpuTime {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// `gpus` GPUs allocated for `span`; zero for a negative span.
    pub fn of(gpus: u32, span: Span) -> Self {
        Self(i64::from(gpus).saturating_mul(span.0.max(0)))
    }

    /// GPU-milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// This time plus a signed number of GPU-milliseconds; at least zero.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        let sum = self.0.saturating_add(millis);
        Self(if sum < 0 { 0 } else { sum })
    }

    /// GPU-milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// GPU-hours, for drawing.
    pub fn hours(self) -> f64 {
        self.0 as f64 / 3_600_000.0
    }
}

// These saturate: times in pages and files may lie far outside the range.

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add<Span> for Moment {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self { wall: self.wall + span, boot: self.boot + span }
    }
}

impl AddAssign for GpuTime {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}
