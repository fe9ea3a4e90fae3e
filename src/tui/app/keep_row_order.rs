//! When the order of a view's rows is kept and whether it still holds.

use super::{App, ListState};
use crate::tui::view::{ListKey, ViewId};

impl App {
    /// How the rows of a view stood last; `None` if they were not drawn, or sorted otherwise.
    pub(in crate::tui) fn settled(&self, view: ViewId) -> Option<&[ListKey]> {
        let (order, is_reversed, rows) = self.settled.0.get(&view)?;
        let state: &ListState = self.list_of(view);
        ((*order, *is_reversed) == (state.order(), state.is_reversed())).then_some(rows.as_slice())
    }

    /// Keeps the order of the open view's rows.
    pub(super) fn settle(&mut self) {
        let (view, rows) = (self.view(), self.rows());
        let (order, is_reversed) = (self.list().order(), self.list().is_reversed());
        self.settled.0.insert(view, (order, is_reversed, rows));
    }

    /// Sets how the rows of a view stood last.
    #[cfg(test)]
    pub(in crate::tui) fn set_settled(&mut self, view: ViewId, rows: Vec<ListKey>) {
        self.settled.0.insert(view, (0, false, rows));
    }
}
