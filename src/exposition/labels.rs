//! The labels of one series: borrowed from the page, and parsed on demand.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::Limits;

/// An error in a series' labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelFault {
    /// The text is not a list of labels.
    Malformed,
    /// There are too many labels, or one is too long.
    OverLimit,
}

/// The labels of one series, in the page's order. Iterating yields `(name, value)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeriesLabels<'p> {
    /// The text between the braces, known to be well-formed.
    inner: &'p [u8],
}

impl<'p> SeriesLabels<'p> {
    /// The value of the label `name`; the first one, if the page repeats it.
    pub fn get(self, name: &str) -> Option<LabelText<'p>> {
        self.into_iter().find_map(|(key, value)| (key == name.as_bytes()).then_some(value))
    }

    /// Whether the label `name` has the value `value`.
    pub fn has(self, name: &str, value: &str) -> bool {
        self.get(name).is_some_and(|text| text.is(value))
    }

    /// The labels as written on the page: equal bytes are equal labels.
    pub fn as_bytes(self) -> &'p [u8] {
        self.inner
    }

    /// A hash of the labels without `except`, independent of their order. A label with an empty value counts as absent,
    /// as in Prometheus. The hash is the same in every process and release: the sum of the 64-bit FNV-1a of each pair,
    /// mixed. Without mixing, the sums of pairs that differ in their last bytes cancel out (`a="0",b="1"` and
    /// `a="1",b="0"`).
    pub fn fingerprint(self, except: &str) -> u64 {
        let counted = self.into_iter().filter(|(key, value)| !value.0.is_empty() && *key != except.as_bytes());
        counted.fold(0, |sum, (key, value)| sum.wrapping_add(mix(fnv1a(&[key, value.0]))))
    }
}

impl<'p> IntoIterator for SeriesLabels<'p> {
    type Item = (&'p [u8], LabelText<'p>);
    type IntoIter = LabelIter<'p>;

    fn into_iter(self) -> LabelIter<'p> {
        LabelIter { rest: self.inner }
    }
}

/// The 64-bit FNV-1a of texts, each terminated by a byte that does not occur in UTF-8.
pub(crate) fn fnv1a(texts: &[&[u8]]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let next = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    texts.iter().fold(OFFSET, |hash, text| next(text.iter().fold(hash, |hash, byte| next(hash, *byte)), 0xff))
}

/// Spreads each bit over all others: the last step of `SplitMix64` (Steele, Lea, Flood 2014).
const fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Iterates over [`SeriesLabels`].
#[derive(Debug, Clone)]
pub struct LabelIter<'p> {
    rest: &'p [u8],
}

impl<'p> Iterator for LabelIter<'p> {
    type Item = (&'p [u8], LabelText<'p>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = skip_blanks(self.rest);
            if rest.is_empty() {
                self.rest = rest;
                return None;
            }
            let (key, value, rest) = pair(rest)?;
            self.rest = skip_comma(rest)?;
            // The metric's own name, which Prometheus 3 writes as a quoted string between the labels.
            if let Some(value) = value {
                return Some((key, value));
            }
        }
    }
}

/// A label's value as written on the page, with its escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LabelText<'p>(&'p [u8]);

impl<'p> LabelText<'p> {
    /// The bytes between the quotes. Equal bytes are equal values.
    pub const fn raw(self) -> &'p [u8] {
        self.0
    }

    /// Whether the value is `value`, which needs no escape.
    pub fn is(self, value: &str) -> bool {
        self.0 == value.as_bytes()
    }

    /// The value without escapes; invalid UTF-8 is replaced.
    pub fn text(self) -> Cow<'p, str> {
        match memchr(b'\\', self.0) {
            None => String::from_utf8_lossy(self.0),
            Some(first) => Cow::Owned(unescape(self.0, first)),
        }
    }

    /// The value as a number.
    pub fn number(self) -> Option<f64> {
        super::number(self.0)
    }
}

fn unescape(raw: &[u8], first: usize) -> String {
    let mut plain = raw[..first].to_vec();
    let mut bytes = raw[first..].iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => plain.push(b'\n'),
                Some(escaped @ (b'"' | b'\\')) => plain.push(escaped),
                Some(other) => plain.extend([b'\\', other]),
                None => plain.push(b'\\'),
            },
            _ => plain.push(byte),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The text between braces, and what follows it.
pub(super) struct LabelBlock<'p> {
    /// The labels.
    pub(super) labels: SeriesLabels<'p>,
    /// The metric's name, if it is quoted among the labels.
    pub(super) name: Option<&'p [u8]>,
    /// The text after `}`.
    pub(super) rest: &'p [u8],
}

/// Parses from the byte after `{`.
pub(super) fn braced<'p>(text: &'p [u8], limits: &Limits) -> Result<LabelBlock<'p>, LabelFault> {
    let (mut rest, mut count, mut name) = (skip_blanks(text), 0, None);
    loop {
        if let [b'}', after @ ..] = rest {
            let inner = &text[..text.len() - rest.len()];
            return Ok(LabelBlock { labels: SeriesLabels { inner }, name, rest: after });
        }
        let (key, value, after) = pair(rest).ok_or(LabelFault::Malformed)?;
        match value {
            None if name.is_none() => name = Some(key),
            None => return Err(LabelFault::Malformed),
            Some(value) => {
                count += 1;
                if count > limits.labels || value.0.len() > limits.label || key.len() > limits.label {
                    return Err(LabelFault::OverLimit);
                }
            }
        }
        rest = skip_blanks(after);
        match rest {
            [b',', after @ ..] => rest = skip_blanks(after),
            [b'}', ..] => {}
            _ => return Err(LabelFault::Malformed),
        }
    }
}

/// One `name="value"`, or a single quoted string.
#[inline]
fn pair(text: &[u8]) -> Option<(&[u8], Option<LabelText<'_>>, &[u8])> {
    let (key, rest) = if let [b'"', quoted @ ..] = text {
        let (key, rest) = string(quoted)?;
        if !skip_blanks(rest).starts_with(b"=") {
            return Some((key, None, rest));
        }
        (key, rest)
    } else {
        let end = text.iter().position(|b| !is_label_byte(*b))?;
        if end == 0 || text[0].is_ascii_digit() {
            return None;
        }
        text.split_at(end)
    };
    let [b'=', rest @ ..] = skip_blanks(rest) else { return None };
    let [b'"', rest @ ..] = skip_blanks(rest) else { return None };
    let (value, rest) = string(rest)?;
    Some((key, Some(LabelText(value)), rest))
}

/// The text up to the closing quote, and the text after it.
#[inline]
pub(super) fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[at] == b'"' {
            return Some((&text[..at], &text[at + 1..]));
        }
        from = at + 2;
    }
}

fn skip_comma(text: &[u8]) -> Option<&[u8]> {
    match skip_blanks(text) {
        [] => Some(&[]),
        [b',', rest @ ..] => Some(rest),
        _ => None,
    }
}

const fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[inline]
pub(super) fn skip_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}
