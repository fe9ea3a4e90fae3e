//! The time of the money page, if it is old.

use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::MoneyPage;
use crate::units::Span;

/// The age from which a page shows its time.
pub(super) const OLD: Span = Span::from_secs(60);

/// The page's time and why it is old; `None` if it is recent.
pub(super) fn old_page(input: &FrameInput<'_>, page: &MoneyPage) -> Option<String> {
    let clock = format::clock_minute(page.at, input.zone());
    match &input.app.money.failure {
        Some(failure) => Some(format!("as of {clock}: {failure}")),
        None => (input.ago(page.at) > OLD).then(|| format!("as of {clock}, asking the ledger…")),
    }
}
