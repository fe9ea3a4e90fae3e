//! Who reads the ledger of another process knows what was asked of it by hand.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig, Marks};
use margintop::ledger::SavedLedger;
use margintop::pricing::{Book, Lease, Leased};
use margintop::reading::{Event, NodeName};
use margintop::units::{Moment, Span};
use support::{at, gpus, moment};

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_secs(seconds))
}

/// What a node that is leased at 0.50 costs an hour, for a reader of a ledger with these schedules.
fn cost_beside(schedules: &[(String, margintop::units::Timestamp)]) -> String {
    let lease = Lease::of(Leased::Node(NodeName::new("n")), "0.50".parse().unwrap());
    let config = FleetConfig { leases: vec![lease], ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), after(0));
    fleet.show(SavedLedger::default(), None, Marks::default(), schedules);
    for second in 0..=20 {
        fleet.apply(gpus("n", "NVIDIA H800", 1, after(second)));
        fleet.apply(Event::Tick(after(second)));
    }
    fleet.snapshot().nodes[0].cost_per_hour.map(|cost| cost.rounded(2).to_string()).unwrap_or_default()
}

/// Class: a lease that was ended by hand pays on for a reader.
#[test]
fn a_reader_knows_the_leases_that_the_writer_ended() {
    assert_eq!(cost_beside(&[]), "50");
    let ended = cost_beside(&[("ended by hand: n".to_owned(), after(-10).wall)]);
    assert!(!ended.is_empty() && ended != "50", "{ended}: the assumed rate");
}
