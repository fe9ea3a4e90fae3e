//! Which block of the view is chosen: the list, until another one is.

use super::{App, Direction, Effect};
use crate::tui::view::{Part, ViewPlace};

impl App {
    /// The chosen block of the open view; `None` before anybody chose one.
    pub fn block(&self) -> Option<Part> {
        self.block.filter(|(view, _)| *view == self.view()).map(|(_, part)| part)
    }

    /// The chosen block, unless it is the list.
    pub(super) fn block_beside(&self) -> Option<Part> {
        self.block().filter(|part| *part != Part::List)
    }

    /// The next block or the one before, as they stand from top to bottom and from left to right.
    pub(super) fn turn_block(&mut self, turn: Direction) -> Effect {
        let mut blocks: Vec<_> = self.hits.parts().iter().filter(|(part, area)| is_block(*part, area.height)).collect();
        blocks.sort_by_key(|(_, area)| (area.y, area.x));
        let blocks: Vec<Part> = blocks.into_iter().map(|(part, _)| *part).collect();
        if blocks.len() < 2 {
            self.complain("one block here; < and > turn to other views");
            return Effect::Redraw;
        }
        let at = blocks.iter().position(|part| *part == self.block().unwrap_or(Part::List)).unwrap_or(0);
        let to = if turn == Direction::Next { at + 1 } else { at + blocks.len() - 1 } % blocks.len();
        self.block = blocks.get(to).map(|part| (self.view(), *part));
        Effect::Redraw
    }

    /// Into the view that shows more of the chosen block.
    pub(super) fn enter_block(&mut self, part: Part) -> Effect {
        let Some(view) = self.view().view().more(part) else { return Effect::None };
        self.path.enter(ViewPlace::of(view));
        Effect::Redraw
    }
}

/// What has a rule of its own.
fn is_block(part: Part, height: u16) -> bool {
    height >= 2 && !matches!(part, Part::Headline | Part::Basis)
}
