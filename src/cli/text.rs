//! A snapshot as words and columns, for a pipe or a log.

use std::fmt::Write;

use super::amounts::percent1;
use crate::pricing::Bill;
use crate::reading::Health;
use crate::snapshot::{Alert, EngineRow, ListBasis, MoneyView, NodeRow, Snapshot};
use crate::tui::format;
use crate::units::{Money, Ratio};

/// All of it.
pub(super) fn render(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, snapshot);
    out
}

fn write(out: &mut String, snapshot: &Snapshot) -> std::fmt::Result {
    head(out, snapshot)?;
    money(out, &snapshot.money)?;
    vitals(out, snapshot)?;
    for node in &snapshot.nodes {
        node_lines(out, node)?;
    }
    for engine in &snapshot.engines {
        engine_line(out, engine)?;
    }
    // An alert that only repeats a row's note is there already.
    let is_said = |alert: &Alert| {
        let notes = snapshot.engines.iter().filter(|row| row.target.as_str() == alert.subject.as_str());
        notes.filter_map(|row| row.note.as_ref()).any(|note| *note == alert.text)
    };
    for alert in snapshot.alerts.iter().filter(|alert| !is_said(alert)) {
        writeln!(out, "{} {}: {}", alert.severity, alert.subject, alert.text)?;
    }
    for error in &snapshot.source_errors {
        writeln!(out, "{error}")?;
    }
    Ok(())
}

fn head(out: &mut String, snapshot: &Snapshot) -> std::fmt::Result {
    let coverage = snapshot.coverage;
    let window = snapshot.window_seconds.map_or_else(|| "one poll".to_owned(), |s| format!("rates over {s:.1} s"));
    writeln!(
        out,
        "{}  {}/{} nodes  {}/{} GPUs  {}/{} engines  {window}",
        snapshot.at,
        coverage.nodes_live,
        coverage.nodes_known,
        snapshot.gpus.reporting,
        snapshot.gpus.count,
        coverage.engines_live,
        coverage.engines_known
    )
}

fn money(out: &mut String, money: &MoneyView) -> std::fmt::Result {
    if let Some(since) = money.since {
        writeln!(out, "since     {since}")?;
    }
    let amount = |amount: Option<Money>| {
        amount.map_or_else(|| "unknown".to_owned(), |amount| format!("{amount} {}", money.currency))
    };
    let ratio = |ratio: Option<Ratio>| ratio.map_or_else(|| "unknown".to_owned(), |ratio| percent1(Some(ratio)));
    let kind = if money.theoretical { " (theoretical, at list price)" } else { "" };
    writeln!(out, "profit    {}{kind}  {} an hour", amount(money.profit), amount(money.profit_per_hour))?;
    writeln!(out, "revenue   {}  {} an hour", amount(money.revenue), amount(money.revenue_per_hour))?;
    writeln!(out, "cost      {}  {} an hour", amount(money.cost), amount(money.cost_per_hour))?;
    writeln!(
        out,
        "margins   profit on cost {}  gross margin {}",
        ratio(money.profit_on_cost),
        ratio(money.gross_margin)
    )?;
    if let Some(worth) = money.leakage.as_ref().and_then(|leakage| leakage.amount) {
        let side = match money.bill {
            Bill::All => "included in revenue (bill = \"all\")",
            Bill::Finished => "left out of revenue (bill = \"finished\")",
        };
        writeln!(out, "leakage   {} of unfinished and aborted work, {side}", amount(Some(worth)))?;
    }
    if money.unpriced_tokens > 0 {
        writeln!(out, "unpriced  {} tokens: revenue is a lower bound", format::grouped(money.unpriced_tokens.into()))?;
    }
    match (money.disputed_tokens, money.disputed) {
        (0, worth) if worth.is_zero() => {}
        (tokens, worth) if worth.is_zero() => {
            writeln!(out, "disputed  {} tokens: `margintop ledger disputes`", format::grouped(tokens.into()))?;
        }
        (_, worth) => writeln!(out, "disputed  {} {}: `margintop ledger disputes`", worth.round_to(2), money.currency)?,
    }
    if money.lost_windows > 0 {
        let windows = if money.lost_windows == 1 { "window" } else { "windows" };
        writeln!(out, "lost      {} lost {windows}: revenue is a lower bound", money.lost_windows)?;
    }
    if money.on_trial {
        writeln!(out, "on trial  growth that may be taken back: revenue is an upper bound")?;
    } else if money.growth_uncertain {
        writeln!(out, "bound     a part may be older than this run, or of a process that stopped: an upper bound")?;
    } else if money.upper_bound {
        writeln!(out, "hits      unknown, priced as misses: revenue is an upper bound")?;
    }
    if let Some(worth) = money.compare.as_ref().filter(|worth| !worth.amount.is_zero()) {
        writeln!(
            out,
            "compare   tokens without a price would be worth {} at {}",
            amount(Some(worth.amount)),
            worth.list
        )?;
    }
    rates(out, money)
}

/// The lists that price models, and what GPUs cost an hour, by which lease or price.
fn rates(out: &mut String, money: &MoneyView) -> std::fmt::Result {
    for ListBasis { model, list, tier, until, ended } in &money.lists {
        let tier = if tier.as_str() == "standard" { String::new() } else { format!(" {tier}") };
        let until = until.map_or_else(String::new, |until| format!(", until {until}"));
        let ended = ended.as_ref().map_or_else(String::new, |ended| format!(", {ended}"));
        writeln!(out, "list      {model}: {list}{tier}{until}{ended}")?;
    }
    for rate in &money.rates {
        let lease = || match &rate.leases[..] {
            [] => "your lease".to_owned(),
            [lease] => format!("lease {lease}"),
            [lease, others @ ..] => format!("lease {lease} and {} more", others.len()),
        };
        let said = rate.dated.as_ref().map_or_else(lease, |dated| format!("assumed, {dated}"));
        writeln!(out, "rate      {} {} {} an hour ({said})", rate.gpu, rate.rate, money.currency)?;
    }
    Ok(())
}

fn vitals(out: &mut String, snapshot: &Snapshot) -> std::fmt::Result {
    let tokens = &snapshot.tokens;
    writeln!(out, "output    {} tok/s", format::scaled_tight(tokens.output_per_second).trim())?;
    writeln!(out, "prompt    {} tok/s", format::scaled_tight(tokens.prompt_per_second).trim())?;
    writeln!(out, "hit rate  {}", format::percent1(snapshot.cache_hit_rate).trim())?;
    writeln!(out, "GPU load  {}", format::percent1(snapshot.gpus.utilization).trim())
}

fn node_lines(out: &mut String, node: &NodeRow) -> std::fmt::Result {
    writeln!(out, "node {}  {}", node.name, state(node.state))?;
    for gpu in &node.gpus {
        let name = gpu.name.as_ref().map_or("?", |name| name.as_str());
        writeln!(
            out,
            "  GPU {:<2} {name}  {}  load {}  memory {}  {}",
            gpu.index,
            gpu.state,
            format::percent(gpu.utilization).trim(),
            format::memory(gpu.memory_used_bytes, gpu.memory_total_bytes).trim(),
            format::watts(gpu.power_watts).trim()
        )?;
        for reason in gpu.reason.iter().chain(&gpu.cost_missing) {
            writeln!(out, "         {reason}")?;
        }
    }
    Ok(())
}

/// The state in a word or two.
fn state(state: Health) -> String {
    if state == Health::Never { "never answered".to_owned() } else { state.to_string() }
}

fn engine_line(out: &mut String, engine: &EngineRow) -> std::fmt::Result {
    let model = engine.model.as_ref().map_or("?", |model| model.as_str());
    let rank = engine.rank.as_ref().map(|rank| format!(" rank {rank}")).unwrap_or_default();
    let count = |tokens: Option<crate::units::Tokens>| {
        tokens.map_or_else(|| "n/a".to_owned(), |tokens| format::grouped(tokens.count().into()))
    };
    write!(
        out,
        "engine {} {} {model}{rank}  {}  prompt {}  hit {}  output {}",
        engine.target,
        engine.kind,
        state(engine.state),
        count(engine.prompt_total),
        count(engine.cached_total),
        count(engine.output_total)
    )?;
    match &engine.note {
        Some(note) => writeln!(out, "  ({note})"),
        None => writeln!(out),
    }
}
