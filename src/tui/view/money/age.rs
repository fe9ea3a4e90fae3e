//! Since when the page stands, where that is not now.

use crate::tui::format;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::scene::Scene;
use crate::units::Span;

/// A page that is older than this says so.
pub(super) const OLD: Span = Span::from_secs(60);

/// Since when the page stands, where that is not now, and why.
pub(super) fn old_page(scene: &Scene<'_>, page: &MoneyPage) -> Option<String> {
    let clock = format::clock_minute(page.at, scene.zone());
    match &scene.app.money.trouble {
        Some(trouble) => Some(format!("as of {clock}: {trouble}")),
        None => (scene.ago(page.at) > OLD).then(|| format!("as of {clock}, asking the ledger…")),
    }
}
