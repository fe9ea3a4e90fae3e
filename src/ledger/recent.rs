//! Recent postings by account: the amounts of the last minute with the time that each covers.
//!
//! A source posts to an account in consecutive intervals, which form a [`Stream`]. Its rate is the amount divided by the
//! covered time, so it is right from the first interval on, at any instant and for intervals of any length. Several sources
//! of an account have several streams. Unnamed sources are distinguished by where their streams end.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

use super::PostingSource;
use crate::units::{Money, Span, Timestamp};

/// Intervals shorter than this part of the span are merged.
const PARTS: i64 = 12;
/// An interval that begins up to this long before a stream's end still continues the stream, since the ends are read from
/// two clocks.
const SLACK: Span = Span::from_millis(10);
/// The longest gap in a stream that is a pause; after a longer gap the stream restarts.
const PAUSE: Span = Span::from_secs(3);
/// How long a silent stream is kept.
const FORGOTTEN: Span = Span::from_secs(3600);
/// A stream that ends this far in the future was posted before the calendar was set back.
const FUTURE: Span = Span::from_secs(60);
const HOUR: i64 = Span::HOUR.millis();

/// An amount that was posted in `(from, to]`.
#[derive(Debug, Clone, Copy)]
struct PostedAmount {
    from: Timestamp,
    to: Timestamp,
    amount: Money,
}

/// Intervals of one source, the oldest first, without overlap.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    source: PostingSource,
    pieces: VecDeque<PostedAmount>,
    /// The last interval as posted.
    latest: PostedAmount,
    /// The lengths of the last two intervals, which show how often the source posts.
    lengths: [Span; 2],
}

/// The recent postings to one account.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    /// The streams of named sources, by row and process.
    named: BTreeMap<(u64, u32), Stream>,
    streams: Vec<Stream>,
}

/// The recent postings of every account, by number.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentPostings {
    pub(super) earned: Vec<Recent>,
    pub(super) owed: Vec<Recent>,
    /// When addresses with several processes last answered: a process without a page was not silent then.
    pub(super) answered: BTreeMap<u64, Timestamp>,
    /// The cost of energy by cost account; its meters are read at other times than GPU time is posted.
    pub(super) energy: Vec<Recent>,
}

/// An amount per hour, with the time that it is averaged over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HourlyAverage {
    pub(super) per_hour: Money,
    pub(super) covers: Span,
}

impl RecentPostings {
    fn all_mut(&mut self) -> impl Iterator<Item = &mut Recent> {
        self.earned.iter_mut().chain(&mut self.owed).chain(&mut self.energy)
    }

    /// Drops streams that ended long ago.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.all_mut().for_each(|recent| recent.settle(now));
        self.answered.retain(|_, answered| now - *answered <= FORGOTTEN);
    }

    /// Shifts all intervals by `step`, since the calendar was set.
    pub(super) fn shift(&mut self, step: Span) {
        if step.millis().abs() > SLACK.millis() {
            self.answered.values_mut().for_each(|answered| *answered = *answered + step);
            self.all_mut().for_each(|recent| recent.shift(step));
        }
    }
}

/// Reorders `known` from the numbers of `before` to those of `after`.
pub(super) fn renumber<T: Eq + Hash>(known: &mut Vec<Recent>, before: &[T], after: &[T]) {
    let mut by_row: HashMap<&T, Recent> = HashMap::with_capacity(before.len());
    for (row, recent) in before.iter().zip(known.drain(..)) {
        // Of rows that became equal, the first is used.
        by_row.entry(row).or_insert(recent);
    }
    known.extend(after.iter().map(|row| by_row.remove(row).unwrap_or_default()));
}

impl Recent {
    /// Adds an amount, possibly zero, that a source posted in `(from, to]`, and drops intervals older than `span`.
    pub(super) fn add(&mut self, source: PostingSource, amount: Money, (from, to): (Timestamp, Timestamp), span: Span) {
        let piece = PostedAmount { from, to, amount };
        if source.is_named() {
            match self.named.get_mut(&source.key()) {
                Some(stream) => {
                    stream.source = source;
                    stream.add(piece, span);
                }
                None if from < to => drop(self.named.insert(source.key(), Stream::new(source, piece))),
                None => {}
            }
            return;
        }
        let continues = |stream: &&mut Stream| stream.end().is_some_and(|end| end <= from + SLACK);
        match self.streams.iter_mut().filter(continues).max_by_key(|stream| stream.end()) {
            Some(stream) => stream.add(piece, span),
            None if from < to => self.streams.push(Stream::new(source, piece)),
            None => {}
        }
    }

    /// Adds an amount to the existing ones of `(from, to]`, spread evenly.
    pub(super) fn spread(
        &mut self,
        source: PostingSource,
        amount: Money,
        (from, to): (Timestamp, Timestamp),
        span: Span,
    ) {
        let covered = |stream: &Stream| stream.pieces.iter().map(|piece| piece.overlap(from, to).millis()).sum::<i64>();
        let own = if source.is_named() {
            self.named.get_mut(&source.key())
        } else {
            self.streams.iter_mut().max_by_key(|stream| covered(stream))
        };
        let Some(stream) = own.filter(|own| covered(own) > 0) else {
            return self.add(source, amount, (from, to), span);
        };
        stream.spread(PostedAmount { from, to, amount });
    }

    /// Subtracts a part of the amounts in `(from, to]`, spread evenly.
    pub(super) fn take_back(&mut self, amount: Money, from: Timestamp, to: Timestamp) {
        let touches = |stream: &&mut Stream| stream.pieces.iter().any(|piece| piece.overlap(from, to) > Span::ZERO);
        let Some(stream) = self.streams.iter_mut().find(touches) else { return };
        for piece in &mut stream.pieces {
            let part = amount.scaled(piece.overlap(from, to).millis(), (to - from).millis());
            piece.amount -= part.unwrap_or_default();
        }
    }

    /// Moves the streams of a source's row here from another account; without any, a stream that ended at most a pause
    /// before `at`. So no time of the source counts in both accounts.
    pub(super) fn adopt(&mut self, other: &mut Self, source: PostingSource, at: Timestamp) {
        if !source.is_named() {
            return;
        }
        let mut own = other.take_row(source.row);
        if !own.is_empty() {
            return self.named.append(&mut own);
        }
        let ended = |stream: &Stream| stream.end().filter(|end| *end <= at + SLACK && at - *end <= PAUSE);
        let latest = other.named.iter().filter(|(_, stream)| ended(stream).is_some());
        let latest = latest.max_by_key(|(_, stream)| stream.end()).map(|(key, _)| *key);
        if let Some(stream) = latest.and_then(|key| other.named.remove(&key)) {
            self.named.insert(source.key(), Stream { source, ..stream });
        }
    }

    /// Drops the interval `(from, to]` of a source if it begins a stream, since the time in which its amount was produced
    /// is unknown.
    pub(super) fn begin(&mut self, source: PostingSource, (from, to): (Timestamp, Timestamp)) {
        let begins = |stream: &Stream| {
            stream.end() == Some(to) && stream.pieces.front().is_some_and(|first| first.from + SLACK >= from)
        };
        if self.named.get(&source.key()).is_some_and(begins) {
            self.named.remove(&source.key());
        }
    }

    /// Whether no source has a rate.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.streams.is_empty()
    }

    /// Whether a source has a rate.
    pub(super) fn has(&self, source: PostingSource) -> bool {
        self.named.contains_key(&source.key())
    }

    /// Drops the streams of ended sources.
    pub(super) fn end(&mut self, has_ended: impl Fn(PostingSource) -> bool) {
        self.named.retain(|_, stream| !has_ended(stream.source));
    }

    /// Removes and returns the streams of a row's sources.
    pub(super) fn take_row(&mut self, row: u64) -> BTreeMap<(u64, u32), Stream> {
        let keys: Vec<_> = self.named.range((row, 0)..=(row, u32::MAX)).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|key| self.named.remove_entry(&key)).collect()
    }

    /// Drops the stream of an unnamed source that an interval from an instant on would continue.
    pub(super) fn end_before(&mut self, from: Timestamp) {
        let ended = |place: &usize| self.streams[*place].end().is_some_and(|end| end <= from + SLACK);
        let last = (0..self.streams.len()).filter(ended).max_by_key(|place| self.streams[*place].end());
        last.map(|place| self.streams.remove(place));
    }

    /// Drops the stream of one source.
    pub(super) fn end_one(&mut self, source: PostingSource) {
        self.named.remove(&source.key());
    }

    /// Subtracts from a source's stream the part of an amount of `(from, to]` that the stream covers, spread evenly. What is more
    /// than was posted then is of earlier postings: it is subtracted from those, the latest first, and no interval falls
    /// below zero.
    pub(super) fn lower(&mut self, source: PostingSource, by: Money, (from, to): (Timestamp, Timestamp)) {
        if let Some(stream) = self.named.get_mut(&source.key()) {
            stream.lower(PostedAmount { from, to, amount: by });
        }
    }

    /// Joins what a source posted after an instant to one interval since then.
    pub(super) fn stretch(&mut self, source: PostingSource, since: Timestamp) {
        if let Some(stream) = self.named.get_mut(&source.key()) {
            stream.stretch(since);
        }
    }

    /// Gives the stream of the row's process that posted last to the process that replaced it, and drops the others.
    pub(super) fn replace(&mut self, source: PostingSource) {
        let own = self.take_row(source.row);
        if let Some(last) = own.into_values().max_by_key(Stream::end) {
            self.named.insert(source.key(), Stream { source, ..last });
        }
    }

    /// Drops all streams, after a posting turned out to be wrong.
    pub(super) fn clear(&mut self) {
        self.streams.clear();
        self.named.clear();
    }

    /// Drops the stream that an interval continues if its amount per hour differs, since the cost of GPU time per hour is
    /// known at any moment.
    pub(super) fn renew(&mut self, amount: Money, (from, to): (Timestamp, Timestamp)) {
        let rate = |piece: &PostedAmount| {
            piece.amount.scaled(HOUR, (piece.to - piece.from).millis()).map(|rate| rate.rounded(3))
        };
        let ended = |place: &usize| self.streams[*place].end().is_some_and(|end| end <= from + SLACK);
        let place = (0..self.streams.len()).filter(ended).max_by_key(|place| self.streams[*place].end());
        let last = place.and_then(|place| self.streams[place].pieces.back());
        if let Some(place) = place.filter(|_| last.and_then(rate) != rate(&PostedAmount { from, to, amount })) {
            self.streams.remove(place);
        }
    }

    fn shift(&mut self, step: Span) {
        let all = self.streams.iter_mut().chain(self.named.values_mut());
        all.flat_map(|stream| stream.pieces.iter_mut().chain([&mut stream.latest])).for_each(|piece| piece.shift(step));
    }

    /// Drops streams that ended long ago, and those from before the calendar was set back.
    fn settle(&mut self, now: Timestamp) {
        let kept = |end: Timestamp| now - end <= FORGOTTEN && end - now <= FUTURE;
        self.streams.retain(|stream| stream.end().is_some_and(kept));
        self.named.retain(|_, stream| stream.end().is_some_and(kept));
    }

    /// The sum of the rates of all streams at `now`. A silence longer than `patience` counts as time without postings.
    /// `answered` is when addresses last answered.
    pub(super) fn rate(
        &self,
        (now, answered): (Timestamp, &BTreeMap<u64, Timestamp>),
        span: Span,
        patience: Span,
    ) -> Option<HourlyAverage> {
        self.rates((now, answered), span, patience).map(|(_, rate)| rate).reduce(HourlyAverage::with)
    }

    /// As [`Self::rate`], for amounts that are proportional to time: a single interval gives the rate, so that clocks read
    /// a millisecond apart do not change it.
    pub(super) fn rate_of_time(
        &self,
        (now, answered): (Timestamp, &BTreeMap<u64, Timestamp>),
        span: Span,
        patience: Span,
    ) -> Option<HourlyAverage> {
        let of_latest = |(stream, rate): (&Stream, HourlyAverage)| {
            let PostedAmount { from, to, amount } = stream.latest;
            let is_silent = stream.end().is_none_or(|end| now - end > stream.patience(patience));
            let per_hour = amount.scaled(HOUR, (to - from).millis()).filter(|_| !is_silent);
            HourlyAverage { per_hour: per_hour.unwrap_or(rate.per_hour), ..rate }
        };
        self.rates((now, answered), span, patience).map(of_latest).reduce(HourlyAverage::with)
    }

    /// The streams with a rate, and their rates.
    fn rates(
        &self,
        (now, answered): (Timestamp, &BTreeMap<u64, Timestamp>),
        span: Span,
        patience: Span,
    ) -> impl Iterator<Item = (&Stream, HourlyAverage)> {
        self.all().filter_map(move |stream| {
            let answered = answered.get(&stream.source.address).copied();
            Some((stream, stream.rate((now, answered), span, patience)?))
        })
    }

    fn all(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().chain(self.named.values())
    }
}

impl HourlyAverage {
    /// The sum of two rates.
    pub(super) fn with(self, other: Self) -> Self {
        Self { per_hour: self.per_hour + other.per_hour, covers: self.covers.max(other.covers) }
    }
}

impl PostedAmount {
    fn shift(&mut self, step: Span) {
        (self.from, self.to) = (self.from + step, self.to + step);
    }

    /// Takes an amount out, or as much of it as there is. Returns what was taken.
    fn give(&mut self, amount: Money) -> Money {
        let given = amount.min(self.amount.max(Money::ZERO));
        self.amount -= given;
        given
    }

    fn overlap(&self, from: Timestamp, to: Timestamp) -> Span {
        (self.to.min(to) - self.from.max(from)).max(Span::ZERO)
    }

    /// The part of the amount after `start`.
    fn after(&self, start: Timestamp) -> Money {
        if start <= self.from {
            return self.amount;
        }
        let part = self.amount.scaled(self.overlap(start, self.to).millis(), (self.to - self.from).millis());
        part.unwrap_or_default()
    }
}

impl Stream {
    fn new(source: PostingSource, piece: PostedAmount) -> Self {
        Self { source, pieces: VecDeque::from([piece]), latest: piece, lengths: [piece.to - piece.from; 2] }
    }

    /// Distributes an amount over the existing intervals of its time, by length.
    fn spread(&mut self, PostedAmount { from, to, amount }: PostedAmount) {
        for piece in &mut self.pieces {
            let part = amount.scaled(piece.overlap(from, to).millis(), (to - from).millis());
            piece.amount += part.unwrap_or_default();
        }
    }

    /// Subtracts an amount from the existing intervals of its time, by length, and what they do not have from the others, the
    /// latest first. The rest is of postings that are older than the stream.
    fn lower(&mut self, PostedAmount { from, to, amount }: PostedAmount) {
        let mut left = amount;
        for piece in &mut self.pieces {
            let part = amount.scaled(piece.overlap(from, to).millis(), (to - from).millis()).unwrap_or_default();
            left -= piece.give(part.min(left));
        }
        for piece in self.pieces.iter_mut().rev() {
            left -= piece.give(left);
        }
    }

    fn end(&self) -> Option<Timestamp> {
        self.pieces.back().map(|piece| piece.to)
    }

    fn add(&mut self, piece: PostedAmount, span: Span) {
        let latest = &mut self.latest;
        if (piece.from, piece.to) == (latest.from, latest.to) {
            latest.amount += piece.amount;
        } else if piece.to > latest.to {
            *latest = piece;
        }
        let Some(last) = self.pieces.back_mut() else { return };
        let (hole, step) = (piece.from - last.to, Span::from_millis(span.millis() / PARTS));
        if piece.to <= last.to {
            last.amount += piece.amount;
            return;
        }
        if piece.from + SLACK < last.to {
            let end = last.to;
            self.spread(piece);
            return self.add(PostedAmount { from: end, amount: piece.after(end), ..piece }, span);
        }
        self.lengths = [piece.to - piece.from, self.lengths[0]];
        if hole <= SLACK && hole != Span::ZERO {
            // Clocks that are read a millisecond apart neither add nor remove time.
            self.pieces.iter_mut().for_each(|known| known.shift(hole));
        }
        let Some(last) = self.pieces.back_mut() else { return };
        if hole > PAUSE {
            self.pieces.clear();
            self.pieces.push_back(piece);
        } else if hole <= SLACK && last.to - last.from + (piece.to - piece.from) <= step {
            (last.to, last.amount) = (piece.to, last.amount + piece.amount);
        } else {
            self.pieces.push_back(piece);
        }
        while self.pieces.front().is_some_and(|front| piece.to - front.to >= span) {
            self.pieces.pop_front();
        }
    }

    fn stretch(&mut self, since: Timestamp) {
        let Some(to) = self.end().filter(|to| since < *to) else { return };
        let amount = self.pieces.iter().map(|piece| piece.after(since)).sum();
        self.pieces.retain(|piece| piece.from < since);
        if let Some(last) = self.pieces.back_mut().filter(|last| last.to > since) {
            (last.amount, last.to) = (last.amount - last.after(since), since);
        }
        self.latest = PostedAmount { from: since, to, amount };
        self.pieces.push_back(self.latest);
        self.lengths[0] = to - since;
    }

    /// How long it may be silent, given how often it posts.
    fn patience(&self, least: Span) -> Span {
        let often = self.lengths[0].min(self.lengths[1]);
        least.max(often + often + often)
    }

    fn rate(
        &self,
        (now, answered): (Timestamp, Option<Timestamp>),
        span: Span,
        patience: Span,
    ) -> Option<HourlyAverage> {
        let (first, end) = (self.pieces.front()?.from, self.end().filter(|end| *end - now <= FUTURE)?);
        // The source has posted up to here, or should have.
        let answered = answered.map_or(end, |answered| answered.max(end));
        let until = end + (now - self.patience(patience) - answered).max(Span::ZERO);
        let start = first.max(until - span);
        if start >= end {
            return None;
        }
        let sum: Money = self.pieces.iter().filter(|piece| piece.to > start).map(|piece| piece.after(start)).sum();
        let covers = until - start;
        Some(HourlyAverage { per_hour: sum.scaled(HOUR, covers.millis())?, covers })
    }
}

#[cfg(test)]
mod tests;
