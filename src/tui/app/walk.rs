//! Ways through the views: into a row and out again, along a list, by keys and by the mouse.

use super::path::TimeBefore;
use super::{App, Direction, Effect, Filter, Motion};
use crate::reading::Label;
use crate::tui::view::{Hit, ListKey, OnEnter, ViewId, ViewPlace};
use crate::units::Timestamp;

/// Rows of a list before the first frame, which counts them.
const PAGE: usize = 10;

impl App {
    pub(super) fn enter(&mut self) -> Effect {
        if let Some(block) = self.block_beside() {
            return self.enter_block(block);
        }
        let entry = self.view().view().enter(&self.input());
        match entry {
            OnEnter::Nowhere => return Effect::None,
            OnEnter::Into(place) => self.enter_place(place),
            OnEnter::At(place, at) => return self.enter_at(place, at),
            OnEnter::Fold(row) => self.turn_fold(row),
        }
        Effect::Redraw
    }

    fn enter_place(&mut self, place: ViewPlace) {
        let opened = place.subject.as_ref().and_then(|subject| place.view.view().opened(subject));
        self.open.extend(opened);
        self.path.enter(place);
    }

    /// Opens a view at an earlier instant; the way back leads to the present one.
    fn enter_at(&mut self, place: ViewPlace, at: Timestamp) -> Effect {
        let from = self.then();
        self.enter_place(place);
        self.path.remember(from);
        self.travel_to(at)
    }

    pub(super) fn fold(&mut self) -> Effect {
        let rows = self.rows();
        let Some(row) = self.list().key(&rows) else { return Effect::None };
        self.turn_fold(row);
        Effect::Redraw
    }

    fn turn_fold(&mut self, row: ListKey) {
        if !self.open.remove(&row) {
            self.open.insert(row);
        }
    }

    /// Opens all rows that can be opened, or closes them.
    pub(super) fn fold_all(&mut self) {
        if self.open.is_empty() {
            let all = self.rows();
            self.open.extend(all);
        } else {
            self.open.clear();
        }
    }

    /// The node after or before the shown one, as the list of nodes has them.
    pub(in crate::tui) fn neighbour(&mut self, turn: Direction) {
        let names = crate::tui::view::node_names(&self.input());
        let here = self.subject().and_then(|name| names.iter().position(|known| *known == name.as_str()));
        let Some(here) = here else { return };
        let to =
            if turn == Direction::Next { (here + 1) % names.len() } else { (here + names.len() - 1) % names.len() };
        if let Some(name) = names.get(to).map(|name| Label::new(name)) {
            self.path.turn_to(name);
        }
    }

    /// The alerts, those of the chosen row only.
    pub(super) fn alerts_of(&mut self) -> Effect {
        let Some(name) = self.view().view().chosen(&self.input()) else { return Effect::None };
        self.path.enter(ViewPlace::about(ViewId::Alerts, &name));
        Effect::Redraw
    }

    pub(super) fn step(&mut self, motion: Motion) {
        // Rows are those of the list: to move among them is to go back to it.
        self.block = None;
        let (rows, page) = (self.rows(), if self.hits.page > 0 { self.hits.page } else { PAGE });
        self.list_mut().step(motion, page, &rows);
    }

    /// A tab opens its view, a heading sorts, a row is chosen and, once chosen, entered.
    pub(super) fn click(&mut self, x: u16, y: u16) {
        match self.hits.at(x, y) {
            Some(Hit::Tab(view)) => self.path.show(view),
            Some(Hit::Order(order)) => self.list_mut().sort_by(order),
            Some(Hit::Row(row)) => {
                self.block = None;
                let rows = self.rows();
                if self.list().key(&rows) == Some(row) {
                    self.enter();
                } else {
                    self.list_mut().choose(row, &rows);
                }
            }
            None => {}
        }
    }

    /// Ends the writing of a filter, and says how many rows it leaves.
    pub(super) fn accept_filter(&mut self) {
        self.filter.editing = false;
        if self.filter.text().is_empty() {
            return;
        }
        let left = self.rows().len();
        let filter = std::mem::take(&mut self.filter);
        let all = self.rows().len();
        self.filter = filter;
        if all > 0 {
            self.say(format!("filter: {left} of {all} {}", self.view().view().row_name()));
        }
    }

    /// One step out of the view.
    pub(in crate::tui) fn leave_view(&mut self) {
        match self.path.back() {
            Some(TimeBefore::Then(then)) => drop(self.travel_to(then)),
            Some(TimeBefore::Now) => drop(self.return_to_now()),
            None => {}
        }
    }

    pub(super) fn back(&mut self) {
        if self.prompt.is_some() {
            return self.close_prompt();
        }
        // What is being written is dropped before what was chosen earlier.
        if self.filter.editing {
            self.filter = Filter::default();
            return;
        }
        if self.cursor.take().is_some() {
            return;
        }
        if self.block().is_some() {
            self.block = None;
            return;
        }
        if self.filter.text().is_empty() {
            self.leave_view();
        } else {
            self.filter = Filter::default();
        }
    }
}
