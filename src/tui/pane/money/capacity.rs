//! One line of today's capacity: nodes that the load needed, what the rest cost, and at which rent one more pays.

use ratatui::layout::Rect;

use crate::statement::Capacity;
use crate::tui::human;
use crate::tui::inquiry::MoneyPage;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::units::Money;

/// Draws it, where enough of today was watched.
pub(super) fn line(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let Some((needed, rest)) = facts(scene, &page.capacity) else { return };
    let mut pen = canvas.pen(area, 0);
    pen.put(Role::Accent, "CAPACITY").skip(2).put(Role::Text, &needed);
    let mut used = 10 + human::width(&needed);
    for fact in rest {
        used += 3 + human::width(&fact);
        // A fact that does not fit is left out whole.
        if used > usize::from(area.width) {
            return;
        }
        pen.put(Role::Dim, " · ").put(Role::Text, &fact);
    }
}

fn facts(scene: &Scene<'_>, capacity: &Capacity) -> Option<(String, Vec<String>)> {
    let (held, needed) = capacity.nodes_ppm().filter(|(held, _)| !capacity.is_early() && *held > 0)?;
    let nodes = |ppm: i64| format!("{:.1}", ppm as f64 / 1e6);
    let told = format!("needed {} of {} nodes at the best measured", nodes(needed), nodes(held));
    let money = |amount: Money| scene.money(Some(amount), 12).trim().to_owned();
    let spare = capacity.spare_cost().map(|cost| format!("the rest cost {}", money(cost)));
    let rent = capacity.best_for_one_more().and_then(|pool| pool.break_even_rent(capacity.measured));
    let rent = rent.map(|rent| format!("one more earns ≤ {}/h", money(rent)));
    Some((told, spare.into_iter().chain(rent).collect()))
}
