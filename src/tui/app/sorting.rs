//! How lists are sorted, by the names of columns: what is kept from one run to the next.

use std::collections::BTreeMap;

use super::App;
use crate::tui::view::ViewId;

impl App {
    /// The column by which a view's list is sorted, `-` before it where it is turned round; `None` where it is sorted as
    /// it was at first.
    pub(in crate::tui) fn sorted(&self, view: ViewId) -> Option<String> {
        if let Some(later) = self.sort_later.get(view.view().title()) {
            return Some(later.clone());
        }
        let list = self.list_of(view);
        if (list.order(), list.is_reversed()) == (0, false) {
            return None;
        }
        let orders = view.view().orders(&self.input());
        let title = orders.get(list.order()).map(|order| order.title.trim()).filter(|title| !title.is_empty())?;
        Some(format!("{}{title}", if list.is_reversed() { "-" } else { "" }))
    }

    /// Sorts views by these columns once there are rows.
    pub(in crate::tui) fn sort_later(&mut self, sorted: BTreeMap<String, String>) {
        self.sort_later = sorted;
    }

    /// Sorts what was to be sorted later, if there are rows. A column that is not there leaves the list as it is.
    pub(super) fn sort_once_known(&mut self) {
        if self.sort_later.is_empty() || self.input().is_blank() {
            return;
        }
        for (title, column) in std::mem::take(&mut self.sort_later) {
            let Some(view) = ViewId::tabs().find(|view| view.view().title() == title) else { continue };
            let (column, is_reversed) = column.strip_prefix('-').map_or((column.as_str(), false), |rest| (rest, true));
            let orders = view.view().orders(&self.input());
            let Some(place) = orders.iter().position(|order| order.title.trim() == column) else { continue };
            let list = &mut self.lists[view as usize];
            list.sort_as(place, is_reversed);
        }
    }
}
