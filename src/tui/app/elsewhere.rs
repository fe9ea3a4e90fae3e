//! Keys that mean something in another view: it is said where, so that no key seems to be broken.

use super::{App, Command, Direction};
use crate::tui::view::ViewId;

impl App {
    /// Where a command means something, if that is not here.
    pub(super) fn elsewhere(&self, command: Command) -> Option<String> {
        if self.what_if.open || self.finds_nothing() {
            return None;
        }
        let (named, said) = match command {
            Command::Against => (command, "b: what is compared, in {}"),
            Command::By => (command, "d: money by model, tier or node, in {}"),
            Command::Export => (command, "e: a CSV file of {}"),
            Command::AsItWas => (command, "r: the order of ranks, in {}"),
            Command::Load => (command, "l: the next scenario, in what-if (w)"),
            Command::Neighbour(_) => (Command::Neighbour(Direction::Next), "n N: from node to node; Enter opens one"),
            Command::Silence => (command, "x: silences an alert, in {}"),
            Command::Group => (command, "u: groups {}"),
            Command::Fold | Command::FoldAll => (Command::Fold, "o O: open rows of {}"),
            Command::Cells => (command, "m: what the cells of the {} show"),
            _ => return None,
        };
        let has_it = |view: &ViewId| view.view().commands().contains(&named);
        if has_it(&self.view()) {
            return None;
        }
        let named = |view: ViewId| format!("{} ({})", view.view().title(), view.view().key().unwrap_or(' '));
        let places: Vec<String> = ViewId::tabs().filter(has_it).map(named).collect();
        Some(said.replace("{}", &places.join(" and ")))
    }
}
