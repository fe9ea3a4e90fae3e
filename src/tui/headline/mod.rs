//! The headline: what is happening, in whole sentences of plain English.
//!
//! In this order: the state and how it changed, the largest part of the change with its cause, what is wrong and what it
//! costs, and what to do. Where not all have room, they are left out by their importance: a remark, what an alert costs, and
//! parts of the change without an alert before what is missing in the money; what else is wrong before what to do about the
//! first; the state and how it changed last. A cause is named only if the data shows it: the bridge gives the part, its movers where it lies,
//! and an alert on a mover, begun in the compared time, what happened there.

mod alarm;
mod change;
mod drawn;
mod facts;
mod missing;
mod node;
mod sentence;
mod state;
mod unknown;

pub use change::changed;
pub use drawn::drawn;
pub use facts::Facts;
pub use node::{NodeQuarters, QuarterPair, node_change, node_headline};
pub use sentence::{Importance, Sentence, SentencePart, Tone};

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
