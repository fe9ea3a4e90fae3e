//! Decimal numbers as people and other programs write them, also with an exponent; no floats.

use super::DecimalError;

/// An exact decimal number that is not negative: `digits * 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    digits: u128,
    exponent: i32,
}

impl Decimal {
    /// The most digits of a number: 128 bits with room to scale.
    const DIGITS: usize = 30;
    /// The largest exponent in either direction.
    const EXPONENT: i32 = 60;

    /// Reads `608e9`, `608_000_000_000`, `0.55` or `1.6e-06`.
    ///
    /// # Errors
    /// [`DecimalError`] if it is none of these, negative, or beyond 30 digits or the exponent 60.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let text = text.trim();
        if text.starts_with('-') {
            return Err(DecimalError::Negative);
        }
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: String = whole.chars().filter(|c| *c != '_').chain(fraction.chars()).collect();
        let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(&digits) || !is_number(power) {
            return Err(DecimalError::NotDecimal);
        }
        let exponent: i32 = exponent.parse().map_err(|_| DecimalError::TooLarge)?;
        let shown = i32::try_from(fraction.len()).map_err(|_| DecimalError::TooLarge)?;
        let digits = digits.trim_start_matches('0');
        if digits.len() > Self::DIGITS || exponent.saturating_abs() > Self::EXPONENT || shown > Self::EXPONENT {
            return Err(DecimalError::TooLarge);
        }
        let digits = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| DecimalError::TooLarge)? };
        Ok(Self { digits, exponent: exponent - shown })
    }

    /// This number times ten to the power of `places`.
    #[must_use]
    pub const fn shifted(self, places: i32) -> Self {
        Self { digits: self.digits, exponent: self.exponent + places }
    }

    /// The number as a count of `10^-places`, exactly.
    ///
    /// # Errors
    /// [`DecimalError::TooManyPlaces`] if a digit beyond `places` is not zero, [`DecimalError::TooLarge`] past 64 bits.
    pub fn scaled(self, places: u32) -> Result<i64, DecimalError> {
        match self.split(places)? {
            (count, 0) => i64::try_from(count).map_err(|_| DecimalError::TooLarge),
            _ => Err(DecimalError::TooManyPlaces(places)),
        }
    }

    /// The nearest count of `10^-places`, ties to even, if it is within a billionth of the number itself.
    pub fn nearly(self, places: u32) -> Option<i64> {
        const BILLION: u128 = 1_000_000_000;
        let (count, rest) = self.split(places).ok()?;
        let unit = self.unit(places);
        let up = rest * 2 > unit || (rest * 2 == unit && count % 2 == 1);
        let (count, off) = if up { (count + 1, unit - rest) } else { (count, rest) };
        let near = off.checked_mul(BILLION).is_some_and(|off| off <= self.digits);
        if near || rest == 0 { i64::try_from(count).ok() } else { None }
    }

    /// Whole counts of `10^-places`, and the digits that are left over.
    fn split(self, places: u32) -> Result<(u128, u128), DecimalError> {
        let shift = self.exponent + places.cast_signed();
        if shift < 0 {
            let unit = self.unit(places);
            return Ok((self.digits / unit, self.digits % unit));
        }
        let scale = 10_u128.checked_pow(shift.unsigned_abs()).filter(|_| self.digits > 0).unwrap_or(1);
        let fits = self.digits == 0 || shift <= 38;
        let count = self.digits.checked_mul(scale).filter(|_| fits).ok_or(DecimalError::TooLarge)?;
        Ok((count, 0))
    }

    /// One count of `10^-places` in units of this number's last digit; larger than all its digits if the number is below
    /// one count.
    fn unit(self, places: u32) -> u128 {
        let shift = self.exponent + places.cast_signed();
        if shift >= 0 { 1 } else { 10_u128.checked_pow(shift.unsigned_abs()).unwrap_or(u128::MAX / 4) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Result<i64, DecimalError> {
        Decimal::parse(text)?.scaled(0)
    }

    #[test]
    fn counts_as_people_write_them() {
        for text in ["608e9", "608_000_000_000", "608000000000", "0.608E+12", "6080000000000e-1"] {
            assert_eq!(count(text), Ok(608_000_000_000), "{text}");
        }
        assert_eq!((count("0"), count("0e60"), count("1.0")), (Ok(0), Ok(0), Ok(1)));
        assert_eq!(Decimal::parse("0.0929").and_then(|d| d.scaled(6)), Ok(92_900));
    }

    #[test]
    fn refuses_what_is_no_count() {
        assert_eq!(count("-1"), Err(DecimalError::Negative));
        for text in ["", "e9", "1e", "1e1.5", "NaN", "inf", "0x10", "1e--1", "1,000", "½", "1e+-1", "."] {
            assert_eq!(count(text), Err(DecimalError::NotDecimal), "{text}");
        }
        assert_eq!(count("1.5"), Err(DecimalError::TooManyPlaces(0)));
        for text in ["1e19", "1e60", "1e61", "1e999999999", "99999999999999999999"] {
            assert!(count(text).is_err(), "{text}");
        }
        assert!(Decimal::parse(&"9".repeat(40)).is_err() && Decimal::parse(&format!(".{}", "0".repeat(90))).is_err());
    }

    #[test]
    fn noise_is_a_billionth() -> Result<(), DecimalError> {
        let noisy = Decimal::parse("1.6000000000000001e-06")?.shifted(6);
        assert_eq!(noisy.scaled(9), Err(DecimalError::TooManyPlaces(9)));
        assert_eq!((noisy.nearly(0), noisy.nearly(1)), (None, Some(16)));
        assert_eq!(Decimal::parse("2.7999999999999998e-07")?.shifted(6).nearly(2), Some(28));
        assert_eq!(Decimal::parse("1.23456789012e-9")?.nearly(9), None);
        assert_eq!(Decimal::parse("1e-60")?.nearly(9), None);
        Ok(())
    }
}
