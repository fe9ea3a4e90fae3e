//! Another interval while the fleet is watched: what may be silent for how long follows it.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::history::{History, Measure, Query, Subject};
use margintop::pricing::Book;
use margintop::reading::{Event, Health};
use margintop::session::{self, Collector, Message};
use margintop::units::{Moment, Span};
use support::{answered_dated, counters, instant, member, page};
use tokio::sync::{mpsc, watch};

fn at(seconds: i64) -> Moment {
    Moment { wall: instant("2026-11-23T15:00:00Z") + Span::from_secs(seconds), boot: Span::from_secs(1_000 + seconds) }
}

fn state_at(collector: &mut Collector, seconds: i64) -> Health {
    collector.take(Message::Events(vec![Event::Tick(at(seconds))]));
    collector.snapshot().engines[0].state
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

/// Class: a collector that is behind, as while a demonstration catches up or a machine is slow: no time goes unrecorded.
#[tokio::test]
async fn what_is_taken_in_at_once_is_recorded_step_by_step() {
    const POLLS: i64 = 60;
    let config = FleetConfig { targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
    let history = History::default();
    let mut collector =
        Collector::new(Fleet::new(config, Book::built_in().unwrap(), at(0))).with_history(history.clone());
    let snapshot = collector.snapshot();
    let (events, inbox) = mpsc::channel(200);
    events.send(Message::Interval(Span::from_secs(10))).await.unwrap();
    for poll in 0..POLLS {
        let tokens = 1_000 * (poll + 1).unsigned_abs();
        let page = page("m", counters(tokens, 0, tokens), Some(at(-500).wall));
        let polled = answered_dated("e", at(10 * poll), page);
        events.send(Message::Events(vec![polled, Event::Tick(at(10 * poll))])).await.unwrap();
    }
    drop(events);
    session::run(collector, None, inbox, watch::channel(snapshot).0).await;
    let until = at(10 * POLLS).wall;
    let query =
        Query { subject: Subject::Fleet, measure: Measure::Output, until, step: Span::from_secs(5), points: 100 };
    let points = history.series(&query).points;
    let gaps = points.iter().filter(|point| point.is_none()).count();
    assert!(gaps < 4, "{gaps} of 100 points are unknown: {points:?}");
}
