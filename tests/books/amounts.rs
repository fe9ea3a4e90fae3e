//! Exact amounts: whole numbers of `1 / (9 * 10^27)` of the currency, in which every product of rules is whole.

/// A millionth of the currency.
const MICRO: i128 = 9_000_000_000_000_000_000_000;

/// What tokens are worth at a price in billionths per million, times a share in millionths.
pub fn tokens(count: i128, price: i64, share: i64) -> i128 {
    count * i128::from(price) * i128::from(share) * 9_000_000
}

/// A share in millionths of an amount that [`tokens`] gave.
pub fn share(amount: i128, share: i64) -> i128 {
    let product = amount.checked_mul(i128::from(share)).unwrap();
    assert_eq!(product % 1_000_000, 0);
    product / 1_000_000
}

/// Rent of so many milliseconds at a rate in millionths an hour.
pub fn rent(millis: i64, rate: i64) -> i128 {
    i128::from(millis) * i128::from(rate) * 2_500_000_000_000_000
}

/// Energy in millijoules at millionths per kWh, times a PUE in thousandths.
pub fn energy(millijoules: i64, kwh: i64, pue: i64) -> i128 {
    i128::from(millijoules) * i128::from(kwh) * i128::from(pue) * 2_500_000_000
}

/// Millionths of the currency, rounded half to even.
pub fn micros(amount: i128) -> i128 {
    let (whole, rest) = (amount.div_euclid(MICRO), amount.rem_euclid(MICRO));
    let up = rest * 2 > MICRO || (rest * 2 == MICRO && whole % 2 != 0);
    whole + i128::from(up)
}
