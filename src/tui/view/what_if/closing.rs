//! The scenario's result in one sentence.

use super::sums::{bound, percent};
use crate::reading::Label;
use crate::statement::WhatIfChange;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::WhatIfPage;
use crate::tui::theme::Role;
use crate::tui::widgets::{Segment, cells};
use crate::units::{Money, Ratio};

/// The sentence, in at most `width` cells: with all changes if they fit, else without. `None` if nothing is changed.
pub(super) fn sentence(input: &FrameInput<'_>, page: &WhatIfPage, width: u16) -> Option<Vec<Segment<'static>>> {
    let what = changes(input, &page.changed);
    if what.is_empty() || page.unknown_list || page.unknown_nodes {
        return None;
    }
    let (before, after) = (page.what_if.before.profit()?, page.what_if.after.profit()?);
    let size = |money: Money| if money < Money::ZERO { Money::ZERO - money } else { money };
    let amount = |money: Money| input.money(Some(size(money)), 13).trim().to_owned();
    let signed = |money: Money| match money.rounded(2).signum() {
        0 => (Role::Text, amount(money)),
        1 => (Role::Gain, format!("+{}", amount(money))),
        _ => (Role::Loss, format!("▼ −{}", amount(money))),
    };
    let (role, profit) = signed(after);
    let profit = format!("{}{profit}", bound(&page.what_if.after).mark());
    let change = after - before;
    let said = match change.rounded(2).signum() {
        0 => vec![Segment::text(", as today")],
        sign => vec![
            Segment::text(", "),
            Segment::new(if sign > 0 { Role::Gain } else { Role::Loss }, amount(change)),
            Segment::text(if sign > 0 { " more than today" } else { " less than today" }),
        ],
    };
    let ending = |what: String| {
        let begin = [Segment::dim("then "), Segment::text(what), Segment::new(role, profit.clone())];
        begin.into_iter().chain(said.clone()).collect::<Vec<_>>()
    };
    let whole = ending(format!("{}: profit ", joined(&what)));
    let line = if cells(&whole) <= usize::from(width) { whole } else { ending("profit ".to_owned()) };
    (cells(&line) <= usize::from(width)).then_some(line)
}

/// Each change of the scenario in a few words.
fn changes(input: &FrameInput<'_>, changed: &WhatIfChange<Label>) -> Vec<String> {
    let WhatIfChange { list, paid, load, hit_rate, gpu_rate, nodes } = changed;
    let share = |parts: i64| percent(Ratio::of(parts as f64, 1e6)).replace(".0 %", " %");
    let words = [
        load.map(|load| format!("{} of the load", share(load.micros()))),
        hit_rate.map(|rate| format!("{} hits", share(rate.ppm().into()))),
        paid.map(|paid| format!("{} paid", share(paid.ppm().into()))),
        list.as_ref().map(|list| format!("all at {list}")),
        gpu_rate.map(|rate| format!("GPUs at {}{rate}", format::symbol(input.currency()))),
        nodes.map(|nodes| format!("on {nodes} nodes")),
    ];
    words.into_iter().flatten().collect()
}

/// Joins words: `a`, `a and b`, `a, b and c`. The node count is appended to the word before it.
fn joined(words: &[String]) -> String {
    let (nodes, words): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.starts_with("on "));
    let listed = match words.as_slice() {
        [] => String::new(),
        [one] => (*one).clone(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(|word| word.as_str()).collect();
            format!("{} and {last}", first.join(", "))
        }
    };
    let nodes = nodes.first().map_or("", |nodes| nodes.as_str());
    format!("{listed} {nodes}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_otherwise_is_listed_as_one_speaks() {
        let said = |words: &[&str]| joined(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(said(&["62 % hits", "on 260 nodes"]), "62 % hits on 260 nodes");
        assert_eq!(said(&["on 260 nodes"]), "on 260 nodes");
        assert_eq!(
            said(&["120 % of the load", "62 % hits", "37 % paid"]),
            "120 % of the load, 62 % hits and 37 % paid"
        );
    }
}
