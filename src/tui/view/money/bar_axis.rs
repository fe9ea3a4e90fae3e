//! The time axis of the bars: marks of events beside the hours or days below them, and the cursor.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::bars::MoneyBar;
use crate::history::Subject;
use crate::tui::app::MoneyRange;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::view::charts::{cursor_line, marks};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::time_axis::TimeAxis;
use crate::tui::widgets::{Canvas, PlotArea, Segment};
use crate::units::{Money, Timestamp};

/// Draws the marks into the row of labels below `plot`, and the cursor over it. The plot has the bars alone, `pitch` cells
/// apart, which are labelled as in `labels`.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    plot: Rect,
    input: &FrameInput<'_>,
    (bars, now): (&[MoneyBar], Timestamp),
    (pitch, labels): (u16, &[String]),
) {
    let Some((first, last)) = bars.first().zip(bars.last()) else { return };
    let cells = pitch.saturating_mul(u16::try_from(bars.len()).unwrap_or(u16::MAX)).min(plot.width);
    let axis = TimeAxis::across((first.begin, last.end), now, cells);
    let below = Rect { y: plot.bottom(), height: 1, width: cells, ..plot };
    let mut taken = BTreeSet::new();
    for mark in marks(input, &axis, &Subject::Fleet) {
        if let Some(cell) = beside_label(mark.cell, pitch, labels).filter(|cell| taken.insert(*cell)) {
            canvas.clip(below).put(cell, 0, mark.glyph, mark.ink);
        }
    }
    let area = Rect { width: cells, ..plot };
    canvas.plots.push(PlotArea { area, axis, is_line: false });
    cursor_line(canvas, area, input, &axis);
}

/// The cell of a mark. Where every bar has a label, it is the one behind the label of its bar, so that a bar has one mark;
/// otherwise its own, or the first behind the label that stands there. `None` if the next label begins there.
fn beside_label(cell: u16, pitch: u16, labels: &[String]) -> Option<u16> {
    let bar = usize::from(cell / pitch.max(1)).min(labels.len().checked_sub(1)?);
    let has_all = labels.iter().all(|label| !label.is_empty());
    let cell = if has_all { u16::try_from(bar).ok()?.saturating_mul(pitch) } else { cell };
    let labelled = (0..=bar).rev().find(|nth| !labels[*nth].is_empty());
    let start = |nth: usize| u16::try_from(nth).unwrap_or(u16::MAX).saturating_mul(pitch);
    let end = labelled.map_or(0, |nth| start(nth) + format::width(&labels[nth]) as u16);
    let next = (bar + 1..labels.len()).find(|nth| !labels[*nth].is_empty()).map(start);
    Some(cell.max(end)).filter(|cell| next.is_none_or(|next| *cell < next))
}

/// The rule with the time and the amounts of the bar at the cursor; `None` without a cursor on a bar.
pub(super) fn at_cursor(input: &FrameInput<'_>, bars: &[MoneyBar]) -> Option<TitledRule<'static>> {
    let at = input.app.pointed()?;
    let bar = bars.iter().find(|bar| (bar.begin..bar.end).contains(&at))?;
    let amount = |money| input.money(money, 12).trim().to_owned();
    let time = match input.app.money.range {
        MoneyRange::Day => {
            let [from, to] = [bar.begin, bar.end].map(|at| format::clock_minute(at, input.zone()));
            format!("{from} to {to}")
        }
        MoneyRange::Week => bar.label.clone(),
        MoneyRange::Month => format!("day {}", bar.label),
    };
    let bound = |money: Option<Money>| if bar.lower_bound && money.is_some() { "≥ " } else { "" };
    let loss = bar.profit.filter(|profit| *profit < Money::ZERO).map(|profit| Money::ZERO - profit);
    // The true loss is lower where the true revenue is higher.
    let (ink, name, size, mark) = match loss {
        Some(_) => (Role::Loss, " loss ", loss, if bar.lower_bound { "≤ " } else { "" }),
        None => (Role::Gain, " profit ", bar.profit, bound(bar.profit)),
    };
    let titled = TitledRule { title: vec![Segment::new(Role::Accent, time).bold()], ..TitledRule::default() };
    let rule = titled
        .right([Segment::dim("revenue "), Segment::text(format!("{}{}  ", bound(bar.revenue), amount(bar.revenue)))])
        .right([Segment::key(Role::Cost), Segment::dim(" cost "), Segment::text(format!("{}  ", amount(bar.cost)))])
        .right([Segment::key(ink), Segment::dim(name), Segment::text(format!("{mark}{}", amount(size)))]);
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_behind_the_label_of_its_bar_or_where_it_belongs() {
        let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
        assert_eq!([10, 11, 12, 14].map(|cell| beside_label(cell, 5, &hours)), [Some(12); 4], "one mark a bar");
        let hours_without_room = beside_label(2, 2, &hours);
        assert_eq!(hours_without_room, None, "the next label begins there");
        let every_third: Vec<String> =
            (0..24).map(|hour| if hour % 3 == 0 { format!("{hour:02}") } else { String::new() }).collect();
        assert_eq!([0, 3, 5].map(|cell| beside_label(cell, 2, &every_third)), [2, 3, 5].map(Some));
        assert_eq!(beside_label(0, 2, &[]), None);
    }
}
