//! The task that owns the fleet: it applies messages and publishes snapshots. It neither blocks other tasks nor waits for
//! them: a snapshot that is not read in time is replaced by the next one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::recorder::Recorder;
use crate::alert::AlertWatch;
use crate::fleet::{Fleet, TargetInfo};
use crate::history::History;
use crate::reading::{Event, SourceError, TargetId};
use crate::record::{Recording, RecordingEntry};
use crate::snapshot::Snapshot;
use crate::source::{Source, SourceMessage};
use crate::store::{LedgerEvent, Store};
use crate::units::{Moment, Span};

/// How long after the first event every batch is published at once, so that first results appear soon.
const HURRY: Span = Span::from_secs(2);
/// The least time between two snapshots.
const GAP: Span = Span::from_millis(190);
/// The time between two checkpoints.
const CHECKPOINT: Span = Span::from_secs(1);
/// The longest wait for the ledger's first status. Without it money is kept in memory.
const OPENING: Duration = Duration::from_secs(2);
/// The longest wait for the last transaction.
const CLOSING: Duration = Duration::from_millis(400);

/// A message to the collector.
#[derive(Debug)]
pub enum Message {
    /// Events of one slot of the schedule.
    Events(Vec<Event>),
    /// Targets that were found.
    Enlist(Vec<TargetInfo>),
    /// Targets that are no longer listed where they were found.
    Gone(Vec<TargetId>),
    /// The errors of a source; once taken, those of all sources.
    Errors(TargetId, Vec<SourceError>),
    /// A new interval between polls.
    Interval(Span),
    /// The time between two samples of a source: the interval is at least that.
    SampleStep(Span),
    /// A status or other event of the ledger.
    Ledger(LedgerEvent),
    /// The end: writes the rest, then answers the sender.
    Close(oneshot::Sender<()>),
}

impl Message {
    /// Converts a source's message, and returns the sources that poll the targets in it.
    pub fn from_source(message: SourceMessage) -> (Self, Vec<Box<dyn Source>>) {
        let message = match message {
            SourceMessage::Events(events) => Self::Events(events),
            SourceMessage::Targets(found) => {
                let (infos, sources): (Vec<_>, Vec<_>) =
                    found.into_iter().map(|target| (target.info, target.source)).unzip();
                return (Self::Enlist(infos), sources.into_iter().flatten().collect());
            }
            SourceMessage::Gone(targets) => Self::Gone(targets),
            SourceMessage::Errors(source, errors) => Self::Errors(source, errors),
            SourceMessage::Interval(interval) => Self::Interval(interval),
            SourceMessage::SampleStep(step) => Self::SampleStep(step),
        };
        (message, Vec::new())
    }

    /// The message as an entry of a recording; `None` if it is not from a source.
    fn entry(&self) -> Option<RecordingEntry<'_>> {
        Some(match self {
            Self::Events(events) => RecordingEntry::Events(events.into()),
            Self::Enlist(targets) => RecordingEntry::Targets(targets.into()),
            Self::Gone(targets) => RecordingEntry::Gone(targets.into()),
            Self::Errors(_, errors) => RecordingEntry::Errors(errors.into()),
            Self::Interval(interval) => RecordingEntry::Interval(*interval),
            Self::SampleStep(_) | Self::Ledger(_) | Self::Close(_) => return None,
        })
    }
}

/// The fleet, its alerts and its ledger.
#[derive(Debug)]
pub struct Collector {
    fleet: Fleet,
    watch: AlertWatch,
    last: Option<Arc<Snapshot>>,
    first: Option<Moment>,
    published: Option<Moment>,
    store: Option<Store>,
    /// The longest absence that is bridged from the ledger's counters.
    absence: Span,
    counting: bool,
    committed: Option<Moment>,
    recorder: Option<Recorder>,
    /// The recording of all messages from sources.
    recording: Option<Recording>,
    /// The errors of each source that has any.
    errors: BTreeMap<TargetId, Vec<SourceError>>,
    /// Whether a tick was applied since the last snapshot.
    ticked: bool,
}

impl Collector {
    /// A collector that owns `fleet`.
    pub fn new(fleet: Fleet) -> Self {
        Self {
            fleet,
            watch: AlertWatch::default(),
            last: None,
            first: None,
            published: None,
            store: None,
            absence: Span::ZERO,
            counting: false,
            committed: None,
            recorder: None,
            recording: None,
            errors: BTreeMap::new(),
            ticked: false,
        }
    }

    /// Records published snapshots in a history, and queries the ledger for the time before.
    #[must_use]
    pub fn with_history(self, history: impl Into<Option<History>>) -> Self {
        Self { recorder: history.into().map(Recorder::new), ..self }
    }

    /// Writes all messages from sources to a recording.
    #[must_use]
    pub fn with_recording(self, recording: impl Into<Option<Recording>>) -> Self {
        Self { recording: recording.into(), ..self }
    }

    /// Writes checkpoints to `store`, and restores the last one unless it is older than `absence`.
    #[must_use]
    pub fn with_ledger(self, store: Store, absence: Span) -> Self {
        Self { store: Some(store), absence, ..self }
    }

    /// The errors of one source as those of all: a source replaces only its own.
    fn with_errors_of_all(&mut self, message: Message) -> Message {
        let Message::Errors(source, errors) = message else { return message };
        self.errors.remove(&source);
        if !errors.is_empty() {
            self.errors.insert(source.clone(), errors);
        }
        Message::Errors(source, self.errors.values().flatten().cloned().collect())
    }

    /// Applies a message. Returns whether a snapshot is due.
    pub fn take(&mut self, message: Message) -> bool {
        let message = self.with_errors_of_all(message);
        if let Some(recording) = &mut self.recording
            && let Some(entry) = message.entry()
        {
            recording.note(entry);
        }
        match message {
            Message::Events(events) => {
                self.counting = true;
                let ticked = events.iter().any(|event| matches!(event, Event::Tick(_)));
                for event in events {
                    self.fleet.apply(event);
                }
                self.ticked |= ticked;
                if ticked {
                    self.checkpoint(CHECKPOINT);
                }
                self.is_due(ticked)
            }
            Message::Enlist(members) => {
                for member in members {
                    self.fleet.add_target(member);
                }
                false
            }
            Message::Gone(targets) => {
                self.fleet.leave_targets(&targets);
                false
            }
            Message::Errors(_, errors) => {
                self.fleet.set_source_errors(errors);
                true
            }
            Message::Interval(interval) => {
                self.fleet.set_interval(interval);
                false
            }
            Message::SampleStep(step) if step > self.fleet.interval() => self.take(Message::Interval(step)),
            Message::SampleStep(_) => false,
            Message::Ledger(event) => {
                self.on_ledger_event(event);
                true
            }
            Message::Close(done) => {
                self.close();
                drop(done);
                true
            }
        }
    }

    /// Writes a checkpoint and waits for it, so that anything printed afterwards is in the ledger however the process ends.
    pub fn commit(&mut self) {
        self.checkpoint(Span::ZERO);
        if let Some(store) = &self.store {
            store.settle(CLOSING);
        }
    }

    /// Writes the last checkpoint and closes the ledger.
    pub fn close(&mut self) {
        self.recording = None;
        self.checkpoint(Span::ZERO);
        if let Some(store) = self.store.take() {
            store.close(CLOSING);
        }
    }

    /// Applies an event of the ledger.
    pub fn on_ledger_event(&mut self, event: LedgerEvent) {
        match event {
            LedgerEvent::Opened { saved, zone, is_file } => {
                self.fleet.set_zone(zone);
                if self.counting {
                    // Tokens counted in memory until now are counted again from the counters in the ledger.
                    self.fleet.adopt(*saved, self.absence);
                } else {
                    self.fleet.restore(*saved, self.absence);
                }
                self.fleet.save_states(is_file);
                self.recorder.iter_mut().for_each(|recorder| recorder.reopen(self.fleet.ledger()));
            }
            LedgerEvent::ReadOnly { kept, began, zone, marks, schedules } => {
                self.fleet.set_zone(zone);
                self.fleet.show(*kept, began, marks, &schedules);
                self.recorder.iter_mut().for_each(|recorder| recorder.follow(self.fleet.ledger()));
            }
            LedgerEvent::Status(basis) => self.fleet.set_ledger(basis),
            LedgerEvent::LeaseEnds(ends) => self.fleet.end_leases(ends),
            LedgerEvent::TargetResets(resets) => self.fleet.reset_targets(resets),
            LedgerEvent::Decisions(decisions) => self.fleet.decide(decisions),
        }
    }

    /// Records that the ledger has not answered yet.
    fn note_silence(&mut self) {
        if let Some(store) = &self.store {
            self.fleet.set_ledger(store.silent());
        }
    }

    /// Writes a checkpoint, if one is due.
    fn checkpoint(&mut self, every: Span) {
        let now = self.fleet.now();
        if self.committed.is_some_and(|last| now.since(last) < every) {
            return;
        }
        if let Some(store) = &self.store
            && let Some(changes) = self.fleet.take_changes()
        {
            self.committed = Some(now);
            store.commit(changes);
        }
    }

    /// The current snapshot without alerts.
    pub fn unjudged(&self) -> Snapshot {
        self.fleet.snapshot()
    }

    /// The current snapshot with alerts. Unchanged rows are shared with the last snapshot.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        let mut snapshot = self.fleet.snapshot();
        self.watch.judge(&mut snapshot);
        if let Some(last) = &self.last {
            share(&last.nodes, &mut snapshot.nodes);
            share(&last.engines, &mut snapshot.engines);
        }
        if std::mem::take(&mut self.ticked)
            && let Some(recorder) = &mut self.recorder
        {
            recorder.record(&snapshot, &self.fleet, self.store.as_ref());
        }
        // Readers keep several snapshots, and the next pages change the samples: they would be copied for each.
        snapshot.samples = Vec::new();
        let snapshot = Arc::new(snapshot);
        self.last = Some(Arc::clone(&snapshot));
        self.published = Some(self.fleet.now());
        snapshot
    }

    /// Whether a step of the recorded history ends with the last message.
    fn has_to_record(&self) -> bool {
        self.ticked && self.recorder.as_ref().is_some_and(|recorder| recorder.is_due(self.fleet.now().wall))
    }

    fn is_due(&mut self, ticked: bool) -> bool {
        let now = self.fleet.now();
        let first = *self.first.get_or_insert(now);
        let rested = self.published.is_none_or(|last| now.since(last) >= GAP);
        now.since(first) < HURRY || (ticked && rested)
    }
}

/// Keeps the old pointer of each unchanged row, so that readers can skip the row by comparing pointers.
fn share<T: PartialEq>(old: &[Arc<T>], new: &mut [Arc<T>]) {
    for (old, new) in old.iter().zip(new) {
        if old == new {
            *new = Arc::clone(old);
        }
    }
}

/// Waits for the ledger's first status, then drains messages and publishes snapshots until every sender is dropped.
pub async fn run(
    mut collector: Collector,
    opening: Option<oneshot::Receiver<LedgerEvent>>,
    mut inbox: mpsc::Receiver<Message>,
    snapshots: watch::Sender<Arc<Snapshot>>,
) {
    if let Some(opening) = opening {
        match tokio::time::timeout(OPENING, opening).await {
            Ok(Ok(event)) => collector.on_ledger_event(event),
            // The status comes later or never: until then money is kept in memory, which the snapshot reports.
            _ => collector.note_silence(),
        }
    }
    while let Some(message) = inbox.recv().await {
        let mut due = collector.take(message);
        // Waiting messages are applied at once, but each step of the history is recorded.
        while !collector.has_to_record()
            && let Ok(message) = inbox.try_recv()
        {
            due |= collector.take(message);
        }
        if due {
            snapshots.send_replace(collector.snapshot());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::fleet::FleetConfig;
    use crate::pricing::Book;
    use crate::reading::{Label, SourceErrorKind};

    /// Class: a source that is well removes the errors of another.
    #[test]
    fn a_source_replaces_its_own_errors_only() {
        let fleet = Fleet::new(FleetConfig::local("here"), Book::built_in().unwrap(), Clock::System.now());
        let mut collector = Collector::new(fleet);
        let says = |source: &str, causes: &[&str]| {
            let error = |cause: &&str| SourceError {
                kind: SourceErrorKind::Other,
                source: Label::new(source),
                cause: Label::new(cause),
                remedy: Label::new("mend it"),
            };
            Message::Errors(TargetId::new(source), causes.iter().map(error).collect())
        };
        let mut known = |message| {
            collector.take(message);
            let errors = collector.fleet.snapshot().source_errors;
            errors.iter().map(|error| error.cause.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(known(says("lists", &["no such file", "not a list"])), ["no such file", "not a list"]);
        assert_eq!(known(says("search", &[])), ["no such file", "not a list"]);
        assert_eq!(known(says("prometheus", &["too many series"])), ["no such file", "not a list", "too many series"]);
        assert_eq!(known(says("lists", &[])), ["too many series"]);
    }
}
