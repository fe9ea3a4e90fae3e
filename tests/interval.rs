//! Another interval while the fleet is watched: what may be silent for how long follows it.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use margintop::collector::{Collector, Message};
use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::Book;
use margintop::reading::{Event, Health};
use margintop::units::{Moment, Span};
use support::{answered_dated, counters, instant, member, page};

fn at(seconds: i64) -> Moment {
    Moment { wall: instant("2026-11-23T15:00:00Z") + Span::from_secs(seconds), boot: Span::from_secs(1_000 + seconds) }
}

fn state_at(collector: &mut Collector, seconds: i64) -> Health {
    collector.take(Message::Events(vec![Event::Tick(at(seconds))]));
    collector.picture().engines[0].state
}

#[test]
fn a_longer_interval_is_a_longer_patience_and_a_shorter_one_a_shorter() {
    let config = FleetConfig { targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
    let mut collector = Collector::new(Fleet::new(config, Book::built_in().unwrap(), at(0)));
    let polled = answered_dated("e", at(0), page("m", counters(1_000, 0, 1_000), Some(at(-500).wall)));
    collector.take(Message::Events(vec![polled]));
    assert_eq!(state_at(&mut collector, 2), Health::Live);
    assert_eq!(state_at(&mut collector, 10), Health::Stale);
    collector.take(Message::Interval(Span::from_secs(30)));
    assert_eq!(state_at(&mut collector, 20), Health::Live, "it is polled every 30 s");
    assert_eq!(state_at(&mut collector, 89), Health::Live);
    assert_eq!(state_at(&mut collector, 91), Health::Lost);
    collector.take(Message::Interval(Span::from_millis(250)));
    assert_eq!(state_at(&mut collector, 92), Health::Lost);
}
