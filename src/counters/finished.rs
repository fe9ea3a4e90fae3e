//! Deltas of the counters of finished requests, for billing finished requests only.
//!
//! Engines have separate counters of the prompt and output tokens of finished requests, but one counter of the cached
//! tokens of all requests. So the hits of finished prompts are estimated as all hits times the finished share of all
//! prompts, from lifetime counters and rounded down. The result depends on the counters, not on the number of polls. This
//! module knows no prices.

use serde::{Deserialize, Serialize};

use super::Delta;
use super::fallen_series::{LONGEST_FALL, ON_TRIAL};
use super::fastest_minute::MIN_DISPUTED;
use super::quarantine_limits::{QUARANTINE_PAGES, SMALL_PART};
use crate::reading::{Finished, PromptCount, TokenCounters};
use crate::units::Tokens;

/// The last values of one row's finished requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FinishedMeter {
    /// The last values; `None` while the engine does not count finished requests.
    last: Option<Lifetime>,
    /// Prompt and output tokens of all requests counted before the engine counted finished ones. Those that finish later
    /// are not counted again.
    #[serde(default)]
    counted_as_all: [u64; 2],
    /// Hits that wait for prompts. Negative if hits were counted before the finished share fell.
    hits_due: i64,
    /// Prompt and output tokens of unfinished requests.
    #[serde(default)]
    unfinished: [u64; 2],
    /// Whether the next values are a baseline.
    #[serde(default)]
    is_anew: bool,
    /// Values below the last ones, until their cause is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallen: Option<FallenLifetime>,
    /// The values before a reset that may turn out to be a dip, and the number of pages since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    earlier: Option<(Lifetime, u16)>,
    /// Whether the last page was taken for a reset.
    #[serde(skip)]
    was_reset: bool,
    /// Whether the last page showed that a reset was a dip.
    #[serde(skip)]
    was_undone: bool,
}

/// Values that fell while those of all requests continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct FallenLifetime {
    first: Lifetime,
    latest: Lifetime,
    pages: u8,
}

/// The factor by which finished tokens may exceed the counted ones, since engines count the prompts of several samples
/// differently.
const MARGIN: u64 = 4;

/// The tokens of finished requests since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Lifetime {
    prompt: Tokens,
    hits: Tokens,
    output: Tokens,
}

impl FinishedMeter {
    /// Whether the row has separate counters of finished requests.
    pub const fn counts(&self) -> bool {
        self.last.is_some()
    }

    /// Hits that wait for prompts. Negative if they were counted early.
    pub const fn hits_due(&self) -> i64 {
        self.hits_due
    }

    /// Takes the values as a baseline.
    pub fn baseline(&mut self, tokens: &TokenCounters, finished: &Finished) {
        let last = lifetime(tokens, finished, Tokens::ZERO);
        let all = [tokens.whole_prompt(), tokens.output].map(Option::unwrap_or_default);
        let done = last.map_or([Tokens::ZERO; 2], |last| [last.prompt, last.output]);
        let unfinished = std::array::from_fn(|i| all[i].saturating_sub(done[i]).count());
        *self = Self { last, unfinished, ..Self::default() };
    }

    /// Starts at zero, for a process that started while observed.
    pub fn begin(&mut self, tokens: &TokenCounters, finished: &Finished) {
        let began = lifetime(tokens, finished, Tokens::ZERO).map(|_| Lifetime::default());
        *self = Self { last: began, ..Self::default() };
    }

    /// Continues from the values at another address of the process, which no longer counts; `shows` is whether this address
    /// shows finished requests.
    pub fn go_on_from(&mut self, other: &Self, shows: bool) {
        if shows && other.counts() {
            *self = *other;
        } else {
            self.counted_as_all = other.counted_as_all;
        }
    }

    /// Continues with finished requests (`to_finished`) or with all requests as what is billed. Requests that were counted
    /// and are unfinished are not counted again when they finish. Returns whether there are unfinished requests, whose tokens
    /// may be missing.
    pub fn change_bill(&mut self, to_finished: bool) -> bool {
        self.counted_as_all = if to_finished { self.unfinished } else { [0; 2] };
        self.counts() && self.unfinished != [0; 2]
    }

    /// Takes the next values as a baseline.
    pub fn begin_anew(&mut self) {
        self.is_anew = self.last.is_some();
    }

    /// Records the growth of all requests besides that of finished ones. Returns the exceeded bound as text if the finished
    /// requests have far more tokens than were counted.
    pub fn exceeds(&mut self, all: &Delta, finished: Option<Delta>) -> Option<String> {
        let Some(finished) = finished else {
            self.note_counted_as_all(all);
            return None;
        };
        let both = [(all.miss + all.hit, finished.miss + finished.hit), (all.output, finished.output)];
        let mut exceeded = None;
        for (open, (all, done)) in self.unfinished.iter_mut().zip(both) {
            let most = open.saturating_add(all.count());
            if done.count() > most.saturating_mul(MARGIN).saturating_add(MIN_DISPUTED) {
                exceeded = Some(format!("requests with {} tokens finished, of {most} that were counted", done.count()));
            }
            *open = most.saturating_sub(done.count());
        }
        exceeded
    }

    /// Records growth of all requests that is counted while finished ones are not. On the page on which they appear, only
    /// requests unfinished by then may still finish.
    fn note_counted_as_all(&mut self, all: &Delta) {
        let appeared = self.last.is_some();
        let grown = [all.miss + all.hit, all.output];
        for ((counted, open), grown) in self.counted_as_all.iter_mut().zip(self.unfinished).zip(grown) {
            *counted = counted.saturating_add(grown.count()).min(if appeared { open } else { u64::MAX });
        }
    }

    /// Whether the last page showed fallen values without an explanation.
    pub const fn is_quarantined(&self) -> bool {
        self.fallen.is_some()
    }

    /// Whether the last page was a reset: requests that finished before it may be missing.
    pub const fn was_reset(&self) -> bool {
        self.was_reset
    }

    /// Whether the last page showed that a reset was a dip, so that nothing of it is missing.
    pub const fn was_undone(&self) -> bool {
        self.was_undone
    }

    /// The values from which a page's growth is counted. After a fall without a restart these are the old ones, so that no
    /// token is counted twice; after a lasting fall that grows they are zero, or the first values of the fall if a sum may
    /// have lost the difference.
    fn explain_fall(&mut self, now: Lifetime, last: Lifetime) -> Lifetime {
        (self.was_reset, self.was_undone) = (false, false);
        if !now.fell_below(&last) {
            self.fallen = None;
            let undone = self.undo_reset(now, last);
            self.was_undone = undone.is_some();
            return undone.unwrap_or(last);
        }
        let fallen = match self.fallen {
            Some(fallen) if !now.fell_below(&fallen.latest) => {
                FallenLifetime { latest: now, pages: fallen.pages.saturating_add(1), ..fallen }
            }
            _ => FallenLifetime { first: now, latest: now, pages: 1 },
        };
        let stays = fallen.pages >= QUARANTINE_PAGES && fallen.first != now;
        self.was_reset = stays && fallen.first.is_far_below(&last) || fallen.pages >= LONGEST_FALL;
        self.fallen = if self.was_reset { None } else { Some(fallen) };
        match (self.was_reset, stays && fallen.first.is_far_below(&last)) {
            (true, true) => {
                self.earlier = Some((last, 0));
                Lifetime::default()
            }
            (true, false) => fallen.first,
            (false, _) => last,
        }
    }

    /// The values from which growth is counted if the values before a reset return: it was a dip, and the growth includes
    /// what was counted meanwhile.
    fn undo_reset(&mut self, now: Lifetime, last: Lifetime) -> Option<Lifetime> {
        let (before, pages) = self.earlier.take()?;
        let jumps = last.prompt.count().saturating_mul(2) <= before.prompt.count()
            && last.output.count().saturating_mul(2) <= before.output.count();
        if now.fell_below(&before) || !jumps {
            self.earlier = (pages < ON_TRIAL).then_some((before, pages + 1));
            return None;
        }
        Some(Lifetime {
            prompt: before.prompt + last.prompt,
            hits: before.hits + last.hits,
            output: before.output + last.output,
        })
    }

    /// The growth since the last page; `None` if finished requests are not counted separately.
    pub fn grow(&mut self, tokens: &TokenCounters, finished: &Finished) -> Option<Delta> {
        let hits_known = tokens.cached.is_some();
        if std::mem::take(&mut self.is_anew) {
            self.baseline(tokens, finished);
            return self.last.map(|_| Delta { hits_known, ..Delta::default() });
        }
        let Some(last) = self.last else {
            let counted_as_all = self.counted_as_all;
            self.baseline(tokens, finished);
            self.counted_as_all = counted_as_all;
            // Some of the unfinished requests will never finish.
            self.was_reset = self.counts() && counted_as_all != [0; 2];
            return None;
        };
        let Some(now) = lifetime(tokens, finished, last.hits) else {
            return Some(Delta { hits_known, ..Delta::default() });
        };
        let last = self.explain_fall(now, last);
        let prompt = now.prompt.saturating_sub(last.prompt);
        let output = now.output.saturating_sub(last.output);
        // Fallen values have no share.
        let hits = if self.is_quarantined() { last.hits } else { now.hits };
        self.hits_due += signed(hits) - signed(last.hits);
        let hit = Tokens::new(u64::try_from(self.hits_due).unwrap_or(0)).min(prompt);
        self.hits_due -= signed(hit);
        self.last = Some(Lifetime { prompt: now.prompt.max(last.prompt), output: now.output.max(last.output), hits });
        let grown = Delta { miss: prompt.saturating_sub(hit), hit, output, hits_known };
        Some(self.without_counted(grown))
    }

    /// Removes what was counted before finished requests were; prompts lose hits in proportion.
    fn without_counted(&mut self, grown: Delta) -> Delta {
        let prompt = grown.miss + grown.hit;
        let [prompts, outputs] = &mut self.counted_as_all;
        let take = |counted: &mut u64, grown: Tokens| {
            let taken = grown.count().min(*counted);
            *counted -= taken;
            Tokens::new(taken)
        };
        let (taken, output) = (take(prompts, prompt), take(outputs, grown.output));
        let hit = share(grown.hit, taken, prompt);
        Delta {
            miss: grown.miss.saturating_sub(taken.saturating_sub(hit)),
            hit: grown.hit.saturating_sub(hit),
            output: grown.output.saturating_sub(output),
            ..grown
        }
    }
}

impl Lifetime {
    const fn fell_below(&self, other: &Self) -> bool {
        self.prompt.count() < other.prompt.count() || self.output.count() < other.output.count()
    }

    /// Whether values are so far below others that it cannot be a dip.
    const fn is_far_below(&self, other: &Self) -> bool {
        self.prompt.count() <= other.prompt.count() / SMALL_PART
            && self.output.count() <= other.output.count() / SMALL_PART
    }
}

/// The tokens of finished requests, if the page has them. Without a counter of cached tokens, the hits stay at `hits`.
fn lifetime(tokens: &TokenCounters, finished: &Finished, hits: Tokens) -> Option<Lifetime> {
    let (prompt, output) = (finished.prompt?, finished.output?);
    let hits = match (tokens.prompt, tokens.cached) {
        (PromptCount::Whole(all), Some(cached)) => share(cached, prompt, all).min(prompt),
        _ => hits,
    };
    Some(Lifetime { prompt, hits, output })
}

/// `tokens` times `part / whole`, rounded down.
fn share(tokens: Tokens, part: Tokens, whole: Tokens) -> Tokens {
    let product = u128::from(tokens.count()) * u128::from(part.count());
    let quotient = product.checked_div(u128::from(whole.count())).unwrap_or(0);
    Tokens::new(u64::try_from(quotient).unwrap_or(u64::MAX))
}

/// Converts a counter; counters are below 2^53.
fn signed(tokens: Tokens) -> i64 {
    i64::try_from(tokens.count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(prompt: u64, cached: u64) -> TokenCounters {
        TokenCounters {
            prompt: PromptCount::Whole(Tokens::new(prompt)),
            cached: Some(Tokens::new(cached)),
            output: Some(Tokens::ZERO),
        }
    }

    fn finished(prompt: u64, output: u64) -> Finished {
        Finished { prompt: Some(Tokens::new(prompt)), output: Some(Tokens::new(output)), ..Finished::default() }
    }

    #[test]
    fn hits_are_those_of_the_finished_share() -> Result<(), &'static str> {
        let mut meter = FinishedMeter::default();
        meter.baseline(&all(1000, 500), &finished(1000, 70));
        let delta = meter.grow(&all(3000, 1500), &finished(2000, 90)).ok_or("counted")?;
        assert_eq!((delta.miss.count(), delta.hit.count(), delta.output.count()), (500, 500, 20));
        Ok(())
    }

    #[test]
    fn hits_counted_early_are_worked_off() -> Result<(), &'static str> {
        let mut meter = FinishedMeter::default();
        meter.begin(&all(100, 100), &finished(100, 0));
        meter.grow(&all(100, 100), &finished(100, 0)).ok_or("counted")?;
        let more = meter.grow(&all(200, 100), &finished(110, 0)).ok_or("counted")?;
        assert_eq!((more.miss.count(), more.hit.count(), meter.hits_due()), (10, 0, -45));
        let rest = meter.grow(&all(200, 100), &finished(200, 0)).ok_or("counted")?;
        assert_eq!((rest.miss.count(), rest.hit.count(), meter.hits_due()), (90, 0, 0));
        Ok(())
    }

    #[test]
    fn counters_that_come_late_count_from_there_on() -> Result<(), &'static str> {
        let mut meter = FinishedMeter::default();
        meter.baseline(&all(1000, 0), &Finished::default());
        let of_all = |prompt: u64| Delta { miss: Tokens::new(prompt), ..Delta::default() };
        // 200 tokens of all requests were counted, and 1000 of these and earlier ones finished: 200 may still finish.
        assert_eq!(meter.grow(&all(1100, 0), &Finished::default()), None);
        meter.exceeds(&of_all(100), None);
        assert_eq!(meter.grow(&all(1200, 0), &finished(1000, 10)), None);
        meter.exceeds(&of_all(100), None);
        let mut counted = Vec::new();
        for (prompt, done) in [(1300, 1150), (1400, 1250), (1500, 1500)] {
            let delta = meter.grow(&all(prompt, 0), &finished(done, 10)).ok_or("counted")?;
            assert_eq!(meter.exceeds(&of_all(100), Some(delta)), None);
            counted.push(delta.miss.count());
        }
        assert_eq!(counted, [0, 50, 250], "500 were made and finished");
        Ok(())
    }

    #[test]
    fn finished_requests_that_were_reset_count_from_zero() -> Result<(), &'static str> {
        let mut meter = FinishedMeter::default();
        meter.baseline(&all(100_000, 0), &finished(90_000, 90_000));
        let mut counted = 0;
        for page in 1..=6 {
            let delta =
                meter.grow(&all(100_000 + 900 * page, 0), &finished(900 * page, 900 * page)).ok_or("counted")?;
            counted += delta.output.count();
            assert_eq!((meter.is_quarantined(), meter.was_reset()), (page < 3, page == 3), "page {page}");
        }
        assert_eq!(counted, 5400);
        Ok(())
    }

    #[test]
    fn a_reset_of_finished_requests_that_was_a_dip_is_undone() -> Result<(), &'static str> {
        let mut meter = FinishedMeter::default();
        meter.baseline(&all(100_000, 0), &finished(90_000, 90_000));
        let mut counted = 0;
        for page in 1..=9 {
            let low = 3000 + 100 * page;
            let now = if page < 6 { finished(low, low) } else { finished(90_000 + 1000 * page, 90_000 + 1000 * page) };
            counted += meter.grow(&all(100_000 + 1000 * page, 0), &now).ok_or("counted")?.output.count();
        }
        assert_eq!(counted, 9000);
        Ok(())
    }

    #[test]
    fn finished_requests_of_a_sum_that_lost_a_part_go_on_from_there() -> Result<(), &'static str> {
        let mut meter = FinishedMeter::default();
        meter.baseline(&all(100_000, 0), &finished(90_000, 90_000));
        let mut counted = 0;
        for page in 1..=20 {
            let now = finished(60_000 + page, 60_000 + page);
            counted += meter.grow(&all(100_000 + page, 0), &now).ok_or("counted")?.output.count();
        }
        assert_eq!((counted, meter.is_quarantined()), (19, false));
        Ok(())
    }

    #[test]
    fn a_fall_without_a_restart_is_waited_for() -> Result<(), &'static str> {
        let mut meter = FinishedMeter::default();
        meter.baseline(&all(100, 0), &finished(100, 100));
        let (fallen, back) =
            (meter.grow(&all(100, 0), &finished(90, 90)), meter.grow(&all(110, 0), &finished(105, 105)));
        assert_eq!(fallen.ok_or("counted")?.output, Tokens::ZERO);
        assert_eq!(back.ok_or("counted")?.output, Tokens::new(5));
        Ok(())
    }
}
