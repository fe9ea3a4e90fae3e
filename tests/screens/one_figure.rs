//! A figure that stands at several places is the same at all of them, in a frame and from view to view.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App};
use margintop::units::Span;

use crate::samples::{self, dollars, hands};

const SECONDS: u64 = 12;

/// The fleet's and a node's profit an hour and the fleet's output of each second, as they are written.
fn written(second: u64) -> [String; 3] {
    [format!("31,{:03}", 100 + 37 * second), format!("4,{:03}", 100 + 29 * second), format!("5.{:02}M", 50 + second)]
}

fn at(second: u64) -> Arc<Snapshot> {
    let mut snapshot = samples::twelve();
    snapshot.at = snapshot.at + Span::from_secs(second.cast_signed());
    snapshot.money.profit_per_hour = Some(dollars(31_100.0 + 37.0 * second as f64));
    snapshot.tokens.output_per_second = Some(1e6 * (5.5 + 0.01 * second as f64));
    // The first row of the list: the node with the lowest profit is the chosen one.
    for node in &mut snapshot.nodes {
        let node = Arc::make_mut(node);
        node.profit_per_hour = Some(dollars(4_900.0));
    }
    let node = Arc::make_mut(&mut snapshot.nodes[2]);
    let profit = dollars(4_100.0 + 29.0 * second as f64);
    node.profit_per_hour = Some(profit);
    (node.cost_per_hour, node.revenue_per_hour) = (Some(dollars(100.0)), Some(profit + dollars(100.0)));
    Arc::new(snapshot)
}

/// Class: places of a frame show one figure at several paces, so that a total differs from the headline, and the overview
/// from another view a second later.
#[test]
fn a_figure_is_the_same_wherever_it_stands() {
    let mut app = App::new(at(0), TimeZone::UTC, Span::from_secs(1), 1);
    for second in 0..SECONDS {
        app.update(Action::Fresh(at(second)));
        let mut shown = [(); 3].map(|()| BTreeSet::new());
        for view in "1235".chars() {
            hands::type_(&mut app, &view.to_string());
            for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50), (240, 70)] {
                let frame = hands::text(&app, width, height);
                for then in 0..SECONDS {
                    for (seconds, text) in shown.iter_mut().zip(written(then)) {
                        if frame.contains(&text) {
                            seconds.insert(then);
                        }
                    }
                }
            }
        }
        for (seconds, what) in shown.iter().zip(["profit", "a node's profit", "output"]) {
            assert_eq!(seconds.len(), 1, "{what} at second {second} is that of the seconds {seconds:?}");
        }
    }
}
