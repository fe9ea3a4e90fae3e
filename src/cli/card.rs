//! `once --card`: the snapshot in ten lines, to paste into a chat.

use jiff::tz::TimeZone;

use crate::snapshot::{Bound, GpuTotals, MoneyView, Snapshot};
use crate::tui::format;
use crate::tui::headline::Facts;
use crate::tui::headline::Sentence;
use crate::tui::headline::headline;
use crate::units::{Money, Ratio, Span};

/// The largest width of a line in cells: chats wrap longer ones.
const WIDTH: usize = 72;
/// The largest width of a name in cells, and the largest number of models.
const NAME: usize = 24;
const MODELS: usize = 3;

/// Ten lines, or fewer where the headline is short.
pub(super) fn render(snapshot: &Snapshot, zone: &TimeZone) -> String {
    let mut lines = vec![head(snapshot, zone)];
    lines.extend(words(snapshot, zone));
    lines.push(so_far(snapshot, zone));
    lines.push(an_hour(snapshot));
    lines.push(tokens(snapshot));
    lines.push(gpus(snapshot));
    lines.push(requests(snapshot));
    lines.push(models(snapshot));
    lines.push(basis(snapshot));
    let lines = lines.iter().map(|line| line.trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// `start`, followed by the parts that fit, none of them cut.
fn fitted(start: &str, parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().fold(start.to_owned(), |line, part| {
        let longer = if line.ends_with(' ') { format!("{line}{part}") } else { format!("{line}  {part}") };
        if format::width(&longer) <= WIDTH { longer } else { line }
    })
}

fn head(snapshot: &Snapshot, zone: &TimeZone) -> String {
    let coverage = snapshot.coverage;
    let parts = [
        format!("{}/{} nodes", coverage.nodes_live, coverage.nodes_known),
        format!("{}/{} GPUs", snapshot.gpus.reporting, snapshot.gpus.count),
        format!("{}/{} engines", coverage.engines_live, coverage.engines_known),
    ];
    fitted(&format!("margintop {}", format::clock_minute(snapshot.at, zone)), parts)
}

/// The headline in at most two lines: a sentence that does not fit is left out, and all after it.
fn words(snapshot: &Snapshot, zone: &TimeZone) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sentence in headline(&Facts { snapshot, rate: None, is_past: false, bridge: None, recorded: None, zone })
        .iter()
        .map(Sentence::text)
    {
        let joined = lines.last().map(|line| format!("{line} {sentence}"));
        match joined.filter(|line| format::width(line) <= WIDTH) {
            Some(line) => {
                lines.pop();
                lines.push(line);
            }
            None if lines.len() < 2 => lines.push(format::clauses(&sentence, WIDTH)),
            None => break,
        }
    }
    lines
}

fn amount(money: &MoneyView, amount: Option<Money>) -> String {
    format::amount_within(amount, money.currency.as_str(), 12)
}

/// The span of what is counted: the day, or what was watched of it.
fn span(snapshot: &Snapshot, zone: &TimeZone) -> String {
    let Some(since) = snapshot.money.since else { return "so far".to_owned() };
    let watched = snapshot.at - since;
    match format::clock_minute(since, zone).as_str() {
        "00:00" => "today".to_owned(),
        _ if watched < Span::from_secs(60) => format!("in {}", format::duration(watched.max(Span::from_secs(1)))),
        clock => format!("since {clock}"),
    }
}

fn so_far(snapshot: &Snapshot, zone: &TimeZone) -> String {
    let money = &snapshot.money;
    let on_cost = money.profit_on_cost.map(|ratio| format!("({} on cost)", format::percent1(Some(ratio)).trim()));
    fitted(
        &format!("{:<10}", span(snapshot, zone)),
        sums(money, [money.revenue, money.cost, money.profit], snapshot.total_bound()).into_iter().chain(on_cost),
    )
}

fn an_hour(snapshot: &Snapshot) -> String {
    let money = &snapshot.money;
    let amounts = [money.revenue_per_hour, money.cost_per_hour, money.profit_per_hour];
    fitted("an hour   ", sums(money, amounts, snapshot.rate_bound()))
}

fn sums(money: &MoneyView, [revenue, cost, profit]: [Option<Money>; 3], bound: Bound) -> [String; 3] {
    let marked = |sum: Option<Money>| sum.map_or("", |_| bound.mark());
    [("revenue", marked(revenue), revenue), ("cost", "", cost), ("profit", marked(profit), profit)]
        .map(|(name, mark, sum)| format!("{name} {mark}{}", amount(money, sum)))
}

fn tokens(snapshot: &Snapshot) -> String {
    let tokens = &snapshot.tokens;
    format!(
        "tokens    output {}/s  prompt {}/s  cached {}",
        format::scaled_tight(tokens.output_per_second).trim(),
        format::scaled_tight(tokens.prompt_per_second).trim(),
        format::percent1(snapshot.cache_hit_rate).trim()
    )
}

fn gpus(snapshot: &Snapshot) -> String {
    let gpus = &snapshot.gpus;
    format!(
        "GPUs      load {}  memory {}  power {}",
        format::percent(gpus.utilization).trim(),
        memory(gpus),
        power(gpus.power_watts)
    )
}

/// The memory of all GPUs, from a thousand of the usual unit on in a larger one: `6.0/6.7 T`.
fn memory(gpus: &GpuTotals) -> String {
    const TERA: f64 = (1_u64 << 40) as f64;
    match gpus.memory_used_bytes.zip(gpus.memory_total_bytes) {
        Some((used, total)) if total.get() as f64 >= TERA => {
            format!("{:.1}/{:.1} T", used.get() as f64 / TERA, total.get() as f64 / TERA)
        }
        _ => format::memory(gpus.memory_used_bytes, gpus.memory_total_bytes).trim().to_owned(),
    }
}

/// The power of all GPUs: `36.0 kW`.
fn power(watts: Option<f64>) -> String {
    match watts {
        Some(watts) if watts >= 10_000.0 => format!("{:.1} kW", watts / 1_000.0),
        _ => format::watts(watts).trim().to_owned(),
    }
}

fn requests(snapshot: &Snapshot) -> String {
    let count = |number: Option<u64>| number.map_or_else(|| format::UNKNOWN.to_owned(), |n| format::grouped(n.into()));
    let alerts = snapshot.alerts.len();
    format!(
        "requests  {} running  {} waiting  {alerts} alert{}",
        count(snapshot.requests.running),
        count(snapshot.requests.waiting),
        if alerts == 1 { "" } else { "s" }
    )
}

/// The models with the highest revenue per hour.
fn models(snapshot: &Snapshot) -> String {
    let model = |row: &crate::snapshot::ModelRow| {
        let revenue = amount(&snapshot.money, row.money.revenue_per_hour);
        let unpriced = if row.money.list.is_none() { " unpriced".to_owned() } else { format!(" {revenue}/h") };
        format!("{}{unpriced}", format::shorten(row.model.as_str(), NAME))
    };
    let all = &snapshot.models;
    let shown = |count: usize| {
        let more = all.len().saturating_sub(count);
        let more = (more > 0).then(|| format!("{} more", format::grouped(more as u128)));
        let parts: Vec<String> = all.iter().take(count).map(model).chain(more).collect();
        format!("models    {}", if parts.is_empty() { format::UNKNOWN.to_owned() } else { parts.join("  ") })
    };
    (0..=MODELS).rev().map(shown).find(|line| format::width(line) <= WIDTH).unwrap_or_default()
}

fn basis(snapshot: &Snapshot) -> String {
    let money = &snapshot.money;
    let mut parts = vec![match money.priced_share {
        // A share below one is never shown as "100 %".
        Some(share) if share.get() < 1.0 => {
            format!("priced {}", format::percent1(Ratio::new(share.get().min(0.999))).trim())
        }
        Some(share) => format!("priced {}", format::percent(Some(share)).trim()),
        None => "nothing priced".to_owned(),
    }];
    if money.lower_bound {
        parts.push("revenue at least".to_owned());
    }
    if money.theoretical {
        parts.push("at list price".to_owned());
    }
    if money.upper_bound {
        let why = match (money.on_trial, money.growth_uncertain) {
            (true, _) => "on trial",
            (_, true) => "at most",
            _ => "hits unknown",
        };
        parts.push(why.to_owned());
    }
    if let Some(rate) = money.rates.first() {
        let dated = rate.dated.as_ref().map_or(String::new(), |dated| format!(", assumed {dated}"));
        let price = format::unit_price(Some(Money::from_micros(rate.rate.micros())), money.currency.as_str());
        parts.push(format!("{} {price}/h{dated}", format::shorten(rate.gpu.as_str(), NAME)));
    }
    fitted("basis     ", parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_finds_no_room_is_left_out_whole() {
        let parts = ["x".repeat(30), "y".repeat(40), "z".repeat(20)];
        assert_eq!(fitted("basis     ", parts), format!("basis     {}  {}", "x".repeat(30), "z".repeat(20)));
        assert_eq!(fitted("tokens    ", []), "tokens    ");
    }
}
