//! The overview: which parts a terminal of a size shows, and where.
//!
//! The order of the eye: profit, vital lines, fleet, models, alerts. A smaller screen has fewer parts, never smaller ones.

use ratatui::layout::Rect;

use super::layout::{Rows, count, split};
use super::pane::{self, HeatPlan};
use super::scene::Scene;
use super::theme::Role;
use super::widgets::Canvas;

/// Columns and rows from which the terminal has room for tabs, tables and large digits.
const LARGE: (u16, u16) = (108, 32);

/// Whether the overview shows the tabs on a terminal of so many columns and rows.
pub fn has_tabs(size: (u16, u16)) -> bool {
    size.0 >= LARGE.0 && size.1 >= LARGE.1
}

/// Draws it into what is left between header and footer, at the largest size that fits.
pub fn overview(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    if area.width + 2 >= LARGE.0 && area.height + 2 >= LARGE.1 {
        large(canvas, area, scene);
    } else if area.width >= 76 && area.height >= 18 {
        medium(canvas, area, scene);
    } else {
        small(canvas, area, scene);
    }
}

/// Profit and vital figures: 40x8 and up.
fn small(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rows = Rows(area);
    if area.height >= 9 && !scene.snap.alerts.is_empty() {
        let line = rows.bottom(1);
        pane::alerts(canvas, line, scene);
    }
    let vitals = rows.bottom(4);
    pane::vitals_brief(canvas, vitals, scene);
    pane::profit_brief(canvas, rows.0, scene);
}

/// Three rows of profit, four lines, the fleet, alerts and basis: 80x24.
fn medium(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rows = Rows(area);
    let profit = rows.top(if area.height > 20 { 3 } else { 2 });
    pane::profit_brief(canvas, profit, scene);
    let vitals = rows.top(4);
    pane::vitals(canvas, vitals, scene);
    let basis = rows.bottom(pane::basis_rows(scene, area.width).min(2));
    pane::basis(canvas, basis, scene);
    let alerts = rows.bottom(u16::from(!scene.snap.alerts.is_empty()));
    pane::alerts(canvas, alerts, scene);

    let engines = (count(scene.snap.engines.len()) + 1).clamp(2, 4);
    if scene.snap.gpus.count == 0 {
        engines_and_models(canvas, rows, scene);
    } else if let Some(gpus) = GpuRows::within(rows.0.height.saturating_sub(engines), scene) {
        rows.top(u16::from(rows.0.height > gpus.height() + engines));
        gpus.draw(canvas, rows.top(gpus.height()), scene);
        rows.top(u16::from(rows.0.height > engines));
        rest(canvas, rows.0, scene, pane::engines);
    } else {
        let models = (count(scene.snap.models.len()) + 1).clamp(2, 5);
        let plan = HeatPlan::new(scene.snap, rows.0.width, rows.0.height.saturating_sub(models));
        let map = rows.top(plan.height().min(rows.0.height.saturating_sub(models)));
        pane::heat_map(canvas, map, scene, &plan);
        rest(canvas, rows.0, scene, pane::models);
    }
}

/// How GPUs stand as rows: one below the other, or in two halves side by side.
#[derive(Clone, Copy)]
struct GpuRows {
    rows: u16,
    halves: bool,
}

impl GpuRows {
    /// The first way in which all of them and a heading fit `height`; `None` if there are too many for rows.
    fn within(height: u16, scene: &Scene<'_>) -> Option<Self> {
        let gpus = count(scene.snap.gpus.count);
        let ways = [Self { rows: gpus, halves: false }, Self { rows: gpus.div_ceil(2), halves: true }];
        ways.into_iter().find(|way| way.height() <= height)
    }

    fn height(self) -> u16 {
        if self.rows == 0 { 0 } else { self.rows + 1 }
    }

    fn draw(self, canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
        if self.halves {
            pane::gpus_in_two(canvas, area, scene);
        } else {
            pane::gpus(canvas, area, scene);
        }
    }
}

/// What a place without GPUs of its own has to show.
fn engines_and_models(canvas: &mut Canvas<'_>, mut rows: Rows, scene: &Scene<'_>) {
    let models = (count(scene.snap.models.len()) + 1).min(rows.0.height / 2);
    let engines = (count(scene.snap.engines.len()) + 1).min(rows.0.height.saturating_sub(models + 1));
    let engine_rows = rows.top(engines);
    rest(canvas, engine_rows, scene, pane::engines);
    rows.top(1);
    rest(canvas, rows.0, scene, pane::models);
}

/// Tables, maps and large digits: 110x32 and up.
fn large(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rows = Rows(area);
    let tabs = rows.top(2);
    pane::tabs(canvas, Rect { x: area.x - 1, ..tabs }, scene);
    let basis = rows.bottom(pane::basis_rows(scene, area.width).min(2));
    pane::basis(canvas, basis, scene);
    let alerts = rows.bottom(count(scene.snap.alerts.len()).clamp(1, if area.height > 40 { 4 } else { 2 }));
    if scene.snap.alerts.is_empty() {
        canvas.pen(alerts, 0).put(Role::Dim, "no alerts");
    }
    pane::alerts(canvas, alerts, scene);
    rows.bottom(1);

    let gpus = GpuRows::within(rows.0.height / 2, scene);
    let below = gpus.map_or(rows.0.height * 3 / 4, |gpus| table_rows(gpus, scene));
    let top = (rows.0.height.saturating_sub(below + 1) / 4 * 4).clamp(8, 28);
    let head = rows.top(top);
    let (left, right) = split(head, (head.width * 2 / 5).clamp(52, 64), 3);
    pane::profit(canvas, left, scene);
    pane::vitals(canvas, right, scene);
    rows.top(1);
    match gpus {
        Some(gpus) => tables(canvas, rows, gpus, scene),
        None => map_and_tables(canvas, rows.0, scene),
    }
}

/// Rows that the tables of one box ask for, with their headings and the air between them.
fn table_rows(gpus: GpuRows, scene: &Scene<'_>) -> u16 {
    let lists = [scene.snap.engines.len(), scene.snap.models.len()];
    gpus.height() + 1 + lists.iter().map(|rows| count(*rows).max(1) + 2).sum::<u16>()
}

/// GPUs, engines and models, one below the other.
fn tables(canvas: &mut Canvas<'_>, mut rows: Rows, gpus: GpuRows, scene: &Scene<'_>) {
    if gpus.rows > 0 {
        gpus.draw(canvas, rows.top(gpus.height()), scene);
        rows.top(1);
    }
    let models = (count(scene.snap.models.len()) + 1).clamp(2, 8);
    let engines = rows.top((count(scene.snap.engines.len()) + 1).min(rows.0.height.saturating_sub(models + 1)));
    rest(canvas, engines, scene, pane::engines);
    rows.top(1);
    rest(canvas, rows.0, scene, pane::models);
}

/// The map on the left, models and units on the right, engines where there is room.
fn map_and_tables(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let left = if area.width >= 160 { area.width * 5 / 8 } else { area.width / 2 };
    let (map, tables) = split(area, left, 3);
    let plan = HeatPlan::new(scene.snap, map.width, map.height);
    let mut below_map = Rows(map);
    pane::heat_map(canvas, below_map.top(plan.height()), scene, &plan);
    below_map.top(1);

    let mut rows = Rows(tables);
    let models = rows.top((count(scene.snap.models.len()) + 1).min(tables.height / 2).max(2));
    rest(canvas, models, scene, pane::models);
    rows.top(1);
    if !scene.snap.units.is_empty() {
        let units = rows.top(count(scene.snap.units.len()) + 1);
        rest(canvas, units, scene, pane::units);
        rows.top(1);
    }
    let roomier = if below_map.0.height > rows.0.height { below_map.0 } else { rows.0 };
    rest(canvas, roomier, scene, pane::engines);
}

/// Draws a table whose last row says how many rows found no room.
fn rest(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, table: fn(&mut Canvas<'_>, Rect, &Scene<'_>) -> usize) {
    if area.height < 2 {
        return;
    }
    let hidden = table(canvas, area, scene);
    if hidden > 0 && area.height > 2 {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        canvas.clear(last);
        canvas.pen(last, 0).put(Role::Dim, &format!("… {} more", hidden + 1));
    }
}
