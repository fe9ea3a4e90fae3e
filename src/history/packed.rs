//! Values in few bytes, for rings of many subjects. An unknown value has its own code.

/// The encoding of a value in a ring.
pub(super) trait PackedCell: Copy + PartialEq {
    /// The code of an unknown value.
    const UNKNOWN: Self;
    /// The value of a code.
    fn value(self) -> Option<f64>;
}

/// A value in two bytes: a sign, seven bits of exponent and eight of fraction. The error is at most 0.2 % of the value
/// (1 in 512), from 2e-19 to 1.8e19; smaller values become zero, larger ones the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TwoByteFloat(u16);

/// A share, 0 to 1, in one byte: in steps of half a percent, so that the error is at most 0.25 percent points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OneByteShare(u8);

const BIAS: u64 = 63;
const F64_BIAS: u64 = 1023;
const SIGN: u16 = 0x8000;
const LARGEST: u16 = 0x7eff;

impl PackedCell for TwoByteFloat {
    const UNKNOWN: Self = Self(u16::MAX);

    fn value(self) -> Option<f64> {
        if self == Self::UNKNOWN {
            return None;
        }
        let (code, minus) = (u64::from(self.0 & !SIGN), self.0 & SIGN != 0);
        let bits = if code == 0 { 0 } else { ((code >> 8) + F64_BIAS - BIAS) << 52 | (code & 0xff) << 44 };
        let value = f64::from_bits(bits);
        Some(if minus { -value } else { value })
    }
}

impl TwoByteFloat {
    pub(super) fn of(value: Option<f64>) -> Self {
        let Some(value) = value.filter(|value| !value.is_nan()) else { return Self::UNKNOWN };
        // Half of the last bit that is kept, so that truncation rounds to the nearest.
        let bits = value.abs().to_bits() + (1 << 43);
        let exponent = (bits >> 52).saturating_sub(F64_BIAS - BIAS);
        let code = match exponent {
            0 => 0,
            1..=126 => (exponent << 8 | (bits >> 44 & 0xff)) as u16,
            _ => LARGEST,
        };
        Self(if value < 0.0 && code != 0 { code | SIGN } else { code })
    }
}

/// The codes of shares, and the number of their steps.
const STEPS: f64 = 200.0;
/// The smallest amount above zero, and the factor of one step of an amount's code: 254 steps are seven decades.
const LEAST: f64 = 0.1;
const PER_STEP: f64 = 0.064_2;

impl PackedCell for OneByteShare {
    const UNKNOWN: Self = Self(u8::MAX);

    fn value(self) -> Option<f64> {
        (self != Self::UNKNOWN).then(|| f64::from(self.0) / STEPS)
    }
}

impl OneByteShare {
    /// Encodes a share.
    pub(super) fn share(value: Option<f64>) -> Self {
        let Some(value) = value.filter(|value| !value.is_nan()) else { return Self::UNKNOWN };
        Self((value * STEPS).round().clamp(0.0, STEPS) as u8)
    }

    /// Encodes an amount from 0.1 to 1,000,000 in steps of 6.6 %: the error is at most 3.3 % of it. Amounts below 0.05
    /// become zero.
    pub(super) fn amount(value: Option<f64>) -> Self {
        let Some(value) = value.filter(|value| !value.is_nan()) else { return Self::UNKNOWN };
        if value < LEAST / 2.0 {
            return Self(0);
        }
        Self(((value / LEAST).ln() / PER_STEP).round().clamp(0.0, 253.0) as u8 + 1)
    }

    /// The amount of a code.
    pub(super) fn as_amount(self) -> Option<f64> {
        let code = Some(self.0).filter(|_| self != Self::UNKNOWN)?;
        Some(if code == 0 { 0.0 } else { LEAST * (f64::from(code - 1) * PER_STEP).exp() })
    }
}

impl PackedCell for f32 {
    const UNKNOWN: Self = f32::NAN;

    fn value(self) -> Option<f64> {
        (!self.is_nan()).then_some(f64::from(self))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zero_unknown_and_the_ends_are_themselves() {
        assert_eq!(TwoByteFloat::of(None).value(), None);
        assert_eq!(TwoByteFloat::of(Some(f64::NAN)).value(), None);
        assert_eq!(TwoByteFloat::of(Some(0.0)).value(), Some(0.0));
        assert_eq!(TwoByteFloat::of(Some(-1e-30)).value(), Some(0.0));
        assert_eq!(TwoByteFloat::of(Some(1.0)).value(), Some(1.0));
        assert_eq!(TwoByteFloat::of(Some(f64::INFINITY)).value(), TwoByteFloat::of(Some(1e300)).value());
        assert!(TwoByteFloat::of(Some(-1e300)).value().is_some_and(|value| value < -1.8e19));
        assert_eq!(OneByteShare::share(Some(0.725)).value(), Some(0.725));
        assert_eq!(
            (OneByteShare::share(Some(7.0)).value(), OneByteShare::share(Some(-1.0)).value()),
            (Some(1.0), Some(0.0))
        );
        assert_eq!((OneByteShare::share(None).value(), OneByteShare::amount(None).as_amount()), (None, None));
        assert_eq!(OneByteShare::amount(Some(0.0)).as_amount(), Some(0.0));
        assert!(OneByteShare::amount(Some(1e9)).as_amount().is_some_and(|value| value > 9e5));
    }

    proptest! {
        #[test]
        fn two_bytes_are_right_within_a_512th(digits in 1.0..10.0_f64, exponent in -18..19_i32, minus: bool) {
            let value = digits * 10.0_f64.powi(exponent) * if minus { -1.0 } else { 1.0 };
            let kept = TwoByteFloat::of(Some(value)).value().unwrap_or_default();
            prop_assert!((kept - value).abs() <= value.abs() / 511.0, "{value} {kept}");
        }

        #[test]
        fn a_byte_is_right_within_a_thirtieth(digits in 1.0..10.0_f64, exponent in -1..6_i32, share in 0.0..1.0_f64) {
            let value = digits * 10.0_f64.powi(exponent);
            let kept = OneByteShare::amount(Some(value)).as_amount().unwrap_or_default();
            prop_assert!((kept - value).abs() <= value * 0.033, "{value} {kept}");
            let kept = OneByteShare::share(Some(share)).value().unwrap_or_default();
            prop_assert!((kept - share).abs() <= 0.002_501, "{share} {kept}");
        }
    }
}
