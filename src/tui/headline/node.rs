//! The headline of one node: its profit and its change, the largest part of the change, the gravest alert with its cost
//! and remedy. A cause is given only if the node's own past or an alert on it shows it.

use super::alarm::{remedy, tone as tone_of, what};
use super::change::{against, is_notable};
use super::facts::{Facts, an_hour, signed_an_hour};
use super::sentence::{ChangeWords, Importance, Sentence, SentencePart, Tone, part};
use crate::burn::rent_of;
use crate::reading::Health;
use crate::snapshot::{Alert, EngineRow, GpuRow, NodeRow, Rule, Severity};
use crate::tui::format;
use crate::units::{Money, Span, Timestamp};

/// A figure a quarter hour ago and now; `None` if either is unknown.
pub type QuarterPair = Option<(f64, f64)>;

/// A node's figures in the last whole minute and in the one a quarter hour before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeQuarters {
    /// The end of the earlier minute, and the present.
    pub span: (Timestamp, Timestamp),
    /// Revenue an hour, in the ledger's currency.
    pub revenue: QuarterPair,
    /// Cost an hour.
    pub cost: QuarterPair,
    /// Output tokens a second.
    pub output: QuarterPair,
    /// Prompt tokens a second.
    pub prompt: QuarterPair,
    /// The cached share of its prompts.
    pub hit_rate: QuarterPair,
}

/// The smallest change that is reported: a share of traffic, and points of a hit rate.
const NOTABLE: f64 = 0.02;
const POINT: f64 = 0.01;
/// The least share of a change that explains it.
const LARGEST: f64 = 0.25;

/// The sentences, the most important first. `quarters` is `None` if the node's past is not known.
pub fn node_headline(facts: &Facts<'_>, node: &NodeRow, quarters: Option<&NodeQuarters>) -> Vec<Sentence> {
    let engines: Vec<&EngineRow> =
        facts.snapshot.engines.iter().map(AsRef::as_ref).filter(|row| row.node == node.name).collect();
    let known = own_alerts(facts, node, &engines);
    let alerts: Vec<&Alert> = known.iter().copied().filter(|alert| alert.severity != Severity::Info).collect();
    let mut sentences = Vec::new();
    let state = state(facts, node, &engines);
    let earned = quarters.zip(facts.rate.or(node.profit_per_hour));
    let (mut named, mut cause) = (None, None);
    if let Some((quarters, now)) = earned {
        named = alerts.iter().copied().find(|alert| explains(alert, quarters.span));
        cause = cause_of(facts, quarters, now, named);
    }
    let change = earned.and_then(|(quarters, now)| change(facts, quarters, now));
    sentences.push(state.followed_by(change));
    let is_named = cause.is_some() && named.is_some();
    sentences.extend(cause);
    if let Some(alert) = named.filter(|_| is_named) {
        sentences.extend(consequences(facts, node, alert).map(Sentence::dependent));
    }
    sentences.extend(unknown(facts, node, &engines).map(|unknown| unknown.at(Importance::Missing)));
    if let Some(alert) = alerts.first().copied().filter(|_| !is_named) {
        let is_state = alert.rule == Rule::NodeSilent && node.state != Health::Live;
        if is_state {
            sentences.extend(consequences(facts, node, alert));
        } else {
            sentences.push(sentence_of(facts, alert, &alerts).at(Importance::Wrong));
            sentences.extend(consequences(facts, node, alert).map(Sentence::dependent));
        }
    }
    if sentences.len() == 1 && !facts.is_past {
        sentences.extend(all_well(node, &engines, known.is_empty()));
    }
    sentences
}

/// What an alert costs, and what to do.
fn consequences(facts: &Facts<'_>, node: &NodeRow, alert: &Alert) -> impl Iterator<Item = Sentence> {
    let rent = rent(facts, node, alert).map(|rent| rent.at(Importance::Cost));
    rent.into_iter().chain(remedy(facts.snapshot, alert).map(|remedy| remedy.at(Importance::Action)))
}

/// Alerts on the node, its GPUs, its unit and the engines on it, the gravest first.
fn own_alerts<'a>(facts: &Facts<'a>, node: &NodeRow, engines: &[&EngineRow]) -> Vec<&'a Alert> {
    let is_own = |alert: &&Alert| {
        let word = alert.subject.as_str().split(' ').next().unwrap_or_default();
        let is_unit = node.unit.as_ref().is_some_and(|unit| unit.as_str() == word);
        word == node.name.as_str() || is_unit || engines.iter().any(|row| row.target.as_str() == word)
    };
    let mut own: Vec<&Alert> = facts.snapshot.alerts.iter().filter(is_own).collect();
    own.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    own
}

/// Its profit an hour, or why that is not known, as the beginning of a sentence.
fn state(facts: &Facts<'_>, node: &NodeRow, engines: &[&EngineRow]) -> Sentence {
    let rate = facts.rate.or(node.profit_per_hour);
    let silent = match node.state {
        Health::Live => None,
        Health::Never => return Sentence::toned("It has not answered yet", Tone::Warning),
        Health::Stale => Some(Tone::Warning),
        Health::Lost => Some(Tone::Critical),
    };
    if let Some(tone) = silent {
        // Its age would change every second.
        let ago = node.age_seconds.filter(|age| age.is_finite()).map(|age| Span::from_millis((age * 1e3) as i64));
        let since = ago.map(|ago| format::clock_minute(facts.snapshot.at - ago, facts.zone));
        let since = since.map_or_else(String::new, |since| format!(" since {}", since.trim()));
        return Sentence::of([part(format!("Silent{since}"), tone)]);
    }
    let earns_nothing = node.revenue_per_hour.is_some_and(Money::is_zero);
    let of = |words: &str, amount, tone| Sentence::of([part(words, Tone::Plain), part(amount, tone)]);
    match (rate, node.cost_per_hour) {
        (Some(_), Some(cost)) if earns_nothing && !cost.is_zero() => {
            of("It earns nothing and costs ", an_hour(facts, cost), Tone::Loss)
        }
        (Some(rate), _) => match rate.cmp(&Money::ZERO) {
            std::cmp::Ordering::Greater => of("Earning ", signed_an_hour(facts, rate), Tone::Gain),
            std::cmp::Ordering::Less => of("Losing ", an_hour(facts, rate), Tone::Loss),
            std::cmp::Ordering::Equal => Sentence::of([part("At break-even", Tone::Plain)]),
        },
        (None, Some(cost)) if engines.is_empty() => {
            let elsewhere = node
                .unit
                .as_ref()
                .filter(|unit| facts.snapshot.engines.iter().any(|row| row.unit.as_ref() == Some(*unit)));
            let whose = elsewhere.map_or_else(
                || "no engine answers on it".to_owned(),
                |unit| format!("no engine answers on it, those of {unit} answer on other nodes"),
            );
            Sentence::of([part(format!("It costs {}; {whose}", an_hour(facts, cost)), Tone::Plain)])
        }
        (None, Some(cost)) => {
            Sentence::of([part(format!("It costs {}; what it earns is unknown", an_hour(facts, cost)), Tone::Plain)])
        }
        (None, None) => match node.revenue_per_hour {
            Some(revenue) => {
                let text =
                    format!("Revenue {}; its profit is unknown, as its GPUs have no rate", an_hour(facts, revenue));
                Sentence::of([part(text, Tone::Plain)])
            }
            None => Sentence::of([part("Neither its price nor its GPU rate is known", Tone::Plain)]),
        },
    }
}

/// The change of its profit, as the end of a sentence.
fn change(facts: &Facts<'_>, quarters: &NodeQuarters, now: Money) -> Option<ChangeWords> {
    let by = node_change(quarters, now)?;
    Some(against(facts, (!by.is_zero()).then_some(by), quarters.span.0))
}

/// The change of the profit an hour up to its present rate; zero for noise. `None` if either quarter is not known.
pub fn node_change(quarters: &NodeQuarters, now: Money) -> Option<Money> {
    let ((revenue, _), (cost, _)) = quarters.revenue.zip(quarters.cost)?;
    let before = money(revenue - cost);
    Some(if is_notable(before, now) { now - before } else { Money::ZERO })
}

/// The change between the two minutes; `None` for noise.
fn between_minutes(quarters: &NodeQuarters) -> Option<f64> {
    let ((revenue, revenue_now), (cost, cost_now)) = quarters.revenue.zip(quarters.cost)?;
    let (before, after) = (revenue - cost, revenue_now - cost_now);
    is_notable(money(before), money(after)).then_some(after - before)
}

/// The largest part of the change in its direction, with the figures of its past that explain it.
fn cause_of(facts: &Facts<'_>, quarters: &NodeQuarters, now: Money, named: Option<&Alert>) -> Option<Sentence> {
    let shown = node_change(quarters, now).filter(|by| !by.is_zero())?;
    // The parts are of whole minutes: they explain the change to the present while both are of one direction.
    let by = between_minutes(quarters).filter(|by| (*by < 0.0) == (shown < Money::ZERO))?;
    let grown = |(before, after): (f64, f64)| after - before;
    let (revenue, cost) = (grown(quarters.revenue?), -grown(quarters.cost?));
    let same_way = |amount: f64| (amount < 0.0) == (by < 0.0) && amount.abs() >= LARGEST * by.abs();
    let (words, detail, amount) = if same_way(revenue) && revenue.abs() >= cost.abs() {
        let (words, detail) = of_revenue(quarters, revenue);
        (words, detail, revenue)
    } else if same_way(cost) {
        (if cost < 0.0 { "A higher cost" } else { "A lower cost" }, None, cost)
    } else {
        return None;
    };
    let tone = if amount < 0.0 { Tone::Loss } else { Tone::Gain };
    let parts = vec![part(format!("{words} "), Tone::Plain), part(signed_an_hour(facts, money(amount)), tone)];
    let alert = named.map(|alert| what(facts, alert));
    let tail = [detail, alert.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let short = (!tail.is_empty()).then(|| closed(parts.clone(), ""));
    let tail = if tail.is_empty() { tail } else { format!(": {tail}") };
    let whole = Sentence::of(closed(parts, &tail));
    Some(match (alert, named) {
        (Some(what), Some(named)) => {
            whole.or(vec![vec![part(format!("{what}."), tone_of(named))]], 2).at(Importance::Wrong)
        }
        _ => whole.or(short.into_iter().collect(), 1).at(Importance::Part),
    })
}

/// The cause of its change of revenue, in words: its tokens changed in the same direction, or else its hits did;
/// otherwise the cause is not known.
fn of_revenue(quarters: &NodeQuarters, by: f64) -> (&'static str, Option<String>) {
    let moved = |name: &'static str, pair: QuarterPair| {
        let (before, after) = pair.filter(|(before, _)| *before > 0.0)?;
        Some((name, after / before - 1.0))
    };
    let tokens = [moved("output", quarters.output), moved("prompts", quarters.prompt)].into_iter().flatten();
    let with = tokens.filter(|(_, part)| (*part < 0.0) == (by < 0.0) && part.abs() >= NOTABLE);
    if let Some((name, part)) = with.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) {
        let words = if by < 0.0 { "Less traffic" } else { "More traffic" };
        let sign = if part < 0.0 { '−' } else { '+' };
        return (words, Some(format!("{name} {sign}{:.0} %", part.abs() * 100.0)));
    }
    // A cached prompt token earns less than a computed one.
    if let Some((before, after)) = quarters.hit_rate.filter(|(before, after)| (after - before).abs() >= POINT)
        && (after > before) == (by < 0.0)
    {
        let words = if by < 0.0 { "More cached prompts" } else { "Fewer cached prompts" };
        return (words, Some(format!("hits {:.1} → {:.1} %", before * 100.0, after * 100.0)));
    }
    (if by < 0.0 { "Less revenue" } else { "More revenue" }, None)
}

fn closed(mut parts: Vec<SentencePart>, tail: &str) -> Vec<SentencePart> {
    parts.push(part(format!("{tail}."), Tone::Plain));
    parts
}

/// Whether an alert began in the compared time and explains missing tokens.
fn explains(alert: &Alert, (since, until): (Timestamp, Timestamp)) -> bool {
    let stops = matches!(
        alert.rule,
        Rule::GpuLost
            | Rule::NodeSilent
            | Rule::EngineSilent
            | Rule::EngineStalled
            | Rule::KvNearFull
            | Rule::Throttled
            | Rule::GpuError
    );
    stops && (since..until).contains(&alert.since)
}

fn sentence_of(facts: &Facts<'_>, alert: &Alert, all: &[&Alert]) -> Sentence {
    let tone = tone_of(alert);
    let end = match all.len() - 1 {
        0 => ".".to_owned(),
        1 => ", and one more alert.".to_owned(),
        others => format!(", and {others} more alerts."),
    };
    Sentence::of([part(what(facts, alert), tone), part(end, Tone::Plain)])
}

/// The part of its GPU cost that idle parts cause.
fn rent(facts: &Facts<'_>, node: &NodeRow, alert: &Alert) -> Option<Sentence> {
    let cost = node.cost_per_hour.filter(|cost| !cost.is_zero())?;
    let is_lost = |gpu: &GpuRow| gpu.state == Health::Lost;
    let amount = match alert.rule {
        Rule::NodeSilent => cost,
        Rule::GpuLost if node.gpus.iter().any(is_lost) => rent_of(facts.snapshot, node, is_lost)?,
        _ => return None,
    };
    Some(Sentence::plain(format!("The rent of {} runs on.", an_hour(facts, amount))))
}

/// A model on it without a price.
fn unknown(facts: &Facts<'_>, node: &NodeRow, engines: &[&EngineRow]) -> Option<Sentence> {
    if node.revenue_per_hour.is_some() {
        return None;
    }
    let models = &facts.snapshot.models;
    let unpriced = |engine: &&EngineRow| {
        models.iter().find(|row| engine.model.as_ref() == Some(&row.model)).filter(|row| row.money.list.is_none())
    };
    let row = engines.iter().find_map(unpriced)?;
    let what = format!("{} has no price: write a [[price]]", format::shorten(row.model.as_str(), 40));
    let short = Sentence::toned(format!("{what}."), Tone::Warning);
    let worth = row.money.compare_per_hour.zip(facts.snapshot.money.compare.as_ref());
    Some(worth.map_or(short.clone(), |(amount, at)| {
        let amount = an_hour(facts, amount);
        let fleet = if facts.snapshot.nodes.len() > 1 { " in the fleet" } else { "" };
        let long = format!("{what}; its tokens{fleet} are worth ≈ {amount} at {}.", at.list);
        let medium = Sentence::toned(format!("{what} (≈ {amount}{fleet})."), Tone::Warning);
        Sentence::toned(long, Tone::Warning).or(vec![medium.parts, short.parts], 1)
    }))
}

/// The sentence if no alert is told; `is_calm` is whether there is none at all.
fn all_well(node: &NodeRow, engines: &[&EngineRow], is_calm: bool) -> Option<Sentence> {
    let gpus = node.gpus.len();
    let is_live = node.state == Health::Live && node.gpus.iter().all(|gpu| gpu.state == Health::Live);
    if !is_live || engines.iter().any(|row| row.state != Health::Live) || gpus + engines.len() == 0 {
        return None;
    }
    let mut targets: Vec<&str> = engines.iter().map(|row| row.target.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    let count = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let who = match (gpus, targets.len()) {
        (0, engines) => count(engines, "engine"),
        (gpus, 0) => count(gpus, "GPU"),
        (gpus, engines) => format!("{} and {}", count(gpus, "GPU"), count(engines, "engine")),
    };
    let verb = if gpus + targets.len() == 1 { "answers" } else { "answer" };
    // A node that loses money is not well, even if all of it answers.
    let is_well = node.profit_per_hour? >= Money::ZERO && is_calm;
    let end = if is_well { ", and nothing is wrong" } else { "" };
    Some(Sentence::plain(format!("Its {who} {verb}{end}.")))
}

/// An amount of a chart as money.
fn money(amount: f64) -> Money {
    Money::from_micros((amount * 1e6).round() as i64)
}
