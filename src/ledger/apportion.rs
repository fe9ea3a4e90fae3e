//! Splits a delta at instants without losing or adding a token.

use crate::units::{Span, Timestamp, Tokens};

/// Spreads `delta` evenly over `(from, to]` and splits it at `cuts`, which are sorted and inside the interval.
///
/// Part `i` is the difference of two cumulative floors. So the parts add up to the delta, and a further cut does not change
/// the running sums at the existing ones.
pub fn apportion(delta: Tokens, from: Timestamp, to: Timestamp, cuts: &[Timestamp]) -> Vec<Tokens> {
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    let mut before = 0;
    for end in cuts.iter().copied().chain([to]) {
        let upto = running(delta, from, to, end);
        parts.push(Tokens::new(upto - before));
        before = upto;
    }
    parts
}

/// The part of the delta up to `end`, rounded down; all of it at the end of the interval.
pub(super) fn running(delta: Tokens, from: Timestamp, to: Timestamp, end: Timestamp) -> u64 {
    let whole = (to - from).millis();
    if end >= to || whole <= 0 {
        return delta.count();
    }
    let part = (end - from).millis().max(0);
    // Both factors are below 2^63, so the product fits.
    (i128::from(delta.count()) * i128::from(part) / i128::from(whole)) as u64
}

/// The whole minutes strictly inside `(from, to)`.
pub fn cut_minutes(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    const MINUTE: i64 = Span::MINUTE.millis();
    let first = from.minute().millis() + MINUTE;
    (0..).map(move |i| Timestamp::from_millis(first + i * MINUTE)).take_while(move |cut| *cut < to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn parts_are_differences_of_floors() {
        let parts = apportion(Tokens::new(100), ms(0), ms(7000), &[ms(2000), ms(5000)]);
        assert_eq!(parts, [28, 43, 29].map(Tokens::new));
    }

    #[test]
    fn an_interval_of_no_length_is_one_part() {
        assert_eq!(apportion(Tokens::new(9), ms(5), ms(5), &[]), [Tokens::new(9)]);
    }

    #[test]
    fn minutes_inside_only() {
        assert_eq!(cut_minutes(ms(59_999), ms(120_000)).collect::<Vec<_>>(), [ms(60_000)]);
        assert_eq!(cut_minutes(ms(60_000), ms(60_001)).count(), 0);
    }
}
