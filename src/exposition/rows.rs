//! Iterates over the wanted lines of a page.

use memchr::memchr;

use super::labels::{self, LabelBlock, LabelFault, skip_blanks};
use super::{Limits, SeriesLabels, Tally, number};
use crate::units::Timestamp;

/// The type of a family as declared on the page. It decides the meaning of a series; the ending of a name does not:
/// vLLM has a histogram called `..._total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FamilyKind {
    /// A value that only grows.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Cumulative buckets.
    Histogram,
    /// Quantiles.
    Summary,
    /// Another type of `OpenMetrics`: info, stateset, gaugehistogram.
    Other,
    /// Untyped, or without a `# TYPE` line before it.
    #[default]
    Unknown,
}

impl FamilyKind {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"counter" => Self::Counter,
            b"gauge" => Self::Gauge,
            b"histogram" => Self::Histogram,
            b"summary" => Self::Summary,
            b"untyped" | b"unknown" => Self::Unknown,
            b"info" | b"stateset" | b"gaugehistogram" => Self::Other,
            _ => return None,
        })
    }

    /// The suffixes that series of such a family add to its name.
    const fn endings(self) -> &'static [&'static [u8]] {
        match self {
            Self::Counter => &[b"_total", b"_created"],
            Self::Histogram => &[b"_bucket", b"_sum", b"_count", b"_created"],
            Self::Summary => &[b"_sum", b"_count", b"_created"],
            Self::Other => &[b"_info", b"_bucket", b"_gsum", b"_gcount"],
            Self::Gauge | Self::Unknown => &[],
        }
    }
}

/// The byte order mark that some editors and exporters write before the first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One wanted series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesRow<'p, T> {
    /// The caller's tag for its name.
    pub tag: T,
    /// Its name, including the suffix.
    pub name: &'p str,
    /// The type of its family.
    pub kind: FamilyKind,
    /// Its labels.
    pub labels: SeriesLabels<'p>,
    /// Its value.
    pub value: f64,
    /// When its value was sampled, if the line says so.
    pub sampled: Option<Timestamp>,
}

/// A line of a wanted series that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unreadable<'p, T> {
    /// The caller's tag for its name.
    pub tag: T,
    /// Its labels, if only the value cannot be read.
    pub labels: Option<SeriesLabels<'p>>,
}

/// The most unreadable lines of a page that are kept; further ones count as over a limit.
const UNREADABLE: usize = 1024;

/// The most lines of a family whose labels are kept.
const KEPT_LINES: usize = 64;

/// The labels of a family's lines by position. The next family's lines usually have the same ones in the same order, so
/// labels that are equal to parsed ones are not parsed again.
#[derive(Debug)]
struct RepeatedLabels<'p> {
    lines: [SeriesLabels<'p>; KEPT_LINES],
    at: usize,
}

impl Default for RepeatedLabels<'_> {
    fn default() -> Self {
        Self { lines: [SeriesLabels::default(); KEPT_LINES], at: 0 }
    }
}

impl<'p> RepeatedLabels<'p> {
    /// Begins another family.
    const fn begin(&mut self) {
        self.at = 0;
    }

    /// Parses from the byte after `{`, as [`labels::braced`] does.
    #[inline]
    fn braced(&mut self, text: &'p [u8], limits: &Limits) -> Result<LabelBlock<'p>, LabelFault> {
        let at = self.at;
        self.at += 1;
        if let Some(rest) = self.lines.get(at).and_then(|labels| text.strip_prefix(labels.as_bytes()))
            && let [b'}', after @ ..] = rest
        {
            return Ok(LabelBlock { labels: self.lines[at], name: None, rest: after });
        }
        let braced = labels::braced(text, limits)?;
        if let Some(line) = self.lines.get_mut(at).filter(|_| braced.name.is_none()) {
            *line = braced.labels;
        }
        Ok(braced)
    }
}

/// Iterates over the wanted series of a page; see [`Rows::new`]. [`Rows::tally`] counts what was left out so far.
#[derive(Debug)]
pub struct Rows<'p, T, W> {
    rest: &'p [u8],
    limits: Limits,
    wants: W,
    family: (&'p [u8], FamilyKind),
    /// The last bare name and its tag: a family's lines are adjacent.
    last: (&'p [u8], FamilyKind, Option<T>),
    repeated: RepeatedLabels<'p>,
    yielded: usize,
    tally: Tally,
    unreadable: Vec<Unreadable<'p, T>>,
    first_bad: Option<&'p [u8]>,
}

impl<'p, T: Copy, W: FnMut(&str, FamilyKind) -> Option<T>> Rows<'p, T, W> {
    /// The series of `page` for whose name and kind `wants` returns a tag. It is called once for a run of lines with
    /// one name, and only their labels and values are parsed; the rest is skipped.
    pub fn new(page: &'p [u8], limits: Limits, wants: W) -> Self {
        let mut tally = Tally::default();
        let page = page.strip_prefix(BYTE_ORDER_MARK).unwrap_or(page);
        let rest = if page.len() > limits.page {
            tally.over_limit += 1;
            let whole_lines = memchr::memrchr(b'\n', &page[..limits.page]).map_or(0, |at| at + 1);
            &page[..whole_lines]
        } else {
            page
        };
        Self {
            rest,
            limits,
            wants,
            family: (b"", FamilyKind::Unknown),
            last: (b"", FamilyKind::Unknown, None),
            repeated: RepeatedLabels::default(),
            yielded: 0,
            tally,
            unreadable: Vec::new(),
            first_bad: None,
        }
    }

    /// Lines of wanted series that could not be read so far.
    pub fn unreadable(&self) -> &[Unreadable<'p, T>] {
        &self.unreadable
    }

    /// The first line so far that is not valid exposition: its name, or the whole line if it has none.
    pub fn first_bad(&self) -> Option<&'p [u8]> {
        self.first_bad.map(|line| match line.iter().position(|b| !is_name_byte(*b)).unwrap_or(line.len()) {
            0 => line,
            name => &line[..name],
        })
    }

    /// Counts a line that is not valid exposition.
    fn refuse(&mut self, line: &'p [u8]) {
        self.tally.bad += 1;
        self.first_bad = self.first_bad.or(Some(line));
    }

    /// Keeps what is known of a line that cannot be read, if its series is wanted. Returns whether there was room.
    fn keep_unreadable(&mut self, line: &'p [u8]) -> bool {
        let Some((name, labels)) = salvage(line, &self.limits) else { return true };
        let Some((tag, _)) = self.ask(name) else { return true };
        if self.unreadable.len() >= UNREADABLE {
            return false;
        }
        self.unreadable.push(Unreadable { tag, labels });
        true
    }

    /// The tally so far; complete when the iteration is over.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    #[inline]
    fn line(&mut self) -> Option<&'p [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = match memchr(b'\n', self.rest) {
            Some(at) => (&self.rest[..at], &self.rest[at + 1..]),
            None => (self.rest, &self.rest[self.rest.len()..]),
        };
        self.rest = rest;
        Some(line)
    }

    /// A line that starts with `#`: only `TYPE`, `UNIT` and `EOF` are used.
    fn comment(&mut self, line: &'p [u8]) {
        // The form that nearly every exporter writes.
        let (keyword, rest) = match line {
            [b'#', b' ', b'H', b'E', b'L', b'P', b' ', ..] => return,
            [b'#', b' ', b'T', b'Y', b'P', b'E', b' ', rest @ ..] => (&b"TYPE"[..], rest),
            _ => word(&line[1..]),
        };
        match keyword {
            b"TYPE" => {
                let Some((kind, name)) = typed(rest) else {
                    self.refuse(line);
                    return;
                };
                self.family = (name, kind);
                self.last.0 = b"";
            }
            b"EOF" => (self.tally.ended, self.tally.openmetrics) = (true, true),
            b"UNIT" => self.tally.openmetrics = true,
            _ => {}
        }
    }

    /// The type of the series `name`, from the current family.
    fn kind_of(&mut self, name: &[u8]) -> FamilyKind {
        let (family, kind) = self.family;
        let Some(ending) = name.strip_prefix(family) else { return FamilyKind::Unknown };
        if ending.is_empty() {
            return kind;
        }
        if family.is_empty() || !kind.endings().contains(&ending) {
            return FamilyKind::Unknown;
        }
        // In the older format a counter's family has the name of its series.
        self.tally.openmetrics |= kind == FamilyKind::Counter;
        if ending == b"_created" { FamilyKind::Gauge } else { kind }
    }

    /// The tag of a line by its name; `None` if it is not wanted.
    #[inline]
    fn decide(&mut self, name: &'p [u8]) -> Option<(T, FamilyKind)> {
        let (last, kind, tag) = self.last;
        if last == name {
            return tag.map(|tag| (tag, kind));
        }
        self.repeated.begin();
        let wanted = self.ask(name);
        self.last = (name, wanted.map_or(FamilyKind::Unknown, |(_, kind)| kind), wanted.map(|(tag, _)| tag));
        wanted
    }

    fn ask(&mut self, name: &[u8]) -> Option<(T, FamilyKind)> {
        let kind = self.kind_of(name);
        let name = std::str::from_utf8(name).ok()?;
        (self.wants)(name, kind).map(|tag| (tag, kind))
    }

    #[inline]
    fn sample(&mut self, line: &'p [u8]) -> Result<Option<SeriesRow<'p, T>>, LabelFault> {
        let bare = name_length(line, self.last.0);
        let (name, rest) = line.split_at(bare);
        if bare > 0 {
            let Some((tag, kind)) = self.decide(name) else { return Ok(None) };
            let braced = match skip_blanks(rest) {
                [b'{', inner @ ..] => self.repeated.braced(inner, &self.limits)?,
                rest => LabelBlock { labels: SeriesLabels::default(), name: None, rest },
            };
            if braced.name.is_some() {
                return Err(LabelFault::Malformed);
            }
            return row(tag, name, kind, &braced).map(Some);
        }
        let [b'{', inner @ ..] = line else { return Err(LabelFault::Malformed) };
        let braced = labels::braced(inner, &self.limits)?;
        let name = braced.name.ok_or(LabelFault::Malformed)?;
        let Some((tag, kind)) = self.ask(name) else { return Ok(None) };
        row(tag, name, kind, &braced).map(Some)
    }
}

impl<'p, T: Copy, W: FnMut(&str, FamilyKind) -> Option<T>> Iterator for Rows<'p, T, W> {
    type Item = SeriesRow<'p, T>;

    fn next(&mut self) -> Option<SeriesRow<'p, T>> {
        loop {
            let line = self.line()?;
            if line.len() > self.limits.line {
                self.tally.over_limit += 1;
                continue;
            }
            let line = skip_blanks(line);
            match line.first() {
                None | Some(b'\r') => continue,
                Some(b'#') => {
                    self.comment(line);
                    continue;
                }
                Some(_) => {}
            }
            match self.sample(line) {
                Ok(None) => self.tally.samples += 1,
                Ok(Some(_)) if self.yielded >= self.limits.series => self.tally.over_limit += 1,
                Ok(Some(row)) => {
                    self.yielded += 1;
                    self.tally.samples += 1;
                    return Some(row);
                }
                Err(LabelFault::Malformed) if self.keep_unreadable(line) => self.refuse(line),
                Err(_) => self.tally.over_limit += 1,
            }
        }
    }
}

/// The length of the bare name at the start of `line`; 0 if there is none.
#[inline]
fn name_length(line: &[u8], last: &[u8]) -> usize {
    let ends = |byte: Option<&u8>| matches!(byte, Some(b'{' | b' ' | b'\t'));
    if !last.is_empty() && line.starts_with(last) && ends(line.get(last.len())) {
        return last.len();
    }
    let end = line.iter().position(|b| !is_name_byte(*b)).unwrap_or(line.len());
    if end > 0 && !line[0].is_ascii_digit() && ends(line.get(end)) { end } else { 0 }
}

/// The name and, if they are complete, the labels of a line that is not valid exposition.
fn salvage<'p>(line: &'p [u8], limits: &Limits) -> Option<(&'p [u8], Option<SeriesLabels<'p>>)> {
    if let [b'{', inner @ ..] = line {
        if let Ok(braced) = labels::braced(inner, limits) {
            return Some((braced.name?, Some(braced.labels)));
        }
        let [b'"', quoted @ ..] = skip_blanks(inner) else { return None };
        return Some((labels::string(quoted)?.0, None));
    }
    let (name, rest) = line.split_at(line.iter().position(|b| !is_name_byte(*b)).unwrap_or(line.len()));
    let labels = match rest {
        [b'{', inner @ ..] => labels::braced(inner, limits).ok().map(|braced| braced.labels),
        [b' ' | b'\t', ..] => match skip_blanks(rest) {
            [b'{', inner @ ..] => labels::braced(inner, limits).ok().map(|braced| braced.labels),
            _ => Some(SeriesLabels::default()),
        },
        [] | [b'\r' | b'=', ..] => None,
        _ => return None,
    };
    name.first().is_some_and(|first| !first.is_ascii_digit()).then_some((name, labels))
}

/// Parses what follows the labels: value, optional timestamp, optional exemplar.
#[inline]
fn row<'p, T>(
    tag: T,
    name: &'p [u8],
    kind: FamilyKind,
    braced: &LabelBlock<'p>,
) -> Result<SeriesRow<'p, T>, LabelFault> {
    // Usually this is a blank and the value.
    let (value, sampled) = match number(skip_blanks(braced.rest)) {
        Some(value) => (value, None),
        None => value(braced.rest).ok_or(LabelFault::Malformed)?,
    };
    let name = std::str::from_utf8(name).map_err(|_| LabelFault::Malformed)?;
    Ok(SeriesRow { tag, name, kind, labels: braced.labels, value, sampled })
}

fn value(rest: &[u8]) -> Option<(f64, Option<Timestamp>)> {
    let mut words = rest.split(|b| matches!(b, b' ' | b'\t' | b'\r')).filter(|word| !word.is_empty());
    let value = words.next().and_then(number)?;
    match words.next() {
        None | Some([b'#', ..]) => Some((value, None)),
        Some(time) => {
            let sampled = instant(number(time)?);
            words.next().is_none_or(|word| word[0] == b'#').then_some((value, sampled))
        }
    }
}

/// The instant of a timestamp: Prometheus' format has milliseconds, `OpenMetrics` seconds, and a page's Content-Type does not
/// always say which it is.
fn instant(time: f64) -> Option<Timestamp> {
    /// In milliseconds an instant of 1973, in seconds one of the year 5138.
    const MILLISECONDS_FROM: f64 = 1e11;
    let seconds = if time.abs() >= MILLISECONDS_FROM { time / 1000.0 } else { time };
    Timestamp::from_unix_seconds(seconds).filter(|at| at.millis() > 0)
}

/// The text after `# TYPE`: a name, which Prometheus 3 quotes if it is not a bare one, and the kind of its family.
fn typed(rest: &[u8]) -> Option<(FamilyKind, &[u8])> {
    if let Some(at) = memchr(b' ', rest).filter(|at| *at > 0 && rest[0] != b'"')
        && let Some(kind) = FamilyKind::named(&rest[at + 1..])
    {
        return Some((kind, &rest[..at]));
    }
    let rest = skip_blanks(rest);
    let (name, rest) = match rest {
        [b'"', quoted @ ..] => labels::string(quoted)?,
        _ => word(rest),
    };
    Some((FamilyKind::named(word(rest).0)?, name))
}

/// The first word of a line, and what follows it.
#[inline]
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = skip_blanks(text);
    let end = text.iter().position(|b| matches!(b, b' ' | b'\t' | b'\r')).unwrap_or(text.len());
    text.split_at(end)
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
}
