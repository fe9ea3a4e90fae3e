//! Prices of tokens, and shares.

use std::str::FromStr;

use super::decimal::{DecimalError, decimal_string, parse_scaled};
use super::money::divide_half_even;
use super::{Money, Tokens};

/// A price per million tokens, to nine decimals: one count is 1e-15 of a unit of currency per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(i64);

impl Price {
    /// The largest price: a million units of currency per million tokens. 10^15 tokens at it are within the range of
    /// money.
    pub const MOST: Self = Self(1_000_000_000_000_000);

    /// A price of `nanos` billionths of a unit of currency per million tokens.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The price in billionths of a unit of currency per million tokens.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// This price times `numerator / denominator`, rounded half to even at its nine decimals. `None` out of range.
    pub fn times(self, numerator: i64, denominator: i64) -> Option<Self> {
        let (over, under) = (i128::from(numerator), i128::from(denominator));
        let nanos = (under > 0).then(|| divide_half_even(i128::from(self.0) * over, under))?;
        i64::try_from(nanos).ok().map(Self).filter(|price| *price <= Self::MOST)
    }

    /// The exact cost of `tokens` at this price; saturates at the largest amount.
    pub const fn of(self, tokens: Tokens) -> Money {
        // Below 2^127: a price has 63 bits and a count has 64.
        let femtos = self.0 as i128 * tokens.count() as i128;
        Money::from_grains(femtos.saturating_mul(Money::GRAINS_PER_FEMTO))
    }

    /// The exact cost of `tokens` at this price if `share` of them is paid; saturates at the largest amount.
    pub const fn of_share(self, tokens: Tokens, share: Share) -> Money {
        const GRAINS_PER_PPM: i128 = Money::GRAINS_PER_FEMTO / 1_000_000;
        let femtos = self.0 as i128 * tokens.count() as i128;
        Money::from_grains(femtos.saturating_mul(share.0 as i128 * GRAINS_PER_PPM))
    }

    /// The cost of `tokens` at this price if `share` of them is paid; `None` if it is out of range.
    pub fn checked_of_share(self, tokens: Tokens, share: Share) -> Option<Money> {
        const GRAINS_PER_PPM: i128 = Money::GRAINS_PER_FEMTO / 1_000_000;
        let paid = i128::from(self.0).checked_mul(tokens.count().into())?.checked_mul(share.0.into())?;
        paid.checked_mul(GRAINS_PER_PPM).map(Money::from_grains)
    }
}

impl FromStr for Price {
    type Err = DecimalError;
    /// At most [`Price::MOST`].
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let nanos = parse_scaled(text, 9)?;
        if nanos <= Self::MOST.0 { Ok(Self(nanos)) } else { Err(DecimalError::Above(1_000_000)) }
    }
}

/// A part of a whole in parts per million, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// The whole: 1.
    pub const ALL: Self = Self(1_000_000);

    /// The share in parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// A share in parts per million; `None` above 1.
    pub const fn from_ppm(ppm: u32) -> Option<Self> {
        if ppm <= Self::ALL.0 { Some(Self(ppm)) } else { None }
    }

    /// This share of an amount, rounded half to even to a grain.
    pub fn of(self, amount: Money) -> Money {
        amount.converted(self.0.into(), Self::ALL.0.into()).unwrap_or(amount)
    }
}

impl FromStr for Share {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        match u32::try_from(parse_scaled(text, 6)?) {
            Ok(ppm) if ppm <= Self::ALL.0 => Ok(Self(ppm)),
            _ => Err(DecimalError::Above(1)),
        }
    }
}

decimal_string!(Price, 9);
decimal_string!(Share, 6);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{GpuTime, HourlyRate, Span};

    #[test]
    fn the_published_day_is_exact() -> Result<(), DecimalError> {
        let revenue = "0.14".parse::<Price>()?.of(Tokens::new(342_000_000_000))
            + "0.55".parse::<Price>()?.of(Tokens::new(266_000_000_000))
            + "2.19".parse::<Price>()?.of(Tokens::new(168_000_000_000));
        assert_eq!(revenue.to_string(), "562100.00");
        let rent = "2.00".parse::<HourlyRate>()?.of(GpuTime::of(8, Span::from_millis(5442 * 3_600_000)));
        assert_eq!(rent.to_string(), "87072.00");
        Ok(())
    }

    #[test]
    fn a_share_of_one_token_is_not_lost() -> Result<(), DecimalError> {
        let price: Price = "0.003625".parse()?;
        let share: Share = "0.370001".parse()?;
        assert_eq!(price.of_share(Tokens::new(1), share).grains(), 3_625_000 * 370_001 * 9);
        Ok(())
    }

    #[test]
    fn a_share_is_at_most_the_whole() {
        assert_eq!("1.000001".parse::<Share>(), Err(DecimalError::Above(1)));
        assert_eq!("1".parse::<Share>(), Ok(Share::ALL));
    }

    #[test]
    fn a_price_is_bounded_so_that_revenue_is() {
        assert_eq!("1000000".parse(), Ok(Price::MOST));
        assert_eq!("1000000.000000001".parse::<Price>(), Err(DecimalError::Above(1_000_000)));
        assert!(Price::MOST.of_share(Tokens::new(1_000_000_000_000_000), Share::ALL) > Money::ZERO);
    }

    #[test]
    fn a_price_is_converted_once() {
        assert_eq!(Price::from_nanos(3).times(1, 2), Some(Price::from_nanos(2)));
        assert_eq!((Price::MOST.times(2, 1), Price::MOST.times(1, 0)), (None, None));
    }

    #[test]
    fn prints_as_it_is_written() {
        for text in ["0.003625", "2.00", "0.55"] {
            assert_eq!(text.parse::<Price>().map(|p| p.to_string()), Ok(text.to_owned()));
        }
    }
}
