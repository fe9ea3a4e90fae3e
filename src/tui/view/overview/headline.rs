//! The headline: whether it earns, what changed, and the gravest of what is wrong, in whole sentences.

use ratatui::layout::Rect;

use super::head::changed;
use crate::snapshot::Severity;
use crate::tui::app::Pace;
use crate::tui::human;
use crate::tui::pane::why_unknown;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::view::tables;
use crate::tui::widgets::headline::{Headline, Sentence};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Span};

/// Columns from which a sentence of state stands before the gravest alert.
const ROOM: u16 = 100;

/// Draws it. On narrow screens the gravest alert takes it.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let gravest = scene.snap.alerts.iter().max_by_key(|alert| alert.severity);
    let grave = gravest.filter(|alert| alert.severity > Severity::Info);
    if let Some(alert) = grave.filter(|_| area.width < ROOM) {
        return tables::alert_line(canvas, area, scene, alert, 0);
    }
    let minute = scene.at(Pace::Minute);
    let mut sentences = vec![state(&minute)];
    if let Some(alert) = grave {
        let role = super::super::charts::severity(alert.severity);
        let subject = human::shorten(alert.subject.as_str(), 30);
        let long = [Segment::new(role, "▲ "), Segment::text(format!("{subject}: {}", alert.text)).bold()];
        let short = [Segment::new(role, "▲ "), Segment::text(subject).bold()];
        sentences.push(Sentence::new(long).or(short));
    }
    Headline { sentences }.draw(canvas, area);
}

/// Whether it earns, and what changed.
fn state(scene: &Scene<'_>) -> Sentence<'static> {
    let money = &scene.snap.money;
    let Some(profit) = money.profit_per_hour else {
        return Sentence::new([Segment::text(capital(why_unknown(scene)) + ".")]);
    };
    let amount = |money: Money| {
        let money = if money < Money::ZERO { Money::ZERO - money } else { money };
        scene.money(Some(money), 9)
    };
    let at_least = if money.lower_bound { " or more" } else { "" };
    let (verb, role, sign) = match profit.rounded(2).signum() {
        1 => ("Earning ", Role::Gain, "+"),
        0 => ("Earning ", Role::Text, ""),
        _ => ("Losing ", Role::Loss, "−"),
    };
    let mut words =
        vec![Segment::text(verb), Segment::new(role, format!("{sign}{}/h", amount(profit))), Segment::text(at_least)];
    if money.young_pace {
        words.push(Segment::text("; it is too early to say more."));
        return Sentence::new(words);
    }
    match changed(scene) {
        Some(change) if change.rounded(2) != 0 => {
            let (word, role) = if change < Money::ZERO { ("less", Role::Loss) } else { ("more", Role::Gain) };
            let then = human::clock_minute(scene.snap.at - Span::from_secs(900), scene.zone());
            words.extend([
                Segment::text(", "),
                Segment::new(role, format!("{}/h", amount(change))),
                Segment::text(format!(" {word} than at {then}.")),
            ]);
        }
        Some(_) => words.push(Segment::text(", as a quarter hour ago.")),
        None => words.push(Segment::text(".")),
    }
    Sentence::new(words)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
