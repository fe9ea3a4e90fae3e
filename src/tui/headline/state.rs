//! The state: what the fleet earns an hour, or why that is not known.

use super::facts::{Facts, an_hour, signed_an_hour};
use super::missing::{self, Missing};
use super::sentence::{Importance, Sentence, Tone, part};
use crate::reading::Label;
use crate::snapshot::{Alert, Rule, Snapshot};
use crate::tui::format;
use crate::units::Money;

/// What it earns an hour, as the beginning of a sentence; `None` where that is not known.
pub(super) fn state(facts: &Facts<'_>) -> Option<Sentence> {
    let snapshot = facts.snapshot;
    if silent_hub(snapshot).is_some() || why_unknown(snapshot).is_some() {
        return None;
    }
    let profit = snapshot.money.profit_per_hour?;
    let profit = facts.rate.unwrap_or(profit);
    let bound = snapshot.rate_bound();
    let bound = if profit < Money::ZERO { bound.of_negative() } else { bound }.in_words();
    let (words, amount, tone) = match profit.cmp(&Money::ZERO) {
        _ if is_idle(snapshot) => ("Idle: the GPUs cost ", an_hour(facts, profit), Tone::Loss),
        std::cmp::Ordering::Greater => ("Earning ", signed_an_hour(facts, profit), Tone::Gain),
        std::cmp::Ordering::Less => ("Losing ", an_hour(facts, profit), Tone::Loss),
        std::cmp::Ordering::Equal => return Some(Sentence::plain("At break-even")),
    };
    let young = if snapshot.money.per_hour_preliminary { " so far" } else { "" };
    Some(Sentence::of([part(words, Tone::Plain), part(amount, tone), part(format!("{bound}{young}"), Tone::Plain)]))
}

/// The sentences where the profit an hour is not known: why, and what to do.
pub(super) fn unknown(facts: &Facts<'_>) -> Vec<Sentence> {
    let money = &facts.snapshot.money;
    if let Some(hub) = silent_hub(facts.snapshot) {
        return of_silent_hub(facts, hub);
    }
    if let Some(why) = why_unknown(facts.snapshot) {
        let mut sentences = vec![why.at(Importance::State)];
        sentences.extend(super::alarm::alarms(facts, None));
        return sentences;
    }
    let (state, actions) = match (money.revenue_per_hour, money.cost_per_hour) {
        (Some(revenue), _) => without_cost(facts, revenue),
        (None, Some(cost)) => without_revenue(facts, cost),
        (None, None) => without_both(facts.snapshot),
    };
    let short = vec![part("The profit is unknown.", Tone::Plain)];
    let mut sentences = vec![Sentence::plain(state).or(vec![short], 1).at(Importance::State)];
    // What to do about the state stands before what else is wrong.
    sentences.extend(actions.map(|action| Sentence::toned(action, Tone::Action).at(Importance::State)));
    sentences.extend(super::alarm::alarms(facts, None));
    sentences
}

/// The alert on the hub, where this dashboard is attached to one that does not answer.
fn silent_hub(snapshot: &Snapshot) -> Option<&Alert> {
    snapshot.alerts.iter().find(|alert| alert.rule == Rule::HubSilent)
}

/// What the hub itself knew last stands in the lists; of the present nothing is known but that.
fn of_silent_hub(facts: &Facts<'_>, hub: &Alert) -> Vec<Sentence> {
    let since = format::clock_minute(hub.since, facts.zone);
    let (name, since) = (format::shorten(hub.subject.as_str(), 40), since.trim());
    let long = format!("The hub {name} has been silent since {since}: figures are of then, and it may count on.");
    let short = vec![part(format!("The hub has been silent since {since}."), Tone::Critical)];
    let state = Sentence::toned(long, Tone::Critical).or(vec![short], 1).at(Importance::State);
    let action = Sentence::toned("See whether the hub is up and reached from here.", Tone::Action);
    vec![state, action.at(Importance::Action)]
}

/// Said while only more readings are needed.
const TOO_EARLY: &str = "too early to say what an hour earns.";

fn without_cost(facts: &Facts<'_>, revenue: Money) -> (String, Option<&'static str>) {
    let revenue = an_hour(facts, revenue);
    match missing::cost(facts.snapshot) {
        Some(cost) => (format!("Revenue {revenue}; the profit is unknown, as {}.", cost.why), cost.action),
        None => (format!("Revenue {revenue}; it is {TOO_EARLY}"), None),
    }
}

fn without_revenue(facts: &Facts<'_>, cost: Money) -> (String, Option<&'static str>) {
    let cost = an_hour(facts, cost);
    match missing::revenue(facts.snapshot) {
        Some(revenue) => (format!("The GPUs cost {cost}; the profit is unknown, as {}.", revenue.why), revenue.action),
        None => (format!("The GPUs cost {cost}; it is {TOO_EARLY}"), None),
    }
}

fn without_both(snapshot: &Snapshot) -> (String, Option<&'static str>) {
    match (missing::revenue(snapshot), missing::cost(snapshot)) {
        (Some(Missing { action: Some(_), .. }), Some(Missing { action: Some(_), .. })) => {
            ("Neither a price nor a GPU rate is known.".to_owned(), Some("Write a [[price]] and a [[lease]]."))
        }
        (Some(revenue), Some(cost)) => {
            (format!("The profit is unknown, as {} and {}.", revenue.why, cost.why), revenue.action.or(cost.action))
        }
        (Some(one), None) | (None, Some(one)) => (format!("The profit is unknown, as {}.", one.why), one.action),
        (None, None) => (format!("It is {TOO_EARLY}"), None),
    }
}

/// Why nothing can be said of what is earned an hour.
fn why_unknown(snapshot: &Snapshot) -> Option<Sentence> {
    let coverage = snapshot.coverage;
    let known = coverage.nodes_known + coverage.engines_known;
    if let Some(why) = snapshot.money.ledger.write_error.as_ref().map(Label::as_str) {
        let why = why.trim_end_matches('.');
        return Some(Sentence::toned(format!("The ledger is not written: {why}."), Tone::Critical));
    }
    let text = if known == 0 {
        "Nothing is watched yet."
    } else if snapshot.resuming {
        "This machine slept or was stopped; no source has answered since."
    } else if coverage.nodes_live + coverage.engines_live == 0
        && snapshot.money.cost.is_none()
        && snapshot.money.revenue.is_none()
    {
        return Some(Sentence::toned("No source has answered yet.", Tone::Warning));
    } else if coverage.nodes_live + coverage.engines_live == 0 {
        return Some(Sentence::toned(
            "No source answers: the figures are the last known, and the rent runs on.",
            Tone::Critical,
        ));
    } else {
        return None;
    };
    Some(Sentence::plain(text))
}

/// Whether no request is served and no token made, while GPUs cost.
fn is_idle(snapshot: &Snapshot) -> bool {
    let none = |rate: Option<f64>| rate == Some(0.0);
    let makes_none = none(snapshot.tokens.output_per_second) && none(snapshot.tokens.prompt_per_second);
    let costs = snapshot.money.profit_per_hour.is_some_and(|profit| profit < Money::ZERO);
    costs && makes_none && snapshot.requests.running.unwrap_or(0) == 0 && snapshot.requests.waiting.unwrap_or(0) == 0
}
