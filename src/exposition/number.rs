//! Sample values: parsed as by `std`, and faster where that is exact.

/// Powers of ten that a float holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Parses a float, correctly rounded; `NaN` and the infinities in any case. `None` if it is not a number.
///
/// Up to 2^53 and with a decimal exponent within 22 both parts are exact floats, so that a single operation rounds
/// once. That covers what engines print. Anything else is parsed by `std`.
pub fn number(text: &[u8]) -> Option<f64> {
    exact(text).or_else(|| {
        // `std` also accepts `infinity` without a sign, as Prometheus does.
        std::str::from_utf8(text).ok()?.parse().ok()
    })
}

fn exact(text: &[u8]) -> Option<f64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (mantissa, whole) = digits(text, 0);
    let mut rest = &text[whole..];
    let (mut mantissa, mut places) = (mantissa, 0);
    if let [b'.', fraction @ ..] = rest {
        (mantissa, places) = digits(fraction, mantissa);
        rest = &fraction[places..];
    }
    if whole + places == 0 || whole + places > 18 || mantissa > 1 << 53 {
        return None;
    }
    let power = exponent(rest)? - i32::try_from(places).ok()?;
    let scale = TENS.get(power.unsigned_abs() as usize)?;
    let size = if power < 0 { mantissa as f64 / scale } else { mantissa as f64 * scale };
    Some(if negative { -size } else { size })
}

/// Appends digits to `value`. It wraps beyond 18 digits, which the caller rejects.
fn digits(text: &[u8], mut value: u64) -> (u64, usize) {
    let mut count = 0;
    while let Some(digit) = text.get(count).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (value, count)
}

fn exponent(text: &[u8]) -> Option<i32> {
    let text = match text {
        [] => return Some(0),
        [b'e' | b'E', rest @ ..] => rest,
        _ => return None,
    };
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (value, count) = digits(text, 0);
    if count == 0 || count > 4 || count != text.len() {
        return None;
    }
    Some(if negative { -(value as i32) } else { value as i32 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_as_engines_print_them() {
        for (text, value) in [
            ("12.0", 12.0),
            ("1.3993508e+07", 13_993_508.0),
            ("91203314000", 91_203_314_000.0),
            ("611.233000", 611.233),
            ("0.00146520146520146", 0.001_465_201_465_201_46),
            ("-20970.0", -20970.0),
            ("1.7954465335e+09", 1_795_446_533.5),
            ("9.007199254740993e+15", 9_007_199_254_740_992.0),
            ("+Inf", f64::INFINITY),
            ("-Inf", f64::NEG_INFINITY),
            ("1e-400", 0.0),
            (".5", 0.5),
            ("5.", 5.0),
        ] {
            assert_eq!(number(text.as_bytes()).map(f64::to_bits), Some(value.to_bits()), "{text}");
        }
        assert!(number(b"NaN").is_some_and(f64::is_nan));
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "12a", "0x10", "1_000", " 1", "\u{ff11}"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_std_reads(text in "[-+]?[0-9]{0,20}\\.?[0-9]{0,20}([eE][-+]?[0-9]{1,3})?") {
            let ours = number(text.as_bytes()).map(f64::to_bits);
            prop_assert_eq!(ours, text.parse::<f64>().ok().map(f64::to_bits));
        }

        #[test]
        fn every_float_comes_back(value in any::<f64>()) {
            let back = number(format!("{value:e}").as_bytes());
            prop_assert!(back.is_some_and(|back| back.to_bits() == value.to_bits() || (back.is_nan() && value.is_nan())));
        }
    }
}
