//! Where the parts of the screen stand: header, tabs, view, what is wrong with the ledger, footer.

use ratatui::layout::Rect;

use super::frame_input::FrameInput;
use super::pane;

/// Below this the screen says that it is too small.
const LEAST: (u16, u16) = (40, 8);
/// From here on the views are named in a row of their own.
const TABS: (u16, u16) = (108, 30);

/// The parts; those that are not there are empty.
pub(super) struct Screen {
    pub(super) header: Rect,
    pub(super) tabs: Rect,
    pub(super) view: Rect,
    pub(super) failure: Rect,
    pub(super) footer: Rect,
}

impl Screen {
    /// The parts for a input's size; `None` where it is too small for any.
    pub(super) fn of(input: &FrameInput<'_>) -> Option<Self> {
        let area = input.area();
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        // Where nothing was found the views have nothing to show.
        let has_views = !input.finds_nothing();
        let has_tabs = area.width >= TABS.0 && area.height >= TABS.1 && has_views;
        // Money that is not written down must be seen, whatever else is shown.
        let has_failure = pane::has_ledger_failure(input) && area.height >= 11;
        let (tabs, failure) = (u16::from(has_tabs), u16::from(has_failure));
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let view = area.height - 2 - tabs - failure;
        Some(Self {
            header: Rect { height: 1, ..area },
            tabs: Rect { y: area.y + 1, height: tabs, ..area },
            view: Rect { y: area.y + 1 + tabs, height: view, ..inner },
            failure: Rect { y: area.y + 1 + tabs + view, height: failure, ..inner },
            footer: Rect { y: area.bottom() - 1, height: 1, ..inner },
        })
    }
}
