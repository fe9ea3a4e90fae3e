//! The profit bridge: the profit per hour before, each cause of its change, and after; and what changed most.

use ratatui::layout::Rect;

use super::change::change;
use crate::snapshot::Bound;
use crate::statement::{Bridge, Mover};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::{Against, MoneyPage};
use crate::tui::theme::Role;
use crate::tui::view::cause_words::{cause_name, cause_notes};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::waterfall::{Waterfall, WaterfallStep};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Money;

/// The rows of before, the causes, and after.
const STEPS: u16 = 9;
/// The amount, in units of the currency, from which cents are left out.
const WHOLE: i128 = 1_000;

/// Draws the rule, the steps and, where rows are left, what changed most.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    let waits = if input.app.money.against == page.bridge.against { "" } else { ", asking…" };
    let long = format!(" · an hour, against {}{waits}", page.bridge.against.name());
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    // The quarter's change stands in the headline and beside the profit too: all of them are of one computation.
    let recorded = input.app.bridge().filter(|_| page.bridge.against == Against::Quarter);
    let (bridge, causes) = recorded.as_ref().map_or_else(
        || (page.bridge.bridge.as_ref(), page.bridge.causes),
        |quarter| (Some(&quarter.bridge), quarter.causes),
    );
    let Some(bridge) = bridge else {
        titled(long, None).draw(canvas, area);
        canvas.writer(below, 0).put(Role::Dim, nothing_known(page.bridge.against));
        return;
    };
    let (before, after) = clocks(input, page.bridge.against, bridge);
    let notes = cause_notes(causes, &bridge.parts);
    let mut waterfall = waterfall(bridge, &notes, (&before, &after));
    let an_hour = format!(" · {}/h", format::symbol(input.currency()).trim_end());
    let short = format!("{an_hour}, {before} to {after}");
    let (rule, ends) = rule([long, short, an_hour, String::new()], waterfall.axis(), area.width);
    rule.draw(canvas, area);
    waterfall.ends = Some(ends);
    yield_to_after(&mut waterfall.causes, usize::from(below.height));
    waterfall.draw(canvas, Rect { height: below.height.min(STEPS), ..below });
    let rest = Rect { y: below.y + STEPS, height: below.height.saturating_sub(STEPS), ..below };
    movers(canvas, rest.intersection(area), input, page, bridge);
}

/// Removes causes of zero, the last first, until before, after and the others fit in `rows`.
fn yield_to_after(causes: &mut Vec<WaterfallStep<'_>>, rows: usize) {
    let is_nothing = |step: &WaterfallStep<'_>| step.amount.is_some_and(Money::is_zero);
    while causes.len() + 2 > rows {
        let Some(last) = causes.iter().rposition(is_nothing) else { return };
        causes.remove(last);
    }
}

fn titled(note: String, axis: Option<f64>) -> TitledRule<'static> {
    let rule = TitledRule::new("Why profit changed").note([Segment::dim(note)]);
    match axis {
        Some(low) => rule.right([Segment::dim(format!("axis from {}", format::axis_figure(low)))]),
        None => rule,
    }
}

/// The rule with the first of its notes that fits, and the ends of the axis. An axis that does not begin at zero is noted
/// in the rule; if that note does not fit, the axis begins at zero.
fn rule(notes: [String; 4], (low, top): (f64, f64), width: u16) -> (TitledRule<'static>, (f64, f64)) {
    let axis = Some(low).filter(|low| *low > 0.0);
    let found = notes.clone().into_iter().map(|note| titled(note, axis)).find(|rule| rule.fits(width));
    let [first, ..] = notes;
    found.map_or_else(|| (titled(first, None), (low.min(0.0), top)), |rule| (rule, (low, top)))
}

const fn nothing_known(against: Against) -> &'static str {
    match against {
        Against::Quarter => "nothing is known of 15 minutes ago; b asks for yesterday",
        Against::Yesterday => "nothing is known of yesterday; b asks for last week",
        Against::LastWeek => "nothing is known of last week; b asks for 15 minutes ago",
    }
}

/// The ends of both spans: a time of day, with the day if it is another.
fn clocks(input: &FrameInput<'_>, against: Against, bridge: &Bridge) -> (String, String) {
    let clock = |at| format::clock_minute(at, input.zone());
    let (before, after) = (clock(bridge.before_span.1), clock(bridge.after_span.1));
    match against {
        Against::Quarter => (before.trim().to_owned(), after.trim().to_owned()),
        Against::Yesterday => (format!("{before} yesterday"), after),
        Against::LastWeek => (format!("{before} a week ago"), after),
    }
}

fn waterfall<'a>(bridge: &Bridge, notes: &'a [String], (before, after): (&'a str, &'a str)) -> Waterfall<'a> {
    let largest = bridge.before.rounded(0).unsigned_abs().max(bridge.after.rounded(0).unsigned_abs());
    let step = |((cause, part), note): (&(_, Money), &'a String)| WaterfallStep {
        label: cause_name(*cause),
        note,
        amount: Some(*part),
    };
    Waterfall {
        before: WaterfallStep { label: "before", note: before, amount: Some(bridge.before) },
        causes: bridge.parts.iter().zip(notes).map(step).collect(),
        // The profit an hour of this instant is another figure.
        now: ("after", after),
        bounds: bridge.unpriced.map(|unpriced| Bound::of(unpriced, false).mark()),
        places: if largest >= WHOLE.unsigned_abs() { 0 } else { 2 },
        ends: None,
    }
}

/// Draws the qualifications, and what changed most: models, units, nodes.
fn movers(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage, bridge: &Bridge) {
    let late = page.bridge.known_from.map(|from| format::clock_minute(from, input.zone()));
    let limits = [
        late.map(|from| format!("then known from {from} only")),
        page.bridge.unwatched.then(|| "a part of it was not watched".to_owned()),
        (!bridge.cost_known).then(|| "no cost is known: revenue only".to_owned()),
    ];
    let mut row = 0;
    for limit in limits.into_iter().flatten() {
        canvas.writer(area, row).put(Role::Warning, &format::cut(&limit, usize::from(area.width)));
        row += 1;
    }
    let kinds = [("model", &bridge.models), ("unit", &bridge.units), ("node", &bridge.nodes)];
    let shown = kinds.iter().filter(|(_, movers)| !movers.is_empty()).count().max(1);
    let each = usize::from(area.height.saturating_sub(row)) / shown;
    for (kind, movers) in kinds {
        for mover in movers.iter().take(each) {
            mover_line(canvas, Rect { y: area.y + row, height: 1, ..area }.intersection(area), kind, mover);
            row += 1;
        }
    }
}

fn mover_line(canvas: &mut Canvas<'_>, area: Rect, kind: &str, mover: &Mover) {
    let (role, text) = change(mover.change(), 9);
    let cells = usize::from(area.width).saturating_sub(7 + format::width(&text) + 1);
    canvas.writer(area, 0).name(Role::Dim, kind, 6).name(Role::Text, mover.key.as_str(), cells);
    canvas.clip(area).line_to(area.width, 0, &[Segment::new(role, text)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_that_do_not_begin_at_zero_say_so_at_any_width() {
        let notes = || [" · an hour, against 15 min ago", " · $/h, 14:19 to 14:34", " · $/h", ""].map(str::to_owned);
        for width in 1..220 {
            let (drawn, ends) = rule(notes(), (540.0, 654.0), width);
            let says = drawn.right.iter().flatten().any(|segment| segment.text == "axis from 540");
            assert_eq!(says, ends.0 > 0.0, "{width}");
            assert!(!says || drawn.fits(width), "{width}");
            assert_eq!(rule(notes(), (0.0, 654.0), width).0.right, Vec::<Vec<Segment<'_>>>::new());
        }
        assert!(rule(notes(), (540.0, 654.0), 57).1.0 > 0.0);
    }
}
