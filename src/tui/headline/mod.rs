//! The headline: what is happening, in whole sentences of plain English.
//!
//! In this order: the state and how it changed, the largest part of the change with its cause, what is wrong and what it
//! costs, and what to do. A cause is named only if the data shows it: the bridge gives the part, its movers where it lies,
//! and an alert on a mover, begun in the compared time, what happened there.

mod alarm;
mod change;
mod node;
mod state;
mod unknown;

pub use change::changed;
use jiff::tz::TimeZone;
pub use node::{NodeQuarters, Pair, node_change, node_headline};

use super::format;
use crate::snapshot::Snapshot;
use crate::statement::Bridge;
use crate::units::Money;

/// How a part of a sentence is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Tone {
    Plain,
    Gain,
    Loss,
    Warning,
    Critical,
    /// What to do: bold.
    Action,
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its words.
    pub text: String,
    /// How they are shown.
    pub tone: Tone,
}

/// A sentence, the last part with its full stop. It is shown whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sentence {
    /// Its parts, one after the other.
    pub parts: Vec<Part>,
    /// The same in fewer words; empty where there is no shorter form.
    pub short: Vec<Part>,
}

/// What the headline is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The present.
    pub snapshot: &'a Snapshot,
    /// The profit an hour as it stands elsewhere on the screen, where that is newer than the snapshot.
    pub rate: Option<Money>,
    /// Whether the snapshot is of an earlier instant, as recorded.
    pub is_past: bool,
    /// Why the profit an hour changed; `None` while it is not known.
    pub bridge: Option<&'a Bridge>,
    /// The zone of the times.
    pub zone: &'a TimeZone,
}

/// The sentences, the most important first.
pub fn headline(facts: &Facts<'_>) -> Vec<Sentence> {
    let Some(state) = state::state(facts) else { return state::unknown(facts) };
    let change = change::change(facts);
    let (cause, named) = change::cause(facts);
    let first = state.followed_by(change);
    let mut sentences = vec![first];
    sentences.extend(cause);
    sentences.extend(alarm::alarms(facts, named));
    // Of an earlier instant it is not recorded who answered.
    if sentences.len() == 1 && !facts.is_past {
        sentences.extend(alarm::all_well(facts));
    }
    sentences
}

impl Sentence {
    /// A sentence of these parts.
    fn of(parts: impl IntoIterator<Item = Part>) -> Self {
        Self { parts: parts.into_iter().collect(), short: Vec::new() }
    }

    fn plain(text: impl Into<String>) -> Self {
        Self::of([part(text, Tone::Plain)])
    }

    fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self::of([part(text, tone)])
    }

    /// Its words.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// This and what follows it after a comma, as one sentence; alone it is the short form.
    fn followed_by(mut self, rest: Option<String>) -> Self {
        let alone = |mut parts: Vec<Part>| {
            parts.push(part(".", Tone::Plain));
            parts
        };
        match rest {
            None => Self::of(alone(self.parts)),
            Some(rest) => {
                let short = alone(self.parts.clone());
                self.parts.push(part(format!(", {rest}."), Tone::Plain));
                Self { parts: self.parts, short }
            }
        }
    }
}

fn part(text: impl Into<String>, tone: Tone) -> Part {
    Part { text: text.into(), tone }
}

/// An amount an hour without its sign: `$2,000/h`.
fn an_hour(facts: &Facts<'_>, amount: Money) -> String {
    let size = if amount < Money::ZERO { Money::ZERO - amount } else { amount };
    let places = if size < Money::from_micros(1_000_000_000) { 2 } else { 0 };
    format!("{}/h", format::amount(Some(size), facts.snapshot.money.currency.as_str(), places).trim())
}

/// The same with its sign: `+$2,000/h`, `−$2,000/h`.
fn signed_an_hour(facts: &Facts<'_>, amount: Money) -> String {
    let sign = if amount < Money::ZERO { '−' } else { '+' };
    format!("{sign}{}", an_hour(facts, amount))
}
