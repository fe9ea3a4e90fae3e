//! Compares a proxy's model with the models of observed engines, which may be the same under another name.
//!
//! While engines are watched, the tokens of such a model are withheld for five minutes and compared with those of each
//! engine's model. If they agree with one, or grow in a constant ratio with it, it is probably the same model and they stay
//! withheld; otherwise they are posted.
//! The verdict is renewed every five minutes; what was posted since the last one is taken back if it was probably an
//! engine's. Both sides must have been read up to the same instant: a comparison
//! neither begins nor ends while an engine is behind, and it starts again after a restart.

use serde::{Deserialize, Serialize};

use super::proxy_comparison::{Comparison, LEAST, Produced, WATCHED};
use super::steady_ratio::TokenPair;
use crate::ledger::{Classes, Entry};
use crate::units::{Moment, Span, Timestamp};

/// The longest that a verdict waits for silent engines.
const PATIENCE: Span = Span::from_secs(1200);
/// The most entries kept of what was posted before the last verdict: one per minute and tariff, some hours in total.
const KEPT: usize = 256;
/// Tokens that wait for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WaitingTokens {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) tokens: Classes,
    pub(super) hits_known: bool,
}

/// The state of a proxy's row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ProxyGuard {
    /// The running comparison. It is not saved, since the engines' tokens are counted from zero after a restart.
    #[serde(skip)]
    window: Option<Comparison>,
    /// Tokens that wait for a verdict.
    #[serde(alias = "held")]
    withheld: Option<WaitingTokens>,
    /// Tokens that are probably an engine's; they are never posted automatically.
    #[serde(default)]
    kept: Classes,
    /// Whether it has counted any token.
    #[serde(default)]
    has_counted: bool,
    /// When the first page with tokens was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Timestamp>,
    verdict: ProxyVerdict,
    /// The entries posted since the last verdict, or to be reversed by the current one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    posted: Vec<Entry>,
    /// The entries posted between the last two verdicts; while a model list is unreadable, all entries since then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Entry>,
    /// The tokens of the current page, if tokens withheld before are posted with them.
    #[serde(skip)]
    fresh: Option<Classes>,
    /// Whether engines may serve models under unknown names, since a model list is unreadable.
    #[serde(default, alias = "doubtful", skip_serializing_if = "std::ops::Not::not")]
    uncertain: bool,
}

/// The state of the observed engines when rows are decided about.
#[derive(Debug, Clone, Copy)]
pub(super) struct EngineStates {
    /// Whether an engine's tokens are probably still to come.
    pub(super) behind: bool,
    /// Whether all model lists are readable.
    pub(super) all_names: bool,
}

/// Whose tokens a proxy's row counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
enum ProxyVerdict {
    /// Its own: no engine is observed.
    #[default]
    Alone,
    /// Not known yet.
    Undecided,
    /// Its own: no observed engine counts them.
    Own,
    /// Probably those of a model that an observed engine serves.
    Same(String),
}

impl ProxyGuard {
    /// The engine's model that is probably the same as the row's.
    pub(crate) fn same_as(&self) -> Option<&str> {
        match &self.verdict {
            ProxyVerdict::Same(model) => Some(model),
            ProxyVerdict::Alone | ProxyVerdict::Undecided | ProxyVerdict::Own => None,
        }
    }

    /// Whether there is no verdict yet.
    pub(crate) const fn is_undecided(&self) -> bool {
        matches!(self.verdict, ProxyVerdict::Undecided)
    }

    /// Whether its tokens are posted although an engine may count them under an unknown name.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.uncertain && matches!(self.verdict, ProxyVerdict::Own)
    }

    /// Whether its tokens are posted.
    pub(crate) const fn posts(&self) -> bool {
        matches!(self.verdict, ProxyVerdict::Alone | ProxyVerdict::Own)
    }

    /// Tokens that are withheld as an engine's and not posted.
    pub(crate) const fn kept(&self) -> Classes {
        self.kept
    }

    /// Tokens that wait for a verdict.
    pub(super) fn withheld(&self) -> Option<&WaitingTokens> {
        self.withheld.as_ref().filter(|withheld| !withheld.tokens.is_zero())
    }

    /// Whether it holds tokens that may turn out to be its own.
    pub(super) fn holds(&self) -> bool {
        self.withheld().is_some() || self.same_as().is_some() && !self.kept.is_zero()
    }

    /// Whether it has counted any token on a page before an instant.
    pub(super) fn has_counted_before(&self, instant: Timestamp) -> bool {
        self.has_counted && self.first.is_none_or(|first| first < instant)
    }

    /// Whether tokens that it counted were posted.
    pub(super) fn has_posted(&self) -> bool {
        self.has_counted && self.posts()
    }

    /// Whether withheld tokens are to be posted now.
    pub(super) const fn has_due(&self) -> bool {
        self.posts() && self.withheld.is_some()
    }

    /// Whether a comparison should begin or end.
    pub(super) fn is_due(&self, at: Moment) -> bool {
        let over = |window: &Comparison| at.since(window.since) >= WATCHED && window.grown.total() >= LEAST;
        !matches!(self.verdict, ProxyVerdict::Alone) && self.window.as_ref().is_none_or(over)
    }

    /// Whether its comparison is to be sampled.
    pub(super) fn is_sampled(&self, at: Moment) -> bool {
        self.window.as_ref().is_some_and(|window| window.is_sampled(at))
    }

    /// Takes growth, with whether any engine is watched. Returns the tokens to post now.
    pub(super) fn advance(&mut self, growth: WaitingTokens, any_watched: bool) -> Option<WaitingTokens> {
        if any_watched && self.verdict == ProxyVerdict::Alone {
            self.verdict = ProxyVerdict::Undecided;
        }
        if !growth.tokens.is_zero() && !std::mem::replace(&mut self.has_counted, true) {
            self.first = Some(growth.to);
        }
        if let Some(window) = &mut self.window {
            window.grown = window.grown.plus(TokenPair::from(growth.tokens));
        }
        self.fresh = self.withheld.map(|_| growth.tokens);
        match self.verdict {
            ProxyVerdict::Alone | ProxyVerdict::Own => {
                Some(self.withheld.take().map_or(growth, |withheld| withheld.with(growth)))
            }
            ProxyVerdict::Same(_) => {
                self.kept += growth.tokens;
                None
            }
            ProxyVerdict::Undecided => {
                self.withheld = Some(self.withheld.take().map_or(growth, |withheld| withheld.with(growth)));
                None
            }
        }
    }

    /// Keeps the entries of a page, which may have to be reversed. Tokens withheld before the last verdict are kept only while
    /// a model list is unreadable: it may later show that they are an engine's.
    pub(super) fn note(&mut self, entries: &[Entry]) {
        let mut fresh = self.fresh.take();
        for entry in entries.iter().rev() {
            let mut entry = *entry;
            if let Some(left) = &mut fresh {
                let old = entry.tokens.less(*left);
                *left = left.less(entry.tokens);
                let old = entry.part(old);
                entry = entry.without(&old);
                if self.uncertain && !old.tokens.is_zero() {
                    super::entries::remember(&mut self.earlier, old);
                }
            }
            if matches!(self.verdict, ProxyVerdict::Own) && !entry.tokens.is_zero() {
                super::entries::remember(&mut self.posted, entry);
            }
        }
    }

    /// Drops entries that were reversed for another reason.
    pub(super) fn drop_entries(&mut self, taken: &[Entry]) {
        super::entries::subtract(&mut self.posted, taken);
        super::entries::subtract(&mut self.earlier, taken);
    }

    /// Records that an entry's misses became hits.
    pub(super) fn correct(&mut self, misses: Entry, hits: Entry) {
        for posted in [&mut self.posted, &mut self.earlier] {
            if posted.iter().any(|entry| entry.merges(&misses)) {
                super::entries::subtract(posted, &[misses]);
                super::entries::remember(posted, hits);
                break;
            }
        }
    }

    /// Drops all entries, since they were posted to another ledger.
    pub(super) fn forget_posted(&mut self) {
        self.posted.clear();
        self.earlier.clear();
    }

    /// Takes the entries posted since the last verdict but one.
    pub(super) fn take_recent(&mut self) -> Vec<Entry> {
        let mut recent = std::mem::take(&mut self.earlier);
        recent.append(&mut self.posted);
        recent.retain(|entry| !entry.tokens.is_zero());
        recent
    }

    /// Takes the entries to reverse, since they are probably an engine's.
    pub(super) fn take_back(&mut self) -> Vec<Entry> {
        if self.same_as().is_some() { std::mem::take(&mut self.posted) } else { Vec::new() }
    }

    /// Applies a verdict. Returns whether tokens withheld as an engine's may be the row's own after all.
    fn take(&mut self, verdict: ProxyVerdict) -> bool {
        let parted = self.same_as().is_some() && verdict == ProxyVerdict::Own && !self.kept.is_zero();
        if let ProxyVerdict::Same(_) = verdict {
            self.kept += self.withheld.take().map(|withheld| withheld.tokens).unwrap_or_default();
            self.posted.iter().for_each(|entry| self.kept += entry.tokens);
            self.earlier.clear();
        } else {
            if !self.uncertain {
                self.earlier.clear();
            }
            self.earlier.append(&mut self.posted);
            let excess = self.earlier.len().saturating_sub(KEPT);
            self.earlier.drain(..excess);
        }
        self.verdict = verdict;
        parted
    }
}

/// Decides about the rows of a proxy whose comparison has ended. A single row, or all rows together, may agree with a model
/// of the engines. Comparisons wait while an engine is behind. Returns how many rows were withheld as an engine's and may not
/// be.
pub(super) fn judge(guards: &mut [&mut ProxyGuard], at: Moment, produced: &Produced, known: EngineStates) -> usize {
    let grown = guards.iter().filter_map(|guard| guard.window.as_ref()).map(|window| window.grown);
    let together = grown.fold(TokenPair::default(), TokenPair::plus);
    if !known.behind {
        let windows = guards.iter_mut().filter_map(|guard| guard.window.as_mut());
        windows.filter(|window| window.is_sampled(at)).for_each(|window| window.sample(at, produced));
    }
    let verdict = |guard: &ProxyGuard| {
        let window = guard.window.as_ref().filter(|_| guard.is_due(at))?;
        let waits = known.behind && at.since(window.since) < PATIENCE;
        let agrees = |grown| window.moves_with(grown, produced);
        let by_one = || agrees(window.grown).or_else(|| agrees(together)).or_else(|| window.follows(produced));
        let by_all = || window.moves_with_all(window.grown, produced);
        let model = || by_one().or_else(by_all);
        (!waits).then(|| model().map_or(ProxyVerdict::Own, ProxyVerdict::Same))
    };
    let verdicts: Vec<_> = guards.iter().map(|guard| verdict(guard)).collect();
    let mut parted = 0;
    for (guard, verdict) in guards.iter_mut().zip(verdicts) {
        guard.uncertain = !known.all_names;
        let begins = guard.window.is_none() && guard.is_due(at) && !known.behind;
        if begins || verdict.is_some() {
            guard.window = Some(Comparison::begin(at, produced));
        }
        parted += usize::from(verdict.is_some_and(|verdict| guard.take(verdict)));
    }
    parted
}

impl From<Classes> for TokenPair {
    fn from(tokens: Classes) -> Self {
        Self { prompt: (tokens.miss + tokens.hit).count(), output: tokens.output.count() }
    }
}

impl WaitingTokens {
    /// Joins these tokens with later ones.
    fn with(self, later: Self) -> Self {
        let mut tokens = self.tokens;
        tokens += later.tokens;
        Self { from: self.from, to: later.to, tokens, hits_known: self.hits_known && later.hits_known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units;

    const KNOWN: EngineStates = EngineStates { behind: false, all_names: true };

    fn at(seconds: i64) -> Moment {
        Moment::default() + Span::from_secs(seconds)
    }

    const fn output(tokens: u64) -> TokenPair {
        TokenPair { prompt: 0, output: tokens }
    }

    /// A guard whose comparison begins at second 0.
    fn watching(produced: &Produced) -> ProxyGuard {
        let mut guard = ProxyGuard::default();
        let nothing = WaitingTokens { from: at(0).wall, to: at(0).wall, tokens: Classes::default(), hits_known: true };
        assert!(guard.advance(nothing, true).is_none());
        judge(&mut [&mut guard], at(0), produced, KNOWN);
        guard
    }

    fn run(engine_per_second: u64) -> (Option<String>, u64) {
        let mut produced = Produced::default();
        produced.note("qwen3-32b".to_owned(), output(5));
        let mut guard = watching(&produced);
        let mut posted = 0;
        for second in 1..=400 {
            produced.note("qwen3-32b".to_owned(), output(engine_per_second));
            let tokens = Classes { output: units::Tokens::new(100), ..Classes::default() };
            let withheld = WaitingTokens { from: at(second - 1).wall, to: at(second).wall, tokens, hits_known: true };
            posted += guard.advance(withheld, true).map_or(0, |withheld| withheld.tokens.total().count());
            judge(&mut [&mut guard], at(second), &produced, KNOWN);
        }
        (guard.same_as().map(str::to_owned), posted)
    }

    #[test]
    fn what_moves_with_an_engine_is_not_posted_twice() {
        assert_eq!(run(102), (Some("qwen3-32b".to_owned()), 0));
    }

    #[test]
    fn what_a_proxy_counts_under_a_known_name_is_not_looked_for_again() {
        let mut produced = Produced::default();
        produced.note("qwen3-32b".to_owned(), output(5));
        let mut guard = watching(&produced);
        for second in 1..=400 {
            produced.note("qwen3-32b".to_owned(), output(200));
            produced.note_proxied("qwen3-32b", output(100));
            let tokens = Classes { output: units::Tokens::new(100), ..Classes::default() };
            let withheld = WaitingTokens { from: at(second - 1).wall, to: at(second).wall, tokens, hits_known: true };
            assert!(guard.advance(withheld, true).is_none());
            judge(&mut [&mut guard], at(second), &produced, KNOWN);
        }
        assert_eq!(guard.same_as(), Some("qwen3-32b"));
    }

    #[test]
    fn what_moves_by_itself_is_posted_and_nothing_lost() {
        assert_eq!(run(700), (None, 40_000));
    }

    /// Class: independent traffic of another mix adds up to the same total.
    #[test]
    fn what_agrees_in_the_sum_alone_is_its_own() {
        let mut produced = Produced::default();
        produced.note("qwen3-32b".to_owned(), output(5));
        let mut guard = watching(&produced);
        for second in 1..=400_i64 {
            let wave = second.unsigned_abs() / 30 % 3;
            produced.note("qwen3-32b".to_owned(), TokenPair { prompt: 1900 + 100 * wave, output: 700 });
            let [miss, out] = [1500, 1300 - 100 * (wave % 2)].map(units::Tokens::new);
            let tokens = Classes { miss, output: out, ..Classes::default() };
            let withheld = WaitingTokens { from: at(second - 1).wall, to: at(second).wall, tokens, hits_known: true };
            guard.advance(withheld, true);
            judge(&mut [&mut guard], at(second), &produced, KNOWN);
        }
        assert_eq!(guard.same_as(), None);
    }

    /// The class of errors: states of older versions, with saved comparisons.
    #[test]
    fn what_was_saved_with_a_comparison_is_read_without_it() {
        let old = r#"{"since":["2026-11-24T10:00:00Z",5],"grown":7,"then":{},"held":null,"verdict":{"Same":"m"}}"#;
        let guard: Option<ProxyGuard> = serde_json::from_str(old).ok();
        let expected = ProxyGuard { verdict: ProxyVerdict::Same("m".to_owned()), ..ProxyGuard::default() };
        assert_eq!(guard, Some(expected));
    }
}
