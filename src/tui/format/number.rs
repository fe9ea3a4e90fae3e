//! Plain figures: scaled, grouped, percent, bytes, watts, seconds.

use super::{UNKNOWN, pad_left};
use crate::units::{Bytes, Ratio};

const STEPS: [&str; 7] = [" ", "k", "M", "B", "T", "P", "E"];

/// The minus of every figure on the screen, or nothing.
pub(super) const fn minus(is_negative: bool) -> &'static str {
    if is_negative { "−" } else { "" }
}

/// Three digits and a step of a thousand: the number, and its prefix or a space.
fn three_digits(value: f64) -> Option<(String, &'static str)> {
    if !value.is_finite() {
        return None;
    }
    let sign = minus(value < 0.0);
    let mut rest = value.abs();
    for prefix in STEPS {
        // The bound is where three digits would round up to four.
        if rest < 999.5 {
            let places = match (prefix, rest) {
                (" ", r) if r == 0.0 || r >= 9.95 => 0,
                (" ", _) => 1,
                (_, r) if r >= 99.95 => 0,
                (_, r) if r >= 9.995 => 1,
                _ => 2,
            };
            return Some((format!("{sign}{rest:.places$}"), prefix));
        }
        rest /= 1000.0;
    }
    Some((format!("{sign}>999"), "E"))
}

/// Five cells, for tables: `4.21k`, `  731`, `    –`.
pub fn scaled_tight(value: Option<f64>) -> String {
    match value.and_then(three_digits) {
        Some((number, prefix)) => format!("{:>5}", format!("{number}{}", prefix.trim())),
        None => format!("{UNKNOWN:>5}"),
    }
}

/// An amount, not below zero, in at most `cells` cells with as many of its digits as they hold: `4.20`, `217`, `25k`.
pub fn tight(value: f64, cells: usize) -> String {
    let plain = [2, 1, 0].into_iter().filter(|places| value < 100.0 || *places == 0);
    let shorter = [(1e3, 'k'), (1e6, 'M'), (1e9, 'B'), (1e12, 'T')].into_iter();
    let shorter = shorter.flat_map(|(scale, letter)| [1, 0].map(|places| (scale, letter, places)));
    plain
        .map(|places| format!("{value:.places$}"))
        .chain(shorter.map(|(scale, letter, places)| format!("{:.places$}{letter}", value / scale)))
        .find(|text| text.len() <= cells)
        .unwrap_or_else(|| "…".to_owned())
}

/// A whole number with thousands: `2,224`.
pub fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count in at most five cells: `217`, `12966`, `103k`.
pub fn compact(count: u64) -> String {
    if count < 100_000 { count.to_string() } else { scaled_tight(Some(count as f64)).trim().to_owned() }
}

/// A fraction in whole percent, five cells: ` 71 %`, `100 %`, `  –  ` when unknown.
pub fn percent(ratio: Option<Ratio>) -> String {
    match ratio {
        Some(ratio) => format!("{:>5}", percent_text(ratio, 0)),
        None => format!("{UNKNOWN:>3}  "),
    }
}

/// A fraction in percent with one decimal, six cells: `56.3 %`, ` 100 %`.
pub fn percent1(ratio: Option<Ratio>) -> String {
    match ratio {
        Some(ratio) if ratio.get().abs() < 0.9995 => format!("{:>6}", percent_text(ratio, 1)),
        Some(ratio) => format!("{:>6}", percent_text(ratio, 0)),
        None => format!("{UNKNOWN:>4}  "),
    }
}

fn percent_text(ratio: Ratio, places: usize) -> String {
    let percent = ratio.get() * 100.0;
    if percent.abs() >= 99_999.5 {
        let sign = minus(percent < 0.0);
        return format!("{sign}>99,999 %");
    }
    let text = format!("{:.places$}", percent.abs());
    // A small loss must not print as "−0".
    let is_nothing = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = minus(percent < 0.0 && !is_nothing);
    format!("{sign}{text} %")
}

/// What changed in a share, as a glyph and percent points: `▲ 3.9 pt`, `▬ 0.0 pt` for nothing.
pub fn points(difference: f64) -> String {
    let points = difference.abs() * 100.0;
    match difference {
        _ if !difference.is_finite() => UNKNOWN.to_owned(),
        _ if points < 0.05 => "▬ 0.0 pt".to_owned(),
        up if up > 0.0 => format!("▲ {points:.1} pt"),
        _ => format!("▼ {points:.1} pt"),
    }
}

/// What changed, as a glyph and whole percent, eight cells: `▲ 3 %`, `▼ 12 %`, `▬ 0 %` for nothing, `–` for unknown.
pub fn change(fraction: Option<f64>) -> String {
    let text = match fraction {
        None => UNKNOWN.to_owned(),
        Some(f) if !f.is_finite() => UNKNOWN.to_owned(),
        Some(f) if f.abs() < 0.005 => "▬ 0 %".to_owned(),
        Some(f) => {
            let glyph = if f > 0.0 { '▲' } else { '▼' };
            let percent = (f.abs() * 100.0).round();
            if percent > 999.0 { format!("{glyph} >999 %") } else { format!("{glyph} {percent:.0} %") }
        }
    };
    super::pad_right(&text, 8)
}

/// Memory held and memory there is, in GiB, twelve cells: ` 54.1/79.6 G`.
pub fn memory(used: Option<Bytes>, total: Option<Bytes>) -> String {
    let gib = |bytes: Option<Bytes>| bytes.map_or_else(|| UNKNOWN.to_owned(), gib_text);
    let text = match (used, total) {
        (None, None) => UNKNOWN.to_owned(),
        (_, None) => format!("{} G", gib(used)),
        _ => format!("{}/{} G", gib(used), gib(total)),
    };
    pad_left(&text, 12)
}

/// Bytes a second, at most eight cells: `2.0 GB/s`, `350 MB/s`, `0`.
pub fn bytes_per_second(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return UNKNOWN.to_owned() };
    let units = [(1e12, "TB/s"), (1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")];
    // What would be rounded to a thousand of a unit is written in the next one.
    let Some((scale, unit)) = units.into_iter().find(|(scale, _)| value >= 0.9995 * scale) else {
        return if value < 0.5 { "0".to_owned() } else { format!("{value:.0} B/s") };
    };
    let places = usize::from(value < 9.95 * scale);
    format!("{:.places$} {unit}", (value / scale).min(999.0))
}

fn gib_text(bytes: Bytes) -> String {
    let gib = bytes.get() as f64 / (1024.0 * 1024.0 * 1024.0);
    if gib < 99.95 {
        format!("{gib:.1}")
    } else if gib < 99_999.5 {
        format!("{gib:.0}")
    } else {
        format!("{:.0}k", gib / 1000.0)
    }
}

/// Power, six cells: ` 512 W`.
pub fn watts(value: Option<f64>) -> String {
    match value {
        Some(w) if w.is_finite() && w.abs() < 9999.5 => format!("{w:>4.0} W"),
        Some(w) if w.is_finite() => format!("{}W", scaled_tight(Some(w))),
        _ => format!("{UNKNOWN:>4}  "),
    }
}

/// A latency, seven cells: ` 38 ms`, `0.46 s`, `12.3 s`, ` 340 s`.
pub fn latency(seconds: Option<f64>) -> String {
    let text = match seconds {
        Some(s) if !s.is_finite() || s < 0.0 => UNKNOWN.to_owned(),
        Some(s) if s < 0.0995 => format!("{:.0} ms", s * 1000.0),
        Some(s) if s < 9.995 => format!("{s:.2} s"),
        Some(s) if s < 99.95 => format!("{s:.1} s"),
        Some(s) if s < 9999.5 => format!("{s:.0} s"),
        Some(_) => ">9999 s".to_owned(),
        None => UNKNOWN.to_owned(),
    };
    pad_left(&text, 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_their_unit() {
        let text = |value| bytes_per_second(Some(value));
        assert_eq!([0.0, 0.2, 17.0, 999.6, 1_200.0].map(text), ["0", "0", "17 B/s", "1.0 kB/s", "1.2 kB/s"]);
        assert_eq!(
            [350e6, 999.7e6, 2e9, 64e9, 1e18].map(text),
            ["350 MB/s", "1.0 GB/s", "2.0 GB/s", "64 GB/s", "999 TB/s"]
        );
        assert_eq!(bytes_per_second(None), UNKNOWN);
    }

    #[test]
    fn a_figure_keeps_the_digits_that_fit() {
        assert_eq!([tight(4.2, 4), tight(21.34, 4), tight(217.0, 3)], ["4.20", "21.3", "217"]);
        assert_eq!([tight(24_524.0, 4), tight(24_524.0, 3), tight(1e15, 5)], ["25k", "25k", "1000T"]);
        assert_eq!([tight(0.0, 1), tight(9.99, 1), tight(0.004, 3)], ["0", "…", "0.0"]);
    }

    #[test]
    fn rates_keep_their_width_and_three_digits() {
        let cases = [
            (Some(0.0), "    0"),
            (Some(9.34), "  9.3"),
            (Some(731.4), "  731"),
            (Some(999.6), "1.00k"),
            (Some(4_210.0), "4.21k"),
            (Some(19_800.0), "19.8k"),
            (Some(731_000.0), " 731k"),
            (Some(1_941_000.0), "1.94M"),
            (Some(f64::NAN), "    –"),
            (None, "    –"),
        ];
        for (value, text) in cases {
            assert_eq!(scaled_tight(value), text);
        }
        assert_eq!(scaled_tight(Some(1_210_000_000.0)), "1.21B");
        assert_eq!(scaled_tight(Some(9_000.0)), "9.00k");
    }

    #[test]
    fn what_is_too_large_says_so() {
        assert_eq!(scaled_tight(Some(1e30)), ">999E");
        assert_eq!(percent(Ratio::new(1e12)), ">99,999 %");
        assert_eq!(latency(Some(1e9)), ">9999 s");
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(percent(Ratio::new(-0.0001)), "  0 %");
        assert_eq!(change(Some(-0.001)).trim(), "▬ 0 %");
    }

    #[test]
    fn units_are_a_technicians() {
        assert_eq!(memory(Some(Bytes::from_mib(55_398)), Some(Bytes::from_mib(81_510))), " 54.1/79.6 G");
        assert_eq!(memory(Some(Bytes::from_mib(1024)), None), "       1.0 G");
        assert_eq!(watts(Some(512.3)), " 512 W");
        assert_eq!(latency(Some(0.038)), "  38 ms");
        assert_eq!(latency(Some(0.46)), " 0.46 s");
        assert_eq!(grouped(2224), "2,224");
    }
}
