//! How the profit an hour changed, and the largest part of it with its cause.

use super::alarm;
use super::facts::{Facts, an_hour, signed_an_hour};
use super::sentence::{ChangeWords, Importance, Sentence, SentencePart, Tone, part};
use crate::snapshot::Alert;
use crate::statement::{Bridge, Cause, Mover};
use crate::tui::format;
use crate::units::{Money, Timestamp};

/// A change below one part in this many of the profit is none.
const NOTABLE: u128 = 50;

/// How the profit changed against the compared time, as the end of a sentence. The rate that it stands beside less the
/// change is the profit of that time.
pub(super) fn change(facts: &Facts<'_>) -> Option<ChangeWords> {
    let now = facts.rate.or(facts.snapshot.money.profit_per_hour)?;
    let (before, then) = match facts.bridge {
        Some(bridge) if is_comparable(bridge) => (bridge.before, bridge.before_span.1),
        Some(_) => return None,
        None => facts.recorded?,
    };
    Some(against(facts, notable(before, now), then))
}

/// `$2,000/h less than at 14:49`, `$2,000/h less`.
pub(super) fn against(facts: &Facts<'_>, by: Option<Money>, then: Timestamp) -> ChangeWords {
    let then = format::clock_minute(then, facts.zone);
    let then = then.trim();
    let Some(by) = by else { return ChangeWords { long: format!("about as at {then}"), short: None } };
    let word = if by < Money::ZERO { "less" } else { "more" };
    let short = format!("{} {word}", an_hour(facts, by));
    ChangeWords { long: format!("{short} than at {then}"), short: Some(short) }
}

/// The largest part of a change that moves the way the whole does, and the alert that it names.
pub(super) fn cause<'a>(facts: &Facts<'a>) -> (Option<Sentence>, Option<&'a Alert>) {
    let Some((bridge, by)) = comparable(facts).and_then(|bridge| Some((bridge, moved(facts, bridge)?))) else {
        return (None, None);
    };
    let same_way = |amount: Money| (amount < Money::ZERO) == (by < Money::ZERO);
    let largest = bridge.parts.iter().filter(|(_, amount)| same_way(*amount) && !amount.is_zero());
    let Some((cause, amount)) = largest.max_by_key(|(_, amount)| size(*amount)) else { return (None, None) };
    // A part below a quarter of the change explains little.
    if size(*amount) * 4 < size(by) {
        return (None, None);
    }
    let mover = main_mover(bridge, *amount);
    let alert = mover.and_then(|mover| alarm::on_mover(facts, mover, (bridge.before_span.0, bridge.after_span.1)));
    let tone = if *amount < Money::ZERO { Tone::Loss } else { Tone::Gain };
    let mut parts = vec![part(format!("{} ", word(*cause, *amount)), Tone::Plain)];
    parts.push(part(signed_an_hour(facts, *amount), tone));
    let short = closed(parts.clone(), None);
    let sentence = match (alert, mover) {
        // What is wrong is more than its part of the change.
        (Some(alert), _) => {
            let what = format!("{}{}", alarm::what(facts, alert), alarm::others(facts, alert));
            let wrong = vec![part(format!("{what}."), alarm::tone(alert))];
            Sentence::of(closed(parts, Some(format!(": {what}")))).or(vec![wrong], 2).at(Importance::Wrong)
        }
        (None, Some(mover)) => {
            let long = closed(parts, Some(format!(", mostly {}", mover.key)));
            Sentence::of(long).or(vec![short], 1).at(Importance::Part)
        }
        (None, None) => Sentence::of(short).at(Importance::Part),
    };
    (Some(sentence), alert)
}

fn closed(mut parts: Vec<SentencePart>, tail: Option<String>) -> Vec<SentencePart> {
    parts.push(part(format!("{}.", tail.unwrap_or_default()), Tone::Plain));
    parts
}

/// The bridge, if it can be compared.
fn comparable<'a>(facts: &Facts<'a>) -> Option<&'a Bridge> {
    facts.bridge.filter(|bridge| is_comparable(bridge))
}

/// Whether costs are known in both spans and half of them was watched in both.
fn is_comparable(bridge: &Bridge) -> bool {
    bridge.cost_known && bridge.compared.both.millis() * 2 >= bridge.compared.whole.millis()
}

/// How much the present profit an hour differs from that of the bridge's earlier span; `None` where it cannot be compared.
pub fn changed(bridge: &Bridge, now: Money) -> Option<Money> {
    is_comparable(bridge).then(|| now - bridge.before)
}

/// The change that the bridge explains, if it is more than noise. The present may have moved on from the bridge's later
/// span: the bridge explains it while both changed the same way.
fn moved(facts: &Facts<'_>, bridge: &Bridge) -> Option<Money> {
    let by = notable(bridge.before, bridge.after)?;
    let now = facts.rate.or(facts.snapshot.money.profit_per_hour)?;
    notable(bridge.before, now).filter(|so_far| (*so_far < Money::ZERO) == (by < Money::ZERO)).map(|_| by)
}

/// The change from one amount to another, if it is more than noise.
fn notable(before: Money, after: Money) -> Option<Money> {
    is_notable(before, after).then(|| after - before)
}

/// Whether the change from one amount to another is more than noise.
pub(super) fn is_notable(before: Money, after: Money) -> bool {
    before != after && size(after - before) * NOTABLE >= size(before).max(size(after))
}

/// The unit, else the node, else the model that moved by at least half of an amount, the same way.
fn main_mover(bridge: &Bridge, amount: Money) -> Option<&Mover> {
    let is_main = |mover: &&Mover| {
        let change = mover.change();
        (change < Money::ZERO) == (amount < Money::ZERO) && size(change) * 2 >= size(amount)
    };
    let several = |movers: &[Mover]| movers.len() > 1;
    let lists = [&bridge.units, &bridge.nodes, &bridge.models];
    lists.into_iter().filter(|movers| several(movers)).find_map(|movers| movers.first().filter(is_main))
}

fn size(amount: Money) -> u128 {
    amount.grains().unsigned_abs()
}

/// The part in words.
const fn word(cause: Cause, amount: Money) -> &'static str {
    let more = amount.grains() > 0;
    match (cause, more) {
        (Cause::Traffic, true) => "More traffic",
        (Cause::Traffic, false) => "Less traffic",
        (Cause::Mix, _) => "Other models or lengths",
        (Cause::HitRate, true) => "Fewer cached prompts",
        (Cause::HitRate, false) => "More cached prompts",
        (Cause::Price, true) => "Higher prices",
        (Cause::Price, false) => "Lower prices",
        (Cause::Unpriced, true) => "Tokens that found a price",
        (Cause::Unpriced, false) => "Tokens that lost their price",
        (Cause::Gpus, true) => "Fewer GPUs at work",
        (Cause::Gpus, false) => "More GPUs at work",
        (Cause::Idle, true) => "Fewer idle GPUs",
        (Cause::Idle, false) => "More idle GPUs",
    }
}
