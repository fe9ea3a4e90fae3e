//! The panel that says what figures are: open or not, and how far it is scrolled.

use super::{App, Command, Motion};
use crate::tui::pane::figure_lines;

impl App {
    /// The first line of the open panel.
    pub const fn explaining(&self) -> Option<usize> {
        self.explaining
    }

    /// What a command means to the open panel; false closes it and leaves the command to the table.
    pub(super) fn read_on(&mut self, command: Command) -> bool {
        let Some(first) = self.explaining else { return false };
        let (width, height) = self.hits.size;
        let page = usize::from(height).saturating_sub(4).max(1);
        let last = figure_lines(self.view(), width).saturating_sub(page);
        let to = match command {
            Command::Explain | Command::Back => {
                self.explaining = None;
                return true;
            }
            Command::Move(motion) => match motion {
                Motion::Up => first.saturating_sub(1),
                Motion::Down => first + 1,
                Motion::PageUp => first.saturating_sub(page),
                Motion::PageDown => first + page,
                Motion::Top => 0,
                Motion::Bottom => last,
            },
            // They change nothing that the panel shows.
            Command::NextTheme | Command::Copy | Command::CopyFrame | Command::Picture => return false,
            _ => {
                self.explaining = None;
                return false;
            }
        };
        self.explaining = Some(to.min(last));
        true
    }
}
