//! Writes a metrics page. Label sets are preformatted and numbers are written without `fmt`, since a simulated fleet writes
//! gigabytes.

use std::fmt::Display;
use std::io::Write;

use super::latency::{DelayBuckets, RequestsBySpeed};
use crate::wire::Bytes;

/// A page in Prometheus' text format.
#[derive(Debug)]
pub(super) struct MadePage(Vec<u8>);

impl MadePage {
    /// An empty page that will take about `size` bytes.
    pub(super) fn with_capacity(size: usize) -> Self {
        Self(Vec::with_capacity(size))
    }

    /// The page as a body.
    pub(super) fn finish(self) -> Bytes {
        self.0.into()
    }

    /// Starts a metric family: `kind` is `counter`, `gauge` or `histogram`.
    pub(super) fn family(&mut self, name: &str, kind: &str) {
        for part in ["# HELP ", name, " See the engine's own documentation.\n# TYPE ", name, " ", kind, "\n"] {
            self.0.extend_from_slice(part.as_bytes());
        }
    }

    /// Writes an integer. `labels` are preformatted: `engine="0",model_name="m"`; `extra` follows them.
    pub(super) fn count(&mut self, name: &str, labels: &str, extra: &str, value: u64) {
        self.series(name, labels, extra);
        self.digits(value);
        // As Python's client library prints a float.
        self.0.extend_from_slice(b".0\n");
    }

    /// Writes an integer as Go prints it.
    pub(super) fn whole(&mut self, name: &str, labels: &str, value: u64) {
        self.series(name, labels, "");
        self.digits(value);
        self.0.push(b'\n');
    }

    /// Writes a number.
    pub(super) fn number(&mut self, name: &str, labels: &str, extra: &str, value: impl Display) {
        self.series(name, labels, extra);
        // Writing to memory does not fail.
        let _ = writeln!(self.0, "{value}");
    }

    /// A family with one counter for each of `rows`: its labels and value.
    pub(super) fn counter<'a>(&mut self, name: &str, rows: impl IntoIterator<Item = (&'a str, u64)>) {
        self.family(name, "counter");
        rows.into_iter().for_each(|(labels, value)| self.count(name, labels, "", value));
    }

    /// A family with one gauge for each of `rows`: its labels and value.
    pub(super) fn gauge<'a>(&mut self, name: &str, rows: impl IntoIterator<Item = (&'a str, f64)>) {
        self.family(name, "gauge");
        rows.into_iter().for_each(|(labels, value)| self.number(name, labels, "", format_args!("{value:?}")));
    }

    /// One histogram of a family: buckets, count and sum. `stem` is the family's name.
    pub(super) fn histogram(&mut self, stem: &str, labels: &str, buckets: &DelayBuckets, lots: RequestsBySpeed) {
        let name = |suffix: &str| [stem, suffix].concat();
        let bucket = name("_bucket");
        for (le, count) in buckets.counts(lots) {
            self.count(&bucket, labels, le, count);
        }
        self.count(&name("_count"), labels, "", lots.quick + lots.slow);
        self.number(&name("_sum"), labels, "", format_args!("{:?}", buckets.sum(lots)));
    }

    fn series(&mut self, name: &str, labels: &str, extra: &str) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'{');
        self.0.extend_from_slice(labels.as_bytes());
        if !extra.is_empty() {
            self.0.push(b',');
            self.0.extend_from_slice(extra.as_bytes());
        }
        self.0.extend_from_slice(b"} ");
    }

    fn digits(&mut self, mut value: u64) {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[first..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole() {
        let mut page = MadePage::with_capacity(64);
        page.count("a_total", "m=\"x\"", "le=\"1\"", 18_446_744_073_709_551_615);
        page.whole("b", "", 0);
        page.number("c", "", "", 0.25);
        assert_eq!(page.finish(), "a_total{m=\"x\",le=\"1\"} 18446744073709551615.0\nb{} 0\nc{} 0.25\n");
    }
}
