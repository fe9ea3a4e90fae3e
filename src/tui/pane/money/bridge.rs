//! The bridge: why the profit an hour changed, as steps from one level to the other, and who moved it.

use ratatui::layout::Rect;

use super::hours::figure;
use crate::statement::{Bridge, Cause, Mover};
use crate::tui::human;
use crate::tui::inquiry::MoneyPage;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::units::Money;

/// Cells of a cause's name, and of its amount with sign and glyph.
const NAME: usize = 9;
const AMOUNT: usize = 10;

/// Rows of heading, causes and what they come to; with fewer, the sum stands in the heading.
const ROWS_WITH_SUM: u16 = 2 + Cause::ALL.len() as u16;

/// Draws heading, the change, a row for each cause and, where rows are left, what moved most.
pub(super) fn bridge(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let asked = page.bridge.against.name();
    let waits = if scene.app.money.against == page.bridge.against { "" } else { "  asking…" };
    let mut pen = canvas.pen(area, 0);
    pen.put(Role::Accent, "PROFIT /h").skip(1).put(Role::Dim, &format!("now vs {asked}{waits}"));
    if let Some(bridge) = page.bridge.bridge.as_ref().filter(|_| area.height < ROWS_WITH_SUM) {
        let (role, glyph, plus) = sign(bridge.change());
        let text = format!("{plus}{}", scene.money(Some(bridge.change()), AMOUNT - 2));
        pen.skip(2).put(role, glyph).skip(1).put(role, &text);
    }
    let Some(bridge) = page.bridge.bridge.as_ref() else {
        canvas.pen(area, 1).put(Role::Dim, "nothing is known of then");
        return;
    };
    let causes = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    if area.width >= 60 {
        // Beside the steps there is room for those who took them.
        let (steps, names) = crate::tui::layout::split(causes, area.width * 3 / 5, 3);
        levels(canvas, steps, scene, bridge);
        movers(canvas, names, 0, scene, page, bridge);
    } else {
        levels(canvas, causes, scene, bridge);
        movers(canvas, causes, Cause::ALL.len() as u16 + 1, scene, page, bridge);
    }
}

/// What each part is called.
const fn name(cause: Cause) -> &'static str {
    match cause {
        Cause::Traffic => "traffic",
        Cause::Mix => "mix",
        Cause::HitRate => "hit rate",
        Cause::Price => "price",
        Cause::Unpriced => "unpriced",
        Cause::Gpus => "GPUs held",
        Cause::Idle => "idle",
    }
}

/// Steps from the earlier profit to the later one. The sum stands below them where there is a row for it.
fn levels(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, bridge: &Bridge) {
    let upto = |cause| bridge.parts.iter().take_while(move |(before, _)| *before != cause).map(|(_, part)| *part);
    let levels = bridge.parts.map(|(cause, _)| bridge.before + upto(cause).sum());
    let all = levels.iter().chain([&bridge.before, &bridge.after]).filter_map(|level| figure(Some(*level)));
    let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), level| (low.min(level), high.max(level)));
    let with_sum = area.height > bridge.parts.len() as u16;
    for (row, ((cause, part), from)) in (0..).zip(bridge.parts.iter().zip(&levels)) {
        amount(canvas, area, row, scene, name(*cause), *part);
        let x = (NAME + AMOUNT + 4) as u16;
        let room = Rect { x: area.x + x, y: area.y + row, width: area.width.saturating_sub(x), height: 1 };
        step(canvas, room.intersection(area), *from, *from + *part, (low, high));
    }
    if with_sum {
        let row = bridge.parts.len() as u16;
        amount(canvas, area, row, scene, "together", bridge.change());
        let x = NAME + AMOUNT + 4;
        let cells = (usize::from(area.width).saturating_sub(x + 3) / 2).min(9);
        let (before, after) = (scene.money(Some(bridge.before), cells), scene.money(Some(bridge.after), cells));
        let text = format!("{before} → {after}");
        let fits = human::width(&text) + x <= usize::from(area.width);
        canvas.pen(area, row).skip(x as u16).put(Role::Dim, if fits { &text } else { &after });
    }
}

/// `traffic   ▲ +$1,204`.
fn amount(canvas: &mut Canvas<'_>, area: Rect, row: u16, scene: &Scene<'_>, name: &str, part: Money) {
    let (role, glyph, plus) = sign(part);
    let text = format!("{plus}{}", scene.money(Some(part), AMOUNT - 2));
    canvas.pen(area, row).name(Role::Dim, name, NAME).skip(1).put(role, glyph).right(role, &text, AMOUNT);
}

fn sign(part: Money) -> (Role, &'static str, &'static str) {
    match part.rounded(2).signum() {
        0 => (Role::Dim, "▬", ""),
        1 => (Role::Gain, "▲", "+"),
        _ => (Role::Loss, "▼", ""),
    }
}

/// One step between two levels of a scale; a step of anything is a cell at least.
fn step(canvas: &mut Canvas<'_>, area: Rect, from: Money, to: Money, (low, high): (f64, f64)) {
    let (role, ..) = sign(to - from);
    let (Some(from), Some(to), true) = (figure(Some(from)), figure(Some(to)), area.width > 1 && high > low) else {
        return;
    };
    let last = f64::from(area.width - 1);
    let cell = |level: f64| ((level - low) / (high - low) * last).round().clamp(0.0, last) as u16;
    let (left, right) = (cell(from.min(to)), cell(from.max(to)));
    let style = canvas.theme.style(role);
    for x in left..=right {
        let glyph = if role == Role::Dim { "│" } else { "█" };
        if role != Role::Dim || x == left {
            canvas.cell(area.x + x, area.y, glyph, style);
        }
    }
}

/// Who moved it most: models, units, nodes.
fn movers(canvas: &mut Canvas<'_>, area: Rect, first: u16, scene: &Scene<'_>, page: &MoneyPage, bridge: &Bridge) {
    let mut row = first;
    let late = page.bridge.known_from.map(|from| human::clock_minute(from, scene.zone()));
    let uncertainty = [
        late.map(|from| format!("then known from {from} only")),
        page.bridge.unwatched.then(|| "a part of it was not watched".to_owned()),
        (!bridge.cost_known).then(|| "no cost is known: revenue only".to_owned()),
    ];
    for doubt in uncertainty.into_iter().flatten() {
        canvas.pen(area, row).put(Role::Warning, &human::cut(&doubt, usize::from(area.width)));
        row += 1;
    }
    let kinds = [("model", &bridge.models), ("unit", &bridge.units), ("node", &bridge.nodes)];
    let shown = kinds.iter().filter(|(_, movers)| !movers.is_empty()).count().max(1);
    let each = usize::from(area.height.saturating_sub(row)) / shown;
    for (kind, movers) in kinds {
        for mover in movers.iter().take(each) {
            mover_line(canvas, area, row, scene, kind, mover);
            row += 1;
        }
    }
}

fn mover_line(canvas: &mut Canvas<'_>, area: Rect, row: u16, scene: &Scene<'_>, kind: &str, mover: &Mover) {
    let (role, glyph, plus) = sign(mover.change());
    let text = format!("{plus}{}", scene.money(Some(mover.change()), AMOUNT - 2));
    let cells = usize::from(area.width).saturating_sub(6 + AMOUNT + 3);
    let mut pen = canvas.pen(area, row);
    pen.name(Role::Dim, kind, 6).name(Role::Text, mover.key.as_str(), cells).skip(1).put(role, glyph);
    pen.right(role, &text, AMOUNT);
}
