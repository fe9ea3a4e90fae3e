//! What a ledger's past knows of the vital lines: the tokens of its minutes.

use std::collections::BTreeMap;

use super::{Measure, lines};
use crate::ledger::{Classes, Grain, Past};
use crate::units::Timestamp;

const MINUTE: i64 = 60_000;

/// The tokens a second of a minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct MinuteRates {
    /// The minute, counted from 1970.
    pub(super) minute: i64,
    tokens: Classes,
    /// Whether hits are reported at all: without them none is unknown, and not zero.
    has_hits: bool,
}

impl MinuteRates {
    /// The value of a line; `None` where postings do not tell it.
    pub(super) fn value(&self, measure: Measure) -> Option<f64> {
        let Classes { miss, hit, output } = self.tokens;
        let rate = |tokens: crate::units::Tokens| tokens.count() as f64 / 60.0;
        match measure {
            Measure::Output => Some(rate(output)),
            Measure::Prompt => Some(rate(miss + hit)),
            Measure::PromptCached => self.has_hits.then(|| rate(hit)),
            Measure::PromptComputed => self.has_hits.then(|| rate(miss)),
            Measure::HitRate => {
                let prompt = rate(miss + hit);
                (self.has_hits && prompt > 0.0).then(|| rate(hit) / prompt)
            }
            _ => None,
        }
    }
}

/// The minutes of a past that are over and were watched and have tokens, as far as it has minutes. One without may be idle, or
/// its engines were silent: the ledger does not tell.
pub(super) fn rates_of(past: &Past) -> Vec<MinuteRates> {
    let is_minute = |at: Timestamp| past.grain_of(at).is_none_or(|grain| grain == Grain::Minute);
    let is_over = |at: Timestamp| at.millis() + MINUTE <= past.until.millis();
    let is_watched = |at: Timestamp| {
        let end = at.millis() + MINUTE;
        past.unwatched.iter().all(|(from, to)| to.millis() <= at.millis() || from.millis() >= end)
    };
    let counts = |at: &Timestamp| is_minute(*at) && is_over(*at) && is_watched(*at);
    let mut minutes: BTreeMap<i64, Classes> = BTreeMap::new();
    for cell in past.tokens.iter().filter(|cell| counts(&cell.bucket)) {
        let sum = minutes.entry(cell.bucket.millis().div_euclid(MINUTE)).or_default();
        *sum = sum.checked_add(cell.tokens).unwrap_or(*sum);
    }
    let has_hits = minutes.values().any(|tokens| tokens.hit > crate::units::Tokens::ZERO);
    minutes.into_iter().map(|(minute, tokens)| MinuteRates { minute, tokens, has_hits }).collect()
}

impl lines::Lines {
    /// Takes a minute of the past of which nothing was recorded.
    pub(super) fn set_past(&mut self, rates: &MinuteRates) {
        if self.minutes.frame(rates.minute).iter().any(|value| !value.is_nan()) {
            return;
        }
        let frame = lines::LINES.iter().map(|line| rates.value(*line).map_or(f32::NAN, |value| value as f32));
        self.minutes.set(rates.minute, frame.collect());
    }
}
