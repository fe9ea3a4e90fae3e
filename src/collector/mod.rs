//! One task that owns the fleet: it drains events and publishes pictures. Nobody waits for it and it waits for nobody:
//! a picture that is not looked at is replaced by the next.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::alert::Watch;
use crate::fleet::{Fleet, Member};
use crate::reading::{Event, Trouble};
use crate::snapshot::Snapshot;
use crate::units::{Moment, Span};

/// For how long after the first event every batch is published at once, so that what answers first is seen first.
const HURRY: Span = Span::from_secs(2);
/// The least time between two pictures.
const GAP: Span = Span::from_millis(190);

/// What reaches the collector.
#[derive(Debug)]
pub enum Message {
    /// Events of one slot of the cadence.
    Events(Vec<Event>),
    /// Targets that discovery found.
    Enlist(Vec<Member>),
    /// What cannot work here.
    Troubles(Vec<Trouble>),
}

impl From<Vec<Event>> for Message {
    fn from(events: Vec<Event>) -> Self {
        Self::Events(events)
    }
}

/// The fleet and who judges it.
#[derive(Debug)]
pub struct Collector {
    fleet: Fleet,
    watch: Watch,
    last: Option<Arc<Snapshot>>,
    first: Option<Moment>,
    published: Option<Moment>,
}

impl Collector {
    /// A collector that owns `fleet`.
    pub fn new(fleet: Fleet) -> Self {
        Self { fleet, watch: Watch::default(), last: None, first: None, published: None }
    }

    /// Takes a message in; whether a picture is due.
    pub fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Events(events) => {
                let ticked = events.iter().any(|event| matches!(event, Event::Tick(_)));
                for event in events {
                    self.fleet.apply(event);
                }
                self.is_due(ticked)
            }
            Message::Enlist(members) => {
                for member in members {
                    self.fleet.enlist(member);
                }
                false
            }
            Message::Troubles(troubles) => {
                self.fleet.set_troubles(troubles);
                true
            }
        }
    }

    /// The picture of the present, with rows shared with the last one where nothing changed.
    pub fn picture(&mut self) -> Arc<Snapshot> {
        let mut picture = self.fleet.picture();
        self.watch.judge(&mut picture);
        if let Some(last) = &self.last {
            share(&last.nodes, &mut picture.nodes);
            share(&last.engines, &mut picture.engines);
        }
        let picture = Arc::new(picture);
        self.last = Some(Arc::clone(&picture));
        self.published = Some(self.fleet.now());
        picture
    }

    fn is_due(&mut self, ticked: bool) -> bool {
        let now = self.fleet.now();
        let first = *self.first.get_or_insert(now);
        let rested = self.published.is_none_or(|last| now.since(last) >= GAP);
        now.since(first) < HURRY || (ticked && rested)
    }
}

/// Keeps the old pointer of each row that did not change, so that a viewer sees at once that it need not look.
fn share<T: PartialEq>(old: &[Arc<T>], new: &mut [Arc<T>]) {
    for (old, new) in old.iter().zip(new) {
        if old == new {
            *new = Arc::clone(old);
        }
    }
}

/// Drains messages and publishes pictures until every sender is gone.
pub async fn run(mut collector: Collector, mut inbox: mpsc::Receiver<Message>, pictures: watch::Sender<Arc<Snapshot>>) {
    while let Some(message) = inbox.recv().await {
        let mut due = collector.take(message);
        while let Ok(message) = inbox.try_recv() {
            due |= collector.take(message);
        }
        if due {
            pictures.send_replace(collector.picture());
        }
    }
}
