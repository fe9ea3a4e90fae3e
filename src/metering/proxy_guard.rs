//! A proxy's model that no watched engine serves by name may still be one of theirs under another name.
//!
//! While engines are watched, what such a model counts is held for five minutes and compared with what each of their models
//! produced. If it moves with one of them it is probably the same, and is not posted twice; else what was held is
//! posted. The verdict is made anew every five minutes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ledger::Classes;
use crate::units::{Moment, Span, Timestamp};

/// How long two counters must move together.
const WATCHED: Span = Span::from_secs(300);
/// How far apart they may be, as one part of so many.
const WITHIN: u64 = 20;
/// Growth of fewer tokens says nothing.
const LEAST: u64 = 1000;

/// What the models of watched engines produced since the watch began, by the root of their names.
#[derive(Debug, Default)]
pub(super) struct Produced(BTreeMap<String, Tokens>);

/// Tokens of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Tokens {
    /// That engines produced.
    produced: u64,
    /// That proxies counted under a name that is known to be the model's.
    proxied: u64,
}

/// Tokens that wait for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) tokens: Classes,
    pub(super) hits_known: bool,
}

/// What is known of a proxy's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProxyGuard {
    since: Moment,
    /// What it counted since.
    grown: u64,
    /// What each model of the engines had produced then.
    then: BTreeMap<String, Tokens>,
    held: Option<Held>,
    verdict: Verdict,
}

/// Whose tokens a proxy's row counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Verdict {
    /// Not known yet.
    Undecided,
    /// Its own: no watched engine's.
    Own,
    /// Probably those of a model that a watched engine serves.
    Same(String),
}

impl Produced {
    /// A watched engine produced tokens of a model.
    pub(super) fn note(&mut self, model: String, tokens: u64) {
        let sum = &mut self.0.entry(model).or_default().produced;
        *sum = sum.saturating_add(tokens);
    }

    /// A proxy counted tokens under a name that is known to be a served model's.
    pub(super) fn note_proxied(&mut self, model: &str, tokens: u64) {
        if let Some(sum) = self.0.get_mut(model).map(|model| &mut model.proxied) {
            *sum = sum.saturating_add(tokens);
        }
    }

    /// Whether any engine is watched.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl ProxyGuard {
    pub(super) fn new(at: Moment, produced: &Produced) -> Self {
        Self { since: at, grown: 0, then: produced.0.clone(), held: None, verdict: Verdict::Undecided }
    }

    /// The model that the row's is probably the same as.
    pub(crate) fn same_as(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Same(model) => Some(model),
            Verdict::Undecided | Verdict::Own => None,
        }
    }

    /// Whether nothing is known yet.
    pub(crate) const fn is_undecided(&self) -> bool {
        matches!(self.verdict, Verdict::Undecided)
    }

    /// Whether what it counts is posted.
    pub(crate) const fn posts(&self) -> bool {
        matches!(self.verdict, Verdict::Own)
    }

    /// Whether tokens wait for a verdict.
    pub(super) const fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// The moments that it holds.
    pub(super) const fn moment_mut(&mut self) -> &mut Moment {
        &mut self.since
    }

    /// Whether something was held that is to be posted now.
    pub(super) const fn has_due(&self) -> bool {
        matches!(self.verdict, Verdict::Own) && self.held.is_some()
    }

    /// Takes a growth in; what is to be posted now.
    pub(super) fn advance(&mut self, growth: Held) -> Option<Held> {
        self.grown = self.grown.saturating_add(growth.tokens.total().count());
        let all = self.held.take().map_or(growth, |held| held.with(growth));
        match self.verdict {
            Verdict::Own => Some(all),
            Verdict::Same(_) => None,
            Verdict::Undecided => {
                self.held = Some(all);
                None
            }
        }
    }
}

/// Judges the rows of one proxy whose time is over: one of them, or all together, may be a model of the engines'.
pub(super) fn judge(guards: &mut [&mut ProxyGuard], at: Moment, produced: &Produced) {
    let together: u64 = guards.iter().map(|guard| guard.grown).fold(0, u64::saturating_add);
    let due = |guard: &ProxyGuard| at.since(guard.since) >= WATCHED && guard.grown >= LEAST;
    let verdicts: Vec<_> = guards
        .iter()
        .map(|guard| due(guard).then(|| guard.judge(guard.grown, produced).or_else(|| guard.judge(together, produced))))
        .collect();
    for (guard, verdict) in guards.iter_mut().zip(verdicts) {
        let Some(model) = verdict else { continue };
        guard.verdict = model.map_or(Verdict::Own, Verdict::Same);
        if guard.same_as().is_some() {
            guard.held = None;
        }
        (guard.since, guard.grown, guard.then) = (at, 0, produced.0.clone());
    }
}

impl ProxyGuard {
    /// The model of the engines that grew by as much, or by as much beyond what proxies are known to count of it.
    fn judge(&self, grown: u64, produced: &Produced) -> Option<String> {
        let close = |(model, now): &(&String, &Tokens)| {
            let then = self.then.get(*model).copied().unwrap_or_default();
            let produced = now.produced.saturating_sub(then.produced);
            let unknown = produced.saturating_sub(now.proxied.saturating_sub(then.proxied));
            [produced, unknown].into_iter().any(|part| part.abs_diff(grown) <= grown / WITHIN)
        };
        produced.0.iter().find(close).map(|(model, _)| model.clone())
    }
}

impl Held {
    /// Both together.
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

    fn at(seconds: i64) -> Moment {
        Moment::default() + Span::from_secs(seconds)
    }

    fn run(engine_per_second: u64) -> (Option<String>, u64) {
        let mut produced = Produced::default();
        produced.note("qwen3-32b".to_owned(), 5);
        let mut guard = ProxyGuard::new(at(0), &produced);
        let mut posted = 0;
        for second in 1..=400 {
            produced.note("qwen3-32b".to_owned(), engine_per_second);
            let tokens = Classes { output: units::Tokens::new(100), ..Classes::default() };
            let held = Held { from: at(second - 1).wall, to: at(second).wall, tokens, hits_known: true };
            posted += guard.advance(held).map_or(0, |held| held.tokens.total().count());
            judge(&mut [&mut guard], at(second), &produced);
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
        produced.note("qwen3-32b".to_owned(), 5);
        let mut guard = ProxyGuard::new(at(0), &produced);
        for second in 1..=400 {
            produced.note("qwen3-32b".to_owned(), 200);
            produced.note_proxied("qwen3-32b", 100);
            let tokens = Classes { output: units::Tokens::new(100), ..Classes::default() };
            let held = Held { from: at(second - 1).wall, to: at(second).wall, tokens, hits_known: true };
            assert!(guard.advance(held).is_none());
            judge(&mut [&mut guard], at(second), &produced);
        }
        assert_eq!(guard.same_as(), Some("qwen3-32b"));
    }

    #[test]
    fn what_moves_by_itself_is_posted_and_nothing_lost() {
        assert_eq!(run(700), (None, 40_000));
    }
}
