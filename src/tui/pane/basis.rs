//! The basis line: on what the money stands, the most doubtful first.

use ratatui::layout::Rect;

use crate::reading::Health;
use crate::snapshot::Keeper;
use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Span, flow};
use crate::units::{GpuTime, Ratio, Span as Time};

/// Draws it; what finds no room is left out.
pub fn basis(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    canvas.pen(area, 0).put(Role::Dim, "BASIS");
    let mut pen = canvas.pen(area, 0);
    pen.skip(9);
    for (i, (role, text)) in parts(scene).iter().enumerate() {
        let separator = if i > 0 { " · " } else { "" };
        if human::width(text) + separator.len() > pen.left() + 1 {
            break;
        }
        pen.put(Role::Faint, separator).put(*role, text);
    }
}

/// Draws all of it over as many rows as there are, in the order in which it is read.
pub fn basis_in_full(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut facts: Vec<Vec<Span>> = vec![vec![(Role::Dim, "BASIS".to_owned())]];
    let parts = parts(scene);
    let last = parts.len().saturating_sub(1);
    facts.extend(parts.into_iter().enumerate().map(|(i, part)| {
        let separator = if i < last { " ·" } else { "" };
        vec![part, (Role::Faint, separator.to_owned())]
    }));
    flow(canvas, area, &facts, 1);
}

fn parts(scene: &Scene<'_>) -> Vec<Span> {
    let money = &scene.snap.money;
    let mut parts = Vec::new();
    let warn = |text: String| (Role::Warning, text);
    let say = |text: String| (Role::Dim, text);

    match money.ledger.keeper {
        Keeper::Other(_) => parts.extend(super::ledger::keeper(scene).map(|text| (Role::Info, text))),
        Keeper::Ours | Keeper::Memory => {}
    }
    let count = |state| scene.snap.nodes.iter().filter(|node| node.state == state).count();
    for (state, word) in [(Health::Lost, "lost"), (Health::Stale, "stale")] {
        match count(state) {
            0 => {}
            1 => parts.push(warn(format!("1 node {word}, rent runs on"))),
            n => parts.push(warn(format!("{} nodes {word}, rent runs on", human::grouped(n as u128)))),
        }
    }
    if money.unrated_gpus > 0 {
        parts.push(warn(format!("{} GPUs without a rate: set [[lease]]", human::grouped(money.unrated_gpus as u128))));
    }
    parts.extend(rate(scene).map(say));
    if money.unpriced_tokens > 0 {
        let tokens = human::scaled(Some(money.unpriced_tokens as f64));
        parts.push(warn(format!("{} tok unpriced", tokens.trim())));
    }
    if money.upper_bound {
        parts.push(warn("hits unknown, priced as misses".to_owned()));
    }
    if money.lost_windows > 0 {
        parts.push(warn(format!("{} windows may be lost", money.lost_windows)));
    }
    if let Some(share) = money.priced_share {
        // Not all is never "100 %".
        let share = if share.get() < 1.0 { Ratio::new(share.get().min(0.999)) } else { Some(share) };
        parts.push(say(format!("priced {}", human::percent1(share).trim())));
    }
    if !money.uncertainty.is_zero() {
        let what = if money.upper_bound { "timing and hits" } else { "timing" };
        parts.push(say(format!("{what} ± {}", scene.money(Some(money.uncertainty), 9))));
    }
    parts.extend(lists(scene).map(say));
    if money.revenue.is_some() {
        parts.push(say(
            if money.theoretical { "theoretical: all at list price" } else { "billed: paid share set" }.to_owned()
        ));
    }
    if money.ledger.keeper == Keeper::Memory && !scene.is_blank() {
        parts.extend(super::ledger::keeper(scene).map(say));
    }
    if parts.is_empty() {
        parts.push(say("nothing watched yet".to_owned()));
    }
    parts
}

fn rate(scene: &Scene<'_>) -> Option<String> {
    let rates = &scene.snap.money.rates;
    let first = rates.first()?;
    let hour = first.rate.of(GpuTime::of(1, Time::from_secs(3600)));
    let source = match (&first.dated, first.assumed) {
        (Some(dated), true) => format!("assumed {dated}"),
        (None, true) => "assumed".to_owned(),
        (_, false) => "your lease".to_owned(),
    };
    let more = if rates.len() > 1 { format!(" +{}", rates.len() - 1) } else { String::new() };
    let gpu = human::shorten(first.gpu.as_str(), 12);
    Some(format!("{gpu} {}/h ({source}){more}", human::unit_price(Some(hour), scene.currency())))
}

fn lists(scene: &Scene<'_>) -> Option<String> {
    let lists = &scene.snap.money.lists;
    let first = lists.first()?;
    let name = human::shorten(first.list.as_str(), 28);
    let when = match (&first.ended, first.until) {
        (Some(ended), _) => format!(", {ended}"),
        (None, Some(until)) => format!(" until {}", human::clock_minute(until, scene.zone())),
        (None, None) => String::new(),
    };
    let more = if lists.len() > 1 { format!(" +{}", lists.len() - 1) } else { String::new() };
    Some(format!("list {name} {}{when}{more}", first.tier).replace("  ", " "))
}
