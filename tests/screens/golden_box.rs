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

/// Class: on a wide screen a table of GPUs has blank columns, and not what was read of them.
#[test]
fn wide_tables_of_gpus_have_traffic_errors_limits_and_processes() {
    let mut app = samples::watched_box(0);
    let overview = samples::hands::text(&app, 200, 50);
    app.update(Action::Command(Command::Show(ViewId::Nodes)));
    app.update(Action::Command(Command::Enter));
    for frame in [overview, samples::hands::text(&app, 200, 50)] {
        let heading = frame.lines().find(|line| line.contains("─ GPUs ─")).unwrap_or_else(|| panic!("{frame}"));
        assert!(heading.contains("PCIe in/out") && heading.contains("ECC") && heading.contains("process"), "{heading}");
        let row = frame.lines().find(|line| line.contains(" 0 H100 ")).unwrap_or_else(|| panic!("{frame}"));
        assert!(row.contains("/700 W") && row.contains(" G/s"), "{row}");
    }
}
