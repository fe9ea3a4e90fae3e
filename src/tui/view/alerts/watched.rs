//! The alert rules: each with its condition, and how many alerts it has now. Shown where the lists leave room.

use ratatui::layout::Rect;

use super::super::about::found;
use crate::snapshot::Rule;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::split;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};

/// The minimum rows, with the heading.
pub(super) const LEAST: u16 = 5;
/// The terminal width from which the rules are shown in two columns.
const TWO: u16 = 159;
/// The cells of a rule's name, and of its count.
const NAME: usize = 19;
const COUNT: usize = 6;

/// The rules with their conditions, the most costly first.
const RULES: [(Rule, &str); 21] = [
    (Rule::GpuLost, "a GPU that was there is gone, hangs or is silent"),
    (Rule::NodeSilent, "no source of a node answers for 3 intervals"),
    (Rule::EngineSilent, "a target does not answer, or gives no page"),
    (Rule::EngineStalled, "requests run and no token comes for 60 s"),
    (Rule::HubSilent, "the hub that is attached to does not answer"),
    (Rule::KvNearFull, "the KV cache is 95 % full and requests wait"),
    (Rule::GpuError, "an XID error stopped a process, or the card failed"),
    (Rule::Throttled, "a GPU is throttled by heat, or power-capped"),
    (Rule::SloMissed, "less than 99 % is within [slo] for 60 s"),
    (Rule::Loss, "the fleet serves and earns less than it costs"),
    (Rule::LedgerUnwritten, "the ledger's file cannot be written"),
    (Rule::Disputed, "a counter changed by more than is plausible"),
    (Rule::PageRefused, "a page is cut, or refused in part"),
    (Rule::SourceMissing, "a source cannot be read on this machine"),
    (Rule::RateUnknown, "a GPU has no rate in the ledger's currency"),
    (Rule::RateAssumed, "a GPU's rate is assumed, as none is set"),
    (Rule::EnergyUnknown, "a power price is set, and no energy is reported"),
    (Rule::SharedAddress, "several processes answer at one address"),
    (Rule::HostnameShared, "several nodes report one hostname"),
    (Rule::ProbablySame, "two names are probably one engine's"),
    (Rule::NamesUnknown, "a proxy's model may be counted twice"),
];

/// The rows of all rules with their heading.
pub(super) const fn wanted(width: u16) -> u16 {
    let rules = RULES.len() as u16;
    1 + if width < TWO { rules } else { rules.div_ceil(2) }
}

/// Draws the rules, those that hold first; the last row says how many do not fit.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    TitledRule::new("Rules").note(note(input)).right([Segment::dim("now")]).draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let (left, right) = split(below, below.width / 2 - 1, 3);
    let columns = if area.width < TWO { vec![below] } else { vec![left, right] };
    let mut rules: Vec<RuleCount> = RULES.iter().map(|(rule, when)| RuleCount::of(input, *rule, when)).collect();
    rules.sort_by_key(|rule| rule.holds == 0);
    let room = columns.len() * usize::from(below.height);
    let shown = if rules.len() <= room { rules.len() } else { room.saturating_sub(1) };
    let hidden = rules.split_off(shown).len();
    let each = if hidden > 0 { usize::from(below.height) } else { shown.div_ceil(columns.len()) };
    for (area, rules) in columns.iter().zip(rules.chunks(each.max(1))) {
        column(canvas, *area, rules);
    }
    if let Some(last) = columns.last().filter(|_| hidden > 0 && room > 0) {
        canvas.writer(*last, last.height - 1).put(Role::Dim, &format!("… {hidden} more"));
    }
}

/// A rule with its condition and the number of alerts that it has now.
struct RuleCount {
    rule: Rule,
    when: &'static str,
    holds: usize,
}

impl RuleCount {
    fn of(input: &FrameInput<'_>, rule: Rule, when: &'static str) -> Self {
        let holds = input.snap.alerts.iter().filter(|alert| alert.rule == rule).count();
        Self { rule, when, holds }
    }
}

fn note(input: &FrameInput<'_>) -> [Segment<'static>; 1] {
    let every = format::duration(input.app.interval);
    [Segment::dim(format!(" · what is watched for, every {every}"))]
}

fn column(canvas: &mut Canvas<'_>, area: Rect, rules: &[RuleCount]) {
    let width = usize::from(area.width);
    for (row, RuleCount { rule, when, holds }) in (0..area.height).zip(rules) {
        let mut writer = canvas.writer(area, row);
        writer.name(if *holds > 0 { Role::Warning } else { Role::Text }, name(*rule), NAME);
        let room = width.saturating_sub(NAME + COUNT + 2);
        writer.skip(1).name(Role::Dim, &format::cut_with_figures(when, room), room);
        let (role, text) = match holds {
            0 => (Role::Dim, "0".to_owned()),
            holds => (Role::Warning, format::grouped(*holds as u128)),
        };
        writer.right(role, &text, COUNT);
    }
}

/// The name of a rule: both of silence say of what.
const fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::NodeSilent => "node silent",
        Rule::EngineSilent => "engine silent",
        rule => found(rule),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_stands_once_and_fits_a_small_screen() {
        let rules: BTreeSet<Rule> = RULES.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(rules.len(), RULES.len());
        let names: BTreeSet<&str> = rules.iter().map(|rule| name(*rule)).collect();
        assert_eq!(names.len(), RULES.len(), "two rules have one name");
        for (rule, when) in RULES {
            assert!(format::width(name(rule)) < NAME, "{rule:?}");
            assert!(format::width(when) <= 78 - NAME - COUNT - 2, "{rule:?}");
            assert!((4..60).all(|room| !format::cuts_figure(&format::cut_with_figures(when, room))), "{rule:?}");
        }
    }
}
