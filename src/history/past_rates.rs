//! Token rates of a ledger's minutes, for the vital lines before recording began.

use std::collections::{BTreeMap, HashSet};

use super::lines;
use super::query::Measure;
use crate::ledger::{Classes, Grain, Past};
use crate::units::{Span, Timestamp, Tokens};

const MINUTE: i64 = Span::MINUTE.millis();

/// The token rates of a minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct MinuteRates {
    /// The minute, counted from 1970.
    pub(super) minute: i64,
    tokens: Classes,
    /// The rates of accounts with reported hits; without any, hits are unknown and not zero.
    with_hits: Option<Classes>,
}

impl MinuteRates {
    /// The value of a line; `None` if postings do not give it.
    pub(super) fn value(&self, measure: Measure) -> Option<f64> {
        let Classes { miss, hit, output } = self.tokens;
        let rate = |tokens: Tokens| tokens.count() as f64 / 60.0;
        match measure {
            Measure::Output => Some(rate(output)),
            Measure::Prompt => Some(rate(miss + hit)),
            Measure::PromptCached => self.with_hits.map(|_| rate(hit)),
            Measure::PromptComputed => self.with_hits.map(|_| rate(miss)),
            Measure::HitRate => {
                let with_hits = self.with_hits.filter(|with_hits| with_hits.miss + with_hits.hit > Tokens::ZERO)?;
                Some(rate(with_hits.hit) / rate(with_hits.miss + with_hits.hit))
            }
            _ => None,
        }
    }
}

/// The minutes of a past that are over, were watched and have tokens, as far as it has minutes. In a minute without
/// tokens the engines may have been idle or silent; the ledger has no record of which.
pub(super) fn rates_of(past: &Past) -> Vec<MinuteRates> {
    let is_minute = |at: Timestamp| past.grain_of(at).is_none_or(|grain| grain == Grain::Minute);
    let is_over = |at: Timestamp| at.millis() + MINUTE <= past.until.millis();
    let is_watched = |at: Timestamp| {
        let end = at.millis() + MINUTE;
        past.unwatched.iter().all(|(from, to)| to.millis() <= at.millis() || from.millis() >= end)
    };
    let counts = |at: &Timestamp| is_minute(*at) && is_over(*at) && is_watched(*at);
    let cells = || past.tokens.iter().filter(|cell| counts(&cell.bucket));
    let tell: HashSet<_> = cells().filter(|cell| cell.tokens.hit > Tokens::ZERO).map(|cell| cell.account).collect();
    let mut minutes: BTreeMap<i64, MinuteRates> = BTreeMap::new();
    for cell in cells() {
        let minute = cell.bucket.millis().div_euclid(MINUTE);
        let new = || MinuteRates { minute, tokens: Classes::default(), with_hits: None };
        let rates = minutes.entry(minute).or_insert_with(new);
        rates.tokens = sum(rates.tokens, cell.tokens);
        if tell.contains(&cell.account) {
            rates.with_hits = Some(sum(rates.with_hits.unwrap_or_default(), cell.tokens));
        }
    }
    minutes.into_values().collect()
}

/// Adds to a sum, which is unchanged if it would overflow.
fn sum(a: Classes, b: Classes) -> Classes {
    a.checked_add(b).unwrap_or(a)
}

impl lines::Lines {
    /// Sets a minute of the past for which nothing was recorded.
    pub(super) fn set_past(&mut self, rates: &MinuteRates) {
        if self.minutes.frame(rates.minute).iter().any(|value| !value.is_nan()) {
            return;
        }
        let frame = lines::LINES.iter().map(|line| rates.value(*line).map_or(f32::NAN, |value| value as f32));
        self.minutes.set(rates.minute, frame.collect());
    }
}
