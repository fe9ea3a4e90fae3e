//! What of the money is not known, and what to write so that it is.

use super::facts::{Facts, an_hour};
use super::sentence::{Importance, Sentence, Tone, part};
use crate::snapshot::ModelRow;
use crate::tui::format;

/// What is missing in the revenue first, then what is missing in the cost.
pub(super) fn unknown_money(facts: &Facts<'_>) -> Vec<Sentence> {
    let money = &facts.snapshot.money;
    let mut sentences = Vec::new();
    if money.unpriced_tokens > 0 && money.revenue.is_some() {
        let before = || unpriced_before(money.unpriced_tokens).at(Importance::Remark);
        sentences.push(unpriced_now(facts).map_or_else(before, |now| now.at(Importance::Missing)));
    }
    if money.uncosted_engines > 0 && money.cost.is_some() {
        let count = money.uncosted_engines;
        let (noun, verb) = if count == 1 { ("engine", "has") } else { ("engines", "have") };
        let text = format!("{count} {noun} {verb} no known cost and {verb} no part in the profit.");
        sentences.push(Sentence::toned(text, Tone::Warning).at(Importance::Missing));
    }
    sentences
}

/// Models without a price that serve at present, the most output first, with what their tokens would be worth.
fn unpriced_now(facts: &Facts<'_>) -> Option<Sentence> {
    let made = |row: &ModelRow| row.output_per_second.unwrap_or(0.0) + row.prompt_per_second.unwrap_or(0.0);
    let serves = |row: &&ModelRow| row.money.list.is_none() && made(row) > 0.0;
    let mut rows: Vec<&ModelRow> = facts.snapshot.models.iter().filter(serves).collect();
    rows.sort_by(|a, b| made(b).total_cmp(&made(a)).then_with(|| a.model.as_str().cmp(b.model.as_str())));
    let name = format::shorten(rows.first()?.model.as_str(), 40);
    let (who, verb, owner) = match rows.len() - 1 {
        0 => (name, "has", "its"),
        1 => (format!("{name} and one more model"), "have", "their"),
        others => (format!("{name} and {others} more models"), "have", "their"),
    };
    let what = format!("{who} {verb} no price: write a [[price]]");
    let words = |text: String| vec![part(text, Tone::Warning)];
    let brief = format!("{who} {verb} no price.");
    let shorter = [format!("{what}."), format!("{who}: write a [[price]]."), brief.clone()].map(words);
    let worth = facts.snapshot.money.compare.as_ref().and_then(|worth| Some((worth.per_hour?, &worth.list)));
    let Some((amount, list)) = worth else {
        let [whole, short, brief] = shorter;
        return Some(Sentence::of(whole).or(vec![short, brief], 1));
    };
    let amount = an_hour(facts, amount);
    let long = format!("{what}; {owner} tokens are worth ≈ {amount} at {list}.");
    // What it would be worth is the reason to write one, and the view of the model says how.
    let shorter = [
        format!("{what} ({owner} tokens are worth ≈ {amount})."),
        format!("{who} {verb} no price (worth ≈ {amount})."),
        format!("{who}: no price (≈ {amount})."),
        brief,
    ];
    Some(Sentence::toned(long, Tone::Warning).or(shorter.map(words).into(), 1))
}

/// Tokens of the past that no list priced.
fn unpriced_before(tokens: u64) -> Sentence {
    let tokens = format::scaled_tight(Some(tokens as f64));
    let text = format!("{} tokens have no price: the revenue is at least that.", tokens.trim());
    Sentence::toned(text, Tone::Warning)
}
