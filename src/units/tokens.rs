//! Whole tokens.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// A count of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Tokens(u64);

/// Why a counter's value is not a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterError {
    /// `NaN` or an infinity.
    NotFinite,
    /// Below zero.
    Negative,
    /// Not a whole number.
    NotWhole,
    /// 2^53 or more, where a float cannot hold every integer.
    TooLarge,
}

impl fmt::Display for CounterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFinite => "not a finite number",
            Self::Negative => "a negative number",
            Self::NotWhole => "not a whole number",
            Self::TooLarge => "above 2^53, where it no longer counts one by one",
        })
    }
}

impl std::error::Error for CounterError {}

impl Tokens {
    /// No tokens.
    pub const ZERO: Self = Self(0);
    /// The first count that a float cannot tell from its neighbour.
    pub const LIMIT: u64 = 1 << 53;

    /// `count` tokens.
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// How many.
    pub const fn count(self) -> u64 {
        self.0
    }

    /// A counter's value as a page prints it. Pages print floats; a count is whole, not negative and below 2^53.
    ///
    /// # Errors
    /// [`CounterError`] says which of these it is not.
    pub fn from_counter(value: f64) -> Result<Self, CounterError> {
        if !value.is_finite() {
            Err(CounterError::NotFinite)
        } else if value < 0.0 {
            Err(CounterError::Negative)
        } else if value >= Self::LIMIT as f64 {
            Err(CounterError::TooLarge)
        } else if value.fract() != 0.0 {
            Err(CounterError::NotWhole)
        } else {
            Ok(Self(value as u64))
        }
    }

    /// `self + other`, or `None` if that is out of range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `self - other`, or `None` if that is below zero.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(left) => Some(Self(left)),
            None => None,
        }
    }

    /// `self - other`, at least zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Tokens {
    type Output = Self;
    /// Saturates at the end of the range. Tokens that are posted are added with [`Tokens::checked_add`].
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_whole_finite_and_countable() {
        assert_eq!(Tokens::from_counter(1.399_350_8e7), Ok(Tokens::new(13_993_508)));
        assert_eq!(Tokens::from_counter(f64::NAN), Err(CounterError::NotFinite));
        assert_eq!(Tokens::from_counter(f64::INFINITY), Err(CounterError::NotFinite));
        assert_eq!(Tokens::from_counter(-1.0), Err(CounterError::Negative));
        assert_eq!(Tokens::from_counter(0.5), Err(CounterError::NotWhole));
        assert_eq!(Tokens::from_counter(9_007_199_254_740_992.0), Err(CounterError::TooLarge));
    }
}
