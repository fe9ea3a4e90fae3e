//! Golden frames of one box and its node, with recorded money.

use crate::samples;

use super::screen_golden::{SIZES, golden};
use margintop::tui::app::{Action, Command};
use margintop::tui::view::ViewId;

#[test]
fn one_box_and_its_node_that_were_watched_for_an_hour() {
    let mut app = samples::watched_box(0);
    for size in SIZES {
        golden("watched-box", &app, size);
    }
    for command in [Command::Show(ViewId::Nodes), Command::Enter] {
        app.update(Action::Command(command));
    }
    for size in SIZES {
        golden("watched-box-node", &app, size);
    }
    let app = samples::watched_box(4);
    for size in [(120, 36), (200, 50)] {
        golden("watched-box-ranks", &app, size);
    }
}
