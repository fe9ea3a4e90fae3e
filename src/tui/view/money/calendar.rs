//! The last seven days as a calendar: two cells for each hour, as high as its profit.

use ratatui::layout::Rect;

use crate::tui::app::MoneyState;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::{Hour, MoneyPage};
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Money;

/// The rows with the rule and the hours below.
pub(super) const ROWS: u16 = 9;
const GLYPHS: [char; 8] = ['▁', '▁', '▂', '▃', '▄', '▅', '▆', '▇'];
/// The cells of a day's name, of an hour, and of the day's total.
const NAME: u16 = 6;
const HOUR: u16 = 2;
const SUM: u16 = 9;

/// Draws the days, the earliest first.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    TitledRule::new("Profit an hour, last 7 days").right([Segment::dim("hour by hour")]).draw(canvas, area);
    let state = &input.app.money;
    let mut begins = MoneyState::last_days(page.at, input.zone());
    begins.reverse();
    let days: Vec<(String, &[Hour])> = begins
        .iter()
        .map(|begin| (format::weekday(*begin, input.zone()), state.days.get(begin).map_or(&[][..], Vec::as_slice)))
        .chain([("today".to_owned(), page.hours.as_slice())])
        .collect();
    let known = days.iter().flat_map(|(_, hours)| hours.iter()).filter_map(|hour| number(hour.profit));
    let top = known.map(f64::abs).fold(0.0, f64::max);
    let wide = if area.width >= NAME + 24 * HOUR + SUM { HOUR } else { 1 };
    for (row, (name, hours)) in (1..area.height.saturating_sub(1)).zip(&days) {
        let is_asked = hours.is_empty() && name != "today";
        canvas.writer(area, row).put(if name == "today" { Role::Text } else { Role::Dim }, name);
        if is_asked {
            let waits = !begins.iter().all(|begin| state.days.contains_key(begin));
            canvas.clip(area).line_to(area.width, row, &[Segment::dim(if waits { "…" } else { format::UNKNOWN })]);
            continue;
        }
        let mut clip = canvas.clip(area);
        for (nth, hour) in (0..).zip(hours.iter().take(25)) {
            let Some(profit) = number(hour.profit) else { continue };
            let level = if top > 0.0 { (profit.abs() / top * 7.0).round() as usize } else { 0 };
            let ink = Ink::Mixed(if profit < 0.0 { Role::Loss } else { Role::Gain }, 80);
            for cell in 0..wide {
                clip.put(NAME + nth * wide + cell, row, GLYPHS[level.min(7)], ink);
            }
        }
        let sum = hours.iter().filter_map(|hour| hour.profit).reduce(|a, b| a + b);
        if sum.is_none() {
            canvas.clip(area).line_to(area.width, row, &[Segment::dim(format::UNKNOWN)]);
        }
        if let Some(sum) = sum {
            let role = if sum < Money::ZERO { Role::Loss } else { Role::Gain };
            let text = format::signed(sum, usize::from(SUM) - 1);
            canvas.clip(area).line_to(area.width, row, &[Segment::new(role, text)]);
        }
    }
    let last = area.height.saturating_sub(1).min(days.len() as u16 + 1);
    for hour in (0..24_u16).step_by(3) {
        let mut writer = canvas.writer(area, last);
        writer.to(area.x + NAME + hour * wide).put(Role::Dim, &format!("{hour:02}"));
        if wide == 1 {
            break;
        }
    }
}
