//! The first line: whose fleet, how much of it answers, the basis of the money in a word, the time.

use ratatui::layout::Rect;

use crate::tui::app::WatchedFleet;
use crate::tui::format;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Span as Words};
use crate::units::{GpuTime, Span};

/// Draws it. What answers comes before what the money stands on.
pub fn header(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let title = format::shorten(&title(scene), 32);
    let (role, mut parts) = coverage(scene);
    // Half a count would be a wrong one.
    let clock_cells = 10;
    while parts.len() > 1
        && 15 + format::width(&title) + format::width(&parts.join(" · ")) + clock_cells > area.width.into()
    {
        parts.pop();
    }
    let mut left: Vec<Words> = vec![(Role::Text, title)];
    left.retain(|(_, text)| !text.is_empty());
    left.push((role, parts.join(" · ")));
    let needed = 12 + left.iter().map(|(_, text)| format::width(text) + 2).sum::<usize>();
    let right = right_side(scene, usize::from(area.width).saturating_sub(needed));
    let right_cells: usize = right.iter().map(|(_, text)| format::width(text)).sum();
    let right_x = area.right().saturating_sub(right_cells as u16 + 1);

    let room = Rect { width: right_x.saturating_sub(area.x + 1), ..area };
    let mut pen = canvas.pen(room, 0);
    pen.skip(1).strong(Role::Accent, "margintop").skip(2);
    for (role, text) in &left {
        let cells = format::width(text).min(pen.left());
        pen.name(*role, text, cells).skip(2);
    }
    let mut pen = canvas.pen(area, 0);
    pen.to(right_x);
    for (role, text) in right {
        pen.put(role, &text);
    }
}

fn title(scene: &Scene<'_>) -> String {
    match (&scene.app.title, scene.snap.nodes.as_slice()) {
        (Some(title), _) => title.to_string(),
        (None, [only]) => only.name.to_string(),
        _ => String::new(),
    }
}

/// How much answers: `271/278 nodes · 2,224 GPUs · 540/556 engines`.
fn coverage(scene: &Scene<'_>) -> (Role, Vec<String>) {
    if scene.app.then().is_some() {
        return (Role::Dim, vec!["as recorded".to_owned()]);
    }
    let c = scene.snap.coverage;
    let mut parts = Vec::new();
    if c.nodes_known > 1 || c.nodes_live < c.nodes_known {
        parts.push(share(c.nodes_live, c.nodes_known, "node"));
    }
    if scene.snap.gpus.count > 0 {
        parts.push(share(scene.snap.gpus.reporting, scene.snap.gpus.count, "GPU"));
    }
    if c.engines_known > 0 {
        parts.push(share(c.engines_live, c.engines_known, "engine"));
    }
    if parts.is_empty() {
        return (Role::Dim, if scene.snap.troubles.is_empty() { vec!["looking…".to_owned()] } else { parts });
    }
    let whole = c.nodes_live == c.nodes_known && c.engines_live == c.engines_known;
    (if whole { Role::Dim } else { Role::Warning }, parts)
}

fn share(live: usize, known: usize, what: &str) -> String {
    let plural = if known == 1 { "" } else { "s" };
    if live == known {
        format!("{} {what}{plural}", format::grouped(known as u128))
    } else {
        format!("{}/{} {what}{plural}", format::grouped(live as u128), format::grouped(known as u128))
    }
}

/// `1s`, `250ms`.
fn every(interval: Span) -> String {
    let millis = interval.millis();
    if millis < 1_000 { format!("{millis}ms") } else { format::duration(interval) }
}

/// The basis in a word where it fits into `room`, then the time and whether pictures come.
fn right_side(scene: &Scene<'_>, room: usize) -> Vec<Words> {
    let app = scene.app;
    let clock = format::clock_minute(scene.snap.at, scene.zone());
    let time = match app.quiet {
        _ if app.then().is_some() => {
            let ago = app.newest().at - scene.snap.at;
            vec![(Role::Warning, format!("◂ {clock} −{}", format::duration(ago)))]
        }
        _ if app.paused() => vec![(Role::Warning, format!("paused at {clock}"))],
        Some(quiet) => vec![(Role::Text, clock), (Role::Warning, format!(" ○ silent {}", format::duration(quiet)))],
        None => {
            let dot = (Role::Accent, " ●".to_owned());
            let interval = (Role::Dim, format!(" {}", every(app.interval)));
            match app.fleet {
                WatchedFleet::PublishedDay { speed: Some(speed) } => {
                    let faster = (Role::Accent, format!(" x {}", format::grouped(speed.into())));
                    vec![(Role::Text, clock), faster, dot, interval]
                }
                _ => vec![(Role::Text, clock), dot, interval],
            }
        }
    };
    let taken: usize = time.iter().map(|(_, text)| format::width(text) + 1).sum();
    let (long, short) = day_word(scene).unwrap_or_else(|| basis_word(scene));
    let word = [long, short].into_iter().find(|word| !word.is_empty() && format::width(word) + taken + 4 <= room);
    let mut spans: Vec<Words> = word.map(|word| (Role::Dim, format!("{word}   "))).into_iter().collect();
    spans.extend(time);
    spans
}

/// Which days the published one was, with its zone and without; its money's basis stands at the bottom.
fn day_word(scene: &Scene<'_>) -> Option<(String, String)> {
    let WatchedFleet::PublishedDay { .. } = scene.app.fleet else { return None };
    let since = scene.snap.money.since?;
    let days = format::days(since, scene.snap.at, scene.zone())?;
    let zone = scene.zone().to_fixed_offset().ok().map(|offset| offset.seconds() / 3_600)?;
    Some((format!("{days}, UTC{zone:+}"), days))
}

/// Where the money comes from: in full, and in a word or two.
fn basis_word(scene: &Scene<'_>) -> (String, String) {
    let money = &scene.snap.money;
    let rate = money.rates.first().map(|basis| {
        let hour = basis.rate.of(GpuTime::of(1, Span::from_secs(3600)));
        let assumed = if basis.assumed { " assumed" } else { "" };
        format!("{}/GPU-h{assumed}", format::unit_price(Some(hour), scene.currency()))
    });
    let rate = rate.unwrap_or_default();
    let Some(list) = money.lists.first() else { return (rate.clone(), rate) };
    let change = list.until.map(|until| format::countdown(until - scene.snap.at));
    let tier = match (list.tier.as_str(), change) {
        ("", None) => String::new(),
        (tier, None) => format!(" · {tier}"),
        ("", Some(left)) => format!(" · changes in {left}"),
        (tier, Some(left)) => format!(" · {tier}, changes in {left}"),
    };
    (format!("list {}{tier}", format::shorten(list.list.as_str(), 28)), rate)
}
