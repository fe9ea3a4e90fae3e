//! Where the parts of the money view stand.

use ratatui::layout::Rect;

use super::{month, rows};
use crate::tui::scene::Scene;
use crate::tui::view::{Layout, Part, tables};

/// The tables by their numbers.
pub(super) const BRIDGE: u8 = 0;
pub(super) const MODELS: u8 = 1;
pub(super) const BURNS: u8 = 2;
pub(super) const COMPARE: u8 = 3;
pub(super) const MONTH: u8 = 4;
pub(super) const TIERS: u8 = 5;

/// Rows of the bridge with its rule: before, seven causes, now.
const BRIDGE_ROWS: u16 = 10;
/// Rows of the movers below it, at most.
const MOVERS: u16 = 8;

/// Whether a terminal of so many columns and rows shows one lower pane at a time.
pub(in crate::tui) fn has_one_pane(terminal: Rect) -> bool {
    !is_wide(terminal.width, terminal.height.saturating_sub(3)) && has_pane(terminal.width, terminal.height)
}

const fn is_wide(width: u16, height: u16) -> bool {
    width >= 106 && height >= 28
}

const fn has_pane(width: u16, height: u16) -> bool {
    width >= 76 && height >= 16
}

pub(super) fn layout(scene: &Scene<'_>, area: Rect) -> Layout {
    let mut layout = Layout::default();
    let basis = u16::from(area.height > 12);
    layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(basis), height: basis, ..area });
    let room = Rect { height: area.height - basis, ..area };
    if is_wide(room.width, room.height) {
        wide(&mut layout, scene, room);
    } else if has_pane(room.width, room.height) {
        let hours = (room.height / 2).clamp(8, 12);
        layout.put(Part::Chart, Rect { height: hours, ..room });
        layout.put(Part::List, Rect { y: room.y + hours, height: room.height - hours, ..room });
    } else {
        layout.put(Part::Chart, room);
    }
    layout
}

/// The hours over the whole width; below them two columns, three where there is room.
fn wide(layout: &mut Layout, scene: &Scene<'_>, area: Rect) {
    let line = Rect { y: area.bottom() - 1, height: 1, ..area };
    let has_line = scene.app.money.page.as_deref().is_some_and(|page| month::has_capacity(scene, page));
    if has_line {
        layout.put(Part::Headline, line);
    }
    let area = Rect { height: area.height - u16::from(has_line), ..area };
    let hours = (area.height * 2 / 5).clamp(11, 20);
    layout.put(Part::Chart, Rect { height: hours, ..area });
    let below = Rect { y: area.y + hours, height: area.height - hours, ..area };
    if area.width >= 190 { three(layout, scene, below) } else { two(layout, scene, below) }
}

fn two(layout: &mut Layout, scene: &Scene<'_>, area: Rect) {
    let (left, right) = halves(area);
    let upper = BRIDGE_ROWS.min(area.height / 2);
    layout.put(Part::Vitals, Rect { height: upper, ..left });
    layout.put(Part::Table(BRIDGE), Rect { height: upper, ..right });
    let (left, right) = (under(left, upper), under(right, upper));
    let models = model_rows(scene).min(left.height.saturating_sub(3));
    layout.put(Part::Table(MODELS), Rect { height: models, ..left });
    layout.put(Part::Table(COMPARE), under(left, models));
    let month = month::rows(scene).min(right.height / 2);
    let burns = right.height - month;
    layout.put(Part::Table(BURNS), Rect { height: burns, ..right });
    layout.put(Part::Table(MONTH), under(right, burns));
}

fn three(layout: &mut Layout, scene: &Scene<'_>, area: Rect) {
    let column = |x: u16, width: u16| Rect { x: area.x + x, width, ..area };
    let (left, middle) = (column(0, 64), column(66, 67));
    let right = column(135, area.width.saturating_sub(135));
    let month = month::rows(scene);
    let since = left.height.saturating_sub(month).min(14);
    layout.put(Part::Vitals, Rect { height: since, ..left });
    layout.put(Part::Table(MONTH), under(left, since));
    let bridge = (BRIDGE_ROWS + MOVERS).min(middle.height.saturating_sub(tables::burn_rows(scene)));
    layout.put(Part::Table(BRIDGE), Rect { height: bridge, ..middle });
    layout.put(Part::Table(BURNS), under(middle, bridge));
    let models = model_rows(scene).min(right.height / 2);
    layout.put(Part::Table(MODELS), Rect { height: models, ..right });
    let tiers = tier_rows(scene).min((right.height - models) / 2);
    layout.put(Part::Table(TIERS), Rect { y: right.y + models, height: tiers, ..right });
    layout.put(Part::Table(COMPARE), under(right, models + tiers));
}

fn halves(area: Rect) -> (Rect, Rect) {
    let left = (area.width - 2) / 2;
    let right = Rect { x: area.x + left + 2, width: area.width - left - 2, ..area };
    (Rect { width: left, ..area }, right)
}

fn under(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

fn model_rows(scene: &Scene<'_>) -> u16 {
    scene.app.money.page.as_deref().map_or(3, |page| rows::count(&page.models))
}

fn tier_rows(scene: &Scene<'_>) -> u16 {
    scene.app.money.page.as_deref().map_or(0, |page| rows::count(&page.tiers))
}
