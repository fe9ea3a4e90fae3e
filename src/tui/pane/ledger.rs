//! Where the money is kept: who keeps it, and a line of its own when nobody does.

use ratatui::layout::Rect;

use crate::snapshot::Keeper;
use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Whether there is something to say that must be seen.
pub fn has_ledger_trouble(scene: &Scene<'_>) -> bool {
    scene.snap.money.ledger.trouble.is_some()
}

/// Draws why the ledger is not written, and what to do.
pub fn ledger_trouble(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let Some(trouble) = &scene.snap.money.ledger.trouble else { return };
    let mut pen = canvas.pen(area, 0);
    pen.strong(Role::Critical, "▲ ledger not written").skip(2);
    let room = pen.left();
    pen.put(Role::Critical, &human::cut(trouble.as_str(), room));
}

/// Who keeps it, where that is not this process in its file.
pub(super) fn keeper(scene: &Scene<'_>) -> Option<String> {
    let ledger = &scene.snap.money.ledger;
    match ledger.keeper {
        Keeper::Ours => None,
        Keeper::Other(Some(pid)) => Some(format!("ledger kept by pid {pid}")),
        Keeper::Other(None) => Some("ledger kept by another process".to_owned()),
        Keeper::Memory => Some("ledger in memory only".to_owned()),
    }
}
