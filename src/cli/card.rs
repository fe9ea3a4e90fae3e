//! `once --card`: the snapshot in ten lines, to paste into a chat.

use jiff::tz::TimeZone;

use crate::snapshot::{MoneyView, Snapshot};
use crate::tui::format;
use crate::tui::headline::{Facts, Sentence, headline};
use crate::units::Money;

/// The most cells of a line: chats wrap longer ones.
const WIDTH: usize = 72;

/// Ten lines, or fewer where the headline is short.
pub(super) fn render(snapshot: &Snapshot, zone: &TimeZone) -> String {
    let mut lines = vec![head(snapshot, zone)];
    lines.extend(words(snapshot, zone));
    lines.push(today(&snapshot.money));
    lines.push(an_hour(&snapshot.money));
    lines.push(tokens(snapshot));
    lines.push(gpus(snapshot));
    lines.push(requests(snapshot));
    lines.push(models(snapshot));
    lines.push(basis(snapshot));
    let lines = lines.iter().map(|line| format::shorten(line.trim_end(), WIDTH));
    lines.collect::<Vec<_>>().join("\n")
}

fn head(snapshot: &Snapshot, zone: &TimeZone) -> String {
    let coverage = snapshot.coverage;
    format!(
        "margintop {}  {}/{} nodes  {}/{} GPUs  {}/{} engines",
        format::clock_minute(snapshot.at, zone),
        coverage.nodes_live,
        coverage.nodes_known,
        snapshot.gpus.reporting,
        snapshot.gpus.count,
        coverage.engines_live,
        coverage.engines_known
    )
}

/// The headline in at most two lines: a sentence that does not fit is left out with those behind it.
fn words(snapshot: &Snapshot, zone: &TimeZone) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sentence in
        headline(&Facts { snapshot, rate: None, is_past: false, bridge: None, zone }).iter().map(Sentence::text)
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

fn today(money: &MoneyView) -> String {
    let on_cost = money.profit_on_cost.map(|ratio| format!(" ({} on cost)", format::percent1(Some(ratio)).trim()));
    let line = format!(
        "today     revenue {}  cost {}  profit {}",
        amount(money, money.revenue),
        amount(money, money.cost),
        amount(money, money.profit),
    );
    let whole = format!("{line}{}", on_cost.unwrap_or_default());
    // Part of a figure would be a wrong one.
    if format::width(&whole) <= WIDTH { whole } else { line }
}

fn an_hour(money: &MoneyView) -> String {
    format!(
        "an hour   revenue {}  cost {}  profit {}",
        amount(money, money.revenue_per_hour),
        amount(money, money.cost_per_hour),
        amount(money, money.profit_per_hour)
    )
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
        format::memory(gpus.memory_used_bytes, gpus.memory_total_bytes).trim(),
        format::watts(gpus.power_watts).trim()
    )
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

/// The dearest models with what they earn an hour.
fn models(snapshot: &Snapshot) -> String {
    let model = |row: &crate::snapshot::ModelRow| {
        let revenue = amount(&snapshot.money, row.money.revenue_per_hour);
        let unpriced = if row.money.list.is_none() { " unpriced".to_owned() } else { format!(" {revenue}/h") };
        format!("{}{unpriced}", format::shorten(row.model.as_str(), 28))
    };
    let shown: Vec<String> = snapshot.models.iter().take(2).map(model).collect();
    let more = snapshot.models.len().saturating_sub(2);
    let more = if more == 0 { String::new() } else { format!("  and {more} more") };
    let none = if shown.is_empty() { format::UNKNOWN } else { "" };
    format!("models    {}{none}{more}", shown.join("  "))
}

fn basis(snapshot: &Snapshot) -> String {
    let money = &snapshot.money;
    let mut parts = vec![match money.priced_share {
        Some(share) => format!("priced {}", format::percent(Some(share)).trim()),
        None => "nothing priced".to_owned(),
    }];
    if money.theoretical {
        parts.push("at list price".to_owned());
    }
    if money.lower_bound {
        parts.push("at least".to_owned());
    }
    if money.upper_bound {
        parts.push(if money.on_trial { "on trial" } else { "hits unknown" }.to_owned());
    }
    if let Some(rate) = money.rates.first() {
        let dated = rate.dated.as_ref().map_or(String::new(), |dated| format!(", assumed {dated}"));
        parts.push(format!(
            "{} {}/h{dated}",
            rate.gpu,
            format::unit_price(Some(Money::from_micros(rate.rate.micros())), money.currency.as_str())
        ));
    }
    format!("basis     {}", parts.join("  "))
}
