//! A model's prices: those in force, and the next ones with their date.

use ratatui::layout::Rect;

use crate::snapshot::{ModelRow, PriceStep};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};

/// The cells of the time before a price, and of the prices.
const WHEN: usize = 13;
const PRICES: usize = 22;

/// Draws the prices, a row for each.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, row: &ModelRow) {
    TitledRule::new("Prices").note([Segment::dim(" · cached / computed / output, per M")]).draw(canvas, area);
    if row.money.prices.is_empty() {
        canvas.writer(area, 1).put(Role::Dim, "unpriced: set [[price]]");
    }
    for (y, step) in (1..area.height).zip(&row.money.prices) {
        let mut writer = canvas.writer(area, y);
        writer.put(Role::Dim, &format::pad_right(&when(input, step), WHEN));
        let role = if step.from.is_none() { Role::Text } else { Role::Dim };
        writer.put(role, &format::pad_right(&prices(step), PRICES));
        let room = usize::from(area.width).saturating_sub(WHEN + PRICES);
        let whole = format!("{} {}", step.list, step.tier);
        // A truncated name would be ambiguous. The list is named above; its steps differ by tier.
        let mut names =
            [whole.as_str(), step.tier.as_str(), step.list.as_str()].into_iter().filter(|name| !name.is_empty());
        let shown = names.find(|name| format::width(name) <= room).unwrap_or("");
        writer.put(Role::Dim, shown);
    }
}

/// The start of a step: `now`, `in 9:25 h`, or a date.
fn when(input: &FrameInput<'_>, step: &PriceStep) -> String {
    step.from.map_or_else(|| "now".to_owned(), |from| format!("in {}", format::duration(from - input.snap.at)))
}

fn prices(step: &PriceStep) -> String {
    let [hit, miss, output] = [step.prices.hit, step.prices.miss, step.prices.output].map(format::price_per_million);
    format!("{hit} / {miss} / {output}")
}
