//! Keys that mean something in another view: it is said where, so that no key seems to be broken.

use super::{App, Command};
use crate::tui::view::ViewId;

impl App {
    /// Where a command means something, if that is not here.
    pub(super) fn elsewhere(&self, command: Command) -> Option<&'static str> {
        let (views, said): (&[ViewId], &str) = match command {
            Command::Against => {
                (&[ViewId::Money, ViewId::Balance], "b: what is compared, in money (5) and balance (6)")
            }
            Command::By => (&[ViewId::Money], "d: money by model, tier or node, in money (5)"),
            Command::Export => (&[ViewId::Money], "e: a CSV file of money (5)"),
            Command::AsItWas => (&[ViewId::Balance], "r: the order of ranks, in balance (6)"),
            Command::Load => (&[], "l: the next scenario, in what-if (w)"),
            Command::Neighbour(_) => (&[ViewId::Node], "n N: from node to node; Enter opens one"),
            Command::Silence => (&[ViewId::Alerts], "x: silences an alert, in alerts (7)"),
            Command::Group => (&[ViewId::Engines], "u: groups engines (4)"),
            Command::Fold | Command::FoldAll => {
                (&[ViewId::Engines, ViewId::Alerts], "o O: open rows of engines (4) and alerts (7)")
            }
            Command::Cells => (&[ViewId::Overview], "m: what the cells of the overview (1) show"),
            _ => return None,
        };
        let is_free = !self.what_if.open && !self.finds_nothing();
        (is_free && !views.contains(&self.view())).then_some(said)
    }
}
