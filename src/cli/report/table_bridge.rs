//! A bridge as text: why the profit changed between two spans.

use super::data::ReportData;
use super::text_table::TextTable;
use crate::cli::amounts::{amount, signed};
use crate::cli::when::local;
use crate::statement::{Bridge, Cause, Compared, Mover};
use crate::units::Span;

/// The compared part of two spans, if it is not all of them.
fn watched_in_both(compared: &Compared) -> Option<String> {
    let Compared { whole, before, after, both } = *compared;
    if compared.is_whole() {
        return None;
    }
    let [whole, before, after] = [whole, before, after].map(minutes);
    if both <= Span::ZERO {
        return Some(format!(
            "nothing is compared: no minute was watched in both ({before} of {whole} before, {after} after)"
        ));
    }
    let both = minutes(both);
    Some(format!("compared over the {both} of the {whole} that were watched in both ({before} before, {after} after)"))
}

/// A span in hours and minutes: `3 h 20 m`.
fn minutes(span: Span) -> String {
    let minutes = span.millis() / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} m"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} m"),
    }
}

/// Why the profit changed between two spans.
pub(super) fn render(bridge: &Bridge, data: &ReportData) -> String {
    let places = data.places();
    let span = |(since, until)| format!("{} to {}", local(since, &data.zone), local(until, &data.zone));
    let mut table = TextTable::new(["why", &format!("profit {} an hour", data.currency)]);
    table.row(vec!["before".to_owned(), amount(Some(bridge.before), places)]);
    for (cause, part) in &bridge.parts {
        table.row(vec![format!("  {}", words(*cause)), signed(Some(*part), places)]);
    }
    table.total(vec!["after".to_owned(), amount(Some(bridge.after), places)]);
    let watched = watched_in_both(&bridge.compared).map_or_else(String::new, |line| line + "\n");
    let spans = format!("before  {}\nafter   {}\n{watched}\n", span(bridge.before_span), span(bridge.after_span));
    if bridge.compared.both <= Span::ZERO {
        return spans;
    }
    let mut out = spans + &table.render();
    for (name, movers) in [("models", &bridge.models), ("units", &bridge.units), ("nodes", &bridge.nodes)] {
        if !movers.is_empty() {
            out.push('\n');
            out.push_str(&moved(name, movers, places));
        }
    }
    if !bridge.cost_known {
        out.push_str("\nno rate is known in one of the spans: without a cost there is no profit\n");
    }
    out
}

fn moved(name: &str, movers: &[Mover], places: u32) -> String {
    let mut table = TextTable::new([name, "before", "after", "change an hour"]);
    for mover in movers {
        table.row(vec![
            mover.key.to_string(),
            amount(Some(mover.before), places),
            amount(Some(mover.after), places),
            signed(Some(mover.change()), places),
        ]);
    }
    table.render()
}

const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::Traffic => "traffic",
        Cause::Mix => "mix of models, prompts and output",
        Cause::HitRate => "hit rate",
        Cause::Price => "price or tier",
        Cause::Unpriced => "unpriced",
        Cause::Gpus => "GPUs held",
        Cause::Idle => "idle GPUs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_is_compared_is_said_where_it_is_not_all() {
        let coverage = |hours: [i64; 4]| {
            let [whole, before, after, both] = hours.map(|minutes| Span::from_secs(minutes * 60));
            watched_in_both(&Compared { whole, before, after, both })
        };
        assert_eq!(coverage([60; 4]), None);
        let part = "compared over the 3 h 20 m of the 24 h that were watched in both (4 h before, 23 h 59 m after)";
        assert_eq!(coverage([1_440, 240, 1_439, 200]).as_deref(), Some(part));
        let none = "nothing is compared: no minute was watched in both (30 m of 1 h before, 0 m after)";
        assert_eq!(coverage([60, 30, 0, 0]).as_deref(), Some(none));
    }
}
