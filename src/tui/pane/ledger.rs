//! Where the money is kept: which process writes it, and a line of its own when none does.

use ratatui::layout::Rect;

use crate::reading::Label;
use crate::snapshot::WriterStatus;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Cells of a path that stands behind what is wrong with it.
const PATH: usize = 24;

/// Whether there is something to say that must be seen.
pub fn has_ledger_failure(input: &FrameInput<'_>) -> bool {
    input.snap.money.ledger.write_error.is_some()
}

/// Draws why the ledger is not written, and what to do; the path, which is long and known, comes last.
pub fn ledger_failure(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let ledger = &input.snap.money.ledger;
    let Some(failure) = &ledger.write_error else { return };
    let path = ledger.path.as_ref().map_or("", Label::as_str);
    let named = failure.as_str().strip_prefix(path).and_then(|rest| rest.strip_prefix(": "));
    let mut writer = canvas.writer(area, 0);
    writer.strong(Role::Critical, "▲ ledger not written").skip(2);
    let room = writer.left();
    writer.put(Role::Critical, &format::cut(named.unwrap_or(failure.as_str()), room));
    if named.is_some() && writer.left() > PATH {
        writer.skip(2).put(Role::Dim, &format::shorten(path, PATH));
    }
}

/// The process that writes it, if it is not this one.
pub(super) fn keeper(input: &FrameInput<'_>) -> Option<String> {
    match input.snap.money.ledger.writer {
        WriterStatus::Ours => None,
        WriterStatus::Other(Some(pid)) => Some(format!("ledger kept by pid {pid}")),
        WriterStatus::Other(None) => Some("ledger kept by another process".to_owned()),
        WriterStatus::Memory => Some("ledger in memory only".to_owned()),
    }
}
